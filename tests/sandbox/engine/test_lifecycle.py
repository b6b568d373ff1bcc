"""What becomes of resources over several runs, as Pulumi's own engine does it (lifecycle.yaml)."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from sandbox.engine import Kind, Op, Result
from tests.sandbox.engine.lab import Lab, errors, ok

CASES: Final[dict[str, list[dict[str, Any]]]] = yaml.safe_load(
    Path(__file__).with_name("lifecycle.yaml").read_text(encoding="utf-8")
)
_COMMANDS: Final[dict[str, tuple[Kind, dict[str, Any]]]] = {
    "up": (Kind.UP, {}),
    "up after refresh": (Kind.UP, {"refresh": True}),
    "preview": (Kind.UP, {"preview": True}),
    "refresh": (Kind.REFRESH, {}),
    "preview of refresh": (Kind.REFRESH, {"preview": True}),
    "destroy": (Kind.DESTROY, {}),
    "preview of destroy": (Kind.DESTROY, {"preview": True}),
}
_CALLS: Final = ("Create", "Read", "Update", "Delete")
_MARKS: Final = (
    "delete",
    "pendingReplacement",
    "external",
    "protect",
    "retainOnDelete",
    "initErrors",
    "taint",
)


@pytest.mark.parametrize("name", CASES)
def test_lifecycle(lab: Lab, name: str) -> None:
    program = ""
    for number, run in enumerate(CASES[name], 1):
        program = run.get("program", program)
        if "edit" in run:
            program = program.replace(*run["edit"])
        lab.program(program)
        _prepare(lab, run)
        kind, options = _COMMANDS[run.get("command", "up")]
        result = lab.run(kind, **options)
        assert bool(errors(result)) == (result.exit_code != 0) == run.get("fails", False), errors(result)
        found = {"steps": _steps(result, kind), "calls": _calls(lab), "state": _state(lab)}
        expected = {key: run.get(key, found[key]) for key in found}
        assert found == expected, f"run {number} of {len(CASES[name])}"


def _prepare(lab: Lab, run: dict[str, Any]) -> None:
    provider = lab.provider
    provider.calls.clear()
    if "refuse" in run:
        calls = [call.split() for call in run["refuse"].split(", ") if call != "none"]
        provider.refusing = {(method, name) for method, name in calls}
    provider.unhealthy = run.get("unhealthy", {})
    provider.undecided |= set(run.get("undecided", ()))
    provider.import_ids |= run.get("known as", {})
    for identity, changes in run.get("drift", {}).items():
        if changes is None:
            del provider.things[identity]
        else:
            provider.things.setdefault(identity, {}).update(changes)


def _steps(result: Result, kind: Kind) -> str:
    steps = result.steps if kind is Kind.REFRESH else result.planned
    return _listed(
        f"{step.op} {_name(step.urn)}"
        for step in steps
        if _shown(step.urn) and step.op not in (Op.SAME, Op.REFRESH)
    )


def _calls(lab: Lab) -> str:
    return _listed(f"{method} {name}" for method, name in lab.provider.calls if method in _CALLS)


def _state(lab: Lab) -> str:
    found = []
    for entry in lab.state.export()["deployment"].get("resources", []):
        if _shown(entry["urn"]):
            identity = f"={entry['id']}" if "id" in entry and "pulumi:providers" not in entry["urn"] else ""
            marks = "".join(f":{mark}" for mark in _MARKS if entry.get(mark))
            found.append(_name(entry["urn"]) + identity + marks)
    return _listed(found)


def _listed(items: Any) -> str:
    return ", ".join(sorted(items)) or "none"


def _name(urn: str) -> str:
    return urn.split("::")[-1]


def _shown(urn: str) -> bool:
    default = "pulumi:providers:" in urn and _name(urn).startswith("default")
    return "pulumi:Stack" not in urn and not default


def _mark(lab: Lab, name: str, mark: str) -> None:
    """Set a mark that only the engine or a provider sets, or the user by `pulumi state`."""
    import json

    checkpoint = json.loads(lab.state.path.read_text())
    for entry in checkpoint["checkpoint"]["latest"]["resources"]:
        if _name(entry["urn"]) == name:
            entry[mark] = True
    lab.state.path.write_text(json.dumps(checkpoint))


def test_what_is_tainted_is_replaced(lab: Lab) -> None:
    ok(lab.up('a = Thing("a", text="1"); Thing("b", text=a.arn)'))
    _mark(lab, "a", "taint")
    assert _steps(ok(lab.up()), Kind.UP) == "create-replacement a, delete-replaced a, replace a, update b"
    assert _state(lab) == "a=a-2, b=b-1"


@pytest.mark.parametrize("preview", [True, False])
def test_what_a_provider_wants_read_before_an_update_is(lab: Lab, preview: bool) -> None:
    ok(lab.up('Thing("a", text="1"); Thing("b", text="1")'))
    _mark(lab, "a", "refreshBeforeUpdate")
    lab.provider.things["a-1"]["text"] = lab.provider.things["b-1"]["text"] = "changed outside"
    lab.provider.calls.clear()
    assert _steps(ok(lab.up(preview=preview)), Kind.UP) == "update a"
    assert lab.provider.named("Read") == ["a"]


def test_a_refresh_keeps_what_properties_depend_on_and_no_more(lab: Lab) -> None:
    ok(lab.up('a = Thing("a", text="1"); Thing("b", text=a.arn, other="2")'))
    before = lab.resources()
    ok(lab.run(Kind.REFRESH))
    found = lab.resources()
    assert "propertyDependencies" not in found["a"]
    assert found["b"]["propertyDependencies"] == {"text": [before["a"]["urn"]]}


def test_a_component_has_the_inputs_whose_changes_it_ignores(lab: Lab) -> None:
    ok(lab.up('Component("c", O(ignore_changes=["x"]), x=1)'))
    assert _steps(ok(lab.up('Component("c", O(ignore_changes=["x"]), x=2)')), Kind.UP) == "none"
    assert lab.resources()["c"]["inputs"] == {"x": 2}
