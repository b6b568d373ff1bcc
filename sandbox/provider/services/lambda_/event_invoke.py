"""How Lambda handles asynchronous calls of a function."""

from __future__ import annotations

from typing import Any

from ...clients import Aws
from ...resource import Properties, ResourceType, Update
from ...schema import integer, object_of, string
from .. import given
from .execution_role import check_actions, sends_to
from .names import bare_name, function_reference

_LONGEST_AGE_S = 21_600
_DESTINATION = object_of({"destination": string(required=True, shape="DestinationArn")})


class FunctionEventInvokeConfig(ResourceType):
    """Retries and destinations of asynchronous calls. Its id is ``<function>[:<qualifier>]``."""

    token = "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig"
    service = "lambda"
    props = {
        "destinationConfig": object_of({"onFailure": _DESTINATION, "onSuccess": _DESTINATION}),
        "functionName": function_reference(),
        "maximumEventAgeInSeconds": integer(shape="MaximumEventAgeInSeconds"),
        "maximumRetryAttempts": integer(default=2, shape="MaximumRetryAttempts"),
        "qualifier": string(replaces=True, shape="NumericLatestPublishedOrAliasQualifier"),
    }
    identity = ("functionName", "qualifier")

    def id_of(self, inputs: Properties) -> str:
        """Its function and its qualifier."""
        name, qualifier = inputs["functionName"], inputs.get("qualifier")
        return f"{name}:{qualifier}" if qualifier else str(name)

    def imported_by(self) -> str:
        """Its id."""
        return "<functionName>[:<qualifier>]"

    def create(self, aws: Aws, inputs: Properties) -> str:
        """Set the configuration."""
        self._put(aws, inputs)
        return self.id_of(inputs)

    def read(self, aws: Aws, id: str, known: Properties) -> Properties | None:
        """The configuration as AWS describes it."""
        function, qualifier = _parts(id)
        found = aws.client("lambda").get_function_event_invoke_config(
            **given(FunctionName=function, Qualifier=qualifier)
        )
        destinations = {
            key[0].lower() + key[1:]: {"destination": value["Destination"]}
            for key, value in (found.get("DestinationConfig") or {}).items()
            if value.get("Destination")
        }
        age = found.get("MaximumEventAgeInSeconds")
        if age == _LONGEST_AGE_S and "maximumEventAgeInSeconds" not in known:
            age = None  # the embedded AWS tells what holds when nothing was asked for
        return {
            "destinationConfig": destinations or None,
            "functionName": function,
            "maximumEventAgeInSeconds": age,
            "maximumRetryAttempts": found.get("MaximumRetryAttempts", 2),
            "qualifier": qualifier,
        }

    def update(self, aws: Aws, update: Update) -> None:
        """Set the configuration, whole."""
        self._put(aws, update.news)

    def delete(self, aws: Aws, id: str, state: Properties) -> None:
        """Back to Lambda's own ways."""
        function, qualifier = _parts(id)
        aws.client("lambda").delete_function_event_invoke_config(
            **given(FunctionName=function, Qualifier=qualifier)
        )

    @staticmethod
    def _put(aws: Aws, inputs: Properties) -> None:
        client = aws.client("lambda")
        destinations: dict[str, Any] = inputs.get("destinationConfig") or {}
        where = given(FunctionName=inputs["functionName"], Qualifier=inputs.get("qualifier"))
        if destinations:
            role = client.get_function_configuration(**where)["Role"]
            check_actions(aws, role, sends_to(each["destination"] for each in destinations.values()))
        client.put_function_event_invoke_config(
            **where,
            **given(
                MaximumEventAgeInSeconds=inputs.get("maximumEventAgeInSeconds"),
                MaximumRetryAttempts=inputs["maximumRetryAttempts"],
            ),
            DestinationConfig={
                key[0].upper() + key[1:]: {"Destination": value["destination"]}
                for key, value in destinations.items()
            },
        )


def _parts(id: str) -> tuple[str, str | None]:
    function, _, qualifier = str(bare_name(id)).partition(":")
    return function, qualifier or None
