"""Decides which steps bring a resource to where the program wants it (pkg/resource/deploy/step_generator.go).

Registrations are decided one at a time, in the order in which they arrive; the steps then run in parallel.
Providers and policy packs are asked while other registrations are handled: nothing is told, and nothing is
decided, before all that came first is.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from . import paths
from . import urn as urns
from .analyzer import Judgement
from .differences import detailed_diff
from .errors import EngineError
from .events import PropertyDiff, Severity
from .goals import Alias, Goal, ReadGoal, Registration
from .importing import import_steps, is_import
from .properties import PropertyMap, Value, changed_keys, contains_unknown, mask, same, unwrap
from .provider import CheckResult, DiffResult, DiffUnavailableError, Provider
from .registry import without_internal
from .state import ResourceState
from .steps import (
    CreateStep,
    DeleteStep,
    ReadStep,
    RemovePendingReplaceStep,
    ReplaceStep,
    SameStep,
    Step,
    UpdateStep,
)

if TYPE_CHECKING:
    from .deployment import Deployment
    from .turns import Turn

_INIT_ERROR = "#initerror"


class InvalidResourceError(EngineError):
    """A resource can't be handled, and what is wrong was told already."""


class CancelledError(EngineError):
    """The run has been cancelled while a provider or a pack was asked."""


@dataclass(frozen=True, kw_only=True)
class _Wanted:
    """A resource that the program declares, and what is known of it before anybody is asked.

    :ivar old: as it is in the state
    :ivar inputs: the program's, with what is to be ignored as it was
    :ivar afresh: it is made anew, whatever the state has
    :ivar recreating: it was deleted because something that it depends on is replaced
    """

    goal: Goal
    old: ResourceState | None
    new: ResourceState
    provider: Provider | None
    inputs: PropertyMap
    seed: bytes
    targeted: bool
    afresh: bool
    recreating: bool


@dataclass(frozen=True, kw_only=True)
class _Answers:
    """What the provider and the policy packs say to it; no diff if none was asked for."""

    checked: CheckResult
    judgement: Judgement
    diff: DiffResult | DiffUnavailableError | None = None


