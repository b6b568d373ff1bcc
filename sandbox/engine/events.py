"""What the engine tells while it runs. Events arrive in order, from one thread at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .state import ResourceState


class Op(StrEnum):
    """What a step does; the values are Pulumi's (pkg/resource/deploy/step.go)."""

    SAME = "same"
    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    REPLACE = "replace"
    """the logical replacement; nothing is called (its create and delete are steps of their own)"""
    CREATE_REPLACEMENT = "create-replacement"
    DELETE_REPLACED = "delete-replaced"
    READ = "read"
    READ_REPLACEMENT = "read-replacement"
    DISCARD = "discard"
    DISCARD_REPLACED = "discard-replaced"
    REMOVE_PENDING_REPLACE = "remove-pending-replace"
    REFRESH = "refresh"
    IMPORT = "import"
    IMPORT_REPLACEMENT = "import-replacement"

    def __str__(self) -> str:
        return self.value


class Severity(StrEnum):
    """How bad a diagnostic is."""

    DEBUG = "debug"
    INFO = "info"
    INFO_ERR = "info#err"
    """a line that the program wrote to stderr"""
    WARNING = "warning"
    ERROR = "error"

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, kw_only=True)
class PropertyDiff:
    """How one property changes. ``kind``: add, delete, update, or one of them with ``-replace``."""

    kind: str
    input_diff: bool


@dataclass(frozen=True, kw_only=True)
class Step:
    """One thing to do with one resource.

    :ivar old: the state before (``None`` for a create)
    :ivar new: the state after (``None`` for a delete); in a ``ResourcePre`` its outputs aren't there yet
    :ivar provider: reference ``urn::id`` of the provider that does it
    :ivar diffs: top-level properties that differ
    :ivar keys: properties that force a replacement
    :ivar detailed_diff: path -> how it changes; ``None`` if the provider doesn't tell
    """

    op: Op
    urn: str
    old: ResourceState | None = None
    new: ResourceState | None = None
    provider: str = ""
    diffs: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    detailed_diff: Mapping[str, PropertyDiff] | None = None

    @property
    def resource(self) -> ResourceState:
        """The state that says most about the resource: the new one, or the old one of a delete."""
        state = self.new if self.new is not None else self.old
        assert state is not None  # noqa: S101 - a step has a side
        return state


@dataclass(frozen=True, kw_only=True)
class Event:
    """Anything that the engine tells."""


@dataclass(frozen=True, kw_only=True)
class ResourcePre(Event):
    """A step begins."""

    step: Step


@dataclass(frozen=True, kw_only=True)
class ResourceDone(Event):
    """A step ended well. ``step.new`` has its outputs. A refresh ends as update, delete or same."""

    step: Step
    duration_s: float


@dataclass(frozen=True, kw_only=True)
class ResourceFailed(Event):
    """A step failed; ``error`` is the provider's answer."""

    step: Step
    error: str
    duration_s: float


@dataclass(frozen=True, kw_only=True)
class OutputsRegistered(Event):
    """A component (or the stack, whose outputs these then are) has set its outputs."""

    urn: str
    state: ResourceState


@dataclass(frozen=True, kw_only=True)
class Diagnostic(Event):
    """A line for the user.

    :ivar urn: the resource that it is about, or ``""`` (then it is about the run)
    :ivar ephemeral: of interest only at the moment, not in a summary
    """

    severity: Severity
    message: str
    urn: str = ""
    ephemeral: bool = False


@dataclass(frozen=True, kw_only=True)
class PolicyRule:
    """A policy as its pack describes it. ``level``: advisory, mandatory, disabled or remediate."""

    id: str
    title: str
    description: str
    severity: str
    level: str
    mend: str
    url: str


@dataclass(frozen=True, kw_only=True)
class ProgramStarted(Event):
    """The program was told to run. Until it declares its first resource, the engine has nothing to do."""


@dataclass(frozen=True, kw_only=True)
class PolicyPackLoaded(Event):
    """A policy pack is ready.

    :ivar policies: how many
    :ivar description: what the pack says of itself: what it stands on
    :ivar rules: its policies, in its own order, with the levels that hold for this stack
    """

    name: str
    version: str
    policies: int
    description: str = ""
    rules: tuple[PolicyRule, ...] = ()


@dataclass(frozen=True, kw_only=True)
class PolicyViolation(Event):
    """A policy found something. ``level``: advisory, mandatory or remediate (a failed remediation)."""

    pack: str
    version: str
    policy: str
    level: str
    message: str
    urn: str = ""
    description: str = ""
    severity: str = ""


@dataclass(frozen=True, kw_only=True)
class PolicyRemediation(Event):
    """A policy changed a resource's inputs before its step."""

    pack: str
    version: str
    policy: str
    urn: str
    before: Mapping[str, object] = field(repr=False)
    after: Mapping[str, object] = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Summary(Event):
    """The last event: how many resources met which fate.

    :ivar changes: op -> number of resources (a replacement counts once, as ``replace``)
    """

    changes: Mapping[Op, int]
    duration_s: float
    preview: bool
