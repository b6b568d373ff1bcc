"""Where a stack's state lives on disk.

``<home>/stacks/<stack>.json`` is a checkpoint as Pulumi's file backend writes it. While a run changes the
stack, each change is appended to ``<stack>.journal`` and synced before the engine goes on; at the end the
journal is folded into the checkpoint. So a step costs one line, however many resources there are, and a run
that is cut off loses nothing: the journal is read on top of the checkpoint that it belongs to.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import socket
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, BinaryIO, Final

from sandbox.engine import urn as urns
from sandbox.engine.errors import SecretsError, StateError, StateLockedError
from sandbox.engine.keyfile import KeyFile
from sandbox.engine.project import Project
from sandbox.engine.secrets import Crypter, passphrase_from_environment
from sandbox.processes import sync_folder

from .holder import Holder
from .names import without_aliases
from .order import ordered_entries
from .resource import ResourceState
from .serialize import (
    deserialize_resource,
    format_time,
    serialize_resource,
)
from .snapshot import Operation, OperationType, Snapshot

_VERSION: Final = 3
_OVER: Final = "the run is over: nothing more is recorded"


class StateStore:
    """One stack's checkpoint, journal, last good copy and lock. Safe to use from several threads."""

    def __init__(self, project: Project, stack: str, *, home: Path, salt: str = "") -> None:
        """Name the place; nothing is read or written yet.

        :param home: the sandbox's folder
        :param salt: ``encryptionsalt`` of the stack's configuration file, if it has one
        """
        self.project = project
        self.stack = stack
        self.path = home / "stacks" / f"{stack}.json"
        self._journal_path = self.path.with_suffix(".journal")
        self._backup_path = self.path.with_suffix(".json.bak")
        self._lock_path = self.path.with_suffix(".lock")
        self._home = home
        self._key_file = KeyFile(home)
        self._salt = salt
        self._salt_read = False
        self._crypter: Crypter | None = None
        self._crypter_lock = threading.Lock()
        self._held: IO[str] | None = None
        self._holders = 0

    # --- reading ---------------------------------------------------------------------------------------

    def load(self) -> Snapshot | None:
        """The state, or ``None`` if there is none yet.

        :raises StateError: it can't be read; the message names the last good copy
        :raises SecretsError: its secrets can't be decrypted
        """
        deployment = self._deployment()
        if deployment is None:
            return None
        return Snapshot(
            resources=without_aliases([self._resource(entry) for entry in deployment.get("resources") or ()]),
            pending_operations=[
                Operation(resource=self._resource(entry["resource"]), type=OperationType(entry["type"]))
                for entry in deployment.get("pending_operations") or ()
            ],
        )

    def _resource(self, entry: Mapping[str, Any]) -> ResourceState:
        urn = str(entry.get("urn"))
        return deserialize_resource(entry, lambda text: self.crypter().decrypt(text, place=urn))

    def export(self, *, show_secrets: bool = False) -> dict[str, Any]:
        """What ``pulumi stack export`` prints, and ``pulumi stack import`` takes.

        :raises StateError: there is no state, or it can't be read
        """
        deployment = self._deployment()
        if deployment is None:
            raise StateError(f"stack {self.stack!r} has no state yet: nothing was deployed ({self.path})")
        if show_secrets:
            deployment["resources"] = [
                serialize_resource(self._resource(entry), None, show_secrets=True)
                for entry in deployment.get("resources") or ()
            ]
        return {"version": _VERSION, "deployment": deployment}

    def entries(self) -> list[dict[str, Any]]:
        """The resources' entries as they are written, secrets encrypted; empty if there is no state.

        :raises StateError: the state can't be read
        """
        return list((self._deployment() or {}).get("resources") or ())

    def beside(self, project: str, stack: str) -> StateStore | None:
        """The state of another stack that is kept in the same folder; ``None`` if there is none."""
        other = StateStore(replace(self.project, name=project), stack, home=self._home)
        return other if other.is_kept else None

    @property
    def is_kept(self) -> bool:
        """Whether a checkpoint of this stack is there, and not one of another project's under its name."""
        try:
            found = json.loads(self._raw() or b"{}").get("checkpoint", {}).get("stack")
        except (ValueError, AttributeError):
            return True  # it is damaged: who reads it is told
        return bool(found == self.name)

    @property
    def name(self) -> str:
        """The stack's whole name, as the checkpoint has it."""
        return f"organization/{self.project.name}/{self.stack}"

    def outputs(self) -> dict[str, Any]:
        """The stack's outputs (secrets as ``Secret``); empty if there is no state.

        :raises StateError: the state can't be read
        """
        root = urns.root(self.stack, self.project.name)
        for entry in (self._deployment() or {}).get("resources") or ():
            if entry.get("urn") == root and not entry.get("delete"):
                return self._resource(entry).outputs
        return {}

    def _deployment(self) -> dict[str, Any] | None:
        """The ``latest`` of the checkpoint with the journal on top, secrets still encrypted."""
        raw = self._raw()
        latest = self._latest(raw)
        lines = self._journal_lines(raw)
        if lines:
            try:
                latest = _replay(latest or {}, lines)
            except (KeyError, IndexError, TypeError, ValueError, AttributeError):
                raise self._damaged_journal(len(lines)) from None
        self._salt_read = True
        if latest is not None:  # what is there was encrypted with its own salt
            self._salt = ((latest.get("secrets_providers") or {}).get("state") or {}).get(
                "salt"
            ) or self._salt
        return latest

    def _raw(self) -> bytes:
        """The checkpoint's file, or nothing if there is none."""
        try:
            raw = self.path.read_bytes()
        except FileNotFoundError:
            return b""
        except OSError as error:
            raise StateError(f"the state {self.path} can't be read: {error.strerror}") from None
        if not raw:
            raise self._damaged("it is empty")
        return raw

    def _backup(self) -> bytes:
        """The last good copy's file, or nothing if there is none."""
        try:
            return self._backup_path.read_bytes()
        except OSError:
            return b""

    def _damaged(self, how: str) -> StateError:
        advice = " Move it away; `fleet down`, then `fleet up`, make everything anew."
        if self._backup_path.exists():
            advice = (
                f" The last good copy is {self._backup_path}, from before it was last written: check it and"
                " put it in its place. What was made since isn't in it, and would be made again; `fleet"
                " down`, then `fleet up`, make everything anew."
            )
        if self._journal_path.exists():
            advice += f" {self._journal_path} belongs to the damaged one: move both away together."
        return StateError(f"the state {self.path} is damaged: {how}.{advice}")

    def _latest(self, raw: bytes) -> dict[str, Any] | None:
        """The ``latest`` of the checkpoint alone."""
        latest: dict[str, Any] | None = None
        if raw:
            try:
                checkpoint = json.loads(raw)
                if checkpoint["version"] != _VERSION:
                    raise StateError(
                        f"the state {self.path} has version {checkpoint['version']}; known is {_VERSION}."
                        " Use the version of fleet (or of Pulumi) that wrote it, or a newer one"
                    )
                owner = checkpoint["checkpoint"].get("stack") or self.name
                if owner != self.name:
                    raise StateError(
                        f"the state {self.path} is that of {owner}, not of {self.name}. Projects that share a"
                        " FLEET_HOME need stages of different names; give one of them a folder of its own"
                    )
                latest = _shaped(checkpoint["checkpoint"].get("latest") or {})
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise self._damaged(repr(error)) from None
        return latest

    def _journal_lines(self, raw: bytes) -> list[dict[str, Any]]:
        """The entries of the journal, unless they are in this checkpoint already.

        A crash may cut its last line off: that change was never confirmed. Anything else is damage.

        :raises StateError: it is damaged, or belongs to another checkpoint
        """
        try:
            written = self._journal_path.read_bytes()
        except FileNotFoundError:
            return []
        except OSError as error:
            raise StateError(f"the journal {self._journal_path} can't be read: {error.strerror}") from None
        *lines, _ = written.split(b"\n")
        entries = []
        for number, line in enumerate(lines, 1):
            try:
                entries.append(json.loads(line))
            except ValueError:
                raise self._damaged_journal(number) from None
        if not entries:
            return []
        base = entries[0].get("base") if isinstance(entries[0], dict) else None
        if base is None:
            raise self._damaged_journal(1)
        if base == _fingerprint(raw):
            return entries
        if base == _fingerprint(self._backup()):
            return []  # it was folded already, and only its removal was cut off
        raise StateError(
            f"the journal {self._journal_path} doesn't belong to the state {self.path}, but to another: what"
            " a run that was cut off did then isn't known. Bring back the state that it belongs to. Without"
            " the journal (move it away), what it tells of is made again; `fleet down`, then `fleet up`, make"
            " everything anew."
        )

    def _damaged_journal(self, number: int) -> StateError:
        return StateError(
            f"the journal {self._journal_path} is damaged in line {number}: what a run that was cut off did"
            " then isn't known. Without it (move it away), the state is as it was before that run;"
            " `fleet down`, then `fleet up`, make everything anew."
        )

    # --- secrets ---------------------------------------------------------------------------------------

    def crypter(self) -> Crypter:
        """The stack's crypter. The first call takes a third of a second, unless the key is remembered.

        :raises SecretsError: there is no passphrase that fits the state
        :raises StateError: the file with the key can't be read or made
        """
        with self._crypter_lock:
            if self._crypter is None:
                self._crypter = self._open_crypter()
            return self._crypter

    def _open_crypter(self) -> Crypter:
        if not self._salt_read:
            self._deployment()
        if not self._salt:
            crypter = self._new_crypter()
            self._salt = crypter.salt
            return crypter
        opened = self.crypter_of(self._salt)
        if opened:
            return opened
        raise SecretsError(
            f"the secrets in the state of stack {self.stack!r} were encrypted with another passphrase:"
            f" set PULUMI_CONFIG_PASSPHRASE to it, or bring back {self._key_file.path}"
        )

    def _new_crypter(self) -> Crypter:
        given = passphrase_from_environment()
        if given is not None:
            return Crypter.create(given)
        passphrase = self._key_file.passphrase(create=True)
        assert passphrase is not None  # noqa: S101 - it was made
        return Crypter.create(passphrase, self._key_file.derive)

    def crypter_of(self, salt: str) -> Crypter | None:
        """The crypter of a salt, if its passphrase is known here.

        :raises SecretsError: the salt is malformed
        :raises StateError: the file with the key can't be read
        """
        given = passphrase_from_environment()
        opened = Crypter.open(given, salt) if given is not None else None
        if opened is None:
            kept = self._key_file.passphrase(create=False)
            opened = Crypter.open(kept, salt, self._key_file.derive) if kept is not None else None
        return opened

    @property
    def salt(self) -> str:
        """The salt of the stack's secrets; ``""`` before the first crypter was made."""
        return self._salt

    # --- writing ---------------------------------------------------------------------------------------

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the stack. ``run`` does it itself; a caller may hold it around several runs.

        The lock is the operating system's, on ``<stack>.lock``: it ends with its process, so a lock file that
        a crashed run left behind holds nothing. The file says who holds it.

        :raises StateLockedError: who holds it, since when, and what to do
        :raises StateError: the lock's file can't be made
        """
        if self._holders == 0:
            self._held = self._acquire()
        self._holders += 1
        try:
            yield
        finally:
            self._holders -= 1
            if self._holders == 0 and self._held:
                with suppress(OSError):
                    self._held.truncate(0)
                self._held.close()
                self._held = None

    def _acquire(self) -> IO[str]:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            file = self._lock_path.open("a+", encoding="utf-8")
        except OSError as error:
            raise StateError(f"the lock {self._lock_path} can't be made: {error.strerror}") from None
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.seek(0)
            holder = file.read()
            file.close()
            raise StateLockedError(self._locked_message(holder)) from None
        holder = json.dumps(
            {
                "pid": os.getpid(),
                "host": socket.gethostname(),
                "since": format_time(datetime.now(UTC)),
                "command": " ".join([Path(sys.argv[0]).name, *sys.argv[1:]]),
            }
        )
        with suppress(OSError):  # on a full disk: the stack is held all the same
            os.ftruncate(file.fileno(), 0)
            os.write(file.fileno(), holder.encode())
        return file

    def holder(self) -> Holder | None:
        """The run that holds the stack now.

        :raises StateError: there is one, and it can't be told who it is
        """
        return Holder.of(self._lock_path)

    def _locked_message(self, holder: str) -> str:
        try:
            who = json.loads(holder)
            by = f"process {who['pid']} on {who['host']} (`{who['command']}`) since {who['since']}"
        except (ValueError, KeyError, TypeError):
            by = "another process"
        return (
            f"stack {self.stack!r} is in use: {by} holds its lock. Wait for it to end, or stop it"
            " with `fleet cancel`; the lock ends with the process."
        )

    def save(self, snapshot: Snapshot, *, as_is: bool = False) -> None:
        """Write the checkpoint and end the journal. What was there is kept as ``<stack>.json.bak``.

        The new file is complete on disk before it takes the old one's place. Nothing is written when nothing
        changed.

        :param as_is: write it even if only the order of the resources changed
        :raises StateError: it can't be written
        """
        deployment = self._serialize(snapshot)
        known = self._latest(self._raw())
        checkpoint = {
            "version": _VERSION,
            "checkpoint": {"stack": self.name, "latest": deployment},
        }
        fresh = self.path.with_suffix(".json.new")
        try:
            if known is None or as_is or not _same_content(known, deployment):
                self.path.parent.mkdir(parents=True, exist_ok=True)
                descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
                with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                    file.write(json.dumps(checkpoint, ensure_ascii=False, separators=(",", ":")))
                    file.flush()
                    os.fsync(file.fileno())
                if self.path.exists():
                    self._backup_path.unlink(missing_ok=True)
                    os.link(self.path, self._backup_path)
                fresh.replace(self.path)
                sync_folder(self.path.parent)
            self._journal_path.unlink(missing_ok=True)
        except OSError as error:
            with suppress(OSError):
                fresh.unlink(missing_ok=True)
            raise StateError(f"the state {self.path} can't be written: {error.strerror}") from None

    def put(self, snapshot: Snapshot, *, crypter: Crypter) -> int:
        """Make another state the stack's, with the lock held. What was there is kept as ``<stack>.json.bak``.

        A damaged one is kept as ``<stack>.json.damaged``: the last good copy stays what it is.

        :param crypter: of its secrets, from now on
        :returns: how many resources there were
        :raises StateError: it can't be written
        """
        try:
            entries = self.entries()
            self.journal().close()  # what a run left behind is folded in first
        except StateError:
            entries = []
            try:
                for path in filter(Path.exists, (self.path, self._journal_path)):
                    path.replace(path.with_name(f"{path.name}.damaged"))
            except OSError as error:
                raise StateError(f"the state {self.path} can't be moved: {error.strerror}") from None
        self._crypter, self._salt = crypter, crypter.salt
        self.save(snapshot, as_is=True)
        return len(entries)

    def _serialize(self, snapshot: Snapshot) -> dict[str, Any]:
        resources = [self.serialize(state) for state in snapshot.resources]
        version = engine_version()
        deployment: dict[str, Any] = {
            "manifest": {
                "time": format_time(datetime.now(UTC)),
                "magic": hashlib.sha256(version.encode()).hexdigest(),
                "version": version,
            },
            "secrets_providers": {"type": "passphrase", "state": {"salt": self._salt or self.crypter().salt}},
        }
        if resources:
            deployment["resources"] = resources
        if snapshot.pending_operations:
            deployment["pending_operations"] = [
                {"resource": self.serialize(operation.resource), "type": str(operation.type)}
                for operation in snapshot.pending_operations
            ]
        deployment["metadata"] = {}
        return deployment

    def serialize(self, state: ResourceState) -> dict[str, Any]:
        """A resource as the checkpoint and the journal write it."""
        return serialize_resource(state, lambda text: self.crypter().encrypt(text, place=state.urn))

    def journal(self) -> Journal:
        """A journal on top of the checkpoint; what an earlier, cut-off run left is folded in first."""
        if self._journal_path.exists():
            left = self.load()
            if left is not None:
                self.save(left, as_is=True)  # the places that the new journal names are those of this order
        raw = self.path.read_bytes() if self.path.exists() else b""
        return Journal(self._journal_path, base=_fingerprint(raw))

    def remove(self) -> None:
        """Forget the stack.

        :raises StateError: it still has resources
        """
        snapshot = self.load()
        if snapshot and snapshot.resources:
            raise StateError(
                f"stack {self.stack!r} still has {len(snapshot.resources)} resources: destroy it first"
            )
        for path in (self.path, self._backup_path, self._journal_path):
            path.unlink(missing_ok=True)


class Journal:
    """The changes of one run, each on disk when :meth:`sync` returns.

    Entries that several threads append at once share one sync. After a failure nothing more may be appended:
    a line that was cut off would hide those behind it.
    """

    def __init__(self, path: Path, *, base: str) -> None:
        """Nothing is written before the first entry.

        :param base: fingerprint of the checkpoint that the entries change
        """
        self._path = path
        self._base = base
        self._file: BinaryIO | None = None
        self._lock = threading.Lock()
        self._sync_lock = threading.Lock()
        self._written = 0
        self._synced = 0
        self._closed = False

    def append(self, changes: list[dict[str, Any]]) -> int:
        """Write one entry; :meth:`sync` makes sure that it is on disk.

        :returns: the entry's number, for ``sync``
        :raises StateError: it can't be written
        """
        with self._lock:
            if self._closed:
                raise StateError(_OVER)
            try:
                if self._file is None:
                    descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
                    self._file = os.fdopen(descriptor, "wb", buffering=0)
                    _write(self._file, {"base": self._base})
                _write(self._file, {"changes": changes})
            except OSError as error:
                raise self._unwritable(error) from None
            self._written += 1
            return self._written

    def sync(self, number: int) -> None:
        """Return when the entry of that number is on disk.

        :raises StateError: it can't be written, or the journal was closed before it was
        """
        with self._sync_lock:
            if self._synced >= number:
                return
            if self._file is None:
                raise StateError(_OVER)
            with self._lock:
                reached = self._written
            try:
                os.fsync(self._file.fileno())
            except OSError as error:
                raise self._unwritable(error) from None
            self._synced = reached

    def _unwritable(self, error: OSError) -> StateError:
        return StateError(f"the journal {self._path} can't be written: {error.strerror}")

    def close(self) -> None:
        """Close the file for good; it stays until the checkpoint is saved."""
        with self._sync_lock, self._lock:
            self._closed = True
            if self._file is not None:
                self._file.close()
                self._file = None


def _write(file: BinaryIO, entry: dict[str, Any]) -> None:
    """Write an entry whole: a full disk takes a part, and says so only at the next attempt."""
    left = memoryview(json.dumps(entry, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")
    while left:
        left = left[file.write(left) :]


def _fingerprint(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest() if raw else ""


def _shaped(latest: dict[str, Any]) -> dict[str, Any]:
    """Look whether a state's resources are maps with URNs; each is looked into when it is needed.

    :raises TypeError, KeyError, AttributeError: they aren't
    """
    for entry in latest.get("resources") or ():
        if not isinstance(entry["urn"], str):
            raise TypeError(f"the URN {entry['urn']!r} isn't text")
    for operation in latest.get("pending_operations") or ():
        OperationType(operation["type"])
        if not isinstance(operation["resource"]["urn"], str):
            raise TypeError(f"the URN {operation['resource']['urn']!r} isn't text")
    return latest


def _replay(latest: dict[str, Any], entries: list[dict[str, Any]]) -> dict[str, Any]:
    """The deployment after the changes of a journal; see ``engine/snapshots.py`` for their meaning.

    New resources come before those of the base that they don't replace, as in Pulumi's snapshot manager.
    """
    base: list[dict[str, Any] | None] = list(latest.get("resources") or ())
    new: dict[int, dict[str, Any] | None] = {}
    pending: dict[int, dict[str, Any]] = {}
    salt = ""
    for entry in entries:
        for change in entry.get("changes", ()):
            salt = change.get("salt") or salt
            target, index = change["at"]
            place: Any = {"base": base, "new": new, "pending": pending}[target]
            if "from" in change:
                origin, number = change["from"]
                source: Any = {"base": base, "new": new}[origin]
                place[index], source[number] = source[number], None
            elif change["state"] is None:
                if target == "pending":
                    pending.pop(index, None)
                else:
                    place[index] = None
            else:
                place[index] = change["state"]
    replayed = dict(latest)
    resources = [r for r in (*new.values(), *base) if r is not None]
    replayed["resources"] = ordered_entries(resources)
    operations = [*(latest.get("pending_operations") or ()), *pending.values()]
    replayed.pop("pending_operations", None)
    if operations:
        replayed["pending_operations"] = operations
    if salt:
        replayed["secrets_providers"] = {"type": "passphrase", "state": {"salt": salt}}
    return replayed


def _same_content(a: Mapping[str, Any], b: Mapping[str, Any]) -> bool:
    """Whether two deployments say the same; steps run in parallel, so the order of resources may differ."""

    def key(entry: Mapping[str, Any]) -> tuple[str, bool, str]:
        return entry["urn"], entry.get("delete", False), entry.get("id", "")

    if sorted(a.get("resources") or (), key=key) != sorted(b.get("resources") or (), key=key):
        return False
    return all((a.get(k) or None) == (b.get(k) or None) for k in ("secrets_providers", "pending_operations"))


def engine_version() -> str:
    """The version of Pulumi whose behaviour this engine has: that of the installed SDK."""
    from importlib.metadata import version

    return f"v{version('pulumi')}"
