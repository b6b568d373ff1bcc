"""Stacks to judge: a valid one, from which each test changes one thing, as a host would send it.

Resources go through the protocol's messages, so that the rules see what they see in a preview.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from google.protobuf import struct_pb2

from policies import configuration
from policies.configuration import Configuration
from policies.judge import EXCEPTIONS, Violation, judge
from policies.protos import analyzer_pb2
from policies.rule import Rule
from policies.rules import ALL
from policies.view import Block, Graph, Resource
from policies.view.values import from_struct

ACCOUNT = "123456789012"
REGION = "eu-central-1"
TODAY = date(2026, 11, 21)
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
_SIGNATURE = "4dabf18193072939515e22adb298388d"

FUNCTION = "aws:lambda/function:Function"
ROLE = "aws:iam/role:Role"
ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
COMPONENT = "shop:index:OrderService"

LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"

TAGS = {"System": "shop", "Service": "orders", "Stage": "dev", "ManagedBy": "pulumi"}
KEY_ARN = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1a2b3c4d-0000-1111-2222-333344445555"
SIGNING_ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:code-signing-config:csc-0a1b2c3d4e5f60001"
TOPIC_ARN = f"arn:aws:sns:{REGION}:{ACCOUNT}:alarms"
TABLE_ARN = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/orders"


def secret(value: object) -> dict[str, object]:
    """Wrap a value as the wire marks secrets."""
    return {_SIGNATURE: "1b47061264138c4ac30d75fd1eb44270", "value": value}


def statement(action: str | Sequence[str], resource: str | Sequence[str], **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def document(*statements: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def trust(principal: Any, **more: Any) -> str:
    return document({"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole", **more})


TRACES = statement(["xray:PutTelemetryRecords", "xray:PutTraceSegments"], "*", Sid="Traces")
"""What every traced function's role needs."""


@dataclass
class Declared:
    """A resource as a program declares it (properties) and as it came out (outputs are added to those)."""

    urn: str
    type: str
    name: str
    properties: dict[str, Any]
    outputs: dict[str, Any]
    parent: str
    depends: dict[str, list[str]]


@dataclass
class Stack:
    """A stack to which resources are added by name."""

    name: str = "dev"
    provider: dict[str, Any] = field(default_factory=lambda: {"allowedAccountIds": json.dumps([ACCOUNT])})
    resources: dict[str, Declared] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.add("pulumi:pulumi:Stack", "shop-dev", {})

    def add(
        self,
        type_: str,
        name: str,
        properties: Mapping[str, Any],
        *,
        outputs: Mapping[str, Any] | None = None,
        parent: str = "shop-dev",
        depends: Mapping[str, str | Sequence[str]] | None = None,
    ) -> Declared:
        """Add a resource. parent and depends (by property) name other resources of the stack."""
        urn = f"urn:pulumi:{self.name}::shop::{type_}::{name}"
        links = {
            key: [self.resources[n].urn for n in ([names] if isinstance(names, str) else names)]
            for key, names in (depends or {}).items()
        }
        above = self.resources[parent].urn if parent in self.resources else ""
        declared = Declared(urn, type_, name, deepcopy(dict(properties)), dict(outputs or {}), above, links)
        self.resources[name] = declared
        return declared

    def __getitem__(self, name: str) -> dict[str, Any]:
        return self.resources[name].properties

    def depend(self, name: str, property_: str, *others: str) -> None:
        self.resources[name].depends[property_] = [self.resources[other].urn for other in others]

    def requests(self) -> list[analyzer_pb2.AnalyzeRequest]:
        """What a host sends for each resource: the inputs."""
        return [
            analyzer_pb2.AnalyzeRequest(
                urn=item.urn,
                type=item.type,
                name=item.name,
                properties=_struct(item.properties),
                options=analyzer_pb2.AnalyzerResourceOptions(parent=item.parent),
                provider=self._provider(item),
            )
            for item in self.resources.values()
        ]

    def request(self) -> analyzer_pb2.AnalyzeStackRequest:
        """What a host sends in the end: the outputs, and how the resources depend on each other."""
        return analyzer_pb2.AnalyzeStackRequest(
            resources=[
                analyzer_pb2.AnalyzerResource(
                    urn=item.urn,
                    type=item.type,
                    name=item.name,
                    properties=_struct({**item.properties, **item.outputs}),
                    parent=item.parent,
                    provider=self._provider(item),
                    propertyDependencies={
                        key: analyzer_pb2.AnalyzerPropertyDependencies(urns=urns)
                        for key, urns in item.depends.items()
                    },
                )
                for item in self.resources.values()
            ]
        )

    def graph(self) -> Graph:
        """The stack as rules see it."""
        return Graph(
            Resource(
                values=from_struct(_struct(item.properties)),
                urn=item.urn,
                type=item.type,
                name=item.name,
                outputs=Block(from_struct(_struct({**item.properties, **item.outputs}))),
                parent=item.parent,
                property_dependencies={key: tuple(urns) for key, urns in item.depends.items()},
                provider=Block(self.provider),
            )
            for item in self.resources.values()
        )

    def _provider(self, item: Declared) -> analyzer_pb2.AnalyzerProviderResource | None:
        if not item.type.startswith("aws:"):
            return None
        return analyzer_pb2.AnalyzerProviderResource(
            type="pulumi:providers:aws", name="aws", urn="urn", properties=_struct(self.provider)
        )