class StepGenerator:
    """The decisions of one run. Safe to use by who has the turn, see :mod:`.turns`."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self.saw_error = False
        self.urns: set[str] = set()
        self.reads: set[str] = set()
        self.deletes: set[str] = set()
        self.replaces: set[str] = set()
        self.updates: set[str] = set()
        self.creates: set[str] = set()
        self.sames: set[str] = set()
        self.goals: dict[str, Goal] = {}
        self.providers: dict[str, ResourceState] = {}
        self._pending_deletes: set[ResourceState] = set()
        self._dependent_replace_keys: dict[str, Sequence[str]] = {}
        self._aliased: dict[str, str] = {}  # old URN -> new
        self._aliases: dict[str, str] = {}  # new URN -> old

    # --- registrations ---------------------------------------------------------------------------------

    def register(self, goal: Goal, registration: Registration, turn: Turn) -> list[Step]:
        """The steps for a resource that the program declares.

        :raises InvalidResourceError: it can't be handled; the user was told
        :raises CancelledError: the run has been cancelled
        """
        urn = self._new_urn(goal.parent, goal.type, goal.name)
        old, invalid, alias = self._old_resource(urn, goal.name, goal.type, goal.parent, goal.aliases)
        self.goals[urn] = goal
        new = _new_state(urn, goal, old, [alias] if alias else [])
        if new.is_provider:
            for name in filter(None, (urn, alias)):
                self.providers[name] = new
        if is_import(goal, old) and not invalid:
            self._wait(turn)
            original = None if urn in self.deletes else old
            return import_steps(self._deployment, original, new, registration)
        return self._bring(goal, old, new, registration, turn, invalid=invalid)

    def go_on(
        self, goal: Goal, imported: ResourceState, registration: Registration, turn: Turn
    ) -> list[Step]:
        """The steps that bring what was just imported to where the program wants it.

        :raises InvalidResourceError: it can't be brought there; the user was told
        :raises CancelledError: the run has been cancelled
        """
        new = _new_state(imported.urn, goal, imported, imported.aliases)
        return self._bring(goal, imported, new, registration, turn, invalid=False)

    def _bring(
        self,
        goal: Goal,
        old: ResourceState | None,
        new: ResourceState,
        registration: Registration,
        turn: Turn,
        *,
        invalid: bool,
    ) -> list[Step]:
        selection = self._deployment.selection
        targeted = selection.takes_part(new) or new.urn in self.deletes
        if targeted:
            selection.require_dependencies(new)
        elif old is None and not invalid:
            self._wait(turn)
            return selection.untouched(new.urn, old, new, registration)
        wanted = self._wanted(goal, old, new, targeted=targeted)
        if new.is_provider:  # the provider is started: others wait for it
            self._wait(turn)
            answers = self._asked(wanted, invalid=invalid)
        else:
            try:
                with turn.aside():
                    answers = self._asked(wanted, invalid=invalid)
            finally:
                self._go_on()
            if (new.urn in self.deletes) is not wanted.recreating:
                wanted = self._wanted(goal, old, new, targeted=True)
                answers = self._asked(wanted, invalid=invalid)
        return self._decided(wanted, answers, registration, invalid=invalid)

    def _wait(self, turn: Turn) -> None:
        turn.be_first()
        self._go_on()

    def _go_on(self) -> None:
        if self._deployment.cancelled:
            raise CancelledError

    def _wanted(
        self, goal: Goal, old: ResourceState | None, new: ResourceState, *, targeted: bool
    ) -> _Wanted:
        recreating = new.urn in self.deletes
        inputs = goal.properties
        if old is not None:
            inputs = self.with_ignored(new.urn, inputs, old.inputs, goal.ignore_changes)
            if not targeted:
                inputs = old.inputs
        return _Wanted(
            goal=goal,
            old=old,
            new=new,
            provider=self._deployment.provider_of(new) if new.custom and not new.is_provider else None,
            inputs=inputs,
            seed=secrets.token_bytes(32),
            targeted=targeted,
            afresh=old is None
            or recreating
            or old.external
            or self._deployment.selection.is_replaced(new.urn, old),
            recreating=recreating,
        )

    def _asked(self, wanted: _Wanted, *, invalid: bool) -> _Answers:
        """What others say to a resource. Nothing but its own state is touched."""
        new, inputs = wanted.new, wanted.inputs
        checked = CheckResult(inputs=inputs)
        if new.custom and wanted.targeted:
            olds = {} if wanted.afresh or wanted.old is None else wanted.old.inputs
            news = wanted.goal.properties if wanted.afresh else inputs
            checked = self._check(new, wanted.provider, olds, news, wanted.seed)
            inputs = checked.inputs
        new.inputs = inputs
        judgement = self._deployment.judgement(new, wanted.goal)
        # a component's state has the changes that its diff ignores
        kept = new.custom or judgement.inputs is not inputs
        new.inputs = judgement.inputs if kept else wanted.goal.properties
        diff: DiffResult | DiffUnavailableError | None = None
        if not (invalid or checked.failures or judgement.refused) and self._compared_by_provider(wanted):
            assert wanted.old is not None  # noqa: S101 - else there is nothing to compare
            assert wanted.provider is not None  # noqa: S101 - as above
            try:
                diff = self._provider_diff(wanted.goal, wanted.old, new, wanted.provider)
            except DiffUnavailableError as error:
                diff = error
        return _Answers(checked=checked, judgement=judgement, diff=diff)

    def _decided(
        self, wanted: _Wanted, answers: _Answers, registration: Registration, *, invalid: bool
    ) -> list[Step]:
        old, new = wanted.old, wanted.new
        urn = new.urn
        invalid = self._tell_failures(new, answers.checked) or invalid
        self._deployment.tell_judgement(answers.judgement)
        if invalid or answers.judgement.refused:
            self.saw_error = True
            raise InvalidResourceError(f"resource {urn} is invalid")
        if not wanted.targeted:
            return self._deployment.selection.untouched(urn, old, new, registration)
        if old is None:
            self.creates.add(urn)
            return [CreateStep(self._deployment, new, registration)]
        if wanted.recreating:
            return self._recreate(old, new, registration)
        if old.external:
            self.creates.add(urn)
            create = CreateStep(
                self._deployment, new, registration, old=old, replacing=True, pending_delete=True
            )
            return [create, ReplaceStep(self._deployment, old, new)]
        return self._from_diff(wanted, old, registration, answers.diff)

    def _recreate(self, old: ResourceState, new: ResourceState, registration: Registration) -> list[Step]:
        """A resource that was deleted because something that it depends on is replaced."""
        self.deletes.discard(new.urn)
        self.replaces.add(new.urn)
        keys = DiffResult(replace_keys=self._dependent_replace_keys.get(new.urn, ()))
        return [
            ReplaceStep(self._deployment, old, new),
            CreateStep(self._deployment, new, registration, old=old, replacing=True, diff=keys),
        ]

    def _from_diff(
        self,
        wanted: _Wanted,
        old: ResourceState,
        registration: Registration,
        asked: DiffResult | DiffUnavailableError | None,
    ) -> list[Step]:
        goal, new, provider = wanted.goal, wanted.new, wanted.provider
        urn = new.urn
        if contains_unknown(new.replacement_trigger) and not self._deployment.preview:
            self._error(f"replacement trigger contains unknowns for {urn}", urn)
            raise InvalidResourceError(f"resource {urn} has an unknown replacement trigger")
        triggered = _triggered(old.replacement_trigger, new.replacement_trigger)
        diff = DiffResult(changes=True)
        if not triggered:
            try:
                diff = self._diff(goal, old, new, provider, asked)
            except DiffUnavailableError as error:
                self._deployment.tell(Severity.WARNING, str(error), urn)
        diff = _apply_replace_on_changes(diff, goal.replace_on_changes, has_init_errors=bool(old.init_errors))
        if diff.changes or old.pending_replacement:
            if diff.replace or triggered or old.pending_replacement:
                return self._replace(wanted, old, registration, diff)
            self.updates.add(urn)
            return [UpdateStep(self._deployment, old, new, registration=registration, diff=diff)]
        if old.init_errors:
            self.updates.add(urn)
            return [UpdateStep(self._deployment, old, new, registration=registration, diff=diff)]
        if registration.imported is old:
            registration.done(old)
            return []
        self.sames.add(urn)
        return [SameStep(self._deployment, old, new, registration=registration)]

    def _replace(
        self, wanted: _Wanted, old: ResourceState, registration: Registration, diff: DiffResult
    ) -> list[Step]:
        goal, new = wanted.goal, wanted.new
        urn = new.urn
        if new.protect and old.protect:
            self._error(
                f'unable to replace resource "{urn}"\nas it is marked for protection. To unprotect it,'
                " remove the `protect` flag from the resource in your program and deploy that first, or run"
                f" `fleet state unprotect '{urn}'`",
                urn,
            )
            if not self._deployment.preview:
                raise InvalidResourceError(f"resource {urn} is protected")
        if goal.import_id:
            self._refuse_replacing_import(old, new, diff)
        self.replaces.add(urn)
        if new.custom and not self._deployment.selection.is_replaced(urn, old):
            # a replacement is checked without the old inputs, so that e.g. names are made anew
            result = self._check(new, wanted.provider, {}, goal.properties, wanted.seed)
            if self._tell_failures(new, result):
                self.saw_error = True
                raise InvalidResourceError(f"resource {urn} has check errors")
            new.inputs = result.inputs
        delete_first = diff.delete_before_replace
        if goal.delete_before_replace is not None:
            delete_first = goal.delete_before_replace
        if not delete_first:
            create = CreateStep(
                self._deployment, new, registration, old=old, replacing=True, pending_delete=True, diff=diff
            )
            return [create, ReplaceStep(self._deployment, old, new, diff=diff)]
        steps: list[Step] = []
        for dependent, keys in reversed(self._dependent_replacements(old)):
            if dependent in self._pending_deletes:
                continue
            if dependent.protect and not dependent.delete:
                self._error(
                    f'unable to replace resource "{dependent.urn}" as part of replacing "{urn}" as it is'
                    " currently marked for protection. To unprotect the resource, remove the `protect` flag"
                    " from the resource in your program and deploy that first, or run `fleet state"
                    f" unprotect '{dependent.urn}'`",
                    urn,
                )
                raise InvalidResourceError(f"resource {dependent.urn} is protected")
            self._dependent_replace_keys[dependent.urn] = keys
            if dependent.delete:
                steps.append(DeleteStep(self._deployment, dependent))
            else:
                steps.append(
                    DeleteStep(self._deployment, dependent, replacing=True, pending_replacement=True)
                )
            self.deletes.add(dependent.urn)
            self._pending_deletes.add(dependent)
        self._deployment.ensure_provider(old)
        if not old.pending_replacement:
            self.deletes.add(old.urn)
            steps.append(DeleteStep(self._deployment, old, replacing=True, pending_replacement=True))
        return [
            *steps,
            ReplaceStep(self._deployment, old, new, diff=diff),
            CreateStep(self._deployment, new, registration, old=old, replacing=True, diff=diff),
        ]

    def _refuse_replacing_import(self, old: ResourceState, new: ResourceState, diff: DiffResult) -> None:
        """What is imported by its id can't be another one: a warning in a preview, which goes on."""
        what = "".join(
            f"\n{key}: {mask(old.inputs.get(key))!r} => {mask(new.inputs.get(key))!r}"
            for key in diff.replace_keys
        )
        message = (
            "previously-imported resources that still specify an ID may not be replaced; please remove the"
            f" `import_` declaration from your program;{what}"
        )
        if not self._deployment.preview:
            self._error(message, new.urn)
            raise InvalidResourceError(message)
        self._deployment.warn(message, new.urn)

    def read(self, goal: ReadGoal, registration: Registration, turn: Turn) -> list[Step]:
        """The steps for a resource that the program only reads.

        :raises InvalidResourceError: it can't be handled; the user was told
        :raises CancelledError: the run has been cancelled
        """
        urn = self._new_urn(goal.parent, goal.type, goal.name)
        old, _, alias = self._old_resource(urn, goal.name, goal.type, goal.parent, [])
        self._wait(turn)
        new = ResourceState(
            urn=urn,
            type=goal.type,
            custom=True,
            id=goal.id,
            inputs=goal.properties,
            parent=goal.parent,
            external=True,
            dependencies=goal.dependencies,
            provider=goal.provider,
            additional_secret_outputs=goal.additional_secret_outputs,
            aliases=[alias] if alias else [],
            source_position=goal.source_position,
            stack_trace=goal.stack_trace,
        )
        if not new.id:
            self._error(f"Expected an ID for {urn}", urn)
            raise InvalidResourceError(urn)
        if old is not None and not old.external and old.id != goal.id:
            self.replaces.add(urn)
            return [
                ReadStep(self._deployment, old, new, registration, replacing=True),
                ReplaceStep(self._deployment, old, new),
            ]
        self.reads.add(urn)
        return [ReadStep(self._deployment, old, new, registration)]

    # --- names -----------------------------------------------------------------------------------------

    def _new_urn(self, parent: str, type_: str, name: str) -> str:
        if parent and parent not in self.urns:
            self._error(f"could not find parent resource {parent}", "")
            raise InvalidResourceError(parent)
        urn = self._deployment.urn(parent, type_, name)
        if urn in self.urns:
            self._error(
                f"Duplicate resource URN '{urn}'; try giving it a unique name",
                urn,
            )
            raise InvalidResourceError(urn)
        self.urns.add(urn)
        return urn

    def _old_resource(
        self, urn: str, name: str, type_: str, parent: str, aliases: Sequence[Alias]
    ) -> tuple[ResourceState | None, bool, str]:
        """The old state of a resource, whether its names are in conflict, and its alias in the state."""
        invalid = False
        if urn in self._aliased:
            invalid = True
            self._error(
                f"Duplicate resource URN '{urn}' conflicting with alias on resource with URN"
                f" '{self._aliased[urn]}'",
                urn,
            )
        for candidate in (urn, *self._alias_urns(name, type_, parent, aliases)):
            old = self._deployment.olds.get(candidate)
            if old is None:
                continue
            if candidate == urn:
                return old, invalid, ""
            other = urn if candidate in self.urns else self._aliased.get(candidate)
            if other is not None:
                invalid = True
                self._error(
                    f"Duplicate resource alias '{candidate}' applied to resource with URN '{urn}'"
                    f" conflicting with resource with URN '{other}'",
                    urn,
                )
            self._aliased[candidate] = urn
            self._aliases[urn] = candidate
            self._deployment.registry.add_alias(urn, candidate)
            return old, invalid, candidate
        return None, invalid, ""

    def _alias_urns(self, name: str, type_: str, parent: str, aliases: Sequence[Alias]) -> list[str]:
        found = [self._collapsed(name, type_, parent, alias) for alias in aliases]
        if parent in self._aliases:
            parent_alias = self._aliases[parent]
            inherited = [self._inherited(type_, name, parent, parent_alias)]
            inherited += [
                self._inherited(urns.type_of(urn), urns.name(urn), parent, parent_alias) for urn in found
            ]
            found += inherited
        return list(dict.fromkeys(found))

    def _collapsed(self, name: str, type_: str, parent: str, alias: Alias) -> str:
        if alias.urn:
            return alias.urn
        alias_parent = self._aliases.get(alias.parent, alias.parent) if alias.parent else parent
        if alias.no_parent or (alias_parent and urns.qualified_type(alias_parent) == urns.ROOT_TYPE):
            alias_parent = ""
        return urns.make(
            alias.stack or self._deployment.stack,
            alias.project or self._deployment.project.name,
            alias_parent,
            alias.type or type_,
            alias.name or name,
        )

    def _inherited(self, type_: str, name: str, parent: str, parent_alias: str) -> str:
        """The alias that a child has because its parent has one."""
        parent_name = urns.name(parent)
        if name.startswith(parent_name):
            name = urns.name(parent_alias) + name.removeprefix(parent_name)
        return urns.make(self._deployment.stack, self._deployment.project.name, parent_alias, type_, name)

    # --- questions to providers ------------------------------------------------------------------------

    def _check(
        self,
        new: ResourceState,
        provider: Provider | None,
        olds: PropertyMap,
        news: PropertyMap,
        seed: bytes,
    ) -> CheckResult:
        if provider is None:
            return self._deployment.registry.check(new.urn, olds, news)
        return provider.check(new.urn, olds, news, seed=seed, preview=self._deployment.preview)

    def _tell_failures(self, new: ResourceState, result: CheckResult) -> bool:
        for name, reason in result.failures:
            what = f"{new.type} resource '{new.name}'"
            if name:
                self._error(f"{what}: property {name} has a problem: {reason}", new.urn)
            else:
                self._error(f"{what} has a problem: {reason}", new.urn)
        return bool(result.failures)

    def with_ignored(
        self, urn: str, inputs: PropertyMap, old_inputs: PropertyMap, ignored: Sequence[str]
    ) -> PropertyMap:
        """The inputs with the old values where changes are to be ignored."""
        if not ignored:
            return inputs
        result = deepcopy(inputs)
        impossible = []
        for text in ignored:
            try:
                path = paths.parse(text)
            except ValueError:
                continue
            if not paths.reset(path, deepcopy(old_inputs), result):
                impossible.append(text)
        if impossible:
            self._deployment.tell(
                Severity.INFO,
                f"cannot ignore changes in added or removed elements of the path: {', '.join(impossible)!r}",
                urn,
            )
        return result

    def _diff(
        self,
        goal: Goal,
        old: ResourceState,
        new: ResourceState,
        provider: Provider | None,
        asked: DiffResult | DiffUnavailableError | None,
    ) -> DiffResult:
        """How it has changed.

        :param asked: what its provider says, if that is known already
        :raises DiffUnavailableError: its provider can't tell
        """
        related = self._replaced_with_others(old, new)
        if related:
            return DiffResult(changes=True, replace_keys=[related])
        if self._provider_changed(old, new):
            return DiffResult(changes=True, replace_keys=["provider"])
        if not new.custom:
            inputs = self.with_ignored(new.urn, new.inputs, old.inputs, goal.ignore_changes)
            return DiffResult(changes=not same(old.inputs, inputs))
        if provider is None:
            return self._deployment.registry.diff(
                new.urn, old.id, old.inputs, old.outputs, new.inputs, goal.ignore_changes
            )
        if isinstance(asked, DiffUnavailableError):
            raise asked
        return asked or self._provider_diff(goal, old, new, provider)

    def _replaced_with_others(self, old: ResourceState, new: ResourceState) -> str:
        """Why it is replaced whatever its provider says; empty if it isn't."""
        if self._deployment.selection.is_replaced(new.urn, old):
            return "id"
        if any(urn in self.replaces for urn in new.replace_with):
            return "replaceWith"
        return "deletedWith" if new.deleted_with and new.deleted_with in self.replaces else ""

    def _compared_by_provider(self, wanted: _Wanted) -> bool:
        """Whether the provider's diff will be needed, as far as can be told before the decision."""
        old, new = wanted.old, wanted.new
        if old is None or wanted.provider is None or not wanted.targeted:
            return False
        return not (
            wanted.recreating
            or old.external
            or _triggered(old.replacement_trigger, new.replacement_trigger)
            or self._replaced_with_others(old, new)
            or old.provider != new.provider
        )

    def _provider_diff(
        self, goal: Goal, old: ResourceState, new: ResourceState, provider: Provider
    ) -> DiffResult:
        return self._deployment.diff_resource(
            provider,
            new.urn,
            old.id,
            old.inputs,
            old.outputs,
            new.inputs,
            unknowns=self._deployment.preview,
            ignore_changes=goal.ignore_changes,
        )

    def _provider_changed(self, old: ResourceState, new: ResourceState) -> bool:
        """Whether the resource moves to another provider that can't take it as it is."""
        if old.provider == new.provider:
            return False
        if not old.provider or not new.provider:
            return True
        old_urn, new_urn = old.provider_urn, new.provider_urn
        if self._aliased.get(old_urn) == new_urn:
            return False
        provider = self._deployment.provider_of(new)
        old_state = self._deployment.olds.get(old_urn)
        new_state = self.providers[new_urn]
        if old_state is None:
            return True
        return provider.diff_config(
            new_urn,
            without_internal(old_state.inputs),
            old_state.outputs,
            without_internal(new_state.inputs),
        ).replace

    def _dependent_replacements(self, root: ResourceState) -> list[tuple[ResourceState, Sequence[str]]]:
        """The resources that must go before ``root`` goes, with what makes them be replaced."""
        found: list[tuple[ResourceState, Sequence[str]]] = []
        condemned = {root.urn}
        settled = self.reads | self.creates | self.sames | self.updates | self.deletes | self.replaces
        if root in self._deployment.graph:
            for candidate in self._deployment.graph.depending_on(root, settled):
                keys = self._must_go(candidate, condemned)
                if keys is not None:
                    found.append((candidate, keys))
                    condemned.add(candidate.urn)
        listed = {state.urn for state, _ in found}
        for state in (*self._deployment.news.values(), *self._deployment.olds.values()):
            if state.urn not in listed and (root.urn in state.replace_with or state.deleted_with == root.urn):
                found.append((state, ()))
                listed.add(state.urn)
        return found

    def _must_go(self, state: ResourceState, condemned: set[str]) -> Sequence[str] | None:
        """Why a dependent of something that is deleted must be replaced, or ``None`` if it needn't."""
        if not state.custom or state.external:
            return None
        if state.provider_urn in condemned:
            self._deployment.ensure_provider(state)
            return ()
        if state.deleted_with in condemned:
            return ()
        unknown = {
            name
            for name, dependencies in state.property_dependencies.items()
            if name in state.inputs and not condemned.isdisjoint(dependencies)
        }
        if not unknown:
            return None
        from .properties import UNKNOWN

        inputs = {k: UNKNOWN if k in unknown else v for k, v in state.inputs.items()}
        if state.is_provider:
            self._deployment.registry.ensure(state, checked=False)
            diff = self._deployment.registry.diff(
                state.urn, state.id, state.inputs, state.outputs, inputs, state.ignore_changes
            )
        else:
            self._deployment.ensure_provider(state)
            diff = self._deployment.diff_resource(
                self._deployment.provider_of(state),
                state.urn,
                state.id,
                state.inputs,
                state.outputs,
                inputs,
                unknowns=True,
                ignore_changes=state.ignore_changes,
            )
        diff = _apply_replace_on_changes(diff, state.replace_on_changes, has_init_errors=False)
        return diff.replace_keys if diff.replace else None

    # --- deletions -------------------------------------------------------------------------------------

    def deletions(self) -> tuple[list[Step], list[Step]]:
        """What becomes of all that is in the state and that the program no longer wants.

        :returns: the steps for what is left alone, because it doesn't take part, and those that delete
        :raises InvalidResourceError: more would go than was asked for; the user was told
        """
        steps: list[Step] = []
        operated = self.sames | self.updates | self.replaces | self.reads
        selection = self._deployment.selection
        may_go = selection.may_go()
        left_alone = selection.left_alone(may_go, self.creates | operated | self._aliased.keys())
        for state in self._deployment.base:
            urn = self._aliased.get(state.urn, state.urn)
            if state not in may_go:
                continue
            if state.delete:
                if state in self._pending_deletes:
                    continue
                self.deletes.add(state.urn)
                steps.append(DeleteStep(self._deployment, state, replacing=True))
            elif urn not in operated and state.urn not in self.creates:
                self.deletes.add(state.urn)
                if state.pending_replacement:
                    steps.append(RemovePendingReplaceStep(self._deployment, state, None))
                else:
                    steps.append(DeleteStep(self._deployment, state))
            else:
                continue
            self._deployment.ensure_provider(state)
        if not selection.allows(steps):
            raise InvalidResourceError("more would be deleted than the targets")
        return left_alone, steps

    def _error(self, message: str, urn: str) -> None:
        self.saw_error = True
        self._deployment.tell(Severity.ERROR, message, urn)


