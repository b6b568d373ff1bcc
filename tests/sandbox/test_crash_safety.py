"""The `fleet` command is interrupted, has no room to write, or loses its AWS; the next run goes on."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from sandbox import emulator
from sandbox.emulator import Emulator
from sandbox.home import FLEET_ROOT, Home
from sandbox.provider.clients import client

pytestmark = pytest.mark.e2e

PROGRAM = """
import time
from pathlib import Path

import pulumi
import pulumi_aws as aws

first = aws.cloudwatch.LogGroup("first", name="safe-first")

def wait(name):
    print("waiting now", flush=True)
    while not Path("go").exists():
        time.sleep(0.01)
    return "safe-second"

second = aws.cloudwatch.LogGroup("second", name=first.arn.apply(wait))
aws.cloudwatch.LogGroup("third", name=second.arn.apply(lambda arn: "safe-third"))
"""
NAMES = {"safe-first", "safe-second", "safe-third"}


class Fleet:
    """A program of three resources, each after the other; the second waits for `go`."""

    def __init__(self, folder: Path, home: Home) -> None:
        self.folder, self.home = folder, home
        (folder / "Pulumi.yaml").write_text("name: safe\nruntime: python\n")
        (folder / "Pulumi.safe.yaml").write_text("config:\n  aws:region: eu-west-1\n")
        (folder / "__main__.py").write_text(PROGRAM)

    @contextmanager
    def running(
        self, *arguments: str, prepare: Callable[[], None] | None = None
    ) -> Iterator[subprocess.Popen[str]]:
        process = subprocess.Popen(
            [sys.executable, "-u", "-m", "sandbox.cli", *arguments],
            cwd=self.folder,
            env={
                "PATH": os.environ["PATH"],
                "FLEET_HOME": str(self.home.path),
                "PYTHONPATH": str(FLEET_ROOT),
                "PYTHONDONTWRITEBYTECODE": "1",  # it would be cut off where there is little room, and kept
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=prepare,
        )
        try:
            yield process
        finally:
            process.kill()
            process.communicate()

    @contextmanager
    def waiting(self) -> Iterator[subprocess.Popen[str]]:
        """`up`, once the first resource is there."""
        with self.running("up", "--yes") as process:
            assert process.stdout is not None
            assert any("waiting now" in line for line in process.stdout)
            yield process

    def go(self) -> None:
        (self.folder / "go").touch()

    def run(self, *arguments: str, prepare: Callable[[], None] | None = None) -> tuple[int, str]:
        with self.running(*arguments, prepare=prepare) as process:
            printed, errors = process.communicate(timeout=60)
        assert "Traceback" not in printed + errors
        return process.returncode, printed + errors

    def ok(self, *arguments: str) -> str:
        code, printed = self.run(*arguments)
        assert code == 0, printed
        return printed

    @property
    def deployment(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.ok("stack", "export"))["deployment"]
        return found

    def names(self) -> set[str]:
        """What the state tells of."""
        groups = [each for each in self.deployment.get("resources", []) if "logGroup" in each["type"]]
        return {each["id"] for each in groups}

    def there(self, found: Emulator) -> set[str]:
        """What AWS has."""
        groups = client(found.endpoint, "logs", "eu-west-1").describe_log_groups()["logGroups"]
        return {each["logGroupName"] for each in groups} & NAMES


@pytest.fixture
def fleet(session_home: Home, running_emulator: Emulator, tmp_path: Path) -> Iterator[Fleet]:
    """On the embedded AWS that other tests use as well."""
    made = Fleet(tmp_path, session_home)
    yield made
    made.ok("destroy", "--yes", "--remove")


@pytest.fixture
def alone(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """On an embedded AWS that may be broken."""
    home = Home(path=tmp_path_factory.mktemp("alone"))
    emulator.ensure(home)
    yield Fleet(tmp_path, home)
    emulator.stop(home)


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_once_what_is_under_way_ends_and_is_saved(fleet: Fleet, sign: signal.Signals) -> None:
    with fleet.waiting() as process:
        process.send_signal(sign)
        printed, errors = process.communicate(timeout=30)
    assert process.returncode == 130, printed + errors
    assert "Traceback" not in printed + errors
    assert "What was done is saved. Run again to go on from there." in printed + errors
    assert fleet.names() == {"safe-first"}
    assert "pending_operations" not in fleet.deployment
    fleet.go()
    fleet.ok("up", "--yes")
    assert fleet.names() == NAMES


def test_ctrl_c_on_a_terminal(fleet: Fleet) -> None:
    import pty

    controller, terminal = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "sandbox.cli", "up", "--yes"],
        cwd=fleet.folder,
        env={
            "PATH": os.environ["PATH"],
            "FLEET_HOME": str(fleet.home.path),
            "PYTHONPATH": str(FLEET_ROOT),
            "TERM": "xterm",
        },
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        start_new_session=True,
        preexec_fn=_take_terminal,
    )
    os.close(terminal)
    try:
        _read_until(controller, b"waiting now")
        os.write(controller, b"\x03")
        told = _read_until(controller, b"Run again to go on from there")
        assert process.wait(30) == 130
        assert b"Traceback" not in told
    finally:
        process.kill()
        process.wait()
        os.close(controller)
    assert fleet.names() == {"safe-first"}


def _take_terminal() -> None:
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def _read_until(terminal: int, wanted: bytes) -> bytes:
    read = b""
    while wanted not in read.replace(b"\r\n", b" "):
        try:
            read += os.read(terminal, 4096)
        except OSError:
            break  # the other side is closed
    assert wanted in read.replace(b"\r\n", b" "), read
    return read


def test_twice_it_stops_at_once_and_the_next_run_finds_what_was_under_way(alone: Fleet) -> None:
    running = emulator.require(alone.home)
    with alone.waiting() as process:
        os.kill(running.pid, signal.SIGSTOP)  # so that the second resource takes for ever
        alone.go()
        journal = alone.home.path / "stacks" / "safe.journal"
        assert _soon(lambda: "safe-second" in journal.read_text())
        process.send_signal(signal.SIGINT)
        time.sleep(0.5)
        assert process.poll() is None, "it waits for what is under way"
        process.send_signal(signal.SIGINT)
        began = time.monotonic()
        printed, errors = process.communicate(timeout=30)
        assert time.monotonic() - began < 20  # seconds; AWS would have 120
    assert process.returncode == 130
    assert "interrupted twice" in errors, printed + errors
    assert "Traceback" not in printed + errors
    os.kill(running.pid, signal.SIGCONT)
    assert _soon(lambda: "safe-second" in alone.there(running))
    told = alone.ok("up", "--yes")
    assert "::second, creating: is there (safe-second), and belongs to the stack now" in told
    assert alone.names() == alone.there(running) == NAMES
    assert "nothing to do" in alone.ok("up", "--yes")


def test_a_full_disk_is_an_error_and_the_next_run_goes_on(fleet: Fleet, running_emulator: Emulator) -> None:
    fleet.go()

    def little_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (5_000, 5_000))  # bytes in one file, e.g. in the journal

    code, printed = fleet.run("up", "--yes", prepare=little_room)
    assert code == 4, printed
    assert "can't be written: File too large" in printed
    assert "Nothing more is begun" in printed
    there = fleet.there(running_emulator)
    assert there < NAMES
    fleet.ok("up", "--yes")
    assert fleet.names() == fleet.there(running_emulator) == NAMES


def test_an_emulator_that_dies_in_the_middle_is_one_error_and_the_next_run_makes_everything(
    alone: Fleet,
) -> None:
    before = emulator.require(alone.home)
    with alone.waiting() as process:
        os.kill(before.pid, signal.SIGKILL)
        assert _soon(lambda: emulator.find(alone.home) is None)
        alone.go()
        printed, errors = process.communicate(timeout=30)
    assert process.returncode == 1, printed + errors
    assert (printed + errors).count("the embedded AWS doesn't answer: it was ended, or it hangs") == 1
    assert "Traceback" not in printed + errors
    told = alone.ok("up", "--yes")
    assert "The embedded AWS was started anew since the last deployment" in told
    after = emulator.require(alone.home)
    assert after.instance != before.instance
    assert alone.names() == alone.there(after) == NAMES


def test_an_emulator_that_hangs_is_replaced_by_the_next_run(alone: Fleet) -> None:
    alone.go()
    alone.ok("up", "--yes")
    before = emulator.require(alone.home)
    os.kill(before.pid, signal.SIGSTOP)
    alone.ok("up", "--yes")
    after = emulator.require(alone.home)
    assert after.instance != before.instance
    assert alone.names() == alone.there(after) == NAMES


def _soon(happened: Callable[[], bool]) -> bool:
    end = time.monotonic() + 20
    while not happened():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True
