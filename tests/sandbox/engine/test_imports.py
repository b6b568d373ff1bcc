"""What exists already is taken into the stack by the option ``import_``.

The cases are those of pkg/engine/lifecycletest/import_test.go.
"""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.engine import Kind
from sandbox.engine.digest import preview_digest
from tests.sandbox.engine.lab import Lab, done, errors, ok, ops


@pytest.fixture
def there(lab: Lab) -> Lab:
    """A lab where somebody else has made a thing, ``old-7``."""
    lab.provider.things["old-7"] = {"text": "as it is", "arn": "arn:test:old-7"}
    return lab


def _steps(result: Any, name: str = "a") -> list[str]:
    return [op for op, _ in done(result, [name])]


def test_what_is_declared_as_it_is_is_imported_and_nothing_else_is_done(there: Lab) -> None:
    program = """
        a = Thing("a", O(import_="old-7"), text="as it is")
        pulumi.export("arn", a.arn)
        pulumi.export("id", a.id)
    """
    result = ok(there.up(program))
    assert ops(result) == {"create": 1, "import": 1}
    assert _steps(result) == ["import"]
    assert result.outputs == {"arn": "arn:test:old-7", "id": "old-7"}
    entry = there.resources()["a"]
    assert entry["id"] == entry["importID"] == "old-7"
    assert entry["inputs"] == {"text": "as it is"}
    assert entry["created"] == entry["modified"]
    assert not there.provider.named("Create")
    (read,) = (request for method, request in there.provider.requests if method == "Read")
    assert not read.HasField("inputs"), "nothing is known of it yet"
    assert not read.HasField("properties")

    assert ops(ok(there.up())) == {"same": 2}, "it is known by the id that it was imported by"
    assert ops(ok(there.up(program.replace("as it is", "other")))) == {"same": 1, "update": 1}
    assert there.provider.things["old-7"]["text"] == "other"
    assert there.resources()["a"]["importID"] == "old-7"
    assert ops(ok(there.up('Thing("a", text="other")'))) == {"same": 2}, "the option has done its work"
    ok(there.run(Kind.DESTROY))
    assert not there.provider.things, "it belongs to the stack"


def test_what_is_declared_otherwise_is_imported_and_updated_in_one_run(there: Lab) -> None:
    result = ok(there.up('Thing("a", O(import_="old-7"), text="mine", more=1)'))
    assert ops(result) == {"create": 1, "import": 1, "update": 1}
    assert _steps(result) == ["import", "update"]
    update = result.steps[-1] if result.steps[-1].op == "update" else result.steps[-2]
    assert sorted(update.diffs) == ["more", "text"]
    assert there.provider.things["old-7"] == {"text": "mine", "more": 1, "arn": "arn:test:old-7"}
    entry = there.resources()["a"]
    assert (entry["id"], entry["importID"]) == ("old-7", "old-7")
    assert ops(ok(there.up())) == {"same": 2}


def test_the_id_of_an_import_may_be_another_than_the_resources_own(there: Lab) -> None:
    there.provider.import_ids["projects/x/old"] = "old-7"
    program = 'Thing("a", O(import_="projects/x/old"), text="{text}")'
    ok(there.up(program.replace("{text}", "mine")))
    entry = there.resources()["a"]
    assert (entry["id"], entry["importID"]) == ("old-7", "projects/x/old")
    assert ops(ok(there.up())) == {"same": 2}, "the update has not lost how it was imported"
    assert ops(ok(there.up(program.replace("{text}", "again")))) == {"same": 1, "update": 1}


def test_what_was_created_here_may_say_its_own_id(lab: Lab) -> None:
    ok(lab.up('Thing("a")'))
    assert ops(ok(lab.up('Thing("a", O(import_="a-1"))'))) == {"same": 2}
    assert lab.resources()["a"]["importID"] == "a-1"


