"""The state on disk: Pulumi's checkpoint, nothing lost, nothing in the clear."""

from __future__ import annotations

import json
import os
import resource
import stat
import subprocess
import sys
import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_urlsafe
from typing import Any

import pytest

from sandbox.engine import (
    Archive,
    Asset,
    Project,
    ResourceReference,
    ResourceState,
    Secret,
    Snapshot,
    StateError,
)
from sandbox.engine.errors import SecretsError, StateLockedError
from sandbox.engine.keyfile import KeyFile
from sandbox.engine.properties import UNKNOWN
from sandbox.engine.secrets import Crypter
from sandbox.engine.snapshots import SnapshotManager
from sandbox.engine.state import OperationType, StateStore
from sandbox.engine.state.serialize import format_time, parse_time


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StateStore:
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "right")
    (tmp_path / "Pulumi.yaml").write_text("name: lab\nruntime: python\n")
    return StateStore(Project.load(tmp_path), "dev", home=tmp_path / "home")


def again(store: StateStore) -> StateStore:
    """The same place, as another process would open it."""
    return StateStore(store.project, store.stack, home=store.path.parent.parent)


def thing(name: str, **more: Any) -> ResourceState:
    urn = f"urn:pulumi:dev::lab::test:index:Thing::{name}"
    return ResourceState(urn=urn, type="test:index:Thing", custom=True, id=name, **more)


def names(store: StateStore) -> list[str]:
    snapshot = again(store).load()
    return [state.name for state in snapshot.resources] if snapshot else []


def stop(manager: SnapshotManager) -> None:
    """End without folding, as a crash does."""
    assert manager._journal is not None
    manager._journal.close()


def test_every_field_and_kind_of_value_survives_the_way_to_disk_and_back(store: StateStore) -> None:
    values = {
        "s": Secret(element={"deep": ["x", 1.5, None]}),
        "u": UNKNOWN,
        "a": Asset(hash="h", text="t"),
        "z": Archive(hash="h", assets={"p": Asset(path="f")}),
        "r": ResourceReference(urn="urn:pulumi:dev::lab::t::n", id="i"),
        "b": b"\xff\x00",
        "f": float("inf"),
    }
    moment = datetime(2026, 1, 2, 3, 4, 5, 600000, tzinfo=UTC)
    state = thing(
        "a",
        inputs=values,
        outputs={"x": 1},
        parent="p",
        protect=True,
        dependencies=["d"],
        property_dependencies={"s": ["d"], "u": []},
        init_errors=["e"],
        provider="urn:pulumi:dev::lab::pulumi:providers:test::p::id",
        custom_timeouts={"create": 300},
        created=moment,
        modified=moment,
        stack_trace=["project:///x#1", ""],
        ignore_changes=["x"],
        additional_secret_outputs=["x"],
        retain_on_delete=True,
    )
    store.save(Snapshot(resources=[state]))
    loaded = again(store).load()
    assert loaded is not None
    (back,) = loaded.resources
    for name in ResourceState.__slots__:
        assert getattr(back, name) == getattr(state, name), name
    checkpoint = json.loads(store.path.read_text())
    assert checkpoint["checkpoint"]["stack"] == "organization/lab/dev"
    assert set(checkpoint["checkpoint"]["latest"]) == {
        "manifest",
        "secrets_providers",
        "resources",
        "metadata",
    }
    assert stat.S_IMODE(store.path.stat().st_mode) == 0o600


def test_times_are_written_and_read_as_go_has_them() -> None:
    assert format_time(datetime(2026, 1, 2, 3, 4, 5, 120000, tzinfo=UTC)) == "2026-01-02T03:04:05.12Z"
    assert parse_time("2026-01-02T03:04:05.123456789Z").microsecond == 123456
    assert parse_time("2026-01-02T03:04:05+02:00").astimezone(UTC).hour == 1


def following(base: Snapshot, store: StateStore) -> SnapshotManager:
    def unexpected(error: StateError) -> None:
        raise error

    return SnapshotManager(base, store, on_failure=unexpected)


