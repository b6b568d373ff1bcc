"""A replaced resource takes everything with it that lives inside it in AWS (DESIGN.md, decision 1).

The engine and the sandbox's provider deploy programs to an AWS that takes everything, without an emulator.
Then, for each resource that others live in, the state is made to tell of another region (of a role: of
another path), so that the provider demands to replace it under its old name, and a preview must replace what
is inside. What is inside what is found by AWS's own references (names, ids), not by the program's
dependencies: those are what is tested. tests/e2e/test_recovery.py really replaces some.
"""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from sandbox.engine import program
from sandbox.engine.api import Kind, Outcome, Result, Update, run
from sandbox.engine.config import Override, StackConfig
from sandbox.engine.events import Op
from sandbox.engine.plugins import in_process
from sandbox.engine.project import Project
from sandbox.engine.state import StateStore
from sandbox.home import FLEET_ROOT
from sandbox.protos import provider_pb2
from sandbox.provider import servicer
from sandbox.provider.values import UNKNOWN, Value, decode, encode
from tests.sandbox.engine.forks import Forks

ALIAS = "aws:lambda/alias:Alias"
API = "aws:apigatewayv2/api:Api"
AUTHORIZER = "aws:apigatewayv2/authorizer:Authorizer"
BUCKET = "aws:s3/bucket:Bucket"
EVENT_RULE = "aws:cloudwatch/eventRule:EventRule"
DEPLOYMENT = "aws:apigateway/deployment:Deployment"
FUNCTION = "aws:lambda/function:Function"
INTEGRATION = "aws:apigatewayv2/integration:Integration"
LAYER = "aws:lambda/layerVersion:LayerVersion"
MAPPING = "aws:lambda/eventSourceMapping:EventSourceMapping"
METHOD = "aws:apigateway/method:Method"
PERMISSION = "aws:lambda/permission:Permission"
PATH = "aws:apigateway/resource:Resource"
POOL = "aws:cognito/userPool:UserPool"
QUEUE = "aws:sqs/queue:Queue"
REST_API = "aws:apigateway/restApi:RestApi"
REST_AUTHORIZER = "aws:apigateway/authorizer:Authorizer"
REST_INTEGRATION = "aws:apigateway/integration:Integration"
REST_STAGE = "aws:apigateway/stage:Stage"
ROLE = "aws:iam/role:Role"
ROUTE = "aws:apigatewayv2/route:Route"
REST_SETTINGS = "aws:apigateway/methodSettings:MethodSettings"
SCALING_POLICY = "aws:appautoscaling/policy:Policy"
SCALING_TARGET = "aws:appautoscaling/target:Target"
VALIDATOR = "aws:apigateway/requestValidator:RequestValidator"

ON_A_FUNCTION = (
    "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig",
    "aws:lambda/functionUrl:FunctionUrl",
    "aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig",
)
IN_A_BUCKET = (
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
    "aws:s3/bucketNotification:BucketNotification",
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
    "aws:s3/bucketPolicy:BucketPolicy",
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    "aws:s3/bucketVersioning:BucketVersioning",
)
IN_AN_API = (AUTHORIZER, INTEGRATION, ROUTE, "aws:apigatewayv2/stage:Stage")
IN_A_REST_API = (
    *(PATH, METHOD, REST_INTEGRATION, REST_AUTHORIZER, VALIDATOR, DEPLOYMENT, REST_STAGE, REST_SETTINGS),
)
ALONE = {
    # Nothing else goes when one of these goes, and they go with nothing.
    "aws:cloudwatch/logGroup:LogGroup",
    "aws:cloudwatch/metricAlarm:MetricAlarm",
    "aws:dynamodb/table:Table",
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
}


@dataclass(frozen=True, kw_only=True)
class Reference:
    """How resources of a type name another resource.

    :ivar key: the input that holds the name
    :ivar inside: they live in it; else they only use it, by a name of AWS's that another one won't have
    """

    child: str
    key: str
    parent: str
    inside: bool = True


