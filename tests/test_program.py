"""The whole program, as each stage says: every resource, where it hangs, what it needs and what it may do.

The graphs are written out in tests/graphs, one for each system and stage; what differs differs there. With
``WRITE_GRAPHS=1`` the tests write them anew: look at what differs before you commit it.
"""

from __future__ import annotations

import json
import os
import runpy
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml
from pulumi.runtime import config

import bundling
from tests.components.sample import DATABASE, GAME_ROLE, NETWORK, bundle
from tests.mocks import ACCOUNT, Graph, declare

PROJECT = Path(__file__).parent.parent
GRAPHS = Path(__file__).parent / "graphs"
STAGES = ("local", "dev", "prod")
ACCOUNTS = {"local": "000000000000", "dev": "111122223333", "prod": "444455556666"}

SYSTEMS = {
    "typerush": "ap-southeast-1",
    "superscapes": "us-east-1",
    "spendsense": "us-east-1",
    "hoopstat": "us-east-1",
    "payments": "us-east-1",
}
"""Each system, and its region."""


def _in_us(arn: str) -> str:
    return arn.replace(ACCOUNT, ACCOUNTS["local"]).replace(SYSTEMS["typerush"], "us-east-1")


# What the sandbox hands over for `local`, with ids of its own.
SURROUNDINGS: dict[str, dict[str, Any]] = {
    "typerush": {
        "network": {
            "vpcId": NETWORK.vpc_id,
            "subnetIds": list(NETWORK.subnet_ids),
            "securityGroupId": NETWORK.security_group_id,
        },
        "database": {
            "secretArn": DATABASE.secret.arn.replace(ACCOUNT, ACCOUNTS["local"]),
            "securityGroupId": DATABASE.security_group_id,
        },
        "gameServiceRoleArn": GAME_ROLE.replace(ACCOUNT, ACCOUNTS["local"]),
    },
    "superscapes": {
        "dashboardBackendRoleArn": f"arn:aws:iam::{ACCOUNTS['local']}:role/dashboard-backend",
        "databaseInstanceId": "ss-financial-local",
    },
    "payments": {
        "network": {
            "vpcId": NETWORK.vpc_id,
            "subnetIds": list(NETWORK.subnet_ids),
            "securityGroupId": NETWORK.security_group_id,
        },
    },
    "spendsense": {
        "network": {
            "vpcId": NETWORK.vpc_id,
            "subnetIds": list(NETWORK.subnet_ids),
            "securityGroupId": NETWORK.security_group_id,
        },
        "database": {
            "secretArn": _in_us(DATABASE.secret.arn),
            "securityGroupId": DATABASE.security_group_id,
        },
        "cognito": {
            "userPoolArn": f"arn:aws:cognito-idp:us-east-1:{ACCOUNTS['local']}:userpool/us-east-1_AbC",
            "secretArn": _in_us(DATABASE.secret.arn),
        },
    },
}


def stage_config(stage: str) -> dict[str, str]:
    """Read a stage's configuration as Pulumi hands it to the program."""
    project = yaml.safe_load((PROJECT / "Pulumi.yaml").read_text())["config"]
    said = {
        f"lambda-fleet:{key}": schema["default"] for key, schema in project.items() if "default" in schema
    }
    said |= yaml.safe_load((PROJECT / f"Pulumi.{stage}.yaml").read_text())["config"]
    if stage == "local":
        for system, given in SURROUNDINGS.items():
            said[f"lambda-fleet:{system}"] |= given
    return {key: value if isinstance(value, str) else json.dumps(value) for key, value in said.items()}


def _program() -> None:
    runpy.run_path(str(PROJECT / "__main__.py"), run_name="__main__")


@pytest.fixture(scope="module")
def graphs() -> dict[Any, Graph]:
    """What was declared once is the same the next time."""
    return {}


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, graphs: dict[Any, Graph]) -> Iterator[Any]:
    """Run the program for a stage, with packages that pretend to be built."""
    monkeypatch.chdir(PROJECT)
    monkeypatch.setattr(
        bundling, "build", lambda source, target, *, project: bundle(source.as_posix(), target)
    )
    before = dict(config.CONFIG.get())

    def run_stage(stage: str, **more: str) -> Graph:
        said = {**stage_config(stage), **more}
        key = (stage, *sorted(said.items()))
        if key not in graphs:
            config.set_all_config(said)
            graphs[key] = declare(_program, stack=stage)
        return graphs[key]

    yield run_stage
    config.set_all_config(before)