def test_a_run_that_is_cut_off_loses_no_step(store: StateStore) -> None:
    a, b = thing("a"), thing("b", inputs={"s": Secret(element="hush")})
    store.save(Snapshot(resources=[a, b]))
    loaded = again(store).load()
    assert loaded is not None
    manager = following(loaded, again(store))
    old_a, old_b = loaded.resources
    new_a = thing("a", inputs={"x": 2})
    manager.end(manager.begin(new_a, OperationType.UPDATING), done=(old_a,), new=new_a)
    c = thing("c", inputs={"s": Secret(element="hush too")})
    manager.end(manager.begin(c, OperationType.CREATING), new=c)
    moved = thing("b", inputs={"s": Secret(element="hush")})
    manager.replace_same(old_b, moved, write=False)
    manager.begin(thing("d"), OperationType.CREATING)
    stop(manager)  # here the machine is switched off

    cut_off = again(store)
    after = cut_off.load()
    assert after is not None
    assert [state.name for state in after.resources] == ["a", "c", "b"]
    assert after.resources[0].inputs == {"x": 2}
    assert after.resources[1].inputs == {"s": Secret(element="hush too")}
    assert [(op.resource.name, op.type) for op in after.pending_operations] == [("d", "creating")]
    journal = store.path.with_suffix(".journal")
    assert "hush" not in journal.read_text()

    text = journal.read_text()
    journal.write_text(text[:-30])  # the last line was half written
    after = again(store).load()
    assert after is not None
    assert after.pending_operations == []

    journal.write_text(text)
    following(after, again(store)).close()  # the next run folds it in
    assert not journal.exists()
    assert names(store) == ["a", "c", "b"]
    assert store.path.with_suffix(".json.bak").exists()


@pytest.mark.parametrize("before", [[], ["a"]])
def test_a_journal_that_was_folded_already_is_not_applied_again(store: StateStore, before: list[str]) -> None:
    base = Snapshot(resources=[thing(name) for name in before])
    store.path.parent.mkdir(parents=True)
    if before:
        store.save(base)
    manager = following(base, again(store))
    manager.end(new=thing("b"))
    stop(manager)
    journal = store.path.with_suffix(".journal")
    written = journal.read_bytes()
    manager.close()
    journal.write_bytes(written)  # its removal was cut off
    assert sorted(names(store)) == [*before, "b"]
    again(store).journal()
    assert not journal.exists()
    assert sorted(names(store)) == [*before, "b"]


def test_what_only_the_journal_tells_is_not_thrown_away_with_a_damaged_state(store: StateStore) -> None:
    store.save(Snapshot())
    written = journaled(store)
    store.path.write_text("{")
    journal, good = store.path.with_suffix(".journal"), store.path.with_suffix(".json.bak")
    with pytest.raises(StateError, match=r"damaged.*dev\.journal belongs to the damaged one: move both away"):
        again(store).load()
    good.replace(store.path)
    for use in (again(store).load, again(store).journal):
        with pytest.raises(StateError, match=r"dev\.journal doesn't belong to the state .*dev\.json, but to"):
            use()
    assert journal.read_bytes() == written
    journal.unlink()
    assert names(store) == []


def test_a_process_that_is_killed_leaves_no_lock_and_all_its_steps(store: StateStore, tmp_path: Path) -> None:
    code = f"""
import os, signal
from pathlib import Path
from sandbox.engine import Project, ResourceState, Snapshot
from sandbox.engine.snapshots import SnapshotManager
from sandbox.engine.state import StateStore
root = Path({str(tmp_path)!r})
store = StateStore(Project.load(root), "dev", home=root / "home")
with store.lock():
    manager = SnapshotManager(Snapshot(), store, on_failure=print)
    for n in range(50):
        urn = f"urn:pulumi:dev::lab::test:index:Thing::{{n}}"
        manager.end(new=ResourceState(urn=urn, type="test:index:Thing", custom=True, id=str(n)))
    os.kill(os.getpid(), signal.SIGKILL)
"""
    killed = subprocess.run([sys.executable, "-c", code], check=False)
    assert killed.returncode == -9
    assert len(names(store)) == 50
    with store.lock():
        assert json.loads(store.path.with_suffix(".lock").read_text())["host"]
        with pytest.raises(StateLockedError, match="the lock ends with the process"), again(store).lock():
            pass


def test_a_damaged_state_names_the_last_good_copy(store: StateStore) -> None:
    store.save(Snapshot(resources=[thing("a")]))
    store.save(Snapshot(resources=[thing("b")]))
    store.path.write_text('{"version": 3, "checkpo')
    with pytest.raises(StateError, match=r"damaged.*The last good copy is .*dev\.json\.bak"):
        again(store).load()
    store.path.with_suffix(".json.bak").replace(store.path)
    assert names(store) == ["a"]


def test_a_state_of_another_project_is_left_as_it_is(store: StateStore) -> None:
    other = StateStore(replace(store.project, name="shop"), store.stack, home=store.path.parent.parent)
    other.save(Snapshot(resources=[thing("a")]))
    kept = store.path.read_text()
    for use in (store.load, lambda: store.save(Snapshot())):
        with pytest.raises(StateError, match=r"is that of organization/shop/dev, not of \S+/lab/dev"):
            use()
    assert store.path.read_text() == kept


