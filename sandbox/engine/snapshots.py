"""Follows a run's steps and keeps the state on disk in step with them (pkg/backend/snapshot.go).

Before a step that changes something begins, the operation is written ahead as pending; when it ends, the
result is written. The journal's changes name a place: ``base`` (an index into the checkpoint's resources),
``new`` or ``pending`` (numbers given here), and the entry that is there now, or ``None``.

When the disk refuses a change (it is full, say), nothing more is begun, what is under way ends, and the state
in memory is written as a whole at the end.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from .errors import StateError
from .state import Operation, OperationType, ResourceState, Snapshot, StateStore
from .state.names import without_aliases
from .state.order import ordered
from .state.store import Journal


class SnapshotManager:
    """The state while a run changes it. Safe to use from several threads."""

    def __init__(
        self, base: Snapshot, store: StateStore | None, *, on_failure: Callable[[StateError], None]
    ) -> None:
        """Follow a run.

        :param base: the state that the run starts from
        :param store: where to write; ``None`` in a preview
        :param on_failure: hears, once, that the state can't be written any more
        """
        self._on_failure = on_failure
        self._failure: StateError | None = None
        self._told = False
        self._unwritten: list[ResourceState] = []
        self._base = base
        self._store = store
        self._journal: Journal | None = store.journal() if store else None
        self._lock = threading.Lock()
        self._places: dict[ResourceState, tuple[str, int]] = {
            state: ("base", index) for index, state in enumerate(base.resources)
        }
        self._new: list[ResourceState] = []
        self._done: set[ResourceState] = set()
        self._pending: dict[int, Operation] = {}
        self._numbers = 0
        self._salt_written = bool(base.resources and store and store.salt)

    def begin(self, state: ResourceState, type_: OperationType) -> int:
        """Write ahead that something is about to be done to a resource.

        :returns: a number for :meth:`end`
        :raises StateError: it can't be written, so it mustn't be done
        """
        number = None
        try:
            with self._lock:
                if self._failure is not None:
                    raise self._failure
                written = 0
                self._numbers += 1
                if self._store and self._journal:
                    entry = {"resource": self._store.serialize(state), "type": str(type_)}
                    change = self._change(("pending", self._numbers), entry)
                    written = self._journal.append([change])
                number = self._numbers
                self._pending[number] = Operation(resource=state, type=type_)
            self._sync(written)
        except StateError as error:
            with self._lock:
                self._failed(error, [])
                if number is not None:
                    del self._pending[number]
            raise
        return number

    def end(
        self,
        number: int | None = None,
        *,
        done: tuple[ResourceState, ...] = (),
        new: ResourceState | None = None,
        changed: tuple[ResourceState, ...] = (),
    ) -> None:
        """Record how a step ended; on disk when this returns, or else with all the rest at the end.

        :param number: of the operation that was begun, if one was
        :param done: old states that are no more
        :param new: the state that is there now
        :param changed: states whose content changed in place
        """
        changes: list[dict[str, Any]] = []
        with self._lock:
            if number is not None:
                self._pending.pop(number, None)
                changes.append({"at": ["pending", number], "state": None})
            for state in done:
                if state not in self._done:
                    self._done.add(state)
                    if state in self._places:
                        changes.append({"at": list(self._places[state]), "state": None})
            if new is not None:
                self._place(new)
                changed = (*changed, new)
            shown = [state for state in changed if state in self._places and state not in self._done]
            written = self._record(changes, shown)
        self._confirm(written, shown)

    def replace_same(self, old: ResourceState, new: ResourceState, *, write: bool) -> None:
        """Record that a resource stays as it is.

        :param write: whether its state changed nevertheless; else the old entry only moves
        """
        if write:
            self.end(done=(old,), new=new)
            return
        with self._lock:
            self._done.add(old)
            self._place(new)
            if old in self._places:
                self._record([{"at": list(self._places[new]), "from": list(self._places[old])}], [])

    def _place(self, new: ResourceState) -> None:
        if new not in self._places:
            self._numbers += 1
            self._places[new] = ("new", self._numbers)
            self._new.append(new)

    def _change(self, place: tuple[str, int], entry: dict[str, Any]) -> dict[str, Any]:
        change: dict[str, Any] = {"at": list(place), "state": entry}
        if not self._salt_written and self._store and self._store.salt:  # the first secret makes it
            change["salt"] = self._store.salt
            self._salt_written = True
        return change

    def _record(self, changes: list[dict[str, Any]], shown: list[ResourceState]) -> int:
        """Append changes that have happened (with the lock held); what fails is made good at the end.

        :param shown: the states that are to be written whole
        :returns: a number for :meth:`_confirm`
        """
        if not self._store or not self._journal:
            return 0
        try:
            if self._failure is not None:
                raise self._failure
            changes += [self._change(self._places[state], self._store.serialize(state)) for state in shown]
            return self._journal.append(changes) if changes else 0
        except StateError as error:
            self._failed(error, shown)
            return 0

    def _confirm(self, written: int, shown: list[ResourceState]) -> None:
        """Make sure that what was appended is on disk; stop the run if it, or anything before it, isn't."""
        try:
            self._sync(written)
        except StateError as error:
            with self._lock:
                self._failed(error, shown)
        with self._lock:
            failure, told, self._told = self._failure, self._told, self._failure is not None
        if failure is not None and not told:
            self._on_failure(failure)

    def _failed(self, error: StateError, unwritten: list[ResourceState]) -> None:
        self._failure = self._failure or error
        self._unwritten += [state for state in unwritten if state.custom and not state.is_provider]

    def _sync(self, written: int) -> None:
        if self._journal and written:
            self._journal.sync(written)

    def rebase(self, resources: list[ResourceState], pending: list[Operation] | None = None) -> None:
        """Go on from other resources, after they were read; written at once.

        :param resources: all that there is now
        :param pending: operations whose end isn't known; ``None``: as before
        :raises StateError: it can't be written
        """
        with self._lock:
            known = self._base.pending_operations if pending is None else pending
            self._base = Snapshot(resources=resources, pending_operations=known)
            self._places = {state: ("base", index) for index, state in enumerate(resources)}
            self._new, self._done = [], set()
            if self._store:
                assert self._journal is not None  # noqa: S101 - there is one with every store
                self._journal.close()
                self._store.save(self._base)
                self._journal = self._store.journal()

    def snapshot(self) -> Snapshot:
        """The state now."""
        with self._lock:
            resources = without_aliases(
                [r for r in (*self._new, *self._base.resources) if r not in self._done]
            )
            resources = ordered(resources)
            pending = [*self._pending.values(), *self._base.pending_operations]
            return Snapshot(resources=resources, pending_operations=pending)

    def close(self) -> Snapshot:
        """Fold everything into the checkpoint.

        :raises StateError: it can't be written; what that means, and what to do
        """
        if self._journal:
            self._journal.close()  # first: what is begun from now on fails, and isn't missing in the snapshot
        snapshot = self.snapshot()
        if self._store:
            try:
                self._store.save(snapshot)
            except StateError as error:
                raise StateError(f"{error}.{self._unrecorded()}") from None
        return snapshot

    def _unrecorded(self) -> str:
        states = {state.urn: state for state in self._unwritten}.values()
        if not states:
            return " Nothing is lost: every change is in the journal beside it. Mend that and run again."
        lines = "".join(f"\n  * {state.urn} ({state.id})" for state in states)
        return (
            f"\nThis was made or changed, and couldn't be recorded:{lines}\n"
            "Mend that and run the same again: it looks first for what was under way. What AWS has named"
            " itself may not be found; `fleet down`, then `fleet up`, make everything anew."
        )
