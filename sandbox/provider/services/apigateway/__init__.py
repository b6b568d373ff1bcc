"""API Gateway version 1: REST APIs. API keys, models, custom domains and VPC links aren't here."""

from __future__ import annotations

from .api import RestApi
from .errors import GatewayResponse
from .guards import Authorizer, RequestValidator
from .integration import Integration, IntegrationResponse
from .method import Method, MethodResponse
from .path import Resource
from .stage import Deployment, MethodSettings, Stage

TYPES = (
    *(RestApi(), Resource(), Method(), MethodResponse(), Integration(), IntegrationResponse()),
    *(GatewayResponse(), Authorizer(), RequestValidator(), Deployment(), Stage(), MethodSettings()),
)