def test_a_state_of_a_newer_version_is_left_as_it_is(store: StateStore) -> None:
    store.save(Snapshot(resources=[thing("a")]))
    newer = '{"version": 9, "checkpoint": {"latest": {"resources": "in another way"}}}'
    store.path.write_text(newer)
    for use in (again(store).load, lambda: again(store).save(Snapshot())):
        with pytest.raises(StateError, match=r"has version 9; known is 3\. Use the version of fleet"):
            use()
    assert store.path.read_text() == newer


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "\x00\x00\x00",
        '{"version": 3, "checkpoint": {"latest": {"resources": [{"type": "t"}]}}}',
        '{"version": 3, "checkpoint": {"latest": {"pending_operations": [{"type": "creating"}]}}}',
        '{"version": 3, "checkpoint": {"latest": {"pending_operations": [{"type": "thinking"}]}}}',
    ],
)
def test_whatever_is_damaged_is_an_error_and_is_not_overwritten(store: StateStore, content: str) -> None:
    store.save(Snapshot(resources=[thing("a")]))
    store.save(Snapshot(resources=[thing("b")]))
    store.path.write_text(content)
    for use in (again(store).load, lambda: again(store).save(Snapshot(resources=[thing("c")]))):
        with pytest.raises(StateError, match=r"damaged.*The last good copy is .*dev\.json\.bak"):
            use()
    assert store.path.read_text() == content
    store.path.with_suffix(".json.bak").replace(store.path)
    assert names(store) == ["a"]


@pytest.mark.parametrize("place", ["inputs", "outputs", "replacement_trigger"])
def test_a_first_run_that_is_cut_off_leaves_secrets_that_can_be_read(store: StateStore, place: str) -> None:
    store.path.parent.mkdir(parents=True)
    manager = following(Snapshot(), store)
    manager.end(new=thing("a"))
    hidden = Secret(element="hush")
    value = hidden if place == "replacement_trigger" else {"s": hidden}
    manager.end(new=thing("b", **{place: value}))
    stop(manager)
    after = again(store).load()
    assert after is not None
    assert getattr(after.resources[1], place) == value


def journaled(store: StateStore) -> bytes:
    """The journal of a run that has made two things, begun a third, and was cut off."""
    save_secret(store)
    loaded = again(store).load()
    assert loaded is not None
    manager = following(loaded, again(store))
    for name in ("b", "c"):
        made = thing(name, inputs={"s": Secret(element="hush")})
        manager.end(manager.begin(made, OperationType.CREATING), new=made)
    manager.begin(thing("d"), OperationType.CREATING)
    stop(manager)
    return store.path.with_suffix(".journal").read_bytes()


def test_a_journal_that_is_cut_off_anywhere_tells_what_it_has_whole(store: StateStore) -> None:
    whole = journaled(store)
    assert b"hush" not in whole
    seen = set()
    for end in range(0, len(whole) + 1, 7):
        store.path.with_suffix(".journal").write_bytes(whole[:end])
        after = again(store).load()
        assert after is not None
        found = ([r.name for r in after.resources], [op.resource.name for op in after.pending_operations])
        seen.add(str(sorted(found[0]) + ["and"] + found[1]))
    assert seen == {
        str([*there, "and", *begun])
        for there, begun in (
            ("a", ""),
            ("a", "b"),
            ("ab", ""),
            ("ab", "c"),
            ("abc", ""),
            ("abc", "d"),
        )
    } - ({str([*"abc", "and", "d"])} if len(whole) % 7 else set())


@pytest.mark.parametrize("line", [0, 1, 3, 5])
@pytest.mark.parametrize(
    "damage", [b"", b"\xff\xfe", b'{"chan', b"3", b'{"changes": [{"at": ["base", 99], "state": {}}]}']
)
def test_a_journal_that_is_damaged_inside_is_an_error_and_is_kept(
    store: StateStore, line: int, damage: bytes
) -> None:
    lines = journaled(store).split(b"\n")
    lines[line] = damage
    journal = store.path.with_suffix(".journal")
    journal.write_bytes(b"\n".join(lines))
    for use in (again(store).load, again(store).journal):
        with pytest.raises(
            StateError, match=r"dev\.journal is damaged in line \d+: what a run that was cut off"
        ):
            use()
    assert journal.read_bytes() == b"\n".join(lines)
    journal.unlink()
    assert names(store) == ["a"]


