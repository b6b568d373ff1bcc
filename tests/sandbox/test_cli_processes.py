"""Commands that run until they are stopped, and what Ctrl-C leaves behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sandbox import emulator
from sandbox.emulator import Emulator
from sandbox.home import FLEET_ROOT, Home

pytestmark = pytest.mark.e2e

SLOW = """
import time
import pulumi
import pulumi_aws as aws

first = aws.cloudwatch.LogGroup("first", name="interrupted-first")

def wait(name):
    print("waiting now", flush=True)
    time.sleep(60)
    return name

aws.cloudwatch.LogGroup("second", name=first.arn.apply(wait))
"""


@contextmanager
def running(home: Home, folder: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    environment = {"PATH": os.environ["PATH"], "FLEET_HOME": str(home.path), "PYTHONPATH": str(FLEET_ROOT)}
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "sandbox.cli", *arguments],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def program(tmp_path: Path) -> Path:
    (tmp_path / "Pulumi.yaml").write_text("name: slow\nruntime: python\n")
    (tmp_path / "Pulumi.slow.yaml").write_text("config:\n  aws:region: eu-west-1\n")
    (tmp_path / "__main__.py").write_text(SLOW)
    return tmp_path


def test_the_provider_is_served_until_ctrl_c(program: Path, tmp_path: Path) -> None:
    import grpc
    from google.protobuf import empty_pb2

    from sandbox.protos import provider_pb2_grpc

    home = Home(path=tmp_path / "home")
    with running(home, program, "provider", "--preview-only") as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("export PULUMI_DEBUG_PROVIDERS=aws:")
        with grpc.insecure_channel(f"127.0.0.1:{line.rsplit(':', 1)[1].strip()}") as channel:
            provider = provider_pb2_grpc.ResourceProviderStub(channel)
            assert provider.GetPluginInfo(empty_pb2.Empty(), timeout=20).version
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=20)
        assert process.returncode == 0, err
        assert "Traceback" not in err
    assert emulator.find(home) is None


KILLED = """
import os, signal, sys
from sandbox.provider import table
from sandbox.cli import main

kind = type(table.lookup(sys.argv.pop(1)))
create = kind.create

def create_and_die(*arguments):
    create(*arguments)
    os.kill(os.getpid(), signal.SIGKILL)

kind.create = create_and_die
main(["up", "--yes"])
"""
NAMED = """
import json
import pulumi
import pulumi_aws as aws

trust = {"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}]}
role = aws.iam.Role("role", name="killed", assume_role_policy=json.dumps(trust))
name = pulumi.Output.format("/aws/lambda/{}", role.name)
log = aws.cloudwatch.LogGroup("log", name=name, retention_in_days=7)
function = aws.lambda_.Function("function", name="killed", role=role.arn, runtime="python3.12",
    handler="main.handler", publish=True, opts=pulumi.ResourceOptions(depends_on=[log]),
    code=pulumi.AssetArchive({"main.py": pulumi.StringAsset("def handler(event, context): return 1")}))
alias = aws.lambda_.Alias("live", name="live", function_name=function.name, function_version=function.version)
queue = aws.sqs.Queue("queue", name=alias.name.apply(lambda name: f"killed-{name}"))
"""


def test_a_run_that_is_killed_is_mended_by_the_next(
    session_home: Home, running_emulator: Emulator, program: Path
) -> None:
    """Killed right after AWS has made a resource, and before the state knows of it: once for every type."""
    (program / "__main__.py").write_text(NAMED)
    environment = {
        "PATH": os.environ["PATH"],
        "FLEET_HOME": str(session_home.path),
        "PYTHONPATH": str(FLEET_ROOT),
    }
    for token in (
        "aws:iam/role:Role",
        "aws:cloudwatch/logGroup:LogGroup",
        "aws:lambda/function:Function",
        "aws:lambda/alias:Alias",
        "aws:sqs/queue:Queue",
    ):
        killed = subprocess.run(
            [sys.executable, "-c", KILLED, token],
            cwd=program,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert killed.returncode == -signal.SIGKILL, killed.stdout + killed.stderr
    with running(session_home, program, "up", "--yes") as process:
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, out + err
    assert "::queue, creating: is there (" in out
    with running(session_home, program, "up", "--yes") as process:
        out, err = process.communicate(timeout=120)
    assert "nothing to do (6 unchanged)" in out, out + err
    with running(session_home, program, "destroy", "--yes", "--remove") as process:
        assert process.wait(60) == 0


def test_ctrl_c_saves_what_was_done_and_says_what_to_do(
    session_home: Home, running_emulator: Emulator, program: Path
) -> None:
    with running(session_home, program, "up", "--yes") as process:
        assert process.stdout is not None
        for line in process.stdout:
            if "waiting now" in line:
                break
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
        assert process.returncode == 130, out + err
        assert "Traceback" not in out + err
    assert running_emulator.pid == emulator.require(session_home).pid
    exported = subprocess.run(
        [sys.executable, "-m", "sandbox.cli", "stack", "export"],
        cwd=program,
        env={**os.environ, "FLEET_HOME": str(session_home.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    names = [r["urn"].rsplit("::", 1)[1] for r in json.loads(exported.stdout)["deployment"]["resources"]]
    assert "first" in names
    assert "second" not in names
    with running(session_home, program, "destroy", "--yes", "--remove") as process:
        assert process.wait(60) == 0
