"""What replaces a resource is what replaces it with the real provider: see real_replacements.toml."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Final

import pytest

from sandbox.provider import table
from sandbox.provider.resource import ResourceType
from tests.sandbox.provider.client import Client
from tests.sandbox.provider.walk import replaced

REAL: Final[dict[str, dict[str, Any]]] = tomllib.loads(
    Path(__file__).with_name("real_replacements.toml").read_text(encoding="utf-8")
)
DIFFERENT: Final = {
    # The real provider puts another response beside the old one, or asks for one that isn't there.
    "aws:apigateway/integrationResponse:IntegrationResponse": {"statusCode"},
    "aws:apigateway/methodResponse:MethodResponse": {"statusCode"},
    # An application takes its groups with it; the real provider then updates what isn't there any more.
    "aws:codedeploy/deploymentGroup:DeploymentGroup": {"appName"},
    # AWS gives the association another id then; the real provider hides that.
    "aws:ec2/routeTableAssociation:RouteTableAssociation": {"routeTableId"},
}
"""What replaces here only: docs/sandbox.md says so."""


def test_every_type_is_there() -> None:
    assert sorted(REAL) == table.tokens()


@pytest.mark.parametrize("token", table.tokens())
def test_what_replaces(token: str) -> None:
    kind, real = table.lookup(token), REAL[token]
    ours = {name for name, prop in kind.inputs.items() if prop.replaces} - {"region"}
    assert ours - DIFFERENT.get(token, set()) == set(real["replaces"]) & kind.inputs.keys()
    assert ("conditions" in real) == (type(kind).also_replaces is not ResourceType.also_replaces)
    assert kind.inputs["region"].replaces if kind.regional else "region" not in kind.inputs


def test_a_networks_tenancy(offline: Client) -> None:
    network = "aws:ec2/vpc:Vpc"
    shared = {"cidrBlock": "10.0.0.0/16"}
    alone = shared | {"instanceTenancy": "dedicated"}
    assert replaced(offline, network, shared, instanceTenancy="dedicated") == {"instanceTenancy"}
    assert replaced(offline, network, alone, instanceTenancy="default") == set()
