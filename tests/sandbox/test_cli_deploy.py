"""The command line on a small program, deployed to the embedded AWS and called there."""

from __future__ import annotations

import json
import os
import pty
import select
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from sandbox import emulator
from sandbox.emulator import Emulator
from sandbox.home import FLEET_ROOT, Home

pytestmark = pytest.mark.e2e

PROGRAM = """
import json
import pulumi
import pulumi_aws as aws

config = pulumi.Config()
tags = {"System": "shop", "Service": "greeter"}
role = aws.iam.Role("role", name="shop-greeter", assume_role_policy=json.dumps({
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
                   "Principal": {"Service": "lambda.amazonaws.com"}}]}))
log = aws.cloudwatch.LogGroup("log", name="/aws/lambda/shop-local-greeter")
function = aws.lambda_.Function("function", name="shop-local-greeter", role=role.arn, runtime="python3.12",
    handler="main.handler", publish=True, tags=tags, memory_size=config.get_int("memory") or 128,
    code=pulumi.AssetArchive({"main.py": pulumi.FileAsset("greeter.py")}),
    opts=pulumi.ResourceOptions(depends_on=[log]))
alias = aws.lambda_.Alias("live", name="live", function_name=function.name, function_version=function.version)
pulumi.export("greeter", {"name": function.name})
pulumi.export("password", pulumi.Output.secret("s3cret"))
"""
GREETER = """
def handler(event, context):
    if event.get("fail"):
        raise ValueError("as asked")
    print("greeting", event.get("name"))
    return {"greeting": f"hello {event.get('name', 'world')}", "arn": context.invoked_function_arn}
"""
PACK = """
from pulumi_policy import EnforcementLevel, PolicyPack, ResourceValidationPolicy

def small(args, report):
    if args.resource_type == "aws:lambda/function:Function" and args.props.get("memorySize", 128) > 256:
        report("too much memory")

PolicyPack("shop", enforcement_level=EnforcementLevel.MANDATORY, policies=[
    ResourceValidationPolicy(name="small", description="Functions stay small.", validate=small)])
"""


