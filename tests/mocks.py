"""Pulumi mocks that record the whole graph, and refuse what the engine would refuse.

`declare` runs a program under `pulumi.runtime.test`, waits for everything that it registers, and returns the
graph; tests then look at plain values, so that no assertion is lost in an `apply`.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pulumi.runtime
from pulumi.runtime import mocks, rpc, settings
from pulumi.runtime.proto import resource_pb2
from pulumi.runtime.stack import Stack

ACCOUNT = "123456789012"
REGION = "ap-southeast-1"

_STACK = "pulumi:pulumi:Stack"


def _arn(service: str, resource: str) -> str:
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"


def _function(name: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    arn = _arn("lambda", f"function:{inputs['name']}")
    return {"arn": arn, "version": "1", "qualifiedArn": f"{arn}:1", "invokeArn": f"{arn}/invocations"}


def _alias(name: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    arn = _arn("lambda", f"function:{inputs['functionName']}:{inputs['name']}")
    return {"arn": arn, "invokeArn": f"arn:aws:apigateway:{REGION}:lambda:path/{arn}/invocations"}


# What AWS adds to each type, from the inputs. A type that isn't here is refused.
_ADDED: Mapping[str, Callable[[str, Mapping[str, Any]], dict[str, Any]]] = {
    "pulumi:providers:aws": lambda name, i: {},
    "aws:apigateway/authorizer:Authorizer": lambda name, i: {},
    "aws:apigateway/deployment:Deployment": lambda name, i: {},
    "aws:apigateway/integration:Integration": lambda name, i: {},
    "aws:apigateway/integrationResponse:IntegrationResponse": lambda name, i: {},
    "aws:apigateway/method:Method": lambda name, i: {},
    "aws:apigateway/methodResponse:MethodResponse": lambda name, i: {},
    "aws:apigateway/methodSettings:MethodSettings": lambda name, i: {},
    "aws:apigateway/requestValidator:RequestValidator": lambda name, i: {},
    "aws:apigateway/resource:Resource": lambda name, i: {},
    "aws:apigateway/response:Response": lambda name, i: {},
    "aws:apigateway/restApi:RestApi": lambda name, i: {
        "executionArn": _arn("execute-api", name),
        "rootResourceId": f"{name}-root",
    },
    "aws:apigateway/stage:Stage": lambda name, i: {
        "executionArn": _arn("execute-api", f"{name}/{i['stageName']}"),
        "invokeUrl": f"https://{name}.execute-api.{REGION}.amazonaws.com/{i['stageName']}",
    },
    "aws:apigatewayv2/api:Api": lambda name, i: {
        "apiEndpoint": f"https://{name}.execute-api.{REGION}.amazonaws.com",
        "executionArn": _arn("execute-api", name),
    },
    "aws:apigatewayv2/authorizer:Authorizer": lambda name, i: {},
    "aws:apigatewayv2/integration:Integration": lambda name, i: {},
    "aws:apigatewayv2/route:Route": lambda name, i: {},
    "aws:apigatewayv2/stage:Stage": lambda name, i: {},
    "aws:appautoscaling/policy:Policy": lambda name, i: {"arn": _arn("autoscaling", f"scalingPolicy:{name}")},
    "aws:appautoscaling/target:Target": lambda name, i: {
        "arn": _arn("application-autoscaling", f"scalable-target/{name}")
    },
    "aws:codedeploy/application:Application": lambda name, i: {},
    "aws:codedeploy/deploymentConfig:DeploymentConfig": lambda name, i: {},
    "aws:codedeploy/deploymentGroup:DeploymentGroup": lambda name, i: {},
    "aws:cognito/userPool:UserPool": lambda name, i: {
        "arn": _arn("cognito-idp", f"userpool/{REGION}_{name}"),
        "endpoint": f"cognito-idp.{REGION}.amazonaws.com/{REGION}_{name}",
    },
    "aws:cognito/userPoolClient:UserPoolClient": lambda name, i: {},
    "aws:cloudwatch/dashboard:Dashboard": lambda name, i: {},
    "aws:cloudwatch/eventRule:EventRule": lambda name, i: {"arn": _arn("events", f"rule/{i['name']}")},
    "aws:cloudwatch/eventTarget:EventTarget": lambda name, i: {},
    "aws:cloudwatch/logGroup:LogGroup": lambda name, i: {"arn": _arn("logs", f"log-group:{i['name']}")},
    "aws:cloudwatch/metricAlarm:MetricAlarm": lambda name, i: {
        "arn": _arn("cloudwatch", f"alarm:{i['name']}")
    },
    "aws:ecr/repositoryPolicy:RepositoryPolicy": lambda name, i: {},
    "aws:dynamodb/table:Table": lambda name, i: {"arn": _arn("dynamodb", f"table/{i['name']}")},
    "aws:ec2/securityGroup:SecurityGroup": lambda name, i: {"arn": _arn("ec2", f"security-group/{name}")},
    "aws:ec2/vpcEndpoint:VpcEndpoint": lambda name, i: {"arn": _arn("ec2", f"vpc-endpoint/{name}")},
    "aws:iam/role:Role": lambda name, i: {"arn": f"arn:aws:iam::{ACCOUNT}:role/{i['name']}"},
    "aws:iam/rolePolicy:RolePolicy": lambda name, i: {},
    "aws:lambda/alias:Alias": _alias,
    "aws:lambda/eventSourceMapping:EventSourceMapping": lambda name, i: {},
    "aws:lambda/function:Function": _function,
    "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig": lambda name, i: {},
    "aws:lambda/functionUrl:FunctionUrl": lambda name, i: {
        "functionUrl": f"https://{name}.lambda-url.{REGION}.on.aws/"
    },
    "aws:lambda/layerVersion:LayerVersion": lambda name, i: {
        "arn": _arn("lambda", f"layer:{i['layerName']}:1"),
        "version": "1",
    },
    "aws:lambda/permission:Permission": lambda name, i: {},
    "aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig": lambda name, i: {},
    "aws:s3/bucketObjectv2:BucketObjectv2": lambda name, i: {},
    "aws:s3/bucket:Bucket": lambda name, i: {"arn": f"arn:aws:s3:::{i['bucket']}"},
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": lambda name, i: {},
    "aws:s3/bucketNotification:BucketNotification": lambda name, i: {},
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": lambda name, i: {},
    "aws:s3/bucketPolicy:BucketPolicy": lambda name, i: {},
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": lambda name, i: {},
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": (
        lambda name, i: {}
    ),
    "aws:s3/bucketVersioning:BucketVersioning": lambda name, i: {},
    "aws:sqs/queue:Queue": lambda name, i: {
        "arn": _arn("sqs", i["name"]),
        "url": f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{i['name']}",
    },
    "aws:sqs/queuePolicy:QueuePolicy": lambda name, i: {},
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": lambda name, i: {},
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": lambda name, i: {},
}

# What remote components give, whose children mocks don't make.
_CONSTRUCTED: Mapping[str, Callable[[str], dict[str, Any]]] = {
    "awsx:ec2:Vpc": lambda name: {
        "vpcId": f"{name}-id",
        "privateSubnetIds": [f"{name}-private-1-id", f"{name}-private-2-id"],
        "routeTables": [],
    },
    "awsx:ecr:Repository": lambda name: {"url": f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/{name}-name"},
}


@dataclass(frozen=True, kw_only=True)
class Resource:
    """A resource as it was registered. References to others are by name."""

    type: str
    name: str
    parent: str | None
    inputs: Mapping[str, Any]
    dependencies: frozenset[str]
    property_dependencies: Mapping[str, frozenset[str]]
    provider: str | None
    protect: bool
    ignore_changes: tuple[str, ...]
    custom: bool

    @property
    def policy(self) -> list[dict[str, Any]]:
        """The statements of the resource's policy document."""
        statements: list[dict[str, Any]] = json.loads(self.inputs["policy"])["Statement"]
        return statements

    def details(self) -> Iterator[str]:
        """Say what it needs, and its policy documents statement by statement."""
        if self.dependencies:
            yield f"needs {', '.join(sorted(self.dependencies))}"
        for key in ("assumeRolePolicy", "policy"):
            if key in self.inputs:
                for statement in json.loads(self.inputs[key])["Statement"]:
                    yield _statement(statement)