def alone(system: str) -> dict[str, str]:
    """Choose one system of a stage."""
    return {"lambda-fleet:systems": json.dumps([system])}


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_has_every_system(stage: str) -> None:
    assert json.loads(stage_config(stage)["lambda-fleet:systems"]) == list(SYSTEMS)


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("system", SYSTEMS)
def test_the_whole_graph(run: Any, system: str, stage: str) -> None:
    graph, file = run(stage, **alone(system)).tree(details=True) + "\n", GRAPHS / f"{system}-{stage}.txt"
    if os.environ.get("WRITE_GRAPHS"):
        file.write_text(graph)
    assert graph == file.read_text()


@pytest.mark.parametrize("stage", STAGES)
def test_systems_stand_beside_each_other(run: Any, stage: str) -> None:
    """All together, none changes another."""
    together = run(stage).tree(details=True).splitlines()
    each = [run(stage, **alone(system)).tree(details=True).splitlines() for system in SYSTEMS]
    assert sorted(together) == sorted(line for lines in each for line in lines)


@pytest.mark.parametrize("stage", STAGES)
def test_outputs_of_typerush(run: Any, stage: str) -> None:
    def function(name: str) -> dict[str, str]:
        arn = f"arn:aws:lambda:ap-southeast-1:{ACCOUNTS[stage]}:function:typerush-{stage}-{name}:live"
        url = f"https://typerush-{name}-url.lambda-url.ap-southeast-1.on.aws/"
        return {"name": f"typerush-{stage}-{name}", "arn": arn, **({"url": url} if stage == "local" else {})}

    assert run(stage, **alone("typerush")).outputs == {
        "typerush": {
            "apiUrl": "https://typerush-api-api.execute-api.ap-southeast-1.amazonaws.com",
            "tableName": f"typerush-{stage}-texts",
            "functions": {name: function(name) for name in ("record-service", "text-service")},
        }
    }


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("system", SYSTEMS)
def test_no_stage_reaches_another_account_or_region(run: Any, system: str, stage: str) -> None:
    graph = run(stage, **alone(system))
    provider = graph[f"{system}-aws"].inputs
    assert json.loads(provider["allowedAccountIds"]) == [ACCOUNTS[stage]]
    assert provider["region"] == SYSTEMS[system]
    assert json.loads(provider["defaultTags"]) == {
        "tags": {"System": system, "Service": "shared", "Stage": stage, "ManagedBy": "pulumi"}
    }
    others = [each for each in graph.resources if each.custom and each.name != f"{system}-aws"]
    assert {resource.provider for resource in others} == {f"{system}-aws"}


@pytest.mark.parametrize(
    ("stage", "days", "target"), [("local", 7, "machine"), ("dev", 7, "lambda"), ("prod", 90, "lambda")]
)
def test_what_a_stage_chooses(run: Any, stage: str, days: int, target: str) -> None:
    graph = run(stage)
    assert {group.inputs["retentionInDays"] for group in graph.of("LogGroup").values()} == {days}
    functions = graph.of("Function").values()
    zips = [function.inputs["code"].path for function in functions if "code" in function.inputs]
    assert all(path.startswith(f"build/{target}/") for path in zips)
    assert all(function.inputs["architectures"] == ["arm64"] for function in functions)
    actions = {tuple(alarm.inputs["alarmActions"]) for alarm in graph.of("MetricAlarm").values()}
    topics = [
        (f"arn:aws:sns:{region}:{ACCOUNTS[stage]}:fleet-{stage}-alarms",) for region in SYSTEMS.values()
    ]
    assert actions == ({()} if stage == "local" else set(topics))
    tables = graph.of("Table").values()
    assert {table.inputs.get("deletionProtectionEnabled") for table in tables} == {stage == "prod"}


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("system", SYSTEMS)
def test_everything_that_takes_tags_has_them(run: Any, system: str, stage: str) -> None:
    untagged = {
        "Alias",
        "Authorizer",
        "BucketLifecycleConfiguration",
        "BucketNotification",
        "BucketOwnershipControls",
        "BucketPolicy",
        "BucketPublicAccessBlock",
        "BucketServerSideEncryptionConfiguration",
        "BucketVersioning",
        "Dashboard",
        "Deployment",
        "EventTarget",
        "FunctionEventInvokeConfig",
        "Integration",
        "IntegrationResponse",
        "LayerVersion",
        "Method",
        "MethodResponse",
        "MethodSettings",
        "Permission",
        "FunctionUrl",
        "Policy",
        "ProvisionedConcurrencyConfig",
        "QueuePolicy",
        "RequestValidator",
        "RepositoryPolicy",
        "Resource",
        "Response",
        "RolePolicy",
        "Route",
        "UserPoolClient",
        "aws",
    }
    graph = run(stage, **alone(system))
    services = {*graph.outputs[system]["functions"], "shared"}
    for resource in graph.resources:
        if resource.custom and resource.type.rpartition(":")[2] not in untagged:
            tags = resource.inputs["tags"]
            assert tags["System"] == system, resource.name
            assert tags["Service"] in services, resource.name
            assert (tags["Stage"], tags["ManagedBy"]) == (stage, "pulumi"), resource.name