def test_a_folder_that_cannot_be_written_to_is_an_error(store: StateStore) -> None:
    folder = Path(tempfile.mkdtemp(dir="/tmp"))  # the tests' own isn't for everybody to read
    shut = StateStore(store.project, "dev", home=folder / "home")
    before = os.geteuid()
    folder.chmod(0o555)
    try:
        if before == 0:
            os.seteuid(65534)  # nobody: permissions mean nothing to root
        with (
            pytest.raises(StateError, match=r"the lock .*dev\.lock can't be made: Permission denied"),
            shut.lock(),
        ):
            pass
        with pytest.raises(StateError, match=r"the state .*dev\.json can't be written: Permission denied"):
            shut.save(Snapshot(resources=[thing("a")]))
    finally:
        os.seteuid(before)
        folder.chmod(0o755)
        folder.rmdir()


def save_secret(store: StateStore) -> None:
    store.save(Snapshot(resources=[thing("a", inputs={"s": Secret(element="hush")})]))


def test_secrets_open_with_their_passphrase_only(store: StateStore, monkeypatch: pytest.MonkeyPatch) -> None:
    save_secret(store)
    assert again(store).outputs() == {}
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "wrong")
    with pytest.raises(SecretsError, match="encrypted with another passphrase"):
        again(store).load()
    monkeypatch.delenv("PULUMI_CONFIG_PASSPHRASE")
    with pytest.raises(SecretsError, match="set PULUMI_CONFIG_PASSPHRASE to it"):
        again(store).load()


def test_without_a_passphrase_the_sandbox_keeps_a_key_of_its_own(
    store: StateStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PULUMI_CONFIG_PASSPHRASE")
    save_secret(store)
    key = store.path.parent.parent / "passphrase"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert names(store) == ["a"]
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", key.read_text().strip())
    key.unlink()
    assert names(store) == ["a"], "the key is an ordinary passphrase, so `pulumi stack import` opens it too"


def test_the_key_that_the_sandbox_keeps_is_derived_once(
    store: StateStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PULUMI_CONFIG_PASSPHRASE")
    save_secret(store)
    kept = store.path.parent.parent / "passphrase.derived"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    with monkeypatch.context() as without:
        without.setattr("hashlib.pbkdf2_hmac", None)
        without.setattr("sandbox.engine.secrets._keys", {})
        assert names(store) == ["a"]
    for damaged in ("", "[]", "{", kept.read_text()[:-20] + '"}', "{}"):
        kept.write_text(damaged)
        assert names(store) == ["a"]
    assert list(kept.parent.glob("passphrase.derived*")) == [kept]


def test_on_a_full_disk_no_key_is_left_and_the_next_run_makes_a_whole_one(
    store: StateStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PULUMI_CONFIG_PASSPHRASE")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, limits[1]))  # bytes in one file
    try:
        with pytest.raises(StateError, match=r"home/passphrase can't be written: File too large"):
            save_secret(store)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert not list(store.path.parent.parent.glob("*passphrase*"))
    save_secret(again(store))
    salt = json.loads(store.path.read_text())["checkpoint"]["latest"]["secrets_providers"]["state"]["salt"]
    assert Crypter.open("", salt) is None
    assert names(store) == ["a"]


def test_two_runs_that_begin_together_take_the_same_key(
    store: StateStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = store.path.parent.parent
    others = []

    def meanwhile(length: int) -> str:
        monkeypatch.setattr("secrets.token_urlsafe", token_urlsafe)
        others.append(KeyFile(home).passphrase(create=True))
        return token_urlsafe(length)

    monkeypatch.setattr("secrets.token_urlsafe", meanwhile)
    assert [KeyFile(home).passphrase(create=True)] == others
    assert others[0]
    assert [path.name for path in home.iterdir()] == ["passphrase"]


def test_an_empty_key_encrypts_nothing(store: StateStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PULUMI_CONFIG_PASSPHRASE")
    key = store.path.parent.parent / "passphrase"
    key.parent.mkdir()
    key.write_text("\n")
    with pytest.raises(StateError, match=r"home/passphrase is empty\. Put back what was in it; if there"):
        save_secret(store)
    key.unlink()
    save_secret(again(store))


def test_a_passphrase_of_the_user_is_kept_nowhere(store: StateStore) -> None:
    save_secret(store)
    assert not list(store.path.parent.parent.glob("passphrase*"))


def test_a_stack_with_resources_is_not_forgotten(store: StateStore) -> None:
    store.save(Snapshot(resources=[thing("a")]))
    with pytest.raises(StateError, match="still has 1 resources"):
        store.remove()
    with pytest.raises(StateError, match="no state yet"):
        StateStore(store.project, "other", home=store.path.parent.parent).export()
