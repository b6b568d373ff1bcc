"""``kill -9`` at over fifty points, drawn at random; the same command again ends where nothing would have.

Every point is a pair: what is done (``up`` from nothing, ``up`` with changes, replacements and deletions,
``refresh``, ``destroy``), and when it is killed: before a call reaches AWS, after AWS has done it and before
anybody knows, when the journal has got a line, or at some time. Then everything that the embedded AWS holds
is what the state tells of, and the state is that of a run which nobody disturbed.
"""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml

from sandbox import emulator
from sandbox.engine.secrets import Crypter
from sandbox.home import Home
from tests.crash import engine
from tests.crash.inventory import Held, Inventory, named
from tests.crash.likeness import alike, differences
from tests.crash.proxy import Proxy

pytestmark = pytest.mark.e2e

SEED = int(os.environ.get("CRASH_SEED", "20261121"))
ESTATES = Path(__file__).parent / "estates"
PHASES = ("build", "change", "refresh", "destroy")
ROUNDS = {"functions": 2, "gateways": 2, "network": 2, "data": 2, "generated": 3}
"""Each round is a point of every phase: 44 in all. Eight more are test_kill_systems.py's."""
SECRET = b"hush-hush-4711"


@dataclass
class Bench:
    """A project, its emulator behind a proxy, and how runs end that nobody disturbs."""

    lab: engine.Lab
    proxy: Proxy
    estate: str
    baseline: Held
    ends: dict[str, dict[str, Any]] = field(default_factory=dict)
    calls: dict[str, int] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    def prepare(self, phase: str) -> str:
        """The command of a phase, its program written."""
        if phase in ("build", "change"):
            text = (ESTATES / "head.program").read_text() + (ESTATES / f"{self.estate}.program").read_text()
            if phase == "change":
                text = text.replace("VERSION = 1 ", "VERSION = 2 ")
            text = text.replace('Random("drawn")', f'Random("{SEED}")')
            (self.lab.root / "__main__.py").write_text(text)
        return {"build": "up", "change": "up"}.get(phase, phase)

    def undisturbed(self) -> None:
        for phase in PHASES:
            kind = self.prepare(phase)
            self.proxy.arm(0, before=False, strike=lambda: None)
            lines = _Lines(self.lab.journal)
            began = time.monotonic()
            code = self.lab.finish(self.lab.start(kind))
            self.seconds[phase] = time.monotonic() - began
            self.lines[phase] = lines.end()
            self.calls[phase] = self.proxy.calls
            assert code == 0, self.lab.said.read_text()
            self.ends[phase] = self.seen()

    def seen(self) -> dict[str, Any]:
        """The state in words that runs have in common, after a look at all that goes with it."""
        self.proxy.disarm()
        self.proxy.settle()
        os.environ["PULUMI_CONFIG_PASSPHRASE"] = engine.PASSPHRASE
        deployment = self.lab.store().export(show_secrets=True)["deployment"]
        resources = deployment.get("resources", [])
        assert not deployment.get("pending_operations")
        assert not self.lab.journal.exists()
        told = named(resources)
        assert len(told) == len(set(told))
        held = Inventory(self.proxy.endpoint).take() - self.baseline
        assert held - set(told) == set(), "orphaned"
        assert set(told) - held == set(), "not there"
        self.nothing_in_the_clear()
        return alike(resources)

    def nothing_in_the_clear(self) -> None:
        for path in self.lab.home.rglob("*"):
            assert not path.is_file() or SECRET not in path.read_bytes(), path


class _Lines:
    """The most lines that a journal has had."""

    def __init__(self, journal: Path) -> None:
        self._journal, self._most, self._ended = journal, 0, threading.Event()
        self._thread = threading.Thread(target=self._look)
        self._thread.start()

    def _look(self) -> None:
        while not self._ended.wait(0.005):
            try:
                self._most = max(self._most, self._journal.read_bytes().count(b"\n"))
            except FileNotFoundError:
                continue

    def end(self) -> int:
        self._ended.set()
        self._thread.join()
        return self._most