def test_an_import_takes_the_place_of_what_was_managed(there: Lab) -> None:
    ok(there.up('a = Thing("a", text="as it is"); Thing("b", text=a.arn)'))
    result = ok(there.up('a = Thing("a", O(import_="old-7"), text="as it is"); Thing("b", text=a.arn)'))
    assert ops(result) == {"replace": 1, "same": 1, "update": 1}
    assert _steps(result) == ["import-replacement", "replace", "delete-replaced"]
    assert list(there.provider.things) == ["old-7", "b-1"]
    assert there.provider.things["b-1"]["text"] == "arn:test:old-7"


def test_what_was_only_read_is_imported_and_then_belongs_to_the_stack(there: Lab) -> None:
    ok(there.up('Thing("a", O(id="old-7"))'))
    assert there.resources()["a"]["external"]
    result = ok(there.up('Thing("a", O(import_="old-7"), text="as it is")'))
    assert _steps(result) == ["import-replacement", "replace", "discard-replaced"]
    assert "external" not in there.resources()["a"]
    assert list(there.provider.things) == ["old-7"]


def test_an_id_that_is_not_there_is_an_error(lab: Lab) -> None:
    for preview in (True, False):
        result = lab.up('a = Thing("a", O(import_="gone-1")); Thing("b", text=a.arn)', preview=preview)
        assert result.exit_code == 1
        assert errors(result) == ["resource 'gone-1' does not exist"]
    assert "a" not in lab.resources()
    assert not lab.provider.named("Create")


def test_a_provider_that_cannot_tell_inputs_cannot_import(there: Lab) -> None:
    there.provider.inputs_unread = True
    assert errors(there.up('Thing("a", O(import_="old-7"))')) == [
        "provider does not support importing resources; please try updating the 'test' plugin"
    ]


def test_an_import_of_something_unhealthy_is_followed_by_an_update(there: Lab) -> None:
    there.provider.unhealthy["old-7"] = ["it is broken"]
    result = ok(there.up('Thing("a", O(import_="old-7"), text="as it is")'))
    assert _steps(result) == ["import", "update"]
    assert "initErrors" not in there.resources()["a"]


def test_what_the_program_ignores_is_imported_as_it_is(there: Lab) -> None:
    result = ok(there.up('Thing("a", O(import_="old-7", ignore_changes=["text"]), text="mine")'))
    assert _steps(result) == ["import"]
    assert there.resources()["a"]["inputs"] == {"text": "as it is"}


def test_an_import_that_would_be_replaced_at_once_is_kept_and_the_run_fails(there: Lab) -> None:
    program = 'Thing("a", O(import_="old-7"), text="as it is", label="new")'
    preview = ok(there.preview(program))
    (warning,) = (d.message for d in preview.diagnostics if d.severity == "warning")
    assert "previously-imported resources that still specify an ID may not be replaced" in warning
    assert warning.endswith("label: None => 'new'")
    result = there.up()
    assert result.exit_code == 1
    assert errors(result) == [warning]
    assert _steps(result) == ["import"]
    assert there.resources()["a"]["id"] == "old-7"
    assert ops(ok(there.up(program.replace(', label="new"', "")))) == {"same": 2}
    assert list(there.provider.things) == ["old-7"]


def test_an_update_after_an_import_that_fails_loses_nothing(there: Lab) -> None:
    program = 'Thing("a", O(import_="old-7"), text="mine", failOn="update")'
    result = there.up(program)
    assert errors(result) == ["a fails on update"]
    assert there.resources()["a"]["inputs"] == {"text": "as it is"}
    assert "pending_operations" not in there.state.export()["deployment"]
    assert ops(ok(there.up(program.replace(', failOn="update"', "")))) == {"same": 1, "update": 1}


def test_a_protected_import_is_protected_from_then_on(there: Lab) -> None:
    ok(there.up('Thing("a", O(import_="old-7", protect=True), text="as it is")'))
    assert there.resources()["a"]["protect"]
    assert there.run(Kind.DESTROY).exit_code == 1
    assert "old-7" in there.provider.things


def test_secrets_of_an_import_are_the_programs(there: Lab) -> None:
    program = """
        a = Thing("a", O(import_="old-7", additional_secret_outputs=["arn"]), text=Output.secret("as it is"))
        pulumi.export("arn", a.arn)
    """
    ok(there.up(program))
    assert "arn:test:old-7" not in there.state.path.read_text()


