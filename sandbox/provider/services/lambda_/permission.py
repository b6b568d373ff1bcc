"""Permissions to call a function: statements of its resource policy."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from ...check import Failure
from ...clients import Aws
from ...resource import Properties, ResourceType
from ...schema import boolean, string
from ...settings import Settings
from .. import given
from .names import bare_name, function_reference

_CONDITIONS = {
    "aws:sourcearn": "sourceArn",
    "aws:sourceaccount": "sourceAccount",
    "aws:principalorgid": "principalOrgId",
    "lambda:eventsourcetoken": "eventSourceToken",
    "lambda:functionurlauthtype": "functionUrlAuthType",
    "lambda:invokedviafunctionurl": "invokedViaFunctionUrl",
}


class Permission(ResourceType):
    """A permission. Its id is its statement's."""

    token = "aws:lambda/permission:Permission"
    service = "lambda"
    props = {
        "action": string(required=True, replaces=True, shape="Action"),
        "eventSourceToken": string(replaces=True, shape="EventSourceToken"),
        "function": function_reference(),
        "functionUrlAuthType": string(replaces=True, shape="FunctionUrlAuthType"),
        "invokedViaFunctionUrl": boolean(replaces=True),
        "principal": string(required=True, replaces=True, shape="Principal"),
        "principalOrgId": string(replaces=True, shape="PrincipalOrgID"),
        "qualifier": string(replaces=True, shape="NumericLatestPublishedOrAliasQualifier"),
        "sourceAccount": string(replaces=True, shape="SourceOwner"),
        "sourceArn": string(replaces=True, shape="Arn"),
        "statementId": string(replaces=True, shape="StatementId"),
    }
    autoname = "statementId"
    autoname_limit = 100
    identity = ("function", "qualifier", "statementId")

    def check(self, inputs: Properties, settings: Settings) -> Iterable[Failure]:
        """Each kind of URL condition belongs to its action."""
        action = inputs["action"]
        if "functionUrlAuthType" in inputs and action not in {"lambda:InvokeFunctionUrl", "lambda:*"}:
            yield Failure(
                path="functionUrlAuthType", reason="AWS takes it only with lambda:InvokeFunctionUrl"
            )
        if inputs.get("invokedViaFunctionUrl") is True and action != "lambda:InvokeFunction":
            yield Failure(path="invokedViaFunctionUrl", reason="AWS takes it only with lambda:InvokeFunction")

    def id_of(self, inputs: Properties) -> str:
        """Its statement's id."""
        return str(inputs["statementId"])

    def imported_by(self) -> str:
        """Its function and its statement."""
        return "<function>[:<qualifier>]/<statementId>"

    def create(self, aws: Aws, inputs: Properties) -> str:
        """Add the statement."""
        aws.client("lambda").add_permission(
            **given(
                FunctionName=inputs["function"],
                Qualifier=inputs.get("qualifier"),
                StatementId=inputs["statementId"],
                Action=inputs["action"],
                Principal=inputs["principal"],
                PrincipalOrgID=inputs.get("principalOrgId"),
                SourceArn=inputs.get("sourceArn"),
                SourceAccount=inputs.get("sourceAccount"),
                EventSourceToken=inputs.get("eventSourceToken"),
                FunctionUrlAuthType=inputs.get("functionUrlAuthType"),
                InvokedViaFunctionUrl=inputs.get("invokedViaFunctionUrl"),
            )
        )
        return self.id_of(inputs)

    def read(self, aws: Aws, id: str, known: Properties) -> Properties | None:
        """The statement in the function's policy."""
        function, qualifier, statement_id = _parts(id, known)
        policy = aws.client("lambda").get_policy(**given(FunctionName=function, Qualifier=qualifier))[
            "Policy"
        ]
        for statement in json.loads(policy)["Statement"]:
            if statement.get("Sid") == statement_id:
                return {
                    "id": statement_id,
                    "action": statement["Action"],
                    "function": function,
                    "principal": _principal(statement["Principal"]),
                    "qualifier": qualifier,
                    "statementId": statement_id,
                    **_conditions(statement.get("Condition", {})),
                }
        return None

    def delete(self, aws: Aws, id: str, state: Properties) -> None:
        """Remove the statement."""
        function, qualifier, statement_id = _parts(id, state)
        aws.client("lambda").remove_permission(
            **given(FunctionName=function, Qualifier=qualifier, StatementId=statement_id)
        )


def _parts(id: str, known: Properties) -> tuple[str, str | None, str]:
    if "function" in known:
        return known["function"], known.get("qualifier"), id
    reference, _, statement_id = id.rpartition("/")
    function, _, qualifier = str(bare_name(reference)).partition(":")
    return function, qualifier or None, statement_id


def _principal(principal: Any) -> str:
    """As the real provider tells it: the service, the ARN, or ``*``."""
    if isinstance(principal, dict):
        principal = principal.get("Service") or principal.get("AWS")
    return str(principal)


def _conditions(conditions: dict[str, dict[str, Any]]) -> Properties:
    found: Properties = {}
    for entries in conditions.values():
        for key, value in entries.items():
            name = _CONDITIONS.get(key.lower())
            if name == "invokedViaFunctionUrl":
                found[name] = str(value).lower() == "true"
            elif name:
                found[name] = value
    return found
