# ruff: noqa: D102 - apply and record are described at Step
"""Takes what exists already into the stack: the option ``import_`` (pkg/resource/deploy/step.go).

An import reads a resource and takes it in as it is. What the program declares is then compared with that as
with any old state, so an update may follow in the same run.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from .errors import EngineError, InitError, ProviderError
from .events import Op
from .goals import Goal, Registration
from .state import OperationType, ResourceState
from .steps import ReplaceStep, Step

if TYPE_CHECKING:
    from .deployment import Deployment


def is_import(goal: Goal, old: ResourceState | None) -> bool:
    """Whether a resource is to be imported: nothing is managed under its name, or something else.

    What was imported before is known by the id that it was imported by, which needn't be its own.
    """
    if not goal.custom or not goal.import_id:
        return False
    return old is None or old.external or (old.import_id or old.id) != goal.import_id


def import_steps(
    deployment: Deployment,
    original: ResourceState | None,
    new: ResourceState,
    registration: Registration,
) -> list[Step]:
    """The steps that take a resource in.

    :param original: what was managed under its name, and is deleted afterwards
    """
    step = ImportStep(deployment, new, registration, original=original)
    return [step] if original is None else [step, ReplaceStep(deployment, original, new)]


class ImportStep(Step):
    """A resource that exists is read, and managed from now on.

    The program isn't answered yet: when this has succeeded, the registration has what was ``imported``.

    :ivar original: what it replaces, if anything
    """

    operation = OperationType.IMPORTING

    def __init__(
        self,
        deployment: Deployment,
        new: ResourceState,
        registration: Registration,
        *,
        original: ResourceState | None,
    ) -> None:
        super().__init__(deployment, None, new)
        self._asking = registration
        self.original = original
        self.op = Op.IMPORT if original is None else Op.IMPORT_REPLACEMENT
        self.logical = original is None

    def apply(self) -> None:
        new = self.resource
        if new.is_provider:
            raise EngineError("provider resources may not be read: remove the option `import_` from it")
        try:
            answer = self._provider().read(
                new.urn, new.import_id, None, None, timeout_s=new.custom_timeouts.get("read", 0.0)
            )
        except InitError as error:
            answer, new.init_errors = error.answer, error.reasons
        if not answer.id:
            raise ProviderError(f"resource '{new.import_id}' does not exist")
        if answer.inputs is None:
            package = new.type.partition(":")[0]
            raise ProviderError(
                f"provider does not support importing resources; please try updating the '{package}' plugin"
            )
        new.id, new.inputs, new.outputs = answer.id, dict(answer.inputs), dict(answer.outputs)
        new.refresh_before_update = answer.refresh_before_update
        self.old = new.copy()  # what there was, for who looks at the step
        self.old.additional_secret_outputs, self.old.aliases = [], []
        self.old.created = self.old.modified = None
        new.created = new.modified = datetime.now(UTC)
        if self.original is not None:
            self.original.delete = True
        self._asking.imported = new

    def record(self, number: int | None) -> None:
        changed = (self.original,) if self.original is not None else ()
        self.deployment.snapshots.end(number, new=self.new, changed=changed)
