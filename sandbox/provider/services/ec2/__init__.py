"""EC2: networks, what leads out of them, their endpoints, and security groups."""

from __future__ import annotations

from .endpoint import VpcEndpoint
from .gateways import Eip, InternetGateway, NatGateway
from .groups import SecurityGroup
from .routes import Route, RouteTable, RouteTableAssociation
from .rules import SecurityGroupEgressRule, SecurityGroupIngressRule
from .vpc import Subnet, Vpc

__all__ = ["TYPES", "SecurityGroupIngressRule"]

TYPES = (
    Eip(),
    InternetGateway(),
    NatGateway(),
    Route(),
    RouteTable(),
    RouteTableAssociation(),
    SecurityGroup(),
    SecurityGroupEgressRule(),
    SecurityGroupIngressRule(),
    Subnet(),
    Vpc(),
    VpcEndpoint(),
)
