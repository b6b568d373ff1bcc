"""Which resources a run is about, if it isn't about all of them.

What ``--target``, ``--exclude`` and ``--replace`` mean (``UrnTargets`` in pkg/resource/deploy/deployment.go,
and what step_generator.go and deployment_executor.go make of them): a resource that takes no part stays as
the state has it, or isn't made; the stack and the providers always take part, or nothing else could.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

from . import urn as urns
from .errors import EngineError
from .events import Op, Severity
from .goals import Registration
from .state import ResourceState
from .steps import SameStep, Step

if TYPE_CHECKING:
    from .deployment import Deployment


@dataclass(frozen=True, kw_only=True)
class Targets:
    """What a user says of it: URNs, or patterns of URNs (``*`` is anything but a colon, ``**`` is anything).

    :ivar only: nothing else is touched
    :ivar dependents: what depends on a target, or is its child, is one too
    :ivar exclude: these aren't touched (``only`` says more, if both are given)
    :ivar exclude_dependents: neither is what depends on them
    :ivar exclude_protected: neither is what is protected, in a destroy
    :ivar replace: these are replaced, changed or not
    """

    only: tuple[str, ...] = ()
    dependents: bool = False
    exclude: tuple[str, ...] = ()
    exclude_dependents: bool = False
    exclude_protected: bool = False
    replace: tuple[str, ...] = ()

    @property
    def limited(self) -> bool:
        """Whether anything doesn't take part."""
        return bool(self.only or self.exclude or self.exclude_protected)


class UrnSet:
    """URNs and patterns; an empty one is false."""

    def __init__(self, texts: Iterable[str]) -> None:
        texts = list(texts)
        self.literals = {text for text in texts if "*" not in text}
        self.patterns = {text: _pattern(text) for text in texts if "*" in text}

    def __bool__(self) -> bool:
        return bool(self.literals or self.patterns)

    def __contains__(self, urn: str) -> bool:
        return urn in self.literals or any(p.fullmatch(urn) for p in self.patterns.values())

    def add(self, urn: str) -> None:
        """Take one more URN."""
        self.literals.add(urn)


def _pattern(text: str) -> re.Pattern[str]:
    parts = ("[^:]*".join(map(re.escape, part.split("*"))) for part in text.split("**"))
    return re.compile(".*".join(parts), re.DOTALL)


class UntouchedStep(SameStep):
    """A resource that doesn't take part stays as it is in the state; its provider needn't even start."""

    def apply(self) -> None:  # noqa: D102 - see Step
        assert self.old is not None  # noqa: S101 - a same step has both
        assert self.new is not None  # noqa: S101 - a same step has both
        self.new.id = self.old.id


class SkippedCreateStep(Step):
    """A resource that doesn't take part and isn't there isn't made; the program hears that it isn't known."""

    op = Op.SAME
    skipped = True

    def apply(self) -> None:  # noqa: D102 - see Step
        if self.registration is not None:
            self.registration.unknown = True

    def record(self, number: int | None) -> None:
        """There is nothing to remember."""
        del number


