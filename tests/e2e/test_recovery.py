"""The sandbox breaks, and is mended by `fleet up`; it is taken away, and nothing is left."""

from __future__ import annotations

import json
import os
import signal
from typing import Any
from uuid import uuid4

import psutil
import pytest

from sandbox import emulator
from tests.e2e.sandbox import GAME_SERVICE, RECORD, TEXT, Sandbox, TypeRush, wait_for

HEALTH = {"action": "health"}


def typerush_of(sandbox: Sandbox) -> TypeRush:
    return TypeRush(sandbox=sandbox, outputs=sandbox.outputs())


def assert_answers(typerush: TypeRush) -> None:
    for service in (RECORD, TEXT):
        assert typerush.invoke(service, HEALTH).status == 200
    assert typerush.http("GET", "/records/leaderboard").status == 200
    assert typerush.http("GET", "/texts/random?difficulty=easy").status == 200


@pytest.mark.parametrize("by", ["killed", "restarted"])
def test_a_lost_emulator_is_noticed_and_up_repairs(scratch: Sandbox, by: str) -> None:
    player = f"player-{uuid4()}"
    record = {"player": player, "words_per_minute": 80, "accuracy": 99, "text_id": "1"}
    assert typerush_of(scratch).http("POST", "/records", record).status == 201
    before = scratch.emulator
    workers = psutil.Process(before.pid).children(recursive=True)
    assert workers
    if by == "killed":
        os.kill(before.pid, signal.SIGKILL)
        assert wait_for("its end", lambda: emulator.find(scratch.home) is None)
    else:
        emulator.stop(scratch.home)
        assert emulator.ensure(scratch.home).instance != before.instance

    status = scratch.json("status", "--json")
    assert (status["emulator"] is None) == (by == "killed")
    (stack,) = status["stacks"]
    assert not stack["deployed"]
    assert {function["state"] for function in stack["functions"]} == {"gone"}
    assert "fleet up --stack local" in scratch.fleet("invoke", RECORD, code=1)

    told = scratch.up()
    assert "The embedded AWS was started anew since the last deployment" in told
    assert not psutil.wait_procs(workers, timeout=0)[1]  # none outlives its emulator
    typerush = typerush_of(scratch)
    assert_answers(typerush)
    read = typerush.http("GET", f"/records?player={player}")
    assert [each["words_per_minute"] for each in read.body["records"]] == [80]
    assert set(scratch.json("up", "--yes", "--json")["changes"]) == {"same"}


def test_a_change_behind_the_states_back_is_found_and_mended(scratch: Sandbox) -> None:
    name = typerush_of(scratch).name(TEXT)
    scratch.aws("lambda").update_function_configuration(FunctionName=name, MemorySize=256)
    scratch.aws("cloudwatch").delete_alarms(AlarmNames=[f"{name}-errors"])
    found = scratch.json("refresh", "--yes", "--json")
    assert {"update": 1, "delete": 1}.items() <= found["changes"].items()
    mended = scratch.json("up", "--yes", "--json")
    assert mended["changes"]["create"] == 1
    function = scratch.aws("lambda").get_function_configuration(FunctionName=name)
    assert function["MemorySize"] == 512
    assert set(scratch.json("refresh", "--yes", "--json")["changes"]) <= {"same", "refresh"}


def test_destroy_leaves_nothing(scratch: Sandbox) -> None:
    assert any(_left(scratch).values())
    told = scratch.fleet("destroy", "--stack", "local", "--yes")
    assert "deleted" in told
    left = {kind: things for kind, things in _left(scratch).items() if things}
    assert left == {}
    # What was there before the program is still there: it isn't the program's to delete.
    assert scratch.aws("iam").get_role(RoleName="typerush-local-game-service")
    assert scratch.resources() == []


def _left(sandbox: Sandbox) -> dict[str, list[Any]]:
    """Everything of TypeRush's that the emulator has."""
    aws = sandbox.aws
    security_groups = aws("ec2").describe_security_groups(
        Filters=[{"Name": "tag:Name", "Values": ["local-typerush-*"]}]
    )["SecurityGroups"]
    return {
        "functions": aws("lambda").list_functions()["Functions"],
        "layers": aws("lambda").list_layers()["Layers"],
        "roles": [
            role["RoleName"]
            for role in aws("iam").list_roles()["Roles"]
            if role["RoleName"].startswith("typerush-") and not role["RoleName"].endswith("-game-service")
        ],
        "tables": aws("dynamodb").list_tables()["TableNames"],
        "log groups": aws("logs").describe_log_groups()["logGroups"],
        "APIs": aws("apigatewayv2").get_apis()["Items"],
        "alarms": aws("cloudwatch").describe_alarms()["MetricAlarms"],
        "queues": aws("sqs").list_queues().get("QueueUrls", []),
        "rules between security groups": [
            rule
            for group in security_groups
            for rule in (*group["IpPermissions"], *group["IpPermissionsEgress"])
            if rule.get("UserIdGroupPairs")
        ],
    }


@pytest.mark.parametrize("after", ["iam/role:Role", "lambda/function:Function"])
def test_ctrl_c_leaves_a_consistent_state_and_up_completes(scratch: Sandbox, after: str) -> None:
    scratch.fleet("destroy", "--stack", "local", "--yes")
    with scratch.start("up", "--stack", "local", "--yes", env={"PYTHONUNBUFFERED": "1"}) as process:
        assert process.stdout is not None
        told = []
        for line in process.stdout:
            told.append(line)
            if after in line:
                break
        os.killpg(process.pid, signal.SIGINT)
        told += process.stdout
    assert process.returncode == 130, "".join(told)
    assert "Traceback" not in "".join(told)

    state = scratch.json("stack", "export")["deployment"]
    assert not state.get("pending_operations")
    made = {resource["urn"] for resource in state["resources"]}
    assert any(f"aws:{after}::" in urn for urn in made)
    # What the state tells of is there, and what is there the state tells of: nothing is lost or made twice.
    assert set(scratch.json("refresh", "--yes", "--json")["changes"]) <= {"same", "refresh"}
    done = scratch.json("up", "--yes", "--json")
    assert set(done["changes"]) <= {"same", "create"}
    assert done["changes"]["create"] > 0
    assert made <= {resource["urn"] for resource in scratch.resources()}
    assert_answers(typerush_of(scratch))


REPLACING = {
    # A property of the old state that differs now. Both keep their name, and are deleted first.
    "typerush-text-service-function": ("packageType", "Image"),
    "typerush-api-api": ("protocolType", "WEBSOCKET"),
}


@pytest.mark.parametrize("name", list(REPLACING))
def test_a_replaced_parent_works_again_with_all_that_is_inside(scratch: Sandbox, name: str) -> None:
    """That everything inside is replaced too is tests/test_replacement.py's; here it is really done."""
    file, (key, value) = scratch.home.path / "stacks" / "local.json", REPLACING[name]
    state = json.loads(file.read_text())
    (parent,) = [r for r in state["checkpoint"]["latest"]["resources"] if r["urn"].endswith(f"::{name}")]
    parent["inputs"][key] = value
    file.write_text(json.dumps(state))

    done = scratch.json("up", "--yes", "--json")
    assert done["outcome"] == "succeeded", done
    assert done["changes"]["replace"] > 1
    typerush = typerush_of(scratch)
    assert_answers(typerush)
    game_service = scratch.assume(GAME_SERVICE)
    assert typerush.invoke(TEXT, HEALTH, game_service).status == 200
    assert typerush.url(TEXT, "/texts/health", game_service).status == 200
    assert set(scratch.json("up", "--yes", "--json")["changes"]) == {"same"}