REFERENCES = (
    Reference(child=ALIAS, key="functionName", parent=FUNCTION),
    Reference(child=PERMISSION, key="function", parent=FUNCTION),
    Reference(child=PERMISSION, key="qualifier", parent=ALIAS),
    *(Reference(child=kind, key="functionName", parent=FUNCTION) for kind in ON_A_FUNCTION),
    *(Reference(child=kind, key="qualifier", parent=ALIAS) for kind in ON_A_FUNCTION),
    Reference(child=SCALING_TARGET, key="resourceId", parent=ALIAS),
    Reference(child=SCALING_POLICY, key="resourceId", parent=SCALING_TARGET),
    Reference(child="aws:iam/rolePolicy:RolePolicy", key="role", parent=ROLE),
    *(Reference(child=kind, key="apiId", parent=API) for kind in IN_AN_API),
    *(Reference(child=kind, key="restApi", parent=REST_API) for kind in IN_A_REST_API),
    Reference(child="aws:apigateway/response:Response", key="restApiId", parent=REST_API),
    Reference(child=METHOD, key="resourceId", parent=PATH),
    Reference(child=METHOD, key="authorizerId", parent=REST_AUTHORIZER, inside=False),
    Reference(child=METHOD, key="requestValidatorId", parent=VALIDATOR, inside=False),
    Reference(child=REST_INTEGRATION, key="httpMethod", parent=METHOD),
    Reference(child=REST_STAGE, key="deployment", parent=DEPLOYMENT, inside=False),
    Reference(child=REST_SETTINGS, key="stageName", parent=REST_STAGE),
    *(Reference(child=kind, key="bucket", parent=BUCKET) for kind in IN_A_BUCKET),
    Reference(child="aws:cognito/userPoolClient:UserPoolClient", key="userPoolId", parent=POOL),
    Reference(child=MAPPING, key="functionName", parent=ALIAS),
    Reference(child=MAPPING, key="eventSourceArn", parent=QUEUE, inside=False),
    Reference(child="aws:sqs/queuePolicy:QueuePolicy", key="queueUrl", parent=QUEUE),
    Reference(child="aws:cloudwatch/eventTarget:EventTarget", key="rule", parent=EVENT_RULE),
    Reference(child=ROUTE, key="target", parent=INTEGRATION, inside=False),
    Reference(child=ROUTE, key="authorizerId", parent=AUTHORIZER, inside=False),
    Reference(child=FUNCTION, key="layers", parent=LAYER, inside=False),
)


OUTSIDE = {"superscapes-prod-dashboard-backend"}
"""Roles that somebody else has made, and which get a policy more."""


# --- the programs ----------------------------------------------------------------------------------------

ROLE_ARN = "arn:aws:iam::444455556666:role/typerush-prod-game-service"
EVERYTHING_ON = {
    "protect": False,  # what is protected isn't replaced at all
    "typerush.recordService.functionUrl": True,
    "typerush.textService.functionUrl": True,
    "typerush.recordService.provisionedConcurrency": {"min": 1, "max": 3},
    "typerush.textService.provisionedConcurrency": {"min": 1, "max": 1},
}
ASYNCHRONOUS = """
from components.asynchronous import AsyncArgs
from components.service import LambdaService
from tests.components.sample import service_args

LambdaService("worker", service_args(asynchronous=AsyncArgs(dead_letter_config=True)))
"""
STAGES = {
    **dict.fromkeys(("typerush", "superscapes", "spendsense", "payments"), "prod"),
    "asynchronous": "dev",
}
PARENTS = {
    # Not the scaling target: it is what it is by the alias alone, and goes with it, as does its policy.
    "typerush": (FUNCTION, ALIAS, ROLE, API, INTEGRATION, AUTHORIZER, LAYER),
    "superscapes": (FUNCTION, ALIAS, ROLE, API, QUEUE, EVENT_RULE),
    # Not a part of a path: it is what it is by the API alone, and goes with it.
    "spendsense": (REST_API, METHOD, REST_AUTHORIZER, VALIDATOR, DEPLOYMENT, REST_STAGE),
    "payments": (BUCKET, POOL, QUEUE),
    "asynchronous": (FUNCTION, ALIAS, ROLE, QUEUE),
}


class Pretended:
    """The sandbox's provider on an AWS that takes everything: what only AWS would know is made up."""

    def __init__(self, directory: Path) -> None:
        self._provider = in_process(servicer(None, directory=directory))

    def call(self, method: str, request: Any) -> Any:
        if method != "Create" or request.preview:
            return self._provider.call(method, request)
        request.preview = True
        known = decode(self._provider.call(method, request).properties)
        service = "sqs:us-east-1:000000000000" if request.type == QUEUE else _FUNCTIONS
        made = {key: _made_up(value, f"{request.name}-{key}", service) for key, value in known.items()}
        identity = (
            f"us-east-1_{request.name.replace('-', '')}" if request.type == POOL else f"{request.name}-id"
        )
        return provider_pb2.CreateResponse(id=identity, properties=encode(made))

    def close(self) -> None:
        self._provider.close()