def _struct(properties: Mapping[str, Any]) -> struct_pb2.Struct:
    struct = struct_pb2.Struct()
    struct.update(properties)
    return struct


def valid() -> Stack:
    """A service with a function, its role and policy, its logs and alarms; no rule finds anything."""
    stack = Stack()
    stack.add(COMPONENT, "orders", {})
    stack.add(
        ROLE,
        "orders-role",
        {
            "name": "shop-dev-orders",
            "assumeRolePolicy": trust({"Service": "lambda.amazonaws.com"}),
            "tags": TAGS,
        },
        outputs={"arn": UNKNOWN, "inlinePolicies": UNKNOWN, "managedPolicyArns": UNKNOWN},
        parent="orders",
    )
    stack.add(
        ROLE_POLICY,
        "orders-policy",
        {
            "name": "least-privilege",
            "role": "shop-dev-orders",
            "policy": document(
                statement(["dynamodb:GetItem", "dynamodb:PutItem"], TABLE_ARN, Sid="Orders"),
                TRACES,
            ),
        },
        parent="orders",
        depends={"role": "orders-role"},
    )
    stack.add(
        FUNCTION,
        "orders-function",
        {
            "name": "shop-dev-orders",
            "role": UNKNOWN,
            "runtime": "python3.12",
            "handler": "main.handler",
            "architectures": ["arm64"],
            "memorySize": 512,
            "timeout": 30,
            "tracingConfig": {"mode": "Active"},
            "codeSigningConfigArn": SIGNING_ARN,
            "tags": TAGS,
        },
        outputs={"arn": UNKNOWN},
        parent="orders",
        depends={"role": "orders-role"},
    )
    watch(stack, "orders-function", parent="orders")
    return stack


def watch(stack: Stack, function: str, parent: str = "shop-dev") -> None:
    """Give a function of the stack what every function needs: its log group and two alarms."""
    name = stack[function]["name"]
    stack.add(
        LOG_GROUP,
        f"{function}-logs",
        {"name": f"/aws/lambda/{name}", "retentionInDays": 90, "kmsKeyId": KEY_ARN, "tags": TAGS},
        parent=parent,
    )
    for metric in ("Errors", "Throttles"):
        stack.add(
            ALARM,
            f"{function}-{metric.lower()}",
            {
                "name": f"{name}-{metric.lower()}",
                "namespace": "AWS/Lambda",
                "metricName": metric,
                "dimensions": {"FunctionName": name},
                "alarmActions": [TOPIC_ARN],
                "tags": TAGS,
            },
            parent=parent,
        )


def with_statement(*statements: Mapping[str, Any]) -> Stack:
    """The valid stack, whose role's policy has other statements before the one of traces."""
    stack = valid()
    stack["orders-policy"]["policy"] = document(*statements, TRACES)
    return stack


def configured(content: Mapping[str, Any] | None = None, stage: str = "dev") -> Configuration:
    """The configuration in which everything is mandatory, with what a test changes."""
    base = {"levels": dict.fromkeys(("low", "medium", "high", "critical"), "mandatory")}
    return configuration.read(stage, {**base, **(content or {})}, (*ALL, EXCEPTIONS), f"{stage}.json")


def judged(stack: Stack, *rules: Rule[Any], content: Mapping[str, Any] | None = None) -> list[Violation]:
    """All violations of a stack, by these rules or by all."""
    return judge(stack.graph(), rules or ALL, configured(content), today=TODAY)


def found(stack: Stack, *rules: Rule[Any], content: Mapping[str, Any] | None = None) -> list[tuple[str, ...]]:
    """What a test compares: rule, resource, subject, what was found; `advice` in front of what is that."""
    return sorted(
        (
            *(() if violation.level.value == "mandatory" else (violation.level.value,)),
            violation.rule.id,
            violation.finding.resource.name if violation.finding.resource else "",
            violation.finding.subject,
            violation.finding.found,
        )
        for violation in judged(stack, *rules, content=content)
    )
