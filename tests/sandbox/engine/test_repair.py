"""A run that is cut off, at any moment: the next one finds out what there is, and goes on from there."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from sandbox.engine import Kind, Outcome, Severity, StateError
from sandbox.engine.state import store
from sandbox.engine.targets import Targets
from tests.sandbox.engine.lab import Lab, errors, ok, ops


class _Cut:
    """Keeps what a kill at one moment would leave on disk, and puts it back."""

    def __init__(self, lab: Lab, method: str, name: str, *, before: bool = False) -> None:
        self._home = lab.home
        self._kept = lab.home.with_name("kept")
        self._done = False
        original: Callable[[Any, Any], Any] = getattr(lab.provider, method)

        def serve(request: Any, context: Any) -> Any:
            if request.name != name or self._done:
                return original(request, context)
            self._done = True
            if before:
                shutil.copytree(self._home, self._kept)
                context.abort(_ABORTED, "killed before it was done")
            answer = original(request, context)
            shutil.copytree(self._home, self._kept)
            return answer

        setattr(lab.provider, method, serve)

    def back(self) -> None:
        shutil.rmtree(self._home)
        self._kept.rename(self._home)


class _Aborted:
    name = "ABORTED"


_ABORTED: Any = _Aborted()


def _warnings(lab: Lab, result: Any) -> str:
    return "\n".join(d.message for d in result.diagnostics if d.severity is Severity.WARNING)


def test_what_was_made_and_not_recorded_is_found_and_set_again(lab: Lab) -> None:
    cut = _Cut(lab, "Create", "b")
    ok(lab.up('a = Thing("a", text="1"); Thing("b", text=a.arn)'))
    cut.back()
    lab.provider.calls.clear()
    assert lab.state.export()["deployment"]["pending_operations"][0]["type"] == "creating"
    result = ok(lab.up())
    assert "::b, creating: is there (b-1), and belongs to the stack now" in _warnings(lab, result)
    assert "b" not in lab.provider.named("Create")
    assert lab.provider.named("Update") == ["b"]
    assert lab.resources()["b"]["id"] == "b-1"
    assert "initErrors" not in lab.resources()["b"]
    assert "pending_operations" not in lab.state.export()["deployment"]
    assert set(lab.provider.things) >= {"a-1", "b-1"}
    assert ops(ok(lab.up())) == {"same": 3}
    ok(lab.run(Kind.DESTROY))
    assert "b-1" not in lab.provider.things


def test_what_a_provider_has_finished_is_as_if_nobody_had_disturbed_it(lab: Lab) -> None:
    program = 'Thing("b", O(additional_secret_outputs=["arn"]), text="1")'
    ok(lab.up(program))
    undisturbed = lab.resources()["b"]
    ok(lab.run(Kind.DESTROY))
    cut = _Cut(lab, "Create", "b")
    ok(lab.up())
    cut.back()
    lab.provider.finishes = True
    lab.provider.calls.clear()
    ok(lab.up())
    assert {"Create", "Update"} & {method for method, _ in lab.provider.calls} == set()
    again = lab.resources()["b"]
    assert again.keys() == undisturbed.keys()
    assert again["inputs"] == undisturbed["inputs"]
    assert "ciphertext" in again["outputs"]["arn"]


def test_one_of_two_that_are_alike_is_not_taken_for_the_other(lab: Lab) -> None:
    cut = _Cut(lab, "Create", "b", before=True)
    lab.up('a = Thing("a", text="1"); Thing("b", O(depends_on=[a]), text="1")')
    cut.back()
    result = ok(lab.up())
    assert "::b, creating: isn't there" in _warnings(lab, result)
    assert sorted(lab.provider.things) == ["a-1", "b-1"]
    assert lab.resources()["b"]["id"] == "b-1"


def test_what_was_begun_and_not_made_is_made(lab: Lab) -> None:
    cut = _Cut(lab, "Create", "b", before=True)
    lab.up('Thing("b", text="1")')
    cut.back()
    result = ok(lab.up())
    assert "::b, creating: isn't there" in _warnings(lab, result)
    assert list(lab.provider.things) == ["b-1"]


def test_what_cannot_be_found_out_is_told_until_a_refresh(lab: Lab) -> None:
    lab.provider.blind = True
    cut = _Cut(lab, "Create", "b")
    ok(lab.up('Thing("b", text="1")'))
    cut.back()
    for _ in range(2):
        told = _warnings(lab, ok(lab.up()))
        assert "::b, creating: can't be found out: it has a name of its own" in told
        assert "`fleet refresh` forgets this note" in told
    assert list(lab.provider.things) == ["b-1", "b-2"]
    ok(lab.run(Kind.REFRESH))
    assert _warnings(lab, ok(lab.up())) == ""


OTHER = "urn:pulumi:dev::lab::test:index:Thing::other"
B = "urn:pulumi:dev::lab::test:index:Thing::b"


@pytest.mark.parametrize(
    "partial",
    [
        {"kind": Kind.REFRESH, "targets": Targets(only=(OTHER,))},
        {"kind": Kind.REFRESH, "targets": Targets(exclude=(OTHER,))},
        {"refresh": True},
        {"refresh": True, "targets": Targets(only=(OTHER,))},
        {"refresh_all": True, "targets": Targets(only=(OTHER,))},
    ],
)
def test_only_a_refresh_of_everything_forgets_what_cannot_be_found_out(
    lab: Lab, partial: dict[str, Any]
) -> None:
    lab.provider.blind = True
    ok(lab.up('Thing("other")'))
    cut = _Cut(lab, "Create", "b")
    ok(lab.up('Thing("other"); Thing("b")'))
    cut.back()
    ok(lab.run(**partial))
    (left,) = lab.state.export()["deployment"]["pending_operations"]
    assert (left["type"], left["resource"]["urn"]) == ("creating", B)
    ok(lab.run(Kind.REFRESH))
    assert "pending_operations" not in lab.state.export()["deployment"]


def test_a_refresh_forgets_it_also_when_nothing_else_is_left(lab: Lab) -> None:
    lab.provider.blind = True
    cut = _Cut(lab, "Create", "b")
    ok(lab.up('Thing("b")'))
    cut.back()
    ok(lab.run(Kind.DESTROY))
    assert lab.state.export()["deployment"]["pending_operations"]
    ok(lab.run(Kind.REFRESH))
    assert "pending_operations" not in lab.state.export()["deployment"]


def test_an_update_that_was_cut_off_is_done_again(lab: Lab) -> None:
    ok(lab.up('Thing("b", text="1")'))
    cut = _Cut(lab, "Update", "b")
    ok(lab.up('Thing("b", text="2")'))
    cut.back()
    assert lab.resources()["b"]["inputs"]["text"] == "1"
    result = ok(lab.up('Thing("b", text="1")'))  # the state alone says: nothing to do
    assert "::b, updating: is there, and was read again" in _warnings(lab, result)
    assert lab.provider.things["b-1"]["text"] == "1"


def test_a_deletion_that_was_cut_off_is_noticed(lab: Lab) -> None:
    ok(lab.up('Thing("a"); Thing("b", text="1")'))
    cut = _Cut(lab, "Delete", "b")
    ok(lab.up('Thing("a")'))
    cut.back()
    assert "b" in lab.resources()
    result = ok(lab.up('Thing("a"); Thing("b", text="1")'))
    assert "::b, deleting: isn't there any more" in _warnings(lab, result)
    assert lab.resources()["b"]["id"] == "b-2"


@pytest.mark.parametrize("extra", ["", ', deleteFirst="yes"'])
def test_a_replacement_that_was_cut_off_is_brought_to_its_end(lab: Lab, extra: str) -> None:
    program = f'a = Thing("a", label="LABEL"{extra}); Thing("b", text=a.arn)'
    ok(lab.up(program.replace("LABEL", "one")))
    cut = _Cut(lab, "Create", "a")
    ok(lab.up(program.replace("LABEL", "two")))
    cut.back()
    lab.provider.things.setdefault("a-1", {})  # as when the run was cut off: the old one was still there
    ok(lab.up())
    assert lab.resources()["a"]["id"] == "a-2"
    assert lab.resources()["b"]["outputs"]["text"] == "arn:test:a-2"
    left = [entry for entry in lab.state.export()["deployment"]["resources"] if entry.get("delete")]
    assert left == []
    if not extra:
        assert "a-1" not in lab.provider.things


def test_a_destruction_after_a_cut_off_creation_leaves_nothing(lab: Lab) -> None:
    cut = _Cut(lab, "Create", "b")
    ok(lab.up('Thing("b", text="1")'))
    cut.back()
    ok(lab.run(Kind.DESTROY))
    assert lab.provider.things == {}


# --- the disk ------------------------------------------------------------------------------------------


def _full(*_: object, **__: object) -> Any:
    raise OSError(errno.ENOSPC, "No space left on device")


class _Disk:
    """Full as soon as it is to take the journal's line that ``b`` was made; ``freed`` when there is room."""

    def __init__(self) -> None:
        self.freed = False
        self._full = False
        self._write = store._write

    def write(self, file: BinaryIO, entry: dict[str, Any]) -> None:
        self._full = self._full or "'b-1'" in str(entry)
        if self._full and not self.freed:
            _full()
        self._write(file, entry)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> _Disk:
    disk = _Disk()
    monkeypatch.setattr(store, "_write", disk.write)
    return disk