def _new_state(urn: str, goal: Goal, old: ResourceState | None, aliases: Sequence[str]) -> ResourceState:
    """A resource as the program declares it, before its provider has seen it."""
    return ResourceState(
        urn=urn,
        type=goal.type,
        custom=goal.custom,
        inputs=goal.properties,
        parent=goal.parent,
        protect=bool(goal.protect),
        dependencies=goal.dependencies,
        provider=goal.provider,
        property_dependencies=goal.property_dependencies,
        additional_secret_outputs=goal.additional_secret_outputs,
        aliases=list(aliases),
        custom_timeouts=goal.custom_timeouts,
        import_id=goal.import_id,
        retain_on_delete=bool(goal.retain_on_delete),
        deleted_with=goal.deleted_with,
        replace_with=goal.replace_with,
        created=old.created if old else None,
        modified=old.modified if old else None,
        source_position=goal.source_position,
        stack_trace=goal.stack_trace,
        ignore_changes=goal.ignore_changes,
        hide_diff=goal.hide_diff,
        replace_on_changes=goal.replace_on_changes,
        replacement_trigger=goal.replacement_trigger,
        refresh_before_update=old.refresh_before_update if old else False,
        resource_hooks=goal.resource_hooks,
    )


def _triggered(old: Value, new: Value) -> bool:
    """Whether the trigger of replacements has changed; its coming or going is no change."""
    old, new = unwrap(old), unwrap(new)
    if contains_unknown(old) or contains_unknown(new):
        return True
    return old is not None and new is not None and not same(old, new)


