"""What a service may do: values, made by what is granted, and the policy documents made of them.

A Grant refuses by itself what isn't least privilege, wherever it comes from.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, Literal

from components.naming import Names
from components.problems import Problem, refuse

NETWORK_INTERFACE_ACTIONS: Final = (
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
)
TRACING_ACTIONS: Final = ("xray:PutTelemetryRecords", "xray:PutTraceSegments")

_VPC_POLICY = (
    "Lambda makes and removes a VPC function's network interfaces under the function's role, and their ids "
    "can't be known (the list is that of AWSLambdaVPCAccessExecutionRole)"
)
_NO_RESOURCE_TYPE = "AWS defines no resource type for this action"

# https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerregistry.html
ACTIONS_ON_ANY_RESOURCE: Final[Mapping[str, str]] = MappingProxyType(
    {
        **dict.fromkeys(NETWORK_INTERFACE_ACTIONS, _VPC_POLICY),
        **dict.fromkeys(TRACING_ACTIONS, _NO_RESOURCE_TYPE),
        "ecr:GetAuthorizationToken": _NO_RESOURCE_TYPE,
    }
)
"""The only actions that may be granted on `*`, each with the reason why nothing narrower can be named."""

# Below which fully named parents a resource may end in a wildcard, by the ARN's service.
# https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
_NAMED_PARENTS: Final[Mapping[str, re.Pattern[str]]] = MappingProxyType(
    {
        "logs": re.compile(r"log-group:[^*?:]+:log-stream:"),
        "s3": re.compile(r"[^*?/:]+/"),
        "dynamodb": re.compile(r"table/[^*?/]+/(index|stream)/"),
        "execute-api": re.compile(r"[^*?/]+/"),
    }
)

_SID = re.compile(r"[A-Za-z0-9]{1,100}")
_ACTION = re.compile(r"[a-z0-9-]+:[A-Za-z0-9]+")
_ARN = re.compile(
    r"arn:(?P<partition>[^:]*):(?P<service>[^:]*):(?P<region>[^:]*):(?P<account>[^:]*):(?P<resource>.+)"
)


@dataclass(frozen=True, kw_only=True)
class Grant:
    """One statement that allows exact actions on exact resources.

    sid: unique within a role's policy (letters and digits).
    conditions: operator to key to values, as in a policy document.

    Raises InvalidArgumentsError for a wildcard in an action, for the resource `*` with an action that
    isn't in ACTIONS_ON_ANY_RESOURCE, and for a wildcard in a resource that isn't below a fully named parent.
    """

    sid: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: Mapping[str, Mapping[str, str]] = field(default_factory=dict, hash=False)
    effect: Literal["Allow", "Deny"] = "Allow"

    def __post_init__(self) -> None:
        refuse(self._problems())

    @property
    def reasons(self) -> Mapping[str, str]:
        """Why this grant's actions may stand with the resource `*`; empty when they don't."""
        if "*" not in self.resources:
            return {}
        return {action: ACTIONS_ON_ANY_RESOURCE[action] for action in self.actions}

    def statement(self) -> dict[str, Any]:
        """Make the statement of a policy document, always in the same order."""
        document: dict[str, Any] = {
            "Sid": self.sid,
            "Effect": self.effect,
            "Action": sorted(self.actions),
            "Resource": sorted(self.resources),
        }
        if self.conditions:
            document["Condition"] = {operator: dict(keys) for operator, keys in self.conditions.items()}
        return document

    def _problems(self) -> Iterator[Problem]:
        where = f"grant {self.sid}"
        if not _SID.fullmatch(self.sid):
            yield Problem(where=where, what="sid", got=repr(self.sid), allowed="1 to 100 letters and digits")
        for what, values in (("actions", self.actions), ("resources", self.resources)):
            if not values:
                yield Problem(where=where, what=what, got="empty", allowed="at least one")
        for action in self.actions:
            yield from _action_problems(where, action)
        for resource in self.resources:
            yield from self._resource_problems(where, resource)

    def _resource_problems(self, where: str, resource: str) -> Iterator[Problem]:
        if resource != "*":
            yield from arn_problems(where, "a resource", resource)
            return
        for action in self.actions:
            if action not in ACTIONS_ON_ANY_RESOURCE:
                yield Problem(
                    where=where,
                    what=f"the resource of {action}",
                    got="'*'",
                    allowed="exact ARNs",
                    mend="Name the resources; only actions that have none (ACTIONS_ON_ANY_RESOURCE) stand "
                    "with '*'.",
                )


def _action_problems(where: str, action: str) -> Iterator[Problem]:
    if "*" in action or "?" in action:
        yield Problem(
            where=where,
            what="an action",
            got=repr(action),
            allowed="exact actions, without wildcards",
            mend="Name each action that the service's code calls.",
        )
    elif not _ACTION.fullmatch(action):
        yield Problem(
            where=where, what="an action", got=repr(action), allowed="'<service>:<Action>', as 's3:GetObject'"
        )


def arn_problems(where: str, what: str, resource: str) -> Iterator[Problem]:
    """Say that something isn't an ARN, or has a wildcard that isn't below a fully named parent."""
    arn = _ARN.fullmatch(resource)
    if arn is None:
        yield Problem(where=where, what=what, got=repr(resource), allowed="an ARN")
        return
    head = resource[: arn.start("resource")]
    tail = arn["resource"]
    if "*" not in resource and "?" not in resource:
        return
    parent = _NAMED_PARENTS.get(arn["service"])
    if "*" in head or "?" in head or parent is None or not parent.match(tail):
        yield Problem(
            where=where,
            what=what,
            got=repr(resource),
            allowed="a wildcard only below a fully named parent, as 'log-group:<name>:log-stream:*' or "
            "'<bucket>/uploads/*'",
            mend="Name the resource.",
        )


def write_logs(names: Names) -> Grant:
    """Let a function write its logs: streams of its own log group, which the program makes."""
    return Grant(
        sid="WriteLogs",
        actions=("logs:CreateLogStream", "logs:PutLogEvents"),
        resources=(names.log_streams_arn,),
    )


def write_traces() -> Grant:
    """Let a function send its traces to X-Ray."""
    return Grant(sid="WriteTraces", actions=TRACING_ACTIONS, resources=("*",))


def manage_network_interfaces(names: Names) -> tuple[Grant, Grant]:
    """Let Lambda attach a function to a VPC, and keep the function's own code from doing the same.

    The Deny holds for calls that come from this function's code; Lambda's own calls carry no source function.
    https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-best-practice
    """
    allow = Grant(sid="ManageNetworkInterfaces", actions=NETWORK_INTERFACE_ACTIONS, resources=("*",))
    deny = Grant(
        sid="DenyNetworkInterfacesToCode",
        effect="Deny",
        actions=NETWORK_INTERFACE_ACTIONS,
        resources=("*",),
        conditions={"ArnEquals": {"lambda:SourceFunctionArn": names.function_arn}},
    )
    return allow, deny


def decrypt_environment(key_arn: str) -> Grant:
    """Let Lambda decrypt the function's environment, which it does under the function's role."""
    return Grant(sid="DecryptEnvironment", actions=("kms:Decrypt",), resources=(key_arn,))


def policy_document(grants: Iterable[Grant]) -> str:
    """Write a policy document: the same grants always give the same bytes."""
    return _document([grant.statement() for grant in grants])


def trust_document(service: str) -> str:
    """Write the trust policy of a role that an AWS service assumes."""
    return _document(
        [{"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}],
    )


def federated_trust_document(provider_arn: str, claims: Mapping[str, str]) -> str:
    """Write the trust policy of a role that tokens of an OIDC provider take, if they claim exactly this."""
    return _document(
        [
            {
                "Effect": "Allow",
                "Principal": {"Federated": provider_arn},
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Condition": {"StringEquals": dict(claims)},
            }
        ],
    )


def _document(statements: list[dict[str, Any]]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})