@pytest.fixture(scope="module")
def salt() -> str:
    return Crypter.create(engine.PASSPHRASE).salt


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory, salt: str) -> Iterator[Proxy]:
    home = Home(path=tmp_path_factory.mktemp("aws"))
    os.environ[engine.SALT] = salt  # for the process that all runs are forked from
    made = Proxy(emulator.ensure(home).endpoint)
    yield made
    made.close()
    emulator.stop(home)
    del os.environ[engine.SALT]


@pytest.fixture
def bench(
    request: pytest.FixtureRequest,
    proxy: Proxy,
    salt: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Bench]:
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", engine.PASSPHRASE)
    root = tmp_path / "project"
    root.mkdir()
    (root / "Pulumi.yaml").write_text("name: crash\nruntime: python\n")
    stack = {"encryptionsalt": salt, "config": {"aws:region": "us-east-1"}}
    (root / "Pulumi.dev.yaml").write_text(yaml.safe_dump(stack))
    lab = engine.Lab(root=root, home=tmp_path / "home", endpoint=proxy.endpoint)
    baseline = Inventory(proxy.endpoint).take()
    bench = Bench(lab=lab, proxy=proxy, estate=request.param, baseline=baseline)
    bench.undisturbed()
    yield bench
    assert psutil.wait_procs(_guests(root), timeout=15)[1] == [], "programs outlive their engine"


def _guests(root: Path) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        try:
            if process.cwd() == str(root):
                found.append(process)
        except psutil.Error:
            continue
    return found


@dataclass(frozen=True)
class Point:
    """When a run is killed."""

    way: str
    at: float

    @classmethod
    def draw(cls, dice: random.Random, bench: Bench, phase: str) -> Point:
        way = dice.choice(("before", "after", "before", "after", "journal", "time"))
        if way == "journal" and bench.lines[phase] > 1:
            return cls(way, dice.randint(1, bench.lines[phase]))
        if way in ("journal", "time"):
            return cls("time", round(dice.uniform(0.05, 0.95) * bench.seconds[phase], 3))
        return cls(way, dice.randint(1, max(bench.calls[phase], 1)))

    def kill(self, bench: Bench, kind: str) -> bool:
        """Run, and kill the run at this point; whether it came to that."""
        bench.proxy.arm(0, before=False, strike=lambda: None)
        run = bench.lab.start(kind)

        def strike() -> None:
            engine.kill(run)

        ends: list[Callable[[], None]] = [bench.proxy.disarm]
        if self.way in ("before", "after"):
            bench.proxy.arm(int(self.at), before=self.way == "before", strike=strike)
        elif self.way == "journal":
            ends.append(engine.Watch(bench.lab.journal, int(self.at), strike).end)
        else:
            run.join(self.at)
            strike()
        code = bench.lab.finish(run)
        for end in ends:
            end()
        bench.proxy.settle()
        assert code in (0, -9), bench.lab.said.read_text()
        return code == -9


@pytest.mark.parametrize("bench", ROUNDS, indirect=True)
def test_a_killed_run_is_brought_to_its_end_by_the_next(bench: Bench) -> None:
    dice = random.Random(f"{SEED} {bench.estate}")  # noqa: S311 - nothing secret
    points, killed = [], 0
    for number in range(ROUNDS[bench.estate]):
        for phase in PHASES:
            kind = bench.prepare(phase)
            for _ in range(dice.choice((1, 1, 1, 2))):  # some are killed twice
                point = Point.draw(dice, bench, phase)
                points.append(f"{number} {phase} {point}")
                print(points[-1], flush=True)  # noqa: T201 - what led to a failure
                killed += point.kill(bench, kind)
                bench.nothing_in_the_clear()
            run = bench.lab.start(kind)
            where = f"CRASH_SEED={SEED}, {bench.estate}: {points}"
            assert bench.lab.finish(run) == 0, f"{where}\n{bench.lab.said.read_text()}"
            try:
                found = differences(bench.seen(), bench.ends[phase])
                assert not found, "\n".join(found)
            except AssertionError as error:
                error.add_note(f"{where}\n{bench.lab.said.read_text()}")
                raise
    assert killed > len(points) * 0.6, f"hardly any run was killed: {points}"
