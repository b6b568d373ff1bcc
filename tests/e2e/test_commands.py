"""Every command of `fleet` on the deployed stack."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.home import FLEET_ROOT
from tests.e2e.sandbox import RECORD, TEXT, Sandbox, TypeRush, wait_for

OF_AWS = 45
"""In the graph of `local` (tests/graphs/typerush-local.txt)."""

RESOURCES = OF_AWS + 9
"""With the components, their provider and the stack itself: as `up` counts."""

EVENTS = sorted(
    (folder.parent.name.replace("_", "-"), event.stem)
    for folder in (FLEET_ROOT / "functions" / "typerush").glob("*/events")
    for event in folder.glob("*.json")
)


def test_up_again_changes_nothing(sandbox: Sandbox, typerush: TypeRush) -> None:
    before = sandbox.resources()
    again = sandbox.json("up", "--stack", "local", "--yes", "--json")
    assert again["outcome"] == "succeeded"
    assert set(again["changes"]) == {"same"}
    assert {violation["level"] for violation in again["violations"]} <= {"advisory"}
    assert again["outputs"]["typerush"] == typerush.outputs
    assert sandbox.resources() == before


def test_preview_of_what_is_deployed_has_nothing_to_do(sandbox: Sandbox) -> None:
    plan = sandbox.json("preview", "--stack", "local", "--json")
    assert set(plan["changeSummary"]) == {"same"}


def test_refresh_finds_no_drift(sandbox: Sandbox) -> None:
    found = sandbox.json("refresh", "--yes", "--json")
    assert found["outcome"] == "succeeded"
    assert set(found["changes"]) <= {"same", "refresh"}


def test_try_calls_every_function(sandbox: Sandbox, typerush: TypeRush) -> None:
    rows = sandbox.json("try", "--json")
    assert {row["function"] for row in rows} == {typerush.name(RECORD), typerush.name(TEXT)}
    for row in rows:
        assert row["ok"], row
        assert row["triggers"] == ["HTTP API", "URL", "typerush-local-game-service"]
        assert row["warmSeconds"] < row["coldSeconds"] < 3


def test_invoke(sandbox: Sandbox, service: str) -> None:
    answer = sandbox.json("invoke", service, '{"action": "health"}')
    assert answer["statusCode"] == 200
    refused = sandbox.json("invoke", service, '{"action": "dance"}')
    assert refused["statusCode"] == 400


@pytest.mark.parametrize(("service", "event"), EVENTS)
def test_send_takes_every_test_event(typerush: TypeRush, sandbox: Sandbox, service: str, event: str) -> None:
    answer = sandbox.json("send", service, event)
    faulty = ("bad-", "not-json", "unknown-")
    assert answer["statusCode"] // 100 == (4 if any(word in event for word in faulty) else 2) or (
        # the text of this example's id isn't stored
        (service, event, answer["statusCode"]) == (TEXT, "get-text", 404)
    )


def test_send_asynchronously(sandbox: Sandbox, typerush: TypeRush, service: str) -> None:
    def requests() -> int:
        return sum("START RequestId" in line for line in typerush.log(service))

    before = requests()
    told = sandbox.fleet("send", service, "health", "--async")
    assert f"fleet logs {service}" in told
    assert wait_for("the call in the log", lambda: requests() == before + 1)


def test_logs(sandbox: Sandbox, typerush: TypeRush, service: str) -> None:
    typerush.invoke(service, {"action": "health"})
    assert wait_for("the log", lambda: '"answered"' in sandbox.fleet("logs", service, "--lines", "4"))


def test_logs_follow_until_ctrl_c(sandbox: Sandbox, typerush: TypeRush) -> None:
    marker = f"impossible-{os.getpid()}"
    process = sandbox.start("logs", TEXT, "--follow", "--lines", "1")
    lines: Iterator[str] = iter(process.stdout or ())
    assert next(lines)  # what was there before
    assert typerush.invoke(TEXT, {"action": marker}).status == 400
    assert any(marker in line for line in lines)
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(10) == 130
    for _ in lines:
        pass
    assert process.stdout is not None
    process.stdout.close()


def test_status_tells_what_runs(sandbox: Sandbox, typerush: TypeRush) -> None:
    status = sandbox.json("status", "--json")
    assert status["emulator"]["url"].startswith("http://127.0.0.1:")
    assert status["emulator"]["pid"] in {process.pid for process in sandbox.processes()}
    assert status["postgres"]["pid"] in {process.pid for process in sandbox.processes()}
    (stack,) = status["stacks"]
    assert (stack["name"], stack["deployed"], stack["resources"]) == ("local", True, RESOURCES)
    assert {function["name"]: function["state"] for function in stack["functions"]} == {
        typerush.name(RECORD): "Active",
        typerush.name(TEXT): "Active",
    }


def test_surroundings_give_ids_that_the_program_got(sandbox: Sandbox, typerush: TypeRush) -> None:
    surroundings = sandbox.json("surroundings", "--json")
    function = sandbox.aws("lambda").get_function_configuration(FunctionName=typerush.name(RECORD))
    assert function["VpcConfig"]["SubnetIds"] == surroundings["ids"]["networks"]["typerush"]["subnetIds"]
    secret = surroundings["ids"]["databases"]["typerush"]["secretArn"]
    assert function["Environment"]["Variables"]["DB_SECRET_ARN"] == secret
    assert surroundings["config"]["lambda-fleet:typerush.database.secretArn"] == secret


def test_a_stack_output_by_its_path(sandbox: Sandbox, typerush: TypeRush) -> None:
    assert sandbox.fleet("stack", "output", "typerush.tableName").strip() == typerush.table
    assert sandbox.fleet("stack", "output", "typerush.apiUrl").strip() == typerush.outputs["apiUrl"]


def test_the_export_is_a_state_that_pulumi_takes(sandbox: Sandbox, tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    sandbox.fleet("stack", "export", "--file", str(file))
    exported = json.loads(file.read_text())
    assert exported == sandbox.json("stack", "export")
    assert exported["version"] == 3
    deployment = exported["deployment"]
    assert {"manifest", "secrets_providers", "resources"} <= deployment.keys()
    assert not deployment.get("pending_operations")
    known: dict[str, dict[str, Any]] = {}
    for resource in deployment["resources"]:
        # What Pulumi verifies of a snapshot: everything refers to what came before it.
        urn, provider = resource["urn"], resource.get("provider", "")
        assert urn not in known
        assert urn.startswith("urn:pulumi:local::lambda-fleet::")
        dependencies = {
            each for urns in resource.get("propertyDependencies", {}).values() for each in urns or ()
        }
        for other in ({resource.get("parent")} | {*resource.get("dependencies", ())} | dependencies) - {None}:
            assert other in known, f"{urn} refers to {other}"
        if provider:
            reference, _, identity = provider.rpartition("::")
            assert known[reference]["id"] == identity
        if resource["custom"]:
            assert resource["id"], urn
        known[urn] = resource
    assert sum(r["custom"] and not r["type"].startswith("pulumi:") for r in known.values()) == OF_AWS
