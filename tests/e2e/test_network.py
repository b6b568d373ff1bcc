"""A stage whose network the program makes, deployed to a sandbox of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from sandbox.home import FLEET_ROOT, Home
from tests.e2e.conftest import stopped_afterwards
from tests.e2e.sandbox import RECORD, Sandbox, TypeRush


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The project, but for the two files that say what is made outside it and what the stage chooses."""
    there = tmp_path / "project"
    there.mkdir()
    for entry in FLEET_ROOT.iterdir():
        if entry.name not in {".git", ".fleet", "Pulumi.local.yaml", "surroundings.yaml"}:
            (there / entry.name).symlink_to(entry)
    stage = yaml.safe_load((FLEET_ROOT / "Pulumi.local.yaml").read_text())
    stage["config"]["lambda-fleet:systems"] = ["typerush"]
    stage["config"]["lambda-fleet:typerush"]["network"] = {"create": {}}
    (there / "Pulumi.local.yaml").write_text(yaml.safe_dump(stage))
    outside = yaml.safe_load((FLEET_ROOT / "surroundings.yaml").read_text())
    given = outside["stacks"]["local"]["config"]
    outside["stacks"]["local"]["config"] = {
        path: reference for path, reference in given.items() if ":typerush.network." not in path
    }
    (there / "surroundings.yaml").write_text(yaml.safe_dump(outside))
    return there


def test_a_stage_makes_its_own_network(project: Path, tmp_path: Path) -> None:
    sandbox = Sandbox(home=Home(path=tmp_path / "home"), project=project)
    with stopped_afterwards(sandbox):
        sandbox.up()
        typerush = TypeRush(sandbox=sandbox, outputs=sandbox.outputs())
        assert typerush.invoke(RECORD, {"action": "health"}).status == 200
        configuration = sandbox.aws("lambda").get_function_configuration(FunctionName=typerush.name(RECORD))
        subnets = _subnets(sandbox, configuration["VpcConfig"]["SubnetIds"])
        vpc = subnets[0]["VpcId"]
        assert [each["CidrBlock"] for each in subnets] == ["10.0.0.0/20", "10.0.16.0/20"]
        assert _ways_out(sandbox, vpc) == set()
        assert _endpoints(sandbox, vpc) == {
            ("Gateway", "s3"),
            ("Gateway", "dynamodb"),
            ("Interface", "secretsmanager"),
            ("Interface", "bedrock-runtime"),
            ("Interface", "sqs"),
            ("Interface", "xray"),
            ("Interface", "logs"),
        }
        assert '"same"' in sandbox.fleet("preview", "--stack", "local", "--json")
        sandbox.fleet("destroy", "--stack", "local", "--yes")
        assert not sandbox.aws("ec2").describe_subnets(Filters=_in(vpc))["Subnets"]


def _in(vpc: str) -> list[dict[str, Any]]:
    return [{"Name": "vpc-id", "Values": [vpc]}]


def _subnets(sandbox: Sandbox, ids: list[str]) -> list[dict[str, Any]]:
    found = sandbox.aws("ec2").describe_subnets(SubnetIds=ids)["Subnets"]
    return sorted(found, key=lambda each: str(each["CidrBlock"]))


def _ways_out(sandbox: Sandbox, vpc: str) -> set[str]:
    tables = sandbox.aws("ec2").describe_route_tables(Filters=_in(vpc))["RouteTables"]
    routes = (route for table in tables for route in table["Routes"])
    return {each["DestinationCidrBlock"] for each in routes if each.get("GatewayId") != "local"}


def _endpoints(sandbox: Sandbox, vpc: str) -> set[tuple[str, str]]:
    return {
        (each["VpcEndpointType"], each["ServiceName"].rpartition(".")[2])
        for each in sandbox.aws("ec2").describe_vpc_endpoints()["VpcEndpoints"]
        if each["VpcId"] == vpc
    }
