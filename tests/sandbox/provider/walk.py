"""A resource's life, with a look at it after every step."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.provider.values import PropertyMap
from tests.sandbox.provider.client import Client, InvalidError, Made, RefusedError

_FIND = "aws:fleet:find"
NAMED_BY_AWS = {
    "aws:apigateway/authorizer:Authorizer",
    "aws:apigateway/deployment:Deployment",
    "aws:apigateway/requestValidator:RequestValidator",
    "aws:apigateway/restApi:RestApi",
    "aws:apigatewayv2/api:Api",
    "aws:apigatewayv2/authorizer:Authorizer",
    "aws:apigatewayv2/integration:Integration",
    "aws:cognito/userPool:UserPool",
    "aws:cognito/userPoolClient:UserPoolClient",
    "aws:ec2/eip:Eip",
    "aws:ec2/internetGateway:InternetGateway",
    "aws:ec2/natGateway:NatGateway",
    "aws:ec2/routeTable:RouteTable",
    "aws:ec2/vpc:Vpc",
    "aws:ec2/vpcEndpoint:VpcEndpoint",
    "aws:lambda/layerVersion:LayerVersion",
}
"""Whose ids only AWS knows: a cut-off creation of theirs can't be found out."""


def kept(live: Client, made: Made, inputs: PropertyMap) -> None:
    """What was just created or updated is read back as it is: no drift."""
    seen = live.read(made)
    assert seen.id == made.id
    assert seen.outputs == made.outputs
    assert seen.inputs == made.inputs
    assert not live.diff(seen, inputs).detailedDiff
    for key in inputs:
        assert key in made.outputs, f"{key} is lost"


def walk(live: Client, type: str, *states: PropertyMap, import_id: str = "{id}") -> Made:
    """Create the first state, import it, update to each of the others, delete twice; the last is returned."""
    made = live.create(type, states[0])
    kept(live, made, states[0])
    _found_again(live, made)
    found = live.imported(type, import_id.format(id=made.id, **made.outputs))
    assert found.id == made.id
    assert not [path for path in live.diff(found, states[0]).detailedDiff if not _local(live, type, path)]
    for state in states[1:]:
        diff = live.diff(made, state)
        assert diff.detailedDiff, f"nothing changes: {state}"
        assert not diff.replaces
        previewed = live.update(made, state, preview=True).outputs
        made = live.update(made, state)
        kept(live, made, state)
        certain = {key: value for key, value in previewed.items() if not _unknown(value)}
        wrong = {
            key: (value, made.outputs.get(key))
            for key, value in certain.items()
            if made.outputs.get(key) != value
        }
        assert not wrong, wrong
    live.delete(made)
    assert live.read(made).id == ""
    live.delete(made)
    return made


def _found_again(live: Client, made: Made) -> None:
    """After a run that was cut off: by its inputs alone, where they tell it from others."""
    if made.type in NAMED_BY_AWS:
        with pytest.raises(RefusedError, match="AWS gives it a name of its own"):
            live.invoke(_FIND, type=made.type, inputs=made.inputs)
    else:
        assert live.invoke(_FIND, type=made.type, inputs=made.inputs) == {"id": made.id}


def _local(live: Client, type: str, path: str) -> bool:
    from sandbox.provider import table

    return table.lookup(type).inputs[path.split(".")[0].split("[")[0]].local


def _unknown(value: Any) -> bool:
    from sandbox.provider.values import has_unknown

    return has_unknown(value)


def replaced(client: Client, type: str, inputs: PropertyMap, **others: Any) -> set[str]:
    """Which of ``others`` force a replacement when they change (each alone)."""
    checked = client.check(type, inputs)
    made = Made(type=type, name="it", id="id", inputs=checked, outputs=checked | {"region": "us-east-1"})
    return {key for key, value in others.items() if client.diff(made, inputs | {key: value}).replaces}


def refused(client: Client, type: str, inputs: PropertyMap) -> dict[str, str]:
    """What Check says, by path."""
    try:
        client.check(type, inputs)
    except InvalidError as error:
        return dict(zip(error.paths, str(error).split("\n"), strict=True))
    return {}
