"""What is said of deployed functions."""

from __future__ import annotations

import pytest

from sandbox.engine.state import ResourceState
from sandbox.functions import deployed

FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:shop"


def resource(type_: str, **outputs: str) -> ResourceState:
    urn = f"urn:pulumi:local::shop::{type_}::{len(outputs)}"
    return ResourceState(urn=urn, type=type_, custom=True, outputs=dict(outputs))


def permission(principal: str, **source: str) -> ResourceState:
    return resource("aws:lambda/permission:Permission", function="shop", principal=principal, **source)


@pytest.mark.parametrize(
    ("caller", "label"),
    [
        (permission("apigateway.amazonaws.com", sourceArn="arn:http/*/GET/x"), "HTTP API"),
        (permission("apigateway.amazonaws.com", sourceArn="arn:rest/*/GET/x"), "REST API"),
        (permission("events.amazonaws.com", sourceArn="arn:rule/daily"), "rule"),
        (permission("arn:aws:iam::000000000000:role/game"), "game"),
        (resource("aws:lambda/functionUrl:FunctionUrl", functionName="shop"), "URL"),
        (
            resource(
                "aws:lambda/eventSourceMapping:EventSourceMapping",
                functionName=f"{FUNCTION}:live",
                eventSourceArn="arn:aws:sqs:us-east-1:000000000000:orders",
            ),
            "queue orders",
        ),
    ],
)
def test_what_calls_a_function(caller: ResourceState, label: str) -> None:
    function = resource("aws:lambda/function:Function", name="shop", arn=FUNCTION)
    rest = resource("aws:apigateway/restApi:RestApi", executionArn="arn:rest")
    (found,) = deployed([function, rest, caller])
    assert found.triggers == (label,)
