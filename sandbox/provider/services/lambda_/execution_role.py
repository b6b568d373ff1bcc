"""What AWS asks of a function's role when the function is made or changed, and the embedded AWS doesn't."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote

from ...clients import Aws
from ...errors import ProviderError, is_missing
from ...resource import Properties
from ..iam import missing_actions

_INTERFACES = (
    "ec2:CreateNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:DeleteNetworkInterface",
    "ec2:AssignPrivateIpAddresses",
    "ec2:UnassignPrivateIpAddresses",
)
"""https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-permissions"""

_TRACING = ("xray:PutTraceSegments", "xray:PutTelemetryRecords")

_SERVICES = {
    "ec2": "EC2",
    "sns": "SNS",
    "sqs": "SQS",
    "xray": "XRAY",
    "lambda": "Lambda",
    "events": "EventBridge",
}

_SEND = {
    "sqs": "sqs:SendMessage",
    "sns": "sns:Publish",
    "lambda": "lambda:InvokeFunction",
    "events": "events:PutEvents",
    "s3": "s3:PutObject",
}


def check_function(aws: Aws, inputs: Properties) -> None:
    """Refuse a role that can't be assumed by Lambda or lacks what the function needs of it.

    :raises ProviderError: in AWS's words, and how to mend it
    """
    wanted: list[tuple[str, str]] = []
    if (inputs.get("vpcConfig") or {}).get("subnetIds"):
        wanted += [(action, "*") for action in _INTERFACES]
    if (inputs.get("tracingConfig") or {}).get("mode") == "Active":
        wanted += [(action, "*") for action in _TRACING]
    target = (inputs.get("deadLetterConfig") or {}).get("targetArn")
    if target:
        wanted += sends_to([target])
    _check_trust(aws, inputs["role"])
    check_actions(aws, inputs["role"], wanted)


def sends_to(targets: Iterable[str]) -> list[tuple[str, str]]:
    """The action that hands an event to each target, and its resource."""
    found = [(_SEND.get(target.split(":")[2], ""), target) for target in targets]
    return [(action, target) for action, target in found if action]


def check_actions(aws: Aws, role: str, wanted: list[tuple[str, str]]) -> None:
    """Refuse a role that lacks one of ``wanted`` (action, resource).

    :raises ProviderError: naming every action that is missing
    """
    missing = missing_actions(aws, role, wanted)
    if missing:
        service, _, action = missing[0].partition(":")
        raise ProviderError(
            "AWS refuses this (InvalidParameterValueException): The provided execution role does not have "
            f"permissions to call {action} on {_SERVICES.get(service, service)}\n"
            f"allow {', '.join(missing)} in a policy of the role {role.rpartition('/')[2]}, "
            "and let the function depend on that policy"
        )


def _check_trust(aws: Aws, role_arn: str) -> None:
    name = role_arn.rpartition("/")[2]
    try:
        role = aws.client("iam").get_role(RoleName=name)["Role"]
    except Exception as error:
        if not is_missing(error):
            raise
        found = "there is no such role"
    else:
        document = role["AssumeRolePolicyDocument"]
        trust = json.loads(unquote(document)) if isinstance(document, str) else document
        if any(map(_trusts_lambda, _list(trust.get("Statement")))):
            return
        found = "its trust policy doesn't allow sts:AssumeRole to lambda.amazonaws.com"
    raise ProviderError(
        "AWS refuses this (InvalidParameterValueException): The role defined for the function cannot be "
        f"assumed by Lambda.\n{role_arn}: {found}"
    )


def _trusts_lambda(statement: dict[str, Any]) -> bool:
    principal = statement.get("Principal")
    services = _list(principal.get("Service")) if isinstance(principal, dict) else []
    return (
        statement.get("Effect") == "Allow"
        and "lambda.amazonaws.com" in services
        and "sts:AssumeRole" in _list(statement.get("Action"))
    )


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