def test_a_stage_without_systems_registers_nothing(run: Any) -> None:
    graph = run("dev", **{"lambda-fleet:systems": "[]"})
    assert graph.resources == ()


@pytest.mark.usefixtures("run")
def test_an_impossible_stage_registers_nothing() -> None:
    """What only a system that is made last shows, is told before the first one is made."""
    said = stage_config("prod")
    said["lambda-fleet:hoopstat"] = json.dumps(
        json.loads(said["lambda-fleet:hoopstat"]) | {"mcpServer": {"functionUrl": True}}
    )
    spendsense = json.loads(said["lambda-fleet:spendsense"])
    said["lambda-fleet:spendsense"] = json.dumps(spendsense | {"api": {"origins": ["*"]}})
    config.set_all_config(said)
    told: list[str] = []

    def program() -> None:
        try:
            _program()
        except pulumi.RunError as error:
            told.append(str(error))

    assert declare(program, stack="prod").resources == ()
    assert "lambda-fleet:hoopstat.mcpServer.functionUrl" in told[0]
    assert "lambda-fleet:spendsense.api.origins" in told[0]


SLOWLY = {
    "typerush": "recordService",
    "superscapes": "startRds",
    "spendsense": "apiFunction",
    "hoopstat": "mcpServer",
    "payments": "paymentProcessor",
}
"""Of each system a service, as a stage calls it, that CodeDeploy can move."""


def moved_by_codedeploy(stage: str) -> dict[str, str]:
    """Ask for CodeDeploy in each system, beside what the stage says."""
    given = stage_config(stage)
    said = {system: json.loads(given[f"lambda-fleet:{system}"]) for system in SLOWLY}
    for system, service in SLOWLY.items():
        said[system].setdefault(service, {})["traffic"] = {"codeDeploy": {}}
    return {f"lambda-fleet:{system}": json.dumps(settings) for system, settings in said.items()}


@pytest.mark.parametrize("slowly", [False, True])
@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_every_role_stays_inside_the_boundary(run: Any, stage: str, slowly: bool) -> None:
    """What is outside deploy/boundary.json would be granted and still refused."""
    boundary = (PROJECT / "deploy" / "boundary.json").read_text()
    for placeholder, value in {
        "ACCOUNT_ID": ACCOUNTS[stage],
        "REGION": "ap-southeast-1",
        "STAGE": stage,
    }.items():
        boundary = boundary.replace(placeholder, value)
    bounds = [*_allowed(json.loads(boundary))]
    graph = run(stage, **(moved_by_codedeploy(stage) if slowly else {}))
    assert len(graph.of("DeploymentGroup")) == (len(SLOWLY) if slowly else 0)
    for role in graph.of("Role").values():
        assert role.inputs["permissionsBoundary"].endswith(":policy/lambda-fleet-boundary")
    for policy in graph.of("RolePolicy").values():
        for action, resource in _allowed(json.loads(policy.inputs["policy"])):
            assert any(action == bound and fnmatchcase(resource, pattern) for bound, pattern in bounds), (
                action
            )


def _allowed(document: Any) -> Iterator[tuple[str, str]]:
    for statement in document["Statement"]:
        if statement["Effect"] == "Allow":
            actions, resources = statement["Action"], statement["Resource"]
            for action in [actions] if isinstance(actions, str) else actions:
                for resource in [resources] if isinstance(resources, str) else resources:
                    yield action, resource
