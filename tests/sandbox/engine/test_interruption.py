"""Ctrl-C: once, what is under way ends and is saved, and nothing new begins; twice, the run stops at once."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from sandbox.engine import (
    Diagnostic,
    Event,
    Kind,
    Outcome,
    ResourceState,
    RunInterruptedError,
    Snapshot,
    StateError,
)
from sandbox.engine.snapshots import SnapshotManager
from sandbox.engine.state import OperationType
from sandbox.engine.state.store import Journal
from sandbox.engine.targets import Targets
from tests.sandbox.engine.lab import Lab, ok


def interrupt() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def interrupted_by(lab: Lab, method: str) -> None:
    """Let Ctrl-C come in the middle of the first of the provider's calls of a method."""
    original: Callable[[Any, Any], Any] = getattr(lab.provider, method)

    def serve(request: Any, context: Any) -> Any:
        if not lab.provider.cancelled.is_set():
            interrupt()
            assert lab.provider.cancelled.wait(20)
        return original(request, context)

    setattr(lab.provider, method, serve)


def pending(lab: Lab) -> list[tuple[str, str]]:
    operations = lab.state.export()["deployment"].get("pending_operations", [])
    return [(each["type"], each["resource"]["urn"].rsplit("::", 1)[1]) for each in operations]


def test_a_deletion_that_is_under_way_ends_and_no_other_begins(lab: Lab) -> None:
    ok(lab.up('a = Thing("a"); Thing("b", text=a.arn)'))
    interrupted_by(lab, "Delete")
    result = lab.run(Kind.DESTROY)
    assert result.outcome is Outcome.INTERRUPTED
    assert result.advice == "What was done is saved. Run again to go on from there."
    assert set(lab.provider.things) == {"a-1"}
    assert {"a", "b"} & set(lab.resources()) == {"a"}
    assert pending(lab) == []
    ok(lab.run(Kind.DESTROY))


@pytest.mark.parametrize("kind", [Kind.UP, Kind.DESTROY])
def test_what_is_left_alone_stays_in_the_state(lab: Lab, monkeypatch: pytest.MonkeyPatch, kind: Kind) -> None:
    ok(lab.up('Thing("a"); Thing("b"); Thing("c")'))
    place, struck = SnapshotManager._place, list[ResourceState]()

    def struck_by(manager: SnapshotManager, new: ResourceState) -> None:
        if new.urn.endswith("::a") and not struck:
            struck.append(new)
            interrupt()
        place(manager, new)

    monkeypatch.setattr(SnapshotManager, "_place", struck_by)
    lab.program("pass")
    result = lab.run(kind, targets=Targets(only=("urn:pulumi:dev::lab::test:index:Thing::b",)))
    assert struck
    assert result.outcome is Outcome.INTERRUPTED
    assert {"a", "c"} <= set(lab.resources())


@pytest.mark.parametrize(("kind", "method"), [(Kind.DESTROY, "Delete"), (Kind.REFRESH, "Read")])
def test_what_waits_for_its_turn_does_not_begin(lab: Lab, kind: Kind, method: str) -> None:
    ok(lab.up("for n in range(9): Thing(f'n{n}')"))
    interrupted_by(lab, method)
    lab.provider.calls.clear()
    result = lab.run(kind, parallel=1)
    assert result.outcome is Outcome.INTERRUPTED
    assert len(lab.provider.named(method)) == 1
    left = 8 if kind is Kind.DESTROY else 9
    assert len(lab.provider.things) == left
    assert sum(name.startswith("n") for name in lab.resources()) == left
    assert pending(lab) == []


def test_the_second_time_the_run_stops_at_once_and_is_as_safe_as_a_kill(lab: Lab) -> None:
    released = lab.provider.gate("slow")
    lab.provider.Cancel = lambda request, context: request  # type: ignore[method-assign]
    lab.program('a = Thing("a", waitFor="slow"); Thing("b", text=a.arn)')

    def first() -> None:
        if lab.provider.entered["slow"].wait(20):
            interrupt()

    threading.Thread(target=first, daemon=True).start()

    class Heard(list[Event]):
        def append(self, event: Event) -> None:
            if isinstance(event, Diagnostic) and "waiting for what is under way" in event.message:
                threading.Timer(0.1, interrupt).start()

    lab.events = Heard()
    began = time.monotonic()
    with pytest.raises(RunInterruptedError, match="the next run finds out what became of it"):
        lab.run()
    assert time.monotonic() - began < 25  # seconds; the gate would open after 30
    assert pending(lab) == [("creating", "a")]
    released.set()  # it ends after all, when nobody listens any more
    assert _soon(lambda: "a-1" in lab.provider.things)
    lab.provider.gates.clear()
    lab.events = []
    lab.provider.calls.clear()
    ok(lab.run())
    assert lab.provider.named("Create") == ["b"]
    assert lab.resources()["a"]["id"] == "a-1"
    assert pending(lab) == []


NEW = ResourceState(urn="urn:pulumi:dev::lab::test:index:Thing::new", type="test:index:Thing", custom=True)


def following(lab: Lab) -> SnapshotManager:
    lab.state.path.parent.mkdir(parents=True)
    return SnapshotManager(Snapshot(), lab.state, on_failure=lambda error: None)


def test_what_is_written_ahead_while_the_state_is_closed_is_not_begun_and_pending(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    manager, sync = following(lab), Journal.sync

    def meanwhile(journal: Journal, number: int) -> None:
        manager.close()
        sync(journal, number)

    monkeypatch.setattr(Journal, "sync", meanwhile)
    with pytest.raises(StateError, match="the run is over: nothing more is recorded"):
        manager.begin(NEW, OperationType.CREATING)
    assert pending(lab) == [("creating", "new")]


def test_nothing_is_begun_that_the_closed_state_would_miss(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    manager, taken = following(lab), SnapshotManager.snapshot

    def meanwhile(manager: SnapshotManager) -> Snapshot:
        snapshot = taken(manager)
        with pytest.raises(StateError, match="the run is over: nothing more is recorded"):
            manager.begin(NEW, OperationType.CREATING)
        return snapshot

    monkeypatch.setattr(SnapshotManager, "snapshot", meanwhile)
    manager.close()


def _soon(happened: Callable[[], bool]) -> bool:
    end = time.monotonic() + 10
    while not happened():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True
