# ruff: noqa: D102 - apply and record are described at Step
"""What is done to one resource (pkg/resource/deploy/step.go).

A step knows old and new state, and ``apply`` does it. Errors leave the state as it was, except for an
:class:`InitError`: then the resource is there and its state says what is wrong with it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from .errors import InitError, NonsenseError, ProtectedError, ProviderError
from .events import Op, PropertyDiff
from .events import Step as StepView
from .goals import Registration
from .properties import UNKNOWN_STRING, same
from .provider import Answer, DiffResult, Provider
from .state import OperationType, ResourceState

if TYPE_CHECKING:
    from .deployment import Deployment


class Step(ABC):
    """One step. ``logical`` steps are what a user counts; the others are parts of a replacement."""

    op: Op
    logical = True
    skipped = False
    """whether its resource isn't there, and isn't made (``engine/targets.py``)"""
    operation: OperationType | None = None
    """what is written ahead to the state"""

    def __init__(
        self,
        deployment: Deployment,
        old: ResourceState | None,
        new: ResourceState | None,
        *,
        registration: Registration | None = None,
        diff: DiffResult | None = None,
    ) -> None:
        self.deployment = deployment
        self.old = old
        self.new = new
        self.registration = registration
        diff = diff or DiffResult()
        self.keys: Sequence[str] = diff.replace_keys
        self.diffs: Sequence[str] = diff.changed_keys
        self.detailed_diff: Mapping[str, PropertyDiff] | None = diff.detailed_diff

    @property
    def resource(self) -> ResourceState:
        """The state that the step is about."""
        state = self.new if self.new is not None else self.old
        assert state is not None  # noqa: S101 - every step has a side
        return state

    @property
    def urn(self) -> str:
        """The resource's URN."""
        return self.resource.urn

    @abstractmethod
    def apply(self) -> None:
        """Do it.

        :raises EngineError: it failed
        """

    def view(self, op: Op | None = None) -> StepView:
        """The step as it is now, for an event."""
        return StepView(
            op=op or self.op,
            urn=self.urn,
            old=self.old.copy() if self.old is not None else None,
            new=self.new.copy() if self.new is not None else None,
            provider=self.resource.provider,
            diffs=tuple(self.diffs),
            keys=tuple(self.keys),
            detailed_diff=self.detailed_diff,
        )

    def record(self, number: int | None) -> None:
        """Bring the state on disk in step with it; ``number`` is of the operation written ahead."""
        self.deployment.snapshots.end(number)

    def _provider(self) -> Provider:
        return self.deployment.provider_of(self.resource)


class SameStep(Step):
    """Nothing changes but, perhaps, what only the engine knows (dependencies, protection, position)."""

    op = Op.SAME

    def apply(self) -> None:
        assert self.old is not None  # noqa: S101 - a same step has both
        assert self.new is not None  # noqa: S101 - a same step has both
        self.new.id = self.old.id
        self.new.outputs = dict(self.old.outputs)
        if self.new.is_provider:
            # configured with the old inputs: nothing differs in what it does
            state = self.new.copy()
            state.inputs = self.old.inputs
            self.deployment.registry.ensure(state, checked=True)

    def record(self, number: int | None) -> None:
        del number  # nothing was written ahead
        assert self.old is not None  # noqa: S101 - a same step has both
        assert self.new is not None  # noqa: S101 - a same step has both
        write = _must_write(self.old, self.new)
        self.deployment.snapshots.replace_same(self.old, self.new, write=write)


def _must_write(old: ResourceState, new: ResourceState) -> bool:
    """Whether a resource that didn't change has a state that did (``mustWrite``, pkg/backend/snapshot.go)."""
    plain = ("urn", "type", "custom", "custom_timeouts", "retain_on_delete", "provider", "parent")
    more = ("deleted_with", "replace_with", "protect", "resource_hooks")
    if any(getattr(old, name) != getattr(new, name) for name in (*plain, *more)):
        return True
    if sorted(old.dependencies) != sorted(new.dependencies):
        return True
    return not (same(old.inputs, new.inputs) and same(old.outputs, new.outputs))