def _apply_replace_on_changes(
    diff: DiffResult, replace_on_changes: Sequence[str], *, has_init_errors: bool
) -> DiffResult:
    """The diff with what the program wants to be a reason to replace."""
    if not diff.changes and not has_init_errors:
        return diff
    patterns = [paths.parse(text) for text in replace_on_changes]

    def wanted(path: str) -> bool:
        try:
            parsed = paths.parse(path)
        except ValueError:
            return False
        return any(paths.matches(pattern, parsed) for pattern in patterns)

    detailed = diff.detailed_diff
    if detailed is not None and patterns:
        detailed = {
            path: replace(d, kind=d.kind + "-replace")
            if wanted(path) and not d.kind.endswith("-replace")
            else d
            for path, d in detailed.items()
        }
    keys = list(dict.fromkeys([*diff.replace_keys, *(k for k in diff.changed_keys if wanted(k))]))
    changes = diff.changes
    if has_init_errors and wanted(_INIT_ERROR):
        keys.append(_INIT_ERROR)
        changes = True
        if detailed is not None:
            detailed = {**detailed, _INIT_ERROR: PropertyDiff(kind="update-replace", input_diff=False)}
    return replace(diff, changes=changes, replace_keys=keys, detailed_diff=detailed)


def plain_diff(old_inputs: PropertyMap, new_inputs: PropertyMap) -> DiffResult:
    """The engine's own comparison of inputs, for a provider that doesn't know."""
    old, new = unwrap(old_inputs), unwrap(new_inputs)
    keys = changed_keys(old, new)
    if not keys:
        return DiffResult(changes=False)
    return DiffResult(changes=True, changed_keys=keys, detailed_diff=detailed_diff(old, new))