@dataclass(frozen=True)
class Graph:
    """Everything that a program has registered, in order, and its stack outputs."""

    resources: tuple[Resource, ...]
    outputs: Mapping[str, Any] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Resource:
        """Find a custom resource by its name."""
        found = [resource for resource in self.resources if resource.name == name and resource.custom]
        assert len(found) == 1, f"{len(found)} resources named {name}"
        return found[0]

    def of(self, kind: str) -> dict[str, Resource]:
        """Find all custom resources of a type, given by the end of its token (`Function`), by name."""
        return {r.name: r for r in self.resources if r.custom and r.type.rpartition(":")[2] == kind}

    def tree(self, *, details: bool = False) -> str:
        """Draw the graph: type and name by parent, and the options that aren't the default.

        details: also what each needs, and what the policies say
        """
        return "\n".join(self._lines(None, 0, details=details))

    def _lines(self, parent: str | None, depth: int, *, details: bool) -> Iterator[str]:
        for resource in sorted(self.resources, key=lambda r: r.name):
            key = f"{resource.type} {resource.name}"
            if resource.parent == parent:
                marks = ["protect"] if resource.protect else []
                marks += [f"ignores {name}" for name in resource.ignore_changes]
                suffix = f" [{', '.join(marks)}]" if marks else ""
                yield f"{'  ' * depth}{resource.type} {resource.name}{suffix}"
                if details:
                    yield from (f"{'  ' * depth}    {line}" for line in resource.details())
                yield from self._lines(key, depth + 1, details=details)


