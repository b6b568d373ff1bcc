"""A state that was exported becomes a stack's own: the same state, or an error that says what is wrong."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from sandbox.engine import Secret, StateError
from sandbox.engine.errors import SecretsError, StateLockedError
from sandbox.engine.state import StateStore
from sandbox.engine.state.imported import Imported, import_state
from tests.sandbox.engine.lab import Lab, ok, ops

PROGRAM = """
    outer = Component("outer")
    a = Thing("a", text=Output.secret("s3cret"), opts=O(parent=outer))
    b = Thing("b", source=a.arn, opts=O(depends_on=[outer]))
    pulumi.export("password", Output.secret("hidden"))
    """
ROOT = "urn:pulumi:dev::lab::pulumi:pulumi:Stack::lab-dev"


@pytest.fixture
def exported(lab: Lab) -> dict[str, Any]:
    ok(lab.up(PROGRAM))
    return lab.state.export()


def another(lab: Lab) -> StateStore:
    """An empty stack of the same name, kept elsewhere."""
    return StateStore(lab.project, "dev", home=lab.root.parent / "elsewhere")


def take(store: StateStore, content: Any, *, force: bool = False) -> Imported:
    text = content if isinstance(content, str) else json.dumps(content)
    return import_state(text, store, source="state.json", force=force)


def resources(content: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = content["deployment"]["resources"]
    return found


def entry(content: dict[str, Any], name: str) -> dict[str, Any]:
    return next(entry for entry in resources(content) if entry["urn"].endswith(f"::{name}"))


def test_the_way_out_and_in_gives_the_same_state(lab: Lab, exported: dict[str, Any]) -> None:
    done = take(lab.state, exported)
    assert (done.resources, done.before, done.warnings) == (len(resources(exported)),) * 2 + ((),)
    again = lab.state.export()
    assert resources(again) == resources(exported)
    assert again["deployment"]["secrets_providers"] == exported["deployment"]["secrets_providers"]
    assert ops(ok(lab.up())) == {"same": 4}


def test_a_stack_without_a_state_takes_one(
    lab: Lab, exported: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", (lab.home / "passphrase").read_text().strip())
    done = take(another(lab), exported)
    assert done.before == 0
    assert resources(another(lab).export()) == resources(exported)
    assert another(lab).outputs() == {"password": Secret(element="hidden")}


def test_the_state_before_stays_beside_it(lab: Lab, exported: dict[str, Any]) -> None:
    before = lab.state.path.read_bytes()
    less = deepcopy(exported)
    resources(less).remove(entry(less, "b"))
    assert take(lab.state, less).before == len(resources(exported))
    assert lab.state.path.with_suffix(".json.bak").read_bytes() == before


def test_a_state_can_be_edited_by_hand(lab: Lab, exported: dict[str, Any]) -> None:
    entry(exported, "b")["inputs"]["text"] = "by hand"
    take(lab.state, exported)
    assert ops(ok(lab.up())) == {"same": 3, "update": 1}


def test_secrets_in_the_clear_are_encrypted(lab: Lab, exported: dict[str, Any]) -> None:
    shown = lab.state.export(show_secrets=True)
    assert "s3cret" in json.dumps(shown)
    take(another(lab), shown)
    text = another(lab).path.read_text()
    assert "s3cret" not in text
    assert "hidden" not in text
    assert another(lab).outputs() == {"password": Secret(element="hidden")}


def test_secrets_of_another_passphrase_are_an_error(lab: Lab, exported: dict[str, Any]) -> None:
    with pytest.raises(SecretsError, match=r"encrypted with another passphrase.*--show-secrets"):
        take(another(lab), exported)
    assert another(lab).load() is None


def test_secrets_of_a_service_are_an_error(lab: Lab, exported: dict[str, Any]) -> None:
    exported["deployment"]["secrets_providers"] = {"type": "service", "state": {}}
    with pytest.raises(SecretsError, match=r"by 'service'.*--show-secrets"):
        take(lab.state, exported)


def _with(entry: dict[str, Any]) -> str:
    return json.dumps({"version": 3, "deployment": {"resources": [entry]}})


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "isn't JSON"),
        ("[]", "isn't an exported state"),
        ("{}", "found nothing"),
        ('{"version": 3, "checkpoint": {}}', "found version, checkpoint"),
        ('{"version": 2, "deployment": {}}', "version 2, which is too old"),
        ('{"version": 5, "deployment": {}}', "version 5, which is too new"),
        ('{"deployment": {}}', "version None"),
        ('{"version": 4, "features": ["views"], "deployment": {}}', "doesn't have: views"),
        ('{"version": 3, "deployment": {"resources": 5}}', "aren't a list"),
        ('{"version": 3, "deployment": {"resources": [5]}}', "resource 0 has no URN"),
        ('{"version": 3, "deployment": {"resources": [{"urn": "x"}]}}', "found 'x'"),
        (_with({"urn": ROOT}), "has no type"),
        (_with({"urn": ROOT, "type": "t", "custom": 1}), "custom has to be true or false"),
        ('{"version": 3, "deployment": {"pending_operations": [{}]}}', "pending operation is malformed"),
    ],
)
def test_what_is_no_state_is_an_error(lab: Lab, text: str, told: str) -> None:
    with pytest.raises(StateError) as caught:
        take(lab.state, text, force=True)
    assert told in str(caught.value)
    assert "state.json" in str(caught.value)


def test_the_state_of_another_program_is_refused(lab: Lab, exported: dict[str, Any]) -> None:
    text = json.dumps(exported).replace("::lab::", "::other::")
    with pytest.raises(StateError, match=r"another program \(other, not lab\)"):
        take(lab.state, text, force=True)


def test_the_state_of_another_stack_is_refused_without_force(lab: Lab, exported: dict[str, Any]) -> None:
    text = json.dumps(exported).replace("urn:pulumi:dev::", "urn:pulumi:prod::")
    with pytest.raises(StateError, match="is of stack 'prod'"):
        take(lab.state, text)
    assert take(lab.state, text, force=True).warnings


def edit(content: dict[str, Any], name: str, **more: Any) -> dict[str, Any]:
    content = deepcopy(content)
    entry(content, name).update(more)
    return content


def test_what_does_not_fit_together_is_refused_without_force(lab: Lab, exported: dict[str, Any]) -> None:
    gone = "urn:pulumi:dev::lab::test:index:Thing::gone"
    later = entry(exported, "b")["urn"]
    cases = {
        "its parent .*::gone isn't there": edit(exported, "b", parent=gone),
        "its dependency .*::gone isn't there": edit(exported, "b", dependencies=[gone]),
        r"its dependency \(of source\) .*::gone isn't": edit(
            exported, "b", propertyDependencies={"source": [gone]}
        ),
        "its dependency .*::b comes after it": edit(exported, "a", dependencies=[later]),
        "deleted with, .*::gone isn't there": edit(exported, "b", deletedWith=gone),
        "replaced with, .*::gone isn't there": edit(exported, "b", replaceWith=[gone]),
        "a provider that isn't there before it": edit(exported, "b", provider=f"{gone}::id"),
        "is a component, and has an id": edit(exported, "outer", id="x"),
        "is there twice": {**exported, "deployment": {**exported["deployment"], "resources": [
            *resources(exported), entry(exported, "b")]}},
        r"manifest doesn't belong to it \(magic\)": {**exported, "deployment": {
            **exported["deployment"], "manifest": {"version": "v1", "magic": "x"}}},
    }  # fmt: skip
    for told, content in cases.items():
        with pytest.raises(StateError, match=told):
            take(lab.state, content)
    assert resources(lab.state.export()) == resources(exported)
    assert take(lab.state, next(iter(cases.values())), force=True).warnings


def test_many_mistakes_are_told_in_part(lab: Lab, exported: dict[str, Any]) -> None:
    text = json.dumps(exported).replace("urn:pulumi:dev::", "urn:pulumi:prod::")
    content = json.loads(text)
    copies = [{**entry(content, "b"), "urn": entry(content, "b")["urn"] + str(n)} for n in range(20)]
    resources(content).extend(copies)
    with pytest.raises(StateError, match="and 15 more"):
        take(lab.state, content)


def test_pending_operations_are_forgotten_and_told(lab: Lab, exported: dict[str, Any]) -> None:
    operation = {"type": "creating", "resource": entry(exported, "b")}
    exported["deployment"]["pending_operations"] = [operation]
    done = take(lab.state, exported)
    assert done.warnings == (f"a pending operation is forgotten: creating {entry(exported, 'b')['urn']}",)
    loaded = lab.state.load()
    assert loaded is not None
    assert loaded.pending_operations == []


def test_a_stack_in_use_takes_nothing(lab: Lab, exported: dict[str, Any]) -> None:
    with lab.state.lock(), pytest.raises(StateLockedError, match="is in use"):
        take(lab.state, exported)


def test_a_damaged_state_is_replaced_and_kept(lab: Lab, exported: dict[str, Any]) -> None:
    good = Path(f"{lab.state.path}.bak")
    good.write_text("the last good copy")
    lab.state.path.write_text("{")
    take(lab.state, exported)
    assert resources(lab.state.export()) == resources(exported)
    assert Path(f"{lab.state.path}.damaged").read_text() == "{"
    assert good.read_text() == "the last good copy"