class Selection:
    """What takes part in one run. Used by the generator, under its lock."""

    def __init__(self, deployment: Deployment, targets: Targets) -> None:
        self._deployment = deployment
        self._targets = targets
        self._only = UrnSet(targets.only)
        self._reached = UrnSet(targets.only)
        self._exclude = UrnSet(targets.exclude)
        self._left_out = UrnSet(targets.exclude)
        self._replace = UrnSet(targets.replace)
        self._skipped: set[str] = set()

    # --- before and after the program --------------------------------------------------------------------

    def know_targets(self, present: Collection[str] = ()) -> bool:
        """Whether everything that the user named is there; if not, the user is told.

        :param present: URNs that the program has declared
        """
        named = self._only if self._only else self._exclude
        return self._know(named, "--target" if self._only else "--exclude", present)

    def know_replacements(self) -> bool:
        """Whether everything that is to be replaced is in the state; if not, the user is told."""
        return self._know(self._replace, "--replace", ())

    def _know(self, named: UrnSet, option: str, present: Collection[str]) -> bool:
        olds = {state.urn for state in self._deployment.base}
        missing = sorted(urn for urn in named.literals if urn not in olds and urn not in present)
        for urn in missing:
            close = get_close_matches(urn, olds, n=1, cutoff=0.8)
            hint = "" if "$" in urn else " If its type has a $, quote it in your shell."
            hint = f" Did you mean '{close[0]}'?" if close else hint
            text = f"the stack has no resource '{urn}' ({option}).{hint}"
            self._deployment.tell(Severity.ERROR, text, "")
        for text, pattern in named.patterns.items():
            if not any(map(pattern.fullmatch, (*olds, *present))):
                self._deployment.warn(f"no resource of the stack matches '{text}' ({option})", "")
        return not missing

    # --- what the program declares -----------------------------------------------------------------------

    def takes_part(self, new: ResourceState) -> bool:
        """Whether a resource takes part; to be asked once for each, in the order of their declaration."""
        always = new.is_provider or new.type == urns.ROOT_TYPE
        if self._only:
            follows = self._targets.dependents and self._needs_any(new, self._reached)
            wanted = new.urn in self._only or follows
            if wanted:
                self._reached.add(new.urn)
            return wanted or always
        if self._exclude:
            follows = self._targets.exclude_dependents and self._needs_any(new, self._left_out)
            out = not always and (new.urn in self._exclude or follows)
            if out:
                self._left_out.add(new.urn)
            return not out
        return True

    def is_replaced(self, urn: str, old: ResourceState | None) -> bool:
        """Whether a resource is replaced whatever its properties are."""
        return urn in self._replace or (old is not None and old.taint)

    def require_dependencies(self, new: ResourceState) -> None:
        """Make sure that a resource needs nothing that isn't made because it doesn't take part.

        :raises EngineError: it does (a preview is told only, to hear of the others as well)
        """
        for urn in sorted(_needs(new) & self._skipped):
            fix = f"add --target '{urn}'" if self._only else "exclude both (--exclude-dependents)"
            text = f"it depends on '{urn}', which isn't there yet and doesn't take part: {fix}"
            if not self._deployment.preview:
                raise EngineError(text)
            self._deployment.generator.saw_error = True
            self._deployment.tell(Severity.ERROR, text, new.urn)
            self._skipped.discard(urn)

    def untouched(
        self, urn: str, old: ResourceState | None, new: ResourceState, registration: Registration
    ) -> list[Step]:
        """The step for a resource that the program declares, and that doesn't take part.

        :raises EngineError: it is of a provider that the program doesn't have any more
        """
        generator = self._deployment.generator
        generator.sames.add(urn)
        if old is None:
            self._skipped.add(urn)
            return [SkippedCreateStep(self._deployment, None, new, registration=registration)]
        if old.provider and self._deployment.registry.get(old.provider) is None:
            raise EngineError(
                f"its provider in the state, {old.provider}, isn't the program's any more, and the resource"
                " doesn't take part, so it can't go to the new one: let it take part, or go back to the old"
                " provider"
            )
        generator.sames.add(old.urn)
        generator.urns.add(old.urn)  # the program hears this name, and may make it a parent
        return [UntouchedStep(self._deployment, old, _kept(old), registration=registration)]

    # --- what the state has ------------------------------------------------------------------------------

    def to_refresh(self, states: Sequence[ResourceState]) -> list[ResourceState]:
        """The resources to read."""
        if self._only:
            return list(self._targeted(states, self._targets.dependents))
        if self._exclude:
            left_out = UrnSet(self._targets.exclude)
            found = []
            for state in states:
                follows = self._targets.exclude_dependents and self._needs_any(state, left_out)
                if follows or state.urn in left_out:
                    left_out.add(state.urn)
                else:
                    found.append(state)
            return found
        return list(states)

    def may_go(self) -> Container[ResourceState]:
        """The resources of the state that may be deleted, if the program doesn't want them."""
        base = self._deployment.base
        if self._only:
            return set(self._targeted(base, dependents=True))
        excluded = [state for state in base if state.urn in self._exclude]
        if self._targets.exclude_protected:
            excluded += [state for state in base if state.protect]
        if not excluded:
            return set(base)
        kept = {state.urn for state in self._with_dependencies(excluded)}
        return {state for state in base if state.urn not in kept}

    def allows(self, deletions: Sequence[Step]) -> bool:
        """Whether the user named all that would be deleted; if not, the user is told."""
        if not self._only or self._targets.dependents:
            return True
        more = [step.urn for step in deletions if step.urn not in self._only]
        for urn in more:
            self._deployment.generator.saw_error = True
            text = (
                "it would be deleted too, since it depends on what is, and isn't among the targets: add"
                f" --target '{urn}', or --target-dependents"
            )
            self._deployment.tell(Severity.ERROR, text, urn)
        return not more or self._deployment.preview

    def left_alone(self, may_go: Container[ResourceState], declared: Container[str]) -> list[Step]:
        """The steps for what the program doesn't declare, and may not be deleted."""
        return [
            UntouchedStep(self._deployment, state, _kept(state))
            for state in self._deployment.base
            if state not in may_go and not state.delete and state.urn not in declared
        ]

    def _targeted(self, states: Iterable[ResourceState], dependents: bool) -> Iterator[ResourceState]:
        """The targets, and what depends on them; each resource comes after what it depends on."""
        reached = UrnSet(self._targets.only)
        for state in states:
            if state.urn in reached or (dependents and self._needs_any(state, reached)):
                reached.add(state.urn)
                yield state

    def _with_dependencies(self, states: list[ResourceState]) -> set[ResourceState]:
        graph = self._deployment.graph
        found: set[ResourceState] = set()
        left = list(states)
        while left:
            state = left.pop()
            if state in found:
                continue
            found.add(state)
            left += graph.dependencies_of(state)
            if self._targets.exclude_dependents:
                left += graph.depending_on(state, (), children=True)
        return found

    @staticmethod
    def _needs_any(state: ResourceState, wanted: UrnSet) -> bool:
        return any(urn in wanted for urn in _needs(state))


def _needs(state: ResourceState) -> set[str]:
    return {*state.depends_on(), state.provider_urn} - {""}


def _kept(old: ResourceState) -> ResourceState:
    new = old.copy()
    new.id = ""
    return new