class CreateStep(Step):
    """A resource is created, new or as a replacement.

    :ivar replacing: whether it replaces ``old``
    :ivar pending_delete: whether ``old`` still exists and is to be deleted afterwards
    """

    operation = OperationType.CREATING

    def __init__(
        self,
        deployment: Deployment,
        new: ResourceState,
        registration: Registration,
        *,
        old: ResourceState | None = None,
        replacing: bool = False,
        pending_delete: bool = False,
        diff: DiffResult | None = None,
    ) -> None:
        super().__init__(deployment, old, new, registration=registration, diff=diff)
        self.replacing = replacing
        self.pending_delete = pending_delete
        self.op = Op.CREATE_REPLACEMENT if replacing else Op.CREATE
        self.logical = not replacing

    def apply(self) -> None:
        new = self.resource
        preview = self.deployment.preview
        hooks = self.deployment.hooks
        hooks.before("Create", None, new)
        failure: InitError | None = None
        if new.custom:
            answer, failure = self._create(new, preview=preview)
            if not answer.id and not preview:
                raise NonsenseError("provider did not return an ID from Create")
            new.id, new.outputs = answer.id, dict(answer.outputs)
            new.refresh_before_update = answer.refresh_before_update
        new.created = new.modified = datetime.now(UTC)
        if self.replacing and self.pending_delete and self.old is not None:
            self.old.delete = True
        if failure:
            new.init_errors = failure.reasons
            raise failure
        if new.custom and not hooks.after("Create", None, new):
            self.deployment.fail()

    def _create(self, new: ResourceState, *, preview: bool) -> tuple[Answer, InitError | None]:
        def create() -> Answer:
            if new.is_provider:
                return self.deployment.registry.create(new.urn, new.inputs, preview=preview)
            timeout = new.custom_timeouts.get("create", 0.0)
            return self._provider().create(new.urn, new.inputs, timeout_s=timeout, preview=preview)

        try:
            return self.deployment.hooks.retried("create", None, new, create), None
        except InitError as error:
            return error.answer, error

    def record(self, number: int | None) -> None:
        changed = (self.old,) if self.old is not None and self.old.delete else ()
        done = (self.old,) if self.old is not None and self.old.pending_replacement else ()
        self.deployment.snapshots.end(number, new=self.new, changed=changed, done=done)


class UpdateStep(Step):
    """A resource is changed in place."""

    op = Op.UPDATE
    operation = OperationType.UPDATING

    def apply(self) -> None:
        old, new = self.old, self.new
        assert old is not None  # noqa: S101 - an update has both
        assert new is not None  # noqa: S101 - an update has both
        new.id, new.created, new.modified = old.id, old.created, old.modified
        hooks = self.deployment.hooks
        hooks.before("Update", old, new)
        if not new.custom:
            return
        failure: InitError | None = None
        try:
            answer = hooks.retried("update", old, new, lambda: self._update(old, new))
        except InitError as error:
            answer, failure = error.answer, error
        new.outputs = dict(answer.outputs)
        new.refresh_before_update = answer.refresh_before_update
        new.modified = datetime.now(UTC)
        if failure:
            # the old inputs stay, so that the next update sees the difference again
            new.init_errors = failure.reasons
            new.inputs = dict(old.inputs)
            raise failure
        if not hooks.after("Update", old, new):
            self.deployment.fail()

    def _update(self, old: ResourceState, new: ResourceState) -> Answer:
        if new.is_provider:
            return self.deployment.registry.update(new.urn, new.id, new.inputs)
        return self._provider().update(
            new.urn,
            old.id,
            old.inputs,
            old.outputs,
            new.inputs,
            timeout_s=new.custom_timeouts.get("update", 0.0),
            ignore_changes=new.ignore_changes,
            preview=self.deployment.preview,
        )

    def record(self, number: int | None) -> None:
        assert self.old is not None  # noqa: S101 - an update has both
        self.deployment.snapshots.end(number, done=(self.old,), new=self.new)


class DeleteStep(Step):
    """A resource is deleted, or only forgotten (external, retained, deleted with another).

    :ivar pending_replacement: its replacement is created after it
    """

    operation = OperationType.DELETING

    def __init__(
        self,
        deployment: Deployment,
        old: ResourceState,
        *,
        replacing: bool = False,
        pending_replacement: bool = False,
    ) -> None:
        super().__init__(deployment, old, None)
        self.replacing = replacing
        self.pending_replacement = pending_replacement
        self.logical = not replacing
        if old.external:
            self.op = Op.DISCARD_REPLACED if replacing else Op.DISCARD
        else:
            self.op = Op.DELETE_REPLACED if replacing else Op.DELETE

    def apply(self) -> None:
        old = self.resource
        hooks = self.deployment.hooks
        hooks.before("Delete", old, None)
        if not self.replacing and old.protect:
            raise ProtectedError(
                f'resource "{old.urn}" cannot be deleted\nbecause it is protected. To unprotect the resource,'
                " remove the `protect` flag from it in the program and deploy that first, or run"
                f" `fleet state unprotect '{old.urn}'`"
            )
        goes_with_other = bool(old.deleted_with) and self.deployment.is_deleted(old.deleted_with)
        forgotten = old.external or old.retain_on_delete or goes_with_other
        if not self.deployment.preview and old.custom and not forgotten:
            hooks.retried("delete", old, None, self._delete)
        if self.pending_replacement:
            old.pending_replacement = True
        if not hooks.after("Delete", old, None):
            self.deployment.fail()

    def _delete(self) -> None:
        old = self.resource
        if old.is_provider:
            self.deployment.registry.delete(old.urn, old.id)
            return
        timeout = old.custom_timeouts.get("delete", 0.0)
        self._provider().delete(old.urn, old.id, old.inputs, old.outputs, timeout_s=timeout)

    def record(self, number: int | None) -> None:
        old = self.resource
        if old.pending_replacement:
            self.deployment.snapshots.end(number, changed=(old,))
        else:
            self.deployment.snapshots.end(number, done=(old,))


