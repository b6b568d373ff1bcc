"""`fleet state`: what `pulumi state` does to the same states (compared with Pulumi's CLI 3.260)."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from sandbox.engine.project import Project
from sandbox.engine.state import Operation, OperationType, ResourceState, StateStore
from sandbox.home import Home
from tests.sandbox.conftest import Fleet

START = "urn:pulumi:local::shop::"
ROOT = f"{START}pulumi:pulumi:Stack::shop-local"
PROVIDER = f"{START}pulumi:providers:shop::p"
GROUP = f"{START}shop:index:Group::group"
INSIDE = f"{START}shop:index:Group$shop:index:Queue::inside"
QUEUE = f"{START}shop:index:Queue::queue"
READER = f"{START}shop:index:Reader::reader"
ALONE = f"{START}shop:index:Queue::alone"


def resource(urn: str, **more: Any) -> dict[str, Any]:
    type_ = urn.split("::")[2].split("$")[-1]
    custom = {} if "Group" in type_ or "Stack" in type_ else {"id": f"{urn.split('::')[-1]}-1"}
    parent = {} if urn == ROOT else {"parent": ROOT}
    return {"urn": urn, "type": type_, "custom": bool(custom), **custom, **parent, **more}


STATE = [
    resource(ROOT),
    resource(PROVIDER),
    resource(GROUP),
    resource(QUEUE, provider=f"{PROVIDER}::p-1", protect=True),
    resource(INSIDE, parent=GROUP, provider=f"{PROVIDER}::p-1"),
    resource(READER, dependencies=[QUEUE], propertyDependencies={"queue": [QUEUE], "free": []}),
    resource(ALONE, deletedWith=READER, replaceWith=[READER]),
]


@pytest.fixture
def program(tmp_path: Path) -> Path:
    folder = tmp_path / "program"
    folder.mkdir()
    (folder / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    return folder


@pytest.fixture
def fleet(fleet: Fleet, program: Path, tmp_path: Path) -> Fleet:
    """Run the command on the program, which has a state."""
    run = partial(fleet, "-C", program)
    given = tmp_path / "given.json"
    given.write_text(json.dumps({"version": 3, "deployment": {"resources": STATE}}))
    assert run("stack", "import", "--file", str(given))[0] == 0
    return run


@pytest.fixture
def store(fleet_home: Home, program: Path) -> StateStore:
    return StateStore(Project.load(program), "local", home=fleet_home.path)


def found(store: StateStore) -> dict[str, ResourceState]:
    snapshot = store.load()
    assert snapshot is not None
    return {state.urn: state for state in snapshot.resources}


def test_what_is_unprotected_may_be_deleted(fleet: Fleet, store: StateStore) -> None:
    assert fleet("state", "unprotect", QUEUE, "--yes") == (0, "1 resource unprotected.\n", "")
    assert not found(store)[QUEUE].protect
    code, out, _ = fleet("state", "protect", QUEUE, ALONE, "--yes", "--json")
    assert (code, json.loads(out)) == (0, {"protected": [QUEUE, ALONE]})
    assert [urn for urn, state in found(store).items() if state.protect] == [QUEUE, ALONE]
    assert fleet("state", "unprotect", "--all", "--yes")[1] == "7 resources unprotected.\n"
    assert not any(state.protect for state in found(store).values())


def test_what_is_not_there_is_told_and_nothing_is_edited(fleet: Fleet, store: StateStore) -> None:
    for command in (["unprotect"], ["delete", "--force"]):
        code, _, err = fleet("state", *command, QUEUE, f"{QUEUE}s", "--yes")
        assert code == 2
        assert f"no resource '{QUEUE}s' in the state. Did you mean:\n  {QUEUE}\n" in err
    assert found(store)[QUEUE].protect


@pytest.mark.parametrize("name", ["delete", "remove", "rm"])
def test_what_is_deleted_is_only_forgotten(fleet: Fleet, store: StateStore, name: str) -> None:
    assert fleet("state", name, ALONE, "--yes") == (0, "1 resource deleted from the state.\n", "")
    assert ALONE not in found(store)
    assert ALONE in store.path.with_suffix(".json.bak").read_text()


def test_what_others_need_is_deleted_with_them_only(fleet: Fleet, store: StateStore) -> None:
    code, _, err = fleet("state", "delete", GROUP, "--yes")
    assert code == 2
    assert f"depend on it or are inside it:\n  * {INSIDE}\n" in err
    code, _, err = fleet("state", "delete", READER, "--yes")
    assert code == 2
    assert f"\n  * {ALONE}\n" in err
    assert fleet("state", "delete", PROVIDER, "--yes")[0] == 2
    assert len(found(store)) == len(STATE)
    code, out, _ = fleet("state", "delete", GROUP, "--target-dependents", "--yes", "--json")
    assert (code, json.loads(out)) == (0, {"deleted": [INSIDE, GROUP]})
    assert fleet("state", "delete", READER, ALONE, "--yes")[0] == 0, "both were named"
    assert [*found(store)] == [ROOT, PROVIDER, QUEUE]


def test_what_is_protected_is_deleted_by_force_only(fleet: Fleet, store: StateStore) -> None:
    for arguments in ((QUEUE, "--target-dependents"), (PROVIDER, "--target-dependents"), ("--all",)):
        code, _, err = fleet("state", "delete", *arguments, "--yes")
        assert code == 2
        assert f"protected; --force deletes them from the state nevertheless:\n  * {QUEUE}\n" in err
    code, out, err = fleet("state", "delete", "--all", "--force", "--yes")
    assert (code, out) == (0, "7 resources deleted from the state.\n")
    assert err == f"warning: {QUEUE} is protected, and deleted nevertheless (--force)\n"
    assert found(store) == {}


def test_what_a_replacement_left_behind_is_not_chosen(fleet: Fleet, store: StateStore) -> None:
    snapshot = store.load()
    assert snapshot is not None
    left = snapshot.resources[-1].copy()
    left.delete, left.id = True, "alone-0"
    snapshot.resources.append(left)
    store.save(snapshot)
    for arguments in (("delete", ALONE), ("rename", ALONE, "other")):
        code, _, err = fleet("state", *arguments, "--yes")
        assert code == 2
        assert "is in the state 2 times (alone-1, alone-0)" in err
    assert fleet("state", "protect", ALONE, "--yes")[0] == 0
    assert [s.protect for s in (store.load() or snapshot).resources if s.urn == ALONE] == [True, False]


def test_a_renamed_resource_has_its_new_name_everywhere(fleet: Fleet, store: StateStore) -> None:
    new = f"{START}shop:index:Queue::jobs"
    assert fleet("state", "rename", QUEUE, "jobs", "--yes") == (0, f"Renamed to {new}.\n", "")
    states = found(store)
    assert states[new].protect
    assert states[new].aliases == []
    assert states[READER].dependencies == [new]
    assert states[READER].property_dependencies == {"queue": [new], "free": []}

    readers = f"{START}shop:index:Reader::readers"
    code, out, _ = fleet("state", "rename", READER, "readers", "--yes", "--json")
    assert (code, json.loads(out)) == (0, {"renamed": {"from": READER, "to": readers}})
    states = found(store)
    assert (states[ALONE].deleted_with, states[ALONE].replace_with) == (readers, [readers])

    assert fleet("state", "rename", PROVIDER, "q", "--yes")[0] == 0
    assert fleet("state", "rename", GROUP, "team", "--yes")[0] == 0
    states = found(store)
    assert states[INSIDE].parent == f"{START}shop:index:Group::team", "it has its parent's type, not its name"
    assert states[INSIDE].provider == f"{START}pulumi:providers:shop::q::p-1"


@pytest.mark.parametrize(
    ("urn", "name", "why"),
    [
        (QUEUE, "alone", "is in the state already"),
        (QUEUE, "", "can't be empty"),
        (ROOT, "other", "is the stack itself"),
        (f"{QUEUE}s", "other", "there is no resource"),
        ("junk", "other", "there is no resource 'junk'"),
    ],
)
def test_a_name_that_can_not_be_is_refused(
    fleet: Fleet, store: StateStore, urn: str, name: str, why: str
) -> None:
    code, _, err = fleet("state", "rename", urn, name, "--yes")
    assert code == 2
    assert why in err
    assert [*found(store)] == [entry["urn"] for entry in STATE]


def test_what_was_under_way_is_renamed_or_forgotten_too(fleet: Fleet, store: StateStore) -> None:
    snapshot = store.load()
    assert snapshot is not None
    of = {state.urn: state for state in snapshot.resources}
    begun = ResourceState(
        urn=f"{START}shop:index:Q::new", type="shop:index:Q", custom=True, dependencies=[QUEUE]
    )
    snapshot.pending_operations = [
        Operation(resource=of[ALONE], type=OperationType.UPDATING),
        Operation(resource=begun, type=OperationType.CREATING),
    ]
    store.save(snapshot)
    assert fleet("state", "rename", QUEUE, "jobs", "--yes")[0] == 0
    assert fleet("state", "delete", ALONE, "--yes")[0] == 0
    (left,) = (store.load() or snapshot).pending_operations
    assert left.resource.urn == begun.urn
    assert left.resource.dependencies == [f"{START}shop:index:Queue::jobs"]


def test_nothing_is_edited_without_consent_or_while_the_stage_is_held(
    fleet: Fleet, store: StateStore
) -> None:
    for arguments in (("unprotect", QUEUE), ("delete", ALONE), ("rename", QUEUE, "jobs")):
        code, _, err = fleet("state", *arguments)
        assert code == 2
        assert "add --yes" in err
        with store.lock():
            code, _, err = fleet("state", *arguments, "--yes")
            assert code == 4
            assert "fleet cancel" in err
    assert [*found(store)] == [entry["urn"] for entry in STATE]
    assert found(store)[QUEUE].protect


def test_which_resources_has_to_be_said(fleet: Fleet) -> None:
    for command in ("unprotect", "protect", "delete"):
        for arguments in ((), (QUEUE, "--all")):
            code, _, err = fleet("state", command, *arguments, "--yes")
            assert code == 2
            assert "which resources?" in err


def test_without_a_state_there_is_nothing_to_edit(fleet: Fleet, store: StateStore) -> None:
    assert fleet("state", "delete", "--all", "--force", "--yes")[0] == 0
    store.remove()
    code, _, err = fleet("state", "unprotect", "--all", "--yes")
    assert code == 4
    assert "nothing was deployed" in err