_PROGRAM = 'a = Thing("a", text="1"); b = Thing("b", text=a.arn); Thing("c", text=b.arn)'


def test_a_full_disk_stops_the_run_and_all_is_recorded_when_there_is_room_at_its_end(
    lab: Lab, disk: _Disk
) -> None:
    result = lab.up(_PROGRAM)
    assert (result.outcome, result.exit_code) == (Outcome.UNWRITTEN, 4)
    assert result.advice == "Make room. What was done is saved now; run again to go on from there."
    assert any("lab" in e or "journal" in e for e in errors(result))
    assert any(
        e.endswith("can't be written: No space left on device. Nothing more is begun") for e in errors(result)
    )
    assert not any("Traceback" in e or "engine failed" in e for e in errors(result))
    assert lab.resources()["b"]["id"] == "b-1"
    assert "c" not in lab.provider.named("Create")
    disk.freed = True
    assert ops(ok(lab.up())) == {"create": 1, "same": 3}


def test_a_disk_that_stays_full_is_told_with_what_could_not_be_recorded(
    lab: Lab, disk: _Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", _full)
        with pytest.raises(StateError) as caught:
            lab.up(_PROGRAM)
    text = str(caught.value)
    assert "dev.json can't be written: No space left on device" in text
    assert "couldn't be recorded:\n  * urn:pulumi:dev::lab::test:index:Thing::b (b-1)\n" in text
    assert "run the same again" in text
    assert not list(lab.home.rglob("*.new"))
    disk.freed = True
    result = ok(lab.up())
    assert "::b, creating: is there (b-1)" in _warnings(lab, result)
    assert set(lab.provider.things) == {"a-1", "b-1", "c-1"}


def test_nothing_is_begun_that_cannot_be_written_ahead(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(store, "_write", _full)
        result = lab.up('Thing("a")')
    assert (result.outcome, result.exit_code) == (Outcome.UNWRITTEN, 4)
    assert "can't be written: No space left on device" in errors(result)[0]
    assert lab.provider.things == {}
    ok(lab.up())


def test_a_key_that_cannot_be_written_stops_the_run_as_a_full_disk_does(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab.program('a = Thing("a", O(additional_secret_outputs=["arn"])); Thing("b", text=a.arn)')
    with monkeypatch.context() as patch:
        patch.setattr("os.link", _full)
        with pytest.raises(StateError) as caught:
            lab.up()
    assert "home/passphrase can't be written: No space left on device" in str(caught.value)
    assert "couldn't be recorded:\n  * urn:pulumi:dev::lab::test:index:Thing::a (a-1)\n" in str(caught.value)
    assert set(lab.provider.things) == {"a-1"}
    ok(lab.up())
    assert set(lab.provider.things) == {"a-1", "b-1"}


def test_a_home_that_is_no_folder_is_a_sentence(lab: Lab) -> None:
    Path(lab.home).write_text("")
    with pytest.raises(StateError, match=r"can't be made: (Not a directory|File exists)"):
        lab.up("pass")
