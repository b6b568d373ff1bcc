"""``kill -9`` of the `fleet` command at random points, with two of our own systems; see test_kill.py."""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from sandbox import emulator
from sandbox.engine import Project, StateStore
from sandbox.home import FLEET_ROOT, Home
from sandbox.processes import Record, write_private
from tests.crash.inventory import Held, Inventory, named
from tests.crash.likeness import alike, differences
from tests.crash.proxy import Proxy
from tests.crash.test_kill import SEED
from tests.e2e.conftest import stopped_afterwards
from tests.e2e.sandbox import Sandbox, project_of

pytestmark = pytest.mark.e2e

SYSTEMS = {"payments": "us-east-1", "typerush": "ap-southeast-1"}
PHASES = ("up", "change", "refresh", "destroy")
"""Each is killed once: eight points. What changes is another ``up``."""
CHANGES = {
    "payments": {"accounts": {"memoryMb": 512}, "imageProcessor": {"reservedConcurrency": 3}},
    "typerush": {"textService": {"memoryMb": 1024, "functionUrl": False}},
}


@dataclass
class Watched:
    """A system whose calls to AWS go through a proxy, and how its commands end that nobody disturbs."""

    sandbox: Sandbox
    system: str
    proxy: Proxy
    region: str
    baseline: Held = field(default_factory=set)
    ends: dict[str, dict[str, Any]] = field(default_factory=dict)
    calls: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    def prepare(self, phase: str) -> str:
        """The command of a phase, its stage written."""
        if phase in ("up", "change"):
            file = self.sandbox.project / "Pulumi.local.yaml"
            stage = yaml.safe_load((FLEET_ROOT / file.name).read_text())
            stage["config"]["lambda-fleet:systems"] = [self.system]
            if phase == "change":
                stage["config"]["lambda-fleet:logRetentionDays"] = 14
                stage["config"][f"lambda-fleet:{self.system}"] |= CHANGES[self.system]
            file.write_text(yaml.safe_dump(stage))
        return "up" if phase == "change" else phase

    def undisturbed(self) -> None:
        self.sandbox.fleet("surroundings")
        self.baseline = Inventory(self.proxy.endpoint, self.region).take()
        for phase in PHASES:
            command = self.prepare(phase)
            self.proxy.arm(0, before=False, strike=lambda: None)
            began = time.monotonic()
            self.sandbox.fleet(command, "--stack", "local", "--yes")
            self.seconds[phase], self.calls[phase] = time.monotonic() - began, self.proxy.calls
            self.ends[phase] = self.seen()

    def seen(self) -> dict[str, Any]:
        self.proxy.disarm()
        self.proxy.settle()
        store = StateStore(Project.load(self.sandbox.project), "local", home=self.sandbox.home.path)
        deployment = store.export(show_secrets=True)["deployment"]
        assert not deployment.get("pending_operations")
        resources = deployment.get("resources", [])
        told = named(resources)
        held = Inventory(self.proxy.endpoint, self.region).take() - self.baseline
        assert held - set(told) == set(), "orphaned"
        assert set(told) - held == set(), "not there"
        self._nothing_in_the_clear(resources)
        return alike(resources)

    def _nothing_in_the_clear(self, resources: Any) -> None:
        secrets = [json.loads(text) for text in _plaintexts(resources)]
        hidden = [each.encode() for each in secrets if isinstance(each, str) and len(each) > 7]
        for path in (self.sandbox.home.path / "stacks").iterdir():
            content = path.read_bytes()
            assert not any(each in content for each in hidden), path

    def kill(self, phase: str, dice: random.Random) -> tuple[str, bool]:
        """Run the phase's command and kill it somewhere; what the point was, and whether it came to that."""
        command = self.prepare(phase)
        way = dice.choice(("before", "after", "after", "time"))
        at = dice.randint(1, self.calls[phase] * 3 // 4)
        moment = dice.uniform(0.1, 0.5) * self.seconds[phase]
        self.proxy.arm(0, before=False, strike=lambda: None)
        with self.sandbox.start(command, "--stack", "local", "--yes") as process:
            timer = threading.Timer(moment, process.kill)
            if way == "time":
                timer.start()
            else:
                self.proxy.arm(at, before=way == "before", strike=lambda: _kill(process))
            told = process.communicate(timeout=180)[0]
        timer.cancel()
        self.proxy.disarm()
        self.proxy.settle()
        assert process.returncode in (0, -9), told
        point = f"{moment:.2f} s" if way == "time" else f"{way} call {at}"
        return f"{phase}: {point}", process.returncode == -9


def _kill(process: Any) -> None:
    process.kill()
    process.wait(10)


def _plaintexts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if "plaintext" in value:
            yield value["plaintext"]
        for each in value.values():
            yield from _plaintexts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _plaintexts(each)


@pytest.fixture
def watched(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Watched]:
    system: str = request.param
    project = project_of(system, tmp_path / "project")
    sandbox = Sandbox(home=Home(path=tmp_path / "home"), project=project)
    with stopped_afterwards(sandbox):
        proxy = Proxy(emulator.ensure(sandbox.home).endpoint)
        _lead_through(proxy, sandbox.home)
        watched = Watched(sandbox=sandbox, system=system, proxy=proxy, region=SYSTEMS[system])
        try:
            watched.undisturbed()
            yield watched
        finally:
            proxy.close()


def _lead_through(proxy: Proxy, home: Home) -> None:
    """Let every command find the embedded AWS behind the proxy."""
    path = home.sandbox / "emulator.json"
    record = Record.read(path)
    assert record is not None
    port = int(proxy.endpoint.url.rpartition(":")[2])
    moved = Record(pid=record.pid, started=record.started, facts={**record.facts, "port": port})
    write_private(path, json.dumps(asdict(moved)))


@pytest.mark.parametrize("watched", SYSTEMS, indirect=True)
def test_a_killed_command_is_brought_to_its_end_by_the_next(watched: Watched) -> None:
    dice = random.Random(f"{SEED} {watched.region}")  # noqa: S311 - nothing secret
    points, killed = [], 0
    for phase in PHASES:
        point, struck = watched.kill(phase, dice)
        points.append(point)
        killed += struck
        told = watched.sandbox.fleet(watched.prepare(phase), "--stack", "local", "--yes")
        try:
            found = differences(watched.seen(), watched.ends[phase])
            assert not found, "\n".join(found)
        except AssertionError as error:
            error.add_note(f"CRASH_SEED={SEED}: {points}\n{told}")
            raise
    assert killed >= len(points) - 1