class _Mocks(mocks.Mocks):
    def call(self, args: mocks.MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        message = f"the mocks know no function {args.token}"
        raise AssertionError(message)

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        if not args.custom:
            return None, _CONSTRUCTED[args.typ](args.name) if args.typ in _CONSTRUCTED else {}
        if args.typ not in _ADDED:
            message = f"the mocks know no type {args.typ}"
            raise AssertionError(message)
        return f"{args.name}-id", {**args.inputs, **_ADDED[args.typ](args.name, args.inputs)}


class _Monitor(mocks.MockMonitor):
    """Makes URNs as the engine does, refuses the second of one, and keeps what was registered."""

    def __init__(self) -> None:
        super().__init__(_Mocks())
        self.registered: list[Resource] = []
        self._urns: set[str] = set()
        self._lock = threading.Lock()

    def make_urn(self, parent: str, type_: str, name: str) -> str:
        inside = parent.split("::")[2] if parent else _STACK
        qualified = type_ if inside == _STACK else f"{inside}${type_}"
        return f"urn:pulumi:{settings.get_stack()}::{settings.get_project()}::{qualified}::{name}"

    def RegisterResource(self, request: resource_pb2.RegisterResourceRequest) -> Any:  # noqa: N802 (gRPC's name)
        # The SDK registers from threads of its own, and the base class leaves a loop open in each.
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        try:
            if request.type != _STACK:
                self._keep(request)
            return super().RegisterResource(request)  # type: ignore[no-untyped-call]
        finally:
            asyncio.set_event_loop(None)
            loop.close()

    def _keep(self, request: resource_pb2.RegisterResourceRequest) -> None:
        urn = self.make_urn(request.parent, request.type, request.name)
        with self._lock:
            if urn in self._urns:
                message = f"duplicate URN {urn}"
                raise AssertionError(message)
            self._urns.add(urn)
            self.registered.append(_resource(request))


def _statement(statement: Mapping[str, Any]) -> str:
    def words(value: Any) -> str:
        return ", ".join([value] if isinstance(value, str) else sorted(value))

    said = f"{statement['Effect']} {words(statement['Action'])}"
    if "Resource" in statement:
        said += f" on {words(statement['Resource'])}"
    for kind, name in (("Principal", "to"), ("Condition", "if")):
        if kind in statement:
            said += f" {name} {json.dumps(statement[kind], sort_keys=True)}"
    return said


def _resource(request: resource_pb2.RegisterResourceRequest) -> Resource:
    return Resource(
        type=request.type,
        name=request.name,
        parent=_key(request.parent),
        inputs=rpc.deserialize_properties(request.object),
        dependencies=frozenset(map(_name, request.dependencies)),
        property_dependencies={
            name: frozenset(map(_name, found.urns))
            for name, found in request.propertyDependencies.items()
            if found.urns
        },
        provider=_name(request.provider.rpartition("::")[0]) if request.provider else None,
        protect=request.protect,
        ignore_changes=tuple(request.ignoreChanges),
        custom=request.custom,
    )


def _key(urn: str) -> str | None:
    if not urn or f"::{_STACK}::" in urn:
        return None
    return f"{urn.split('::')[2].rpartition('$')[2]} {_name(urn)}"


def _name(urn: str) -> str:
    return urn.rpartition("::")[2]


def declare(program: Callable[[], object], *, stack: str = "dev", preview: bool = False) -> Graph:
    """Run a program to its end and return what it registered. What it raises is raised."""
    monitor = _Monitor()
    with asyncio.Runner() as runner:
        asyncio.set_event_loop(runner.get_loop())
        # What a program raises is raised here. The SDK leaves more futures with it, that nobody looks at.
        runner.get_loop().set_exception_handler(lambda *_: None)
        settings.ROOT.set(None)
        pulumi.runtime.set_mocks(
            monitor.mocks, project="lambda-fleet", stack=stack, preview=preview, monitor=monitor
        )
        pulumi.runtime.test(lambda: program() and None)()  # type: ignore[no-untyped-call]
        root = settings.get_root_resource()
        outputs = root.outputs if isinstance(root, Stack) else {}
        resolved = runner.run(_resolve(outputs))
        asyncio.set_event_loop(None)
    return Graph(tuple(monitor.registered), resolved)


async def _resolve(outputs: Mapping[str, Any]) -> dict[str, Any]:
    resolved = await pulumi.Output.from_input(dict(outputs)).future()
    return dict(resolved or {})
