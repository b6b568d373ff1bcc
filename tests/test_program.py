"""The whole program, for each stage as its YAML says: every resource, where it hangs, and its options.

The graphs are written out in tests/graphs; what differs between the stages differs there.
"""

from __future__ import annotations

import json
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

# What the sandbox hands over for `local`, with ids of its own.
SURROUNDINGS: dict[str, Any] = {
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
}


def stage_config(stage: str) -> dict[str, str]:
    """Read a stage's configuration as Pulumi hands it to the program."""
    project = yaml.safe_load((PROJECT / "Pulumi.yaml").read_text())["config"]
    said = {
        f"lambda-fleet:{key}": schema["default"] for key, schema in project.items() if "default" in schema
    }
    said |= yaml.safe_load((PROJECT / f"Pulumi.{stage}.yaml").read_text())["config"]
    if stage == "local":
        said["lambda-fleet:typerush"] |= SURROUNDINGS
    return {key: value if isinstance(value, str) else json.dumps(value) for key, value in said.items()}


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Run the program for a stage, with packages that pretend to be built."""
    monkeypatch.chdir(PROJECT)
    monkeypatch.setattr(
        bundling, "build", lambda source, target, *, project: bundle(source.as_posix(), target)
    )
    before = dict(config.CONFIG.get())

    def run_stage(stage: str, **more: str) -> Graph:
        config.set_all_config({**stage_config(stage), **more})
        return declare(lambda: runpy.run_path(str(PROJECT / "__main__.py"), run_name="__main__"), stack=stage)

    yield run_stage
    config.set_all_config(before)


@pytest.mark.parametrize("stage", STAGES)
def test_the_whole_graph(run: Any, stage: str) -> None:
    assert run(stage).tree() == (GRAPHS / f"{stage}.txt").read_text().rstrip("\n")


@pytest.mark.parametrize("stage", STAGES)
def test_outputs(run: Any, stage: str) -> None:
    def function(name: str) -> dict[str, str]:
        arn = f"arn:aws:lambda:ap-southeast-1:{ACCOUNTS[stage]}:function:typerush-{stage}-{name}:live"
        url = f"https://typerush-{name}-url.lambda-url.ap-southeast-1.on.aws/"
        return {"name": f"typerush-{stage}-{name}", "arn": arn, **({"url": url} if stage == "local" else {})}

    assert run(stage).outputs == {
        "typerush": {
            "apiUrl": "https://typerush-api-api.execute-api.ap-southeast-1.amazonaws.com",
            "tableName": f"typerush-{stage}-texts",
            "functions": {name: function(name) for name in ("record-service", "text-service")},
        }
    }


@pytest.mark.parametrize("stage", STAGES)
def test_no_stage_reaches_another_account_or_region(run: Any, stage: str) -> None:
    graph = run(stage)
    provider = graph["typerush-aws"].inputs
    assert json.loads(provider["allowedAccountIds"]) == [ACCOUNTS[stage]]
    assert provider["region"] == "ap-southeast-1"
    assert json.loads(provider["defaultTags"]) == {
        "tags": {"System": "typerush", "Stage": stage, "ManagedBy": "pulumi"}
    }
    others = [resource for resource in graph.resources if resource.custom and resource.name != "typerush-aws"]
    assert {resource.provider for resource in others} == {"typerush-aws"}


@pytest.mark.parametrize(
    ("stage", "days", "target"), [("local", 7, "machine"), ("dev", 7, "lambda"), ("prod", 90, "lambda")]
)
def test_what_a_stage_chooses(run: Any, stage: str, days: int, target: str) -> None:
    graph = run(stage)
    assert {group.inputs["retentionInDays"] for group in graph.of("LogGroup").values()} == {days}
    functions = graph.of("Function").values()
    assert all(function.inputs["code"].path.startswith(f"build/{target}/") for function in functions)
    assert all(function.inputs["architectures"] == ["arm64"] for function in functions)
    actions = {tuple(alarm.inputs["alarmActions"]) for alarm in graph.of("MetricAlarm").values()}
    topic = f"arn:aws:sns:ap-southeast-1:{ACCOUNTS[stage]}:fleet-{stage}-alarms"
    assert actions == {() if stage == "local" else (topic,)}
    (table,) = graph.of("Table").values()
    assert table.inputs.get("deletionProtectionEnabled") is (stage == "prod")


@pytest.mark.parametrize("stage", STAGES)
def test_everything_that_takes_tags_has_them(run: Any, stage: str) -> None:
    untagged = {
        "Alias",
        "Authorizer",
        "Integration",
        "LayerVersion",
        "Permission",
        "FunctionUrl",
        "ProvisionedConcurrencyConfig",
        "RolePolicy",
        "Route",
        "aws",
    }
    for resource in run(stage).resources:
        if resource.custom and resource.type.rpartition(":")[2] not in untagged:
            tags = resource.inputs["tags"]
            assert tags["System"] == "typerush", resource.name
            assert (tags["Stage"], tags["ManagedBy"]) == (stage, "pulumi"), resource.name


def test_a_stage_without_systems_registers_nothing(run: Any) -> None:
    graph = run("dev", **{"lambda-fleet:systems": "[]"})
    assert graph.resources == ()


def test_an_impossible_stage_registers_nothing(run: Any) -> None:
    with pytest.raises(pulumi.RunError, match="memoryMb"):
        run("dev", **{"lambda-fleet:typerush": '{"recordService": {"memoryMb": 100}}'})


@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_every_role_stays_inside_the_boundary(run: Any, stage: str) -> None:
    """What is outside deploy/boundary.json would be granted and still refused."""
    boundary = (PROJECT / "deploy" / "boundary.json").read_text()
    for placeholder, value in {
        "ACCOUNT_ID": ACCOUNTS[stage],
        "REGION": "ap-southeast-1",
        "STAGE": stage,
    }.items():
        boundary = boundary.replace(placeholder, value)
    bounds = [*_allowed(json.loads(boundary))]
    graph = run(stage)
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
