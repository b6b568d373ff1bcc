"""What a command asks of the engine, and what it gets."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from .config import StackConfig
from .errors import StateError
from .events import Diagnostic, Event, Op, PolicyPackLoaded, PolicyViolation, Step
from .plugins import ProviderFactory
from .program import Program
from .project import Project
from .state import Snapshot, StateStore
from .targets import Targets


class Kind(StrEnum):
    """What is done to the stack."""

    UP = "up"
    DESTROY = "destroy"
    REFRESH = "refresh"


class Outcome(StrEnum):
    """How a run ended."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    """the program, a provider or a step failed"""
    POLICY = "policy"
    """a mandatory policy was violated"""
    UNWRITTEN = "unwritten"
    """the state couldn't be written when it was to be; at the end it could"""
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, kw_only=True)
class Update:
    """One run.

    :ivar preview: only tell what would be done; nothing is called that changes anything, no state is written
    :ivar state: where the stack's state is kept; a preview without one starts from nothing
    :ivar refresh: read the resources that take part first, and go on from what is really there
    :ivar refresh_all: read all of them, whatever the targets: what held them isn't there any more
    :ivar targets: which resources take part
    :ivar parallel: how many steps run at once
    :ivar debug: also pass on what the program says with ``pulumi.log.debug``
    :ivar judged: the policy packs have passed a preview of this; else an update asks them about the whole,
        by a preview of its own, before it changes the first resource
    """

    kind: Kind
    project: Project
    config: StackConfig
    state: StateStore | None = None
    preview: bool = False
    refresh: bool = False
    refresh_all: bool = False
    targets: Targets = field(default_factory=Targets)
    parallel: int = 16
    debug: bool = False
    judged: bool = False


@dataclass(frozen=True, kw_only=True)
class Result:
    """What a run did (or, in a preview, would do).

    :ivar planned: every step in the order in which it began, with the states as they were then
    :ivar steps: every step in the order in which it ended, with the states as they were then
    :ivar changes: op -> number of resources; a replacement counts once, as ``replace``
    :ivar outputs: the stack's outputs; secrets are :class:`Secret`, what isn't known yet is ``UNKNOWN``
    :ivar config: the stack's configuration as the program saw it, secrets as ``[secret]``
    :ivar packs: the policy packs that judged
    :ivar snapshot: the state after the run (of a preview: before it)
    :ivar drift: what a refresh found otherwise than the state said: updates, and deletes of what is gone
    :ivar advice: what to do next after a failure, in a sentence; ``""`` after success
    """

    outcome: Outcome
    planned: tuple[Step, ...]
    steps: tuple[Step, ...]
    changes: Mapping[Op, int]
    outputs: Mapping[str, object]
    config: Mapping[str, str]
    diagnostics: tuple[Diagnostic, ...]
    violations: tuple[PolicyViolation, ...]
    packs: tuple[PolicyPackLoaded, ...]
    snapshot: Snapshot | None
    duration_s: float
    advice: str = ""
    drift: tuple[Step, ...] = ()

    @property
    def exit_code(self) -> int:
        """For the command (see ``errors``)."""
        return {
            Outcome.SUCCEEDED: 0,
            Outcome.FAILED: 1,
            Outcome.POLICY: 3,
            Outcome.UNWRITTEN: StateError.exit_code,
            Outcome.INTERRUPTED: 130,
        }[self.outcome]

    @property
    def changed(self) -> bool:
        """Whether anything is (or would be) created, updated, replaced or deleted."""
        return any(n for op, n in self.changes.items() if op not in (Op.SAME, Op.READ, Op.REFRESH))


def run(
    update: Update,
    *,
    providers: ProviderFactory,
    policy_packs: Sequence[Path] = (),
    on_event: Callable[[Event], None] | None = None,
    program: Program | None = None,
) -> Result:
    """Run one update to its end.

    A ``KeyboardInterrupt`` while this waits lets the steps under way finish, saves, and returns a result with
    ``Outcome.INTERRUPTED``; a second one raises :class:`RunInterruptedError` at once (what was under way is
    then in the state as a pending operation).

    :param providers: gives the client of a provider; a package that ``PULUMI_DEBUG_PROVIDERS`` names
        (``aws:PORT,...``) is attached instead and never asked of this
    :param policy_packs: folders with a ``PulumiPolicy.yaml``
    :param on_event: told everything, in order, from one thread at a time
    :param program: a program that was already started with :meth:`Program.start`
    :raises EngineError: before anything was started, or when the engine itself can't go on
    """
    from .deployment import Deployment

    return Deployment(
        update, providers=providers, policy_packs=policy_packs, on_event=on_event, program=program
    ).run()
