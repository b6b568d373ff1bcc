"""The order of a state's resources: each after what it depends on, on disk as in memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sandbox.engine import Project, ResourceState, Snapshot
from sandbox.engine.snapshots import SnapshotManager
from sandbox.engine.state import StateStore
from sandbox.engine.state.order import ordered


def thing(name: str, **more: Any) -> ResourceState:
    urn = f"urn:pulumi:dev::lab::test:index:Thing::{name}"
    return ResourceState(urn=urn, type="test:index:Thing", custom=True, id=name, **more)


def names(states: list[ResourceState]) -> str:
    return "".join(state.name for state in states)


@pytest.mark.parametrize(
    "how",
    [
        {"parent": "{}"},
        {"provider": "{}::a"},
        {"dependencies": ["{}"]},
        {"property_dependencies": {"x": ["{}"]}},
        {"deleted_with": "{}"},
        {"replace_with": ["{}"]},
    ],
)
def test_what_is_needed_comes_first(how: dict[str, Any]) -> None:
    a = thing("a")

    def filled(value: Any) -> Any:
        if isinstance(value, list):
            return [filled(v) for v in value]
        if isinstance(value, dict):
            return {k: filled(v) for k, v in value.items()}
        return value.format(a.urn)

    b = thing("b", **{key: filled(value) for key, value in how.items()})
    assert names(ordered([thing("x"), b, a, thing("y")])) == "xaby"


def test_what_is_in_order_stays_as_it_is() -> None:
    a = thing("a")
    b = thing("b", dependencies=[a.urn])
    states = [thing("z"), a, thing("y"), b, thing("b", delete=True, dependencies=[a.urn])]
    assert ordered(states) == states


def test_long_chains_and_rings_have_an_order() -> None:
    chain = [thing(str(n), dependencies=[thing(str(n + 1)).urn]) for n in range(5000)]
    assert ordered(chain) == chain[::-1]
    a, b = thing("a"), thing("b")
    a.dependencies, b.dependencies = [b.urn], [a.urn]
    assert sorted(names(ordered([a, b]))) == ["a", "b"]


def test_after_a_crash_the_disk_has_the_order_that_the_next_journal_counts_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "right")
    (tmp_path / "Pulumi.yaml").write_text("name: lab\nruntime: python\n")

    def store() -> StateStore:
        return StateStore(Project.load(tmp_path), "dev", home=tmp_path / "home")

    def managed(state: StateStore) -> tuple[Snapshot, SnapshotManager]:
        loaded = state.load() or Snapshot()
        return loaded, SnapshotManager(loaded, state, on_failure=lambda error: None)

    def cut_off(run: SnapshotManager) -> None:
        assert run._journal is not None
        run._journal.close()

    store().save(Snapshot(resources=[thing("a"), thing("b"), thing("c")]))
    loaded, first = managed(store())
    c = loaded.resources[2]
    first.replace_same(c, c.copy(), write=False)  # c comes first now
    cut_off(first)
    loaded, second = managed(store())
    assert names(loaded.resources) == "cab"
    second.end(done=(loaded.resources[0],))  # c is deleted
    cut_off(second)
    left = store().load()
    assert left is not None
    assert names(left.resources) == "ab"