def fleet(
    home: Home, folder: Path, *arguments: str, check: int | None = 0, stdin: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own."""
    ended = subprocess.run(
        [sys.executable, "-m", "sandbox.cli", *arguments],
        cwd=folder,
        env=_environment(home),
        capture_output=True,
        text=True,
        input=stdin,
        timeout=120,
        check=False,
    )
    assert check is None or ended.returncode == check, ended.stdout + ended.stderr
    assert "Traceback" not in ended.stderr
    return ended


def _environment(home: Home) -> dict[str, str]:
    kept = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
    return {**kept, "FLEET_HOME": str(home.path), "PYTHONPATH": str(FLEET_ROOT)}


@pytest.fixture(scope="module")
def home(session_home: Home, running_emulator: Emulator) -> Home:
    return session_home


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shop")
    (folder / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    (folder / "Pulumi.shop.yaml").write_text(
        'config:\n  aws:region: eu-west-1\n  aws:allowedAccountIds: ["000000000000"]\n'
    )
    (folder / "__main__.py").write_text(PROGRAM)
    (folder / "greeter.py").write_text(GREETER)
    events = folder / "functions" / "shop" / "greeter" / "events"
    events.mkdir(parents=True)
    (events / "health.json").write_text('{"name": "health"}')
    (events / "bad.json").write_text('{"fail": true}')
    return folder


@pytest.fixture(scope="module")
def deployed(home: Home, program: Path) -> Iterator[Path]:
    fleet(home, program, "up", "--yes")
    yield program
    fleet(home, program, "destroy", "--yes", "--remove")


def preview(home: Home, program: Path, *more: str, check: int = 0) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(fleet(home, program, "preview", "--json", *more, check=check).stdout)
    return content


def test_a_preview_needs_no_emulator(tmp_path: Path, program: Path) -> None:
    elsewhere = Home(path=tmp_path / "home")
    content = preview(elsewhere, program)
    assert content["changeSummary"] == {"create": 5}
    function = next(step for step in content["steps"] if step["urn"].endswith("::function"))
    assert function["op"] == "create"
    assert function["newState"]["inputs"]["name"] == "shop-local-greeter"
    assert emulator.find(elsewhere) is None


def test_a_stage_of_a_real_account_is_previewed_beside_a_running_emulator(
    home: Home, program: Path, tmp_path: Path
) -> None:
    elsewhere = shutil.copytree(program, tmp_path / "shop")
    (elsewhere / "Pulumi.shop.yaml").rename(elsewhere / "Pulumi.prod.yaml")
    stage = (elsewhere / "Pulumi.prod.yaml").read_text()
    (elsewhere / "Pulumi.prod.yaml").write_text(stage.replace("000000000000", "444455556666"))
    assert preview(home, elsewhere, "--stack", "prod")["changeSummary"] == {"create": 5}
    refused = fleet(home, elsewhere, "up", "--stack", "prod", "--yes", check=2)
    assert "444455556666" in refused.stderr


def test_up_tells_every_step_and_hides_secrets(home: Home, deployed: Path) -> None:
    again = fleet(home, deployed, "up", "--yes")
    assert "nothing to do" in again.stdout
    assert "s3cret" not in again.stdout
    assert "\x1b" not in again.stdout
    assert preview(home, deployed)["changeSummary"] == {"same": 5}


def test_invoke_prints_the_answer_and_uses_the_alias(home: Home, deployed: Path) -> None:
    ended = fleet(home, deployed, "invoke", "greeter", '{"name": "ada"}', "--tail")
    answer = json.loads(ended.stdout)
    assert answer["greeting"] == "hello ada"
    assert answer["arn"].endswith(":function:shop-local-greeter:live")
    assert "greeting ada" in ended.stderr
    again = json.loads(fleet(home, deployed, "invoke", "greeter", "--json").stdout)
    assert again["greeting"] == "hello world"


@pytest.mark.parametrize(
    "name",
    ["greeter", "shop-greeter", "shop/greeter", "shop-local-greeter", "local-greeter"],
)
def test_a_function_is_found_by_any_of_its_names(home: Home, deployed: Path, name: str) -> None:
    assert fleet(home, deployed, "invoke", name)


def test_a_payload_comes_from_a_file_or_stdin(home: Home, deployed: Path, tmp_path: Path) -> None:
    (tmp_path / "payload.json").write_text('{"name": "file"}')
    assert "hello file" in fleet(home, deployed, "invoke", "greeter", f"@{tmp_path}/payload.json").stdout
    assert "hello stdin" in fleet(home, deployed, "invoke", "greeter", "-", stdin='{"name": "stdin"}').stdout


def test_an_unknown_function_and_a_bad_payload(home: Home, deployed: Path) -> None:
    unknown = fleet(home, deployed, "invoke", "greter", check=2)
    assert "there are: greeter" in unknown.stderr
    assert "Did you mean 'greeter'?" in unknown.stderr
    assert "isn't JSON" in fleet(home, deployed, "invoke", "greeter", "{", check=2).stderr
    assert "nowhere" in fleet(home, deployed, "invoke", "greeter", "@/nowhere", check=2).stderr


def test_a_failing_function(home: Home, deployed: Path) -> None:
    ended = fleet(home, deployed, "invoke", "greeter", '{"fail": true}', check=1)
    assert json.loads(ended.stdout)["errorMessage"] == "as asked"
    assert "Unhandled" in ended.stderr


def test_send(home: Home, deployed: Path) -> None:
    assert "hello health" in fleet(home, deployed, "send", "greeter").stdout
    assert fleet(home, deployed, "send", "greeter", "bad", check=1)
    assert "accepted" in fleet(home, deployed, "send", "greeter", "--async").stderr
    assert "there are: bad, health" in fleet(home, deployed, "send", "greeter", "nope", check=2).stderr


def test_try_calls_cold_and_warm(home: Home, deployed: Path) -> None:
    (row,) = json.loads(fleet(home, deployed, "try", "--json").stdout)
    assert row["ok"]
    assert row["function"] == "shop-local-greeter"
    assert row["coldSeconds"] > row["warmSeconds"]
    assert "shop-local-greeter" in fleet(home, deployed, "try").stdout


def test_logs_and_follow(home: Home, deployed: Path) -> None:
    fleet(home, deployed, "invoke", "greeter", '{"name": "in-the-log"}')
    assert "greeting in-the-log" in fleet(home, deployed, "logs", "greeter").stdout
    events = [
        json.loads(line) for line in fleet(home, deployed, "logs", "greeter", "--json").stdout.splitlines()
    ]
    assert "greeting in-the-log" in [event["message"] for event in events]
    assert {type(event["timestamp"]) for event in events} == {int}
    following = subprocess.Popen(
        [sys.executable, "-u", "-m", "sandbox.cli", "logs", "greeter", "--follow", "--lines", "0"],
        cwd=deployed,
        env=_environment(home),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert following.stdout is not None
        # Not before it follows: it prints nothing then, so call until it tells of a call.
        for number in range(50):
            fleet(home, deployed, "invoke", "greeter", json.dumps({"name": f"followed-{number}"}))
            if select.select([following.stdout], [], [], 0.5)[0]:
                break
        assert any("greeting followed" in following.stdout.readline() for _ in range(5))
    finally:
        following.send_signal(signal.SIGINT)
        _, err = following.communicate(timeout=10)
    assert following.returncode == 130
    assert "Traceback" not in err


def test_status(home: Home, deployed: Path) -> None:
    found = json.loads(fleet(home, deployed, "status", "--json").stdout)
    assert found["emulator"]["url"].startswith("http://127.0.0.1:")
    (stack,) = (stack for stack in found["stacks"] if stack["name"] == "shop")
    assert [(f["name"], f["state"]) for f in stack["functions"]] == [("shop-local-greeter", "Active")]
    assert stack["resources"] == preview(home, deployed)["changeSummary"]["same"]


def test_outputs(home: Home, deployed: Path) -> None:
    assert fleet(home, deployed, "stack", "output", "greeter.name").stdout == "shop-local-greeter\n"
    assert json.loads(fleet(home, deployed, "stack", "output", "--json").stdout) == {
        "greeter": {"name": "shop-local-greeter"},
        "password": "[secret]",
    }
    shown = fleet(home, deployed, "stack", "output", "password", "--show-secrets")
    assert shown.stdout == "s3cret\n"
    assert "there are: greeter" in fleet(home, deployed, "stack", "output", "greter", check=2).stderr


def test_refresh_tells_the_outputs(home: Home, deployed: Path) -> None:
    found = json.loads(fleet(home, deployed, "refresh", "--yes", "--json").stdout)
    assert found["outputs"] == {"greeter": {"name": "shop-local-greeter"}, "password": "[secret]"}


def test_export(home: Home, deployed: Path, tmp_path: Path) -> None:
    exported = json.loads(fleet(home, deployed, "stack", "export").stdout)
    assert exported["version"] == 3
    assert "s3cret" not in json.dumps(exported)
    assert json.loads(fleet(home, deployed, "stack", "export", "--json").stdout) == exported
    fleet(home, deployed, "stack", "export", "--file", str(tmp_path / "state.json"))
    assert json.loads((tmp_path / "state.json").read_text())["version"] == 3


def test_diff_shows_each_property(home: Home, deployed: Path) -> None:
    settings = deployed / "Pulumi.shop.yaml"
    before = settings.read_text()
    try:
        settings.write_text(before + "  shop:memory: 256\n")
        ended = fleet(home, deployed, "preview", "--diff")
        assert "~ memorySize: 128 => 256" in ended.stdout
        assert "to update" in ended.stdout
    finally:
        settings.write_text(before)


def test_a_mandatory_policy_gives_exit_code_3(home: Home, deployed: Path, tmp_path: Path) -> None:
    (tmp_path / "PulumiPolicy.yaml").write_text("runtime: python\nversion: 1.0.0\n")
    (tmp_path / "__main__.py").write_text(PACK)
    assert fleet(home, deployed, "preview", "--policy-pack", str(tmp_path))
    settings = deployed / "Pulumi.shop.yaml"
    before = settings.read_text()
    try:
        settings.write_text(before + "  shop:memory: 512\n")
        for command in (["preview"], ["preview", "--json"], ["up", "--yes"]):
            ended = fleet(home, deployed, *command, "--policy-pack", str(tmp_path), check=3)
            assert "too much memory" in ended.stdout + ended.stderr
    finally:
        settings.write_text(before)


def test_a_failing_program_says_what_to_do(home: Home, tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: broken\nruntime: python\n")
    (tmp_path / "__main__.py").write_text("import pulumi\nraise pulumi.RunError('no such thing')\n")
    ended = fleet(home, tmp_path, "preview", "--stack", "broken", check=1)
    assert (ended.stdout + ended.stderr).count("no such thing") == 1
    assert "nothing to do" not in ended.stdout


def test_another_emulator_is_noticed_and_up_repairs(tmp_path: Path, program: Path) -> None:
    own = Home(path=tmp_path / "home")
    try:
        fleet(own, program, "up", "--yes")
        fleet(own, program, "down")
        gone = fleet(own, program, "invoke", "greeter", check=1)
        assert "isn't running" in gone.stderr
        emulator.ensure(own)
        lost = fleet(own, program, "invoke", "greeter", check=1)
        assert "started anew" in lost.stderr
        repaired = fleet(own, program, "up", "--yes")
        assert "started anew" in repaired.stdout
        assert "hello world" in fleet(own, program, "invoke", "greeter").stdout
        assert "nothing to do" in fleet(own, program, "up", "--yes").stdout
    finally:
        fleet(own, program, "down")


def test_on_a_terminal_it_asks_first(home: Home, deployed: Path) -> None:
    """No is an answer, and nothing is done then."""
    shown, code = on_terminal(home, deployed, ["destroy"], answer="n\n", until="sandbox? [y/N]")
    assert "to delete" in shown
    assert code == 130
    assert fleet(home, deployed, "invoke", "greeter")


def on_terminal(
    home: Home, folder: Path, arguments: Sequence[str], *, answer: str, until: str
) -> tuple[str, int]:
    """Run the command on a terminal of its own, and answer when it has asked."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "sandbox.cli", *arguments],
        cwd=folder,
        env={**_environment(home), "TERM": "xterm", "COLUMNS": "120"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    shown = b""
    try:
        while True:
            if not select.select([ours], [], [], 60)[0]:
                break
            try:
                chunk = os.read(ours, 65536)
            except OSError:  # Linux tells the end of a terminal so
                break
            if not chunk:
                break
            shown += chunk
            if until.encode() in shown and answer:
                os.write(ours, answer.encode())
                answer = ""
        return shown.decode(), process.wait(timeout=10)
    finally:
        process.kill()
        process.wait()
        os.close(ours)