_FUNCTIONS = "lambda:us-east-1:000000000000:function"


def _made_up(value: Value, name: str, service: str) -> Value:
    """A value that passes the provider's checks: versions are numbers, and the ARNs could be functions'."""
    if value is UNKNOWN and name.endswith("-version"):
        return "1"
    if value is UNKNOWN:
        arn = f"arn:aws:{service}:{name}"
        if name.endswith("-invokeArn"):
            return f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{arn}/invocations"
        return arn if name.lower().endswith("arn") else name
    if isinstance(value, dict):
        return {key: _made_up(inner, f"{name}-{key}", service) for key, inner in value.items()}
    return [_made_up(inner, name, service) for inner in value] if isinstance(value, list) else value


@dataclass(frozen=True, kw_only=True)
class Deployed:
    """A program (of ours: one of its systems) and a folder with the state of its deployment."""

    project: Project
    stage: str
    home: Path
    system: str | None = None

    def run(self, *, preview: bool) -> Result:
        """Deploy, or say what would be done."""
        store = StateStore(self.project, self.stage, home=self.home)
        on = {**EVERYTHING_ON, "systems": [self.system]} if self.system else {}
        overrides = [Override(path=f"lambda-fleet:{path}", value=value) for path, value in on.items()]
        update = Update(
            kind=Kind.UP,
            project=self.project,
            config=StackConfig.load(self.project, self.stage, overrides=overrides),
            state=store,
            preview=preview,
        )
        result = run(update, providers=lambda *_: Pretended(self.project.working_directory))
        assert result.outcome is Outcome.SUCCEEDED, [each.message for each in result.diagnostics]
        return result

    @property
    def file(self) -> Path:
        return self.home / "stacks" / f"{self.stage}.json"

    def resources(self) -> list[dict[str, Any]]:
        """What is managed in AWS."""
        state = json.loads(self.file.read_text())
        return [
            each for each in state["checkpoint"]["latest"]["resources"] if each["type"].startswith("aws:")
        ]


@pytest.fixture(scope="module")
def deployments(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Deployed]]:
    folder = tmp_path_factory.mktemp("replacement")
    roots = dict.fromkeys(STAGES, FLEET_ROOT)
    roots["asynchronous"] = _asynchronous(folder / "asynchronous")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("PYTHONPATH", str(FLEET_ROOT))
        for name in ("PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE", "PULUMI_DEBUG_PROVIDERS"):
            environment.delenv(name, raising=False)
        forks = Forks("settings", "tests.components.sample")
        environment.setattr(program, "subprocess", forks)
        made = {
            name: Deployed(
                project=Project.load(root),
                stage=STAGES[name],
                home=folder / f"{name}-home",
                system=name if root == FLEET_ROOT else None,
            )
            for name, root in roots.items()
        }
        for each in made.values():
            each.run(preview=False)
        yield made
    forks.close()


def _asynchronous(root: Path) -> Path:
    root.mkdir()
    (root / "Pulumi.yaml").write_text("name: asynchronous\nruntime: python\n")
    (root / "Pulumi.dev.yaml").write_text("config: {aws:region: ap-southeast-1}\n")
    (root / "__main__.py").write_text(ASYNCHRONOUS)
    package = root / "build" / "lambda" / "typerush-worker.zip"
    package.parent.mkdir(parents=True)
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("main.py", "")
    return root


# --- what is inside what ---------------------------------------------------------------------------------


def names_of(resource: Mapping[str, Any]) -> set[str]:
    """By what others name a resource in AWS."""
    outputs = resource["outputs"]
    found = {resource["id"]} | {outputs[key] for key in ("arn", "url", "resourceId") if key in outputs}
    if resource["type"] == ALIAS:
        return found | {f"{outputs['functionName']}/{outputs['name']}"}
    if resource["type"] == BUCKET:
        return found | {outputs["bucket"]}
    if resource["type"] == METHOD:
        return {f"{outputs['resourceId']}/{outputs['httpMethod']}"}
    if resource["type"] == REST_STAGE:
        return {outputs["stageName"]}
    if resource["type"] == INTEGRATION:
        return {f"integrations/{resource['id']}"}
    return found | ({outputs["name"]} if "name" in outputs else set())


