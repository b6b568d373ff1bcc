"""API Gateway version 2: HTTP APIs. WebSocket APIs aren't here, nor what only they have."""

from __future__ import annotations

from .api import Api
from .authorizer import Authorizer
from .integration import Integration
from .route import Route
from .stage import Stage

TYPES = (Api(), Stage(), Integration(), Route(), Authorizer())