class RemovePendingReplaceStep(Step):
    """A resource that was deleted to be replaced is forgotten: nobody wants its replacement any more."""

    op = Op.REMOVE_PENDING_REPLACE
    logical = False

    def apply(self) -> None:
        """Nothing is there any more."""

    def record(self, number: int | None) -> None:
        self.deployment.snapshots.end(number, done=(self.resource,))


class ReplaceStep(Step):
    """The replacement as the user sees it; its create and delete are steps of their own."""

    op = Op.REPLACE

    def apply(self) -> None:
        """Nothing is left to do."""

    def record(self, number: int | None) -> None:
        """Nothing changed."""
        del number


class ReadStep(Step):
    """A resource that the program doesn't manage is read.

    :ivar replacing: whether ``old`` was managed, and is to be deleted afterwards
    """

    operation = OperationType.READING

    def __init__(
        self,
        deployment: Deployment,
        old: ResourceState | None,
        new: ResourceState,
        registration: Registration,
        *,
        replacing: bool = False,
    ) -> None:
        super().__init__(deployment, old, new, registration=registration)
        self.replacing = replacing
        self.op = Op.READ_REPLACEMENT if replacing else Op.READ
        self.logical = not replacing

    def apply(self) -> None:
        new = self.resource
        failure: InitError | None = None
        if new.id == UNKNOWN_STRING:
            new.outputs = {}
        else:
            try:
                answer = self._provider().read(
                    new.urn, new.id, new.inputs, new.inputs, timeout_s=new.custom_timeouts.get("read", 0.0)
                )
            except InitError as error:
                answer, failure = error.answer, error
                new.init_errors = error.reasons
            if not answer.id:
                raise ProviderError(f"resource '{new.id}' does not exist")
            new.outputs, new.id = dict(answer.outputs), answer.id
        if self.old is not None:
            if self.replacing:
                self.old.delete = True
            new.created, new.modified = self.old.created, self.old.modified
            if not (same(new.inputs, self.old.inputs) and same(new.outputs, self.old.outputs)):
                new.modified = datetime.now(UTC)
        if failure:
            raise failure

    def record(self, number: int | None) -> None:
        if self.replacing and self.old is not None:
            self.deployment.snapshots.end(number, new=self.new, changed=(self.old,))
        else:
            self.deployment.snapshots.end(number, new=self.new, done=(self.old,) if self.old else ())


class RefreshStep(Step):
    """A resource is read, and its state becomes what it is.

    :ivar result: how it ends: same, update or delete
    """

    op = Op.REFRESH
    logical = False

    def __init__(self, deployment: Deployment, old: ResourceState) -> None:
        super().__init__(deployment, old, old)
        self.result = Op.SAME

    def apply(self) -> None:
        old = self.old
        assert old is not None  # noqa: S101 - a refresh has both
        if not old.custom or old.is_provider or old.pending_replacement:
            return
        provider = self._provider()
        init_errors: list[str] = []
        try:
            timeout = old.custom_timeouts.get("read", 0.0)
            answer = provider.read(old.urn, old.id, old.inputs, old.outputs, timeout_s=timeout)
        except InitError as error:
            answer, init_errors = error.answer, error.reasons
            reasons = "\n* ".join(init_errors)
            self.deployment.warn(f"Refreshed resource is in an unhealthy state:\n* {reasons}", old.urn)
        if not answer.id:
            self.new = None
            self.result = Op.DELETE
            return
        new = old.copy()
        new.id, new.init_errors, new.outputs = answer.id, init_errors, dict(answer.outputs)
        new.inputs = dict(old.inputs if answer.inputs is None else answer.inputs)
        new.refresh_before_update = answer.refresh_before_update
        if not (same(new.inputs, old.inputs) and same(new.outputs, old.outputs)):
            new.modified = datetime.now(UTC)
        self.new = new
        if old.external:
            self.result = Op.SAME if same(old.outputs, new.outputs) else Op.UPDATE
            return
        diff = self.deployment.diff_resource(
            provider,
            new.urn,
            new.id,
            new.inputs,
            new.outputs,
            old.inputs,
            unknowns=self.deployment.preview,
            ignore_changes=old.ignore_changes,
        )
        self.diffs = diff.changed_keys
        self.detailed_diff = _inverted(diff.detailed_diff)
        self.result = Op.UPDATE if diff.changes else Op.SAME

    @property
    def urn(self) -> str:
        assert self.old is not None  # noqa: S101 - a refresh has an old state
        return self.old.urn

    def record(self, number: int | None) -> None:
        """The state is rebuilt and written when every resource was read."""
        del number


def _inverted(detailed: Mapping[str, PropertyDiff] | None) -> dict[str, PropertyDiff] | None:
    """The diff the other way round: what happened to the resource, not what would be done about it."""
    if detailed is None:
        return None
    opposite = {
        "add": "delete",
        "add-replace": "delete-replace",
        "delete": "add",
        "delete-replace": "add-replace",
    }
    return {
        path: PropertyDiff(kind=opposite.get(d.kind, d.kind), input_diff=d.input_diff)
        for path, d in detailed.items()
    }
