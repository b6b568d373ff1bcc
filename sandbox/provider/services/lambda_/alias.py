"""Aliases of functions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...clients import Aws
from ...resource import Properties, ResourceType, Update
from ...schema import map_of, number, object_of, string
from .. import given
from .names import bare_name, function_reference, invoke_arn


class Alias(ResourceType):
    """An alias. Its id is its ARN."""

    token = "aws:lambda/alias:Alias"
    service = "lambda"
    props = {
        "description": string(shape="Description"),
        "functionName": function_reference("FunctionName"),
        "functionVersion": string(required=True, shape="VersionWithLatestPublished"),
        "name": string(replaces=True, shape="Alias"),
        "routingConfig": object_of({"additionalVersionWeights": map_of(number(shape="Weight"), maximum=1)}),
    }
    outputs = ("arn", "invokeArn")
    autoname = "name"
    autoname_limit = 128
    identity = ("functionName", "name")

    def imported_by(self) -> str:
        """Its function and its name."""
        return "<functionName>/<name>"

    def find(self, aws: Aws, inputs: Properties, owner: str) -> Iterator[str]:
        """Ask for its ARN."""
        del owner
        found = aws.client("lambda").get_alias(FunctionName=inputs["functionName"], Name=inputs["name"])
        yield str(found["AliasArn"])

    def create(self, aws: Aws, inputs: Properties) -> str:
        """Make the alias."""
        return str(aws.client("lambda").create_alias(**_request(inputs))["AliasArn"])

    def read(self, aws: Aws, id: str, known: Properties) -> Properties | None:
        """The alias as AWS describes it."""
        function, name = _parts(id)
        found = aws.client("lambda").get_alias(FunctionName=function, Name=name)
        weights = found.get("RoutingConfig", {}).get("AdditionalVersionWeights")
        return {
            "id": found["AliasArn"],
            "arn": found["AliasArn"],
            "description": found.get("Description"),
            "functionName": function,
            "functionVersion": found["FunctionVersion"],
            "invokeArn": invoke_arn(aws, found["AliasArn"]),
            "name": name,
            "routingConfig": {"additionalVersionWeights": weights} if weights else None,
        }

    def update(self, aws: Aws, update: Update) -> None:
        """Move the alias."""
        aws.client("lambda").update_alias(**{"Description": "", **_request(update.news)})

    def delete(self, aws: Aws, id: str, state: Properties) -> None:
        """Delete the alias."""
        function, name = _parts(id)
        aws.client("lambda").delete_alias(FunctionName=function, Name=name)


def _request(inputs: Properties) -> dict[str, Any]:
    weights = (inputs.get("routingConfig") or {}).get("additionalVersionWeights") or {}
    return given(
        FunctionName=inputs["functionName"],
        Name=inputs["name"],
        FunctionVersion=inputs["functionVersion"],
        Description=inputs.get("description"),
        RoutingConfig={"AdditionalVersionWeights": weights},
    )


def _parts(reference: str) -> tuple[str, str]:
    function, _, name = str(bare_name(reference)).replace("/", ":").rpartition(":")
    return function, name