def named_by(resource: Mapping[str, Any], reference: Reference) -> set[str]:
    """The names that a resource holds in a reference's input."""
    outputs, value = resource["outputs"], resource["outputs"].get(reference.key)
    if reference.key == "qualifier":
        value = f"{outputs.get('function') or outputs['functionName']}/{value}"
    if reference.key == "httpMethod":
        value = f"{outputs['resourceId']}/{value}"
    if (resource["type"], reference.key) == (SCALING_TARGET, "resourceId"):
        value = value.removeprefix("function:").replace(":", "/")
    return set(value) if isinstance(value, list) else {value} - {None}


def children(
    parent: Mapping[str, Any], resources: list[dict[str, Any]], *, inside: bool
) -> Iterator[dict[str, Any]]:
    """All that lives in a resource, also deeper inside; or what uses it."""
    for reference in REFERENCES:
        if reference.inside == inside and reference.parent == parent["type"]:
            for child in resources:
                if child["type"] == reference.child and names_of(parent) & named_by(child, reference):
                    yield child
                    if inside:
                        yield from children(child, resources, inside=True)


@pytest.mark.parametrize("name", list(STAGES))
def test_every_resource_is_known_to_these_tests(deployments: Mapping[str, Deployed], name: str) -> None:
    """A type of which nobody has said where it lives, or an input that names no parent, is an error here."""
    resources = deployments[name].resources()
    kinds = {resource["type"] for resource in resources}
    living = {reference.child for reference in REFERENCES if reference.inside}
    assert kinds - living <= {reference.parent for reference in REFERENCES} | ALONE
    for reference in REFERENCES:
        parents = [resource for resource in resources if resource["type"] == reference.parent]
        for child in (resource for resource in resources if resource["type"] == reference.child):
            named = named_by(child, reference)
            assert named or not reference.inside, (child["urn"], reference.key)
            assert named <= OUTSIDE.union(*(names_of(parent) for parent in parents)), child["urn"]


@pytest.mark.parametrize("name", list(STAGES))
def test_the_deployed_state_is_what_the_program_wants(deployments: Mapping[str, Deployed], name: str) -> None:
    assert set(deployments[name].run(preview=True).changes) == {Op.SAME}


# --- replacing -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "kind"), [(name, kind) for name in STAGES for kind in PARENTS[name]])
def test_a_replaced_parent_replaces_everything_inside(
    deployments: Mapping[str, Deployed], tmp_path: Path, name: str, kind: str
) -> None:
    deployed = deployments[name]
    resources = deployed.resources()
    parents = [resource for resource in resources if resource["type"] == kind]
    assert parents
    for number, parent in enumerate(parents):
        plan = elsewhere(deployed, parent["urn"], tmp_path / str(number)).run(preview=True)
        ops: dict[str, list[Op]] = {}
        for step in plan.planned:
            ops.setdefault(step.urn, []).append(step.op)
        assert Op.REPLACE in ops[parent["urn"]], parent["urn"]
        living = {child["urn"] for child in children(parent, resources, inside=True)}
        users = {child["urn"] for child in children(parent, resources, inside=False)}
        assert living or users, "nothing is in it: is it in the right list?"
        stay = [urn for urn in living if Op.REPLACE not in ops[urn]]
        assert not stay, f"{parent['urn']} is replaced, and in it stay: {stay}"
        deaf = [urn for urn in users if ops[urn] == [Op.SAME]]
        assert not deaf, f"{parent['urn']} is replaced, and these keep the old one: {deaf}"
        gone = [step.urn for step in plan.planned if step.op is Op.DELETE_REPLACED]
        for urn in living:  # what is inside goes while its parent is still there
            assert gone.index(urn) < gone.index(parent["urn"])


def elsewhere(deployed: Deployed, urn: str, home: Path) -> Deployed:
    """The same deployment, but a resource is in another region, or (a role) below another path."""
    shutil.copytree(deployed.home, home)
    moved = replace(deployed, home=home)
    state = json.loads(moved.file.read_text())
    (resource,) = [each for each in state["checkpoint"]["latest"]["resources"] if each["urn"] == urn]
    if resource["type"] == ROLE:
        resource["inputs"]["path"] = resource["outputs"]["path"] = "/elsewhere/"
    else:
        resource["outputs"]["region"] = "eu-west-1"
    moved.file.write_text(json.dumps(state))
    return moved