def test_a_preview_reads_and_shows_the_import_and_changes_nothing(there: Lab) -> None:
    result = ok(there.preview('Thing("a", O(import_="old-7"), text="mine")'))
    assert there.provider.named("Read") == ["a"]
    assert not there.provider.named("Update")
    digest = preview_digest(result)
    steps = [step for step in digest["steps"] if step["urn"].endswith("::a")]
    assert [step["op"] for step in steps] == ["import", "update"]
    assert steps[1]["oldState"]["id"] == "old-7"
    assert steps[1]["oldState"]["inputs"] == {"text": "as it is"}
    assert steps[1]["newState"]["inputs"] == {"text": "mine"}
    assert digest["changeSummary"] == {"create": 1, "import": 1, "update": 1}
    assert there.state.load() is None


def test_people_see_what_is_taken_in_and_what_is_changed(there: Lab) -> None:
    from io import StringIO

    from rich.console import Console

    from sandbox.cli.display import say_preview

    result = ok(there.preview('Thing("a", O(import_="old-7"), text="mine")'))
    out = Console(file=StringIO(), record=True, width=200)
    say_preview(out, result, diff=True)
    shown = [line.strip() for line in out.export_text().splitlines()]
    assert shown[-4:] == [
        "=  test:index:Thing a",
        "+ text: as it is",
        "~  test:index:Thing a [text]",
        "~ text: as it is => mine",
    ]


def test_a_replacement_by_an_import_is_shown_as_one_step(there: Lab) -> None:
    ok(there.up('Thing("a", text="as it is")'))
    result = ok(there.preview('Thing("a", O(import_="old-7"), text="as it is")'))
    for parts, wanted in ((False, ["replace"]), (True, ["import-replacement", "replace", "delete-replaced"])):
        digest = preview_digest(result, show_replacement_steps=parts)
        assert [step["op"] for step in digest["steps"] if step["urn"].endswith("::a")] == wanted


def test_components_are_not_imported_and_providers_can_not_be(there: Lab) -> None:
    assert ops(ok(there.up('Component("c", O(import_="x"))'))) == {"create": 2}
    result = there.up('Provider("p", O(import_="x"))')
    assert result.exit_code == 1
    assert "provider resources may not be read" in errors(result)[0]


def test_a_child_of_a_component_is_imported_by_its_provider(there: Lab) -> None:
    program = """
        explicit = Provider("explicit", region="us")
        c = Component("c", O(providers=[explicit]))
        Thing("a", O(parent=c, import_="old-7"), text="as it is")
    """
    ok(there.up(program))
    assert "::explicit::" in there.resources()["a"]["provider"]
    assert there.resources()["a"]["parent"].endswith("::c")


def test_a_provider_that_is_not_known_yet_imports_nothing_in_a_preview(there: Lab) -> None:
    program = """
        region = Thing("region").arn
        p = Provider("p", region=region)
        a = Thing("a", O(import_="old-7", provider=p), text="as it is")
        Thing("b", O(id="old-7", provider=p))
    """
    result = ok(there.preview(program))
    assert ops(result) == {"create": 3, "import": 1, "update": 1}
    ok(there.up())
    assert there.resources()["a"]["importID"] == "old-7"
    assert there.resources()["b"]["external"]


def test_a_killed_import_is_done_again(there: Lab) -> None:
    from sandbox.engine.state import Operation, OperationType, ResourceState, Snapshot

    ok(there.up("pass"))
    state = there.state
    snapshot = state.load()
    assert snapshot is not None
    urn = "urn:pulumi:dev::lab::test:index:Thing::a"
    begun = ResourceState(urn=urn, type="test:index:Thing", custom=True, import_id="old-7")
    state.save(
        Snapshot(
            resources=snapshot.resources,
            pending_operations=[Operation(resource=begun, type=OperationType.IMPORTING)],
        )
    )
    assert ops(ok(there.up('Thing("a", O(import_="old-7"), text="as it is")'))) == {"import": 1, "same": 1}
    assert "pending_operations" not in there.state.export()["deployment"]
