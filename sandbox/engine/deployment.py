"""One run from beginning to end (pkg/resource/deploy/deployment.go, deployment_executor.go; pkg/engine)."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from . import urn as urns
from .analyzer import Judged, Judgement, PolicyPack
from .api import Kind, Outcome, Result, Update
from .builtin import with_builtins
from .callbacks import Callbacks
from .errors import EngineError, PluginError, RunInterruptedError, StateError
from .events import (
    Diagnostic,
    Event,
    Op,
    OutputsRegistered,
    PolicyPackLoaded,
    PolicyRemediation,
    PolicyViolation,
    ProgramStarted,
    ResourceDone,
    ResourceFailed,
    ResourcePre,
    Severity,
    Summary,
)
from .events import (
    Step as StepView,
)
from .executor import StepExecutor
from .generator import CancelledError, InvalidResourceError, StepGenerator, plain_diff
from .goals import Goal, ReadGoal, Registration
from .graph import DependencyGraph, deletion_levels
from .hooks import Hooks, refuse_deletions
from .plugins import GRPC_OPTIONS, ProviderFactory, with_debug_providers
from .program import Program
from .properties import PropertyMap, same
from .provider import DiffResult, Provider
from .redaction import Redaction
from .registry import Registry, default_name, set_download_url, set_version
from .repair import settle
from .snapshots import SnapshotManager
from .state import ResourceState, Snapshot
from .steps import CreateStep, RefreshStep, Step, UpdateStep
from .targets import Selection
from .turns import Turn, Turns

_SERVER_THREADS = 512  # each waiting registration holds one; they are made as they are needed
_PROGRAM_END_TIMEOUT_S = 30.0
_LOOK_UP_S = 0.5
"""How often the main thread looks up from waiting: Ctrl-C in the moment before it waits doesn't wake it."""


class Deployment:
    """A run. Made for one :meth:`run`."""

    def __init__(
        self,
        update: Update,
        *,
        providers: ProviderFactory,
        policy_packs: Sequence[Path],
        on_event: Callable[[Event], None] | None,
        program: Program | None,
    ) -> None:
        self._update = update
        self.project = update.project
        self.config = update.config
        self.stack = update.config.stack
        self.state = update.state
        self.preview = update.preview
        self.parallel = max(update.parallel, 1)
        self.refreshing_only = update.kind is Kind.REFRESH
        self._providers = providers
        self._factory = with_builtins(with_debug_providers(providers), self)
        self._pack_paths = policy_packs
        self._on_event = on_event
        self._program = program
        # what other parts of the engine use
        self.olds: dict[str, ResourceState] = {}
        self.news: dict[str, ResourceState] = {}
        self.base: list[ResourceState] = []
        self.graph = DependencyGraph([])
        self.callbacks = Callbacks()
        self.hooks = Hooks(self)
        self.address = ""
        self.cancelled = False
        self._open: dict[str, Step] = {}  # registered, and their outputs may still come
        self._root_outputs: tuple[str, PropertyMap] | None = None
        self._redaction = Redaction(update.config.secrets)
        self._event_lock = threading.RLock()
        self._turns = Turns()
        self._judge_lock = threading.Lock()
        self._judged = update.judged or update.preview or not policy_packs
        self._default_lock = threading.Lock()
        self._defaults: dict[tuple[str, str, str], str] = {}
        self._finished = threading.Event()
        self._shutdown = threading.Event()
        self._packs: list[PolicyPack] = []
        self._policy_violated = False
        self._failed = False
        self._interrupted = False
        self._unwritten = False
        self._abandoned = False
        self._quiet = False
        self._broken: BaseException | None = None
        self._diagnostics: list[Diagnostic] = []
        self._violations: list[PolicyViolation] = []
        self._loaded_packs: list[PolicyPackLoaded] = []
        self._planned: list[StepView] = []
        self._steps: list[StepView] = []
        self._drift: list[StepView] = []

    # --- the whole -------------------------------------------------------------------------------------

    def run(self) -> Result:
        """Do it. See :func:`sandbox.engine.run`."""
        begun = time.monotonic()
        if not self.preview and self._update.kind is Kind.UP:
            self.config.require_known()
        try:
            with contextlib.ExitStack() as stack:
                if self._update.kind is Kind.UP and self._program is None:
                    self._program = Program(self.project)
                if self._program is not None:
                    stack.callback(self._program.close)
                state = self._update.state
                if state is not None and not self.preview:
                    stack.enter_context(state.lock())
                loaded = (state.load() if state is not None else None) or Snapshot()
                self._rebase(loaded.resources)
                stack.enter_context(self._serving())
                stack.callback(self.callbacks.close)
                self.registry = Registry(self._factory, self.address)
                stack.callback(self.registry.close)
                self.executor = StepExecutor(self, self.parallel)
                self.selection = Selection(self, self._update.targets)
                self.generator = StepGenerator(self)
                self.snapshots = SnapshotManager(
                    loaded, None if self.preview else state, on_failure=self._unwritable
                )
                try:
                    if loaded.pending_operations and not self.preview:
                        self._settle(loaded)
                    self._execute()
                finally:
                    self._shutdown.set()
                    final = self.snapshots.close()
        finally:
            self._shutdown.set()
        if self._broken is not None:
            raise self._broken
        return self._result(final if not self.preview else loaded, time.monotonic() - begun)

    def _execute(self) -> None:
        try:
            if not self._know_targets():
                return
            chosen = self.selection.to_refresh(self.base)
            if self._update.refresh_all:
                chosen = self.base
            elif not (self._update.refresh or self._update.kind is Kind.REFRESH):
                chosen = [state for state in chosen if state.refresh_before_update]
            self._refresh(chosen)
            if self.cancelled or self._update.kind is Kind.REFRESH:
                return
            if self._update.kind is Kind.DESTROY:
                self._destroy()
            else:
                self._run_program()
        except KeyboardInterrupt:
            self._interrupt()

    def _know_targets(self) -> bool:
        """Whether all that the user named is there, as far as it is known before the program runs."""
        known = self.selection.know_replacements()
        if self._update.kind is not Kind.UP:
            known = self.selection.know_targets() and known
        if not known:
            self.fail()
        return known

    def _interrupt(self) -> None:
        """Let what is under way finish, and start nothing new."""
        self._interrupted = True
        self.cancel()
        self.tell(Severity.WARNING, "interrupted: waiting for what is under way to finish", "")
        try:
            with contextlib.suppress(EngineError):
                self.registry.cancel()
            self.executor.wait_idle()
        except KeyboardInterrupt:
            self._abandoned = self._quiet = True  # the program's words about its end say nothing more
            raise RunInterruptedError(
                "interrupted twice: what was under way is not known to have ended, and is in the state as"
                " pending operations: the next run finds out what became of it."
            ) from None

    @contextlib.contextmanager
    def _serving(self) -> Iterator[None]:
        """Serve monitor and engine on a free port of the loopback."""
        import grpc

        from sandbox.protos import engine_pb2_grpc, resource_pb2_grpc

        from .monitor import EngineService, Monitor

        pool = ThreadPoolExecutor(max_workers=_SERVER_THREADS, thread_name_prefix="monitor")
        server = grpc.server(pool, options=[*GRPC_OPTIONS, ("grpc.so_reuseport", 0)])
        resource_pb2_grpc.add_ResourceMonitorServicer_to_server(Monitor(self), server)
        engine_pb2_grpc.add_EngineServicer_to_server(EngineService(self), server)
        port = server.add_insecure_port("127.0.0.1:0")
        if port == 0:
            raise EngineError("no port of 127.0.0.1 could be opened for the program to talk to")
        self.address = f"127.0.0.1:{port}"
        server.start()
        try:
            yield
        finally:
            self._shutdown.set()
            if self._abandoned:
                server.stop(grace=None)
                pool.shutdown(wait=False, cancel_futures=True)
            else:
                server.stop(grace=1.0).wait()
                pool.shutdown(wait=True)

    # --- the program -----------------------------------------------------------------------------------

    def _run_program(self) -> None:
        program = self._program
        assert program is not None  # noqa: S101 - run() has started it
        self._packs = []
        try:
            for path in self._pack_paths:
                self._packs.append(
                    PolicyPack(
                        path,
                        project=self.project.name,
                        config=self.config,
                        preview=self.preview,
                        engine_address=self.address,
                        on_line=lambda line: self._line("stderr", line),
                        on_ready=self._pack_ready,
                    )
                )
            program.run(
                {
                    "monitor": self.address,
                    "engine": self.address,
                    "project": self.project.name,
                    "stack": self.stack,
                    "organization": "organization",
                    "root_directory": str(self.project.root),
                    "program": self.project.program,
                    "parallel": self.parallel,
                    "dry_run": self.preview,
                    "debug": self._update.debug,
                    "config": dict(self.config.values),
                    "secret_keys": sorted(self.config.secret_keys),
                    "unknown_keys": sorted(self.config.unknown_keys),
                },
                self._line,
            )
            self.emit(ProgramStarted())
            watcher = threading.Thread(target=self._watch, args=(program,), daemon=True)
            watcher.start()
            try:
                while not self._finished.wait(_LOOK_UP_S):
                    pass
                if not self.cancelled and not program.failed:
                    if self.preview and not self.hooks.run_in_preview:
                        self._release_program()  # it can end while we finish
                    self._after_program()
                self._end_program(watcher)
            except KeyboardInterrupt:
                self._interrupt()
            quiet = self.cancelled
            if self._failed:
                self.cancel()  # what a program had asked for that has died isn't begun any more
            self.executor.wait_idle()
            self._quiet = quiet
            self._release_program()
            program.close()
            watcher.join()
            self._finish_outputs()
            if not (self._failed or self.cancelled or self.executor.error):
                self._analyze_stack()
        finally:
            for pack in self._packs:
                pack.close()

    def _watch(self, program: Program) -> None:
        """Notice that the program ends without having said that it is done."""
        problem = program.wait()
        if problem is not None and not self._quiet:
            self.tell(Severity.ERROR, problem, "")
        if program.failed:
            self._failed = True
        self._finished.set()

    def _end_program(self, watcher: threading.Thread) -> None:
        """Wait for the program's own end, which decides whether it succeeded."""
        if self.cancelled:
            return
        self._release_program()
        watcher.join(_PROGRAM_END_TIMEOUT_S)
        if watcher.is_alive():
            self.tell(
                Severity.ERROR,
                f"the program declared everything, but didn't end within {_PROGRAM_END_TIMEOUT_S:.0f} s:"
                " it was ended. Look for threads or pending tasks that it leaves behind.",
                "",
            )
            self._failed = True

    def _release_program(self) -> None:
        """Let the program end: nothing more is asked of it."""
        self.callbacks.close()  # first: gRPC would complain of a service that goes away
        self._shutdown.set()

    def _line(self, stream: str, line: str) -> None:
        self.log(
            Diagnostic(severity=Severity.INFO if stream == "stdout" else Severity.INFO_ERR, message=line)
        )

    def program_finished(self) -> None:
        """The program has declared all that it wants."""
        self._finished.set()

    def wait_for_shutdown(self) -> None:
        """Return when the run is over."""
        self._shutdown.wait()

    def _after_program(self) -> None:
        """Delete what the program no longer wants."""
        if not self.selection.know_targets(self.generator.urns):
            self.fail()
            return
        try:
            with self._turns.take():
                left_alone, steps = self.generator.deletions()
        except InvalidResourceError:
            self.fail()
            return
        self.executor.run_all([left_alone])
        if self._passes(steps):
            self._delete(steps)

    def _delete(self, steps: Sequence[Step]) -> None:
        by_state = {step.resource: step for step in steps}
        spared: set[ResourceState] = set()
        for level in deletion_levels(list(by_state), self.graph):
            for step in self.executor.failed:
                if step.resource in self.graph:
                    spared |= self._needed_by(step.resource)
            self.executor.run_all([[by_state[state]] for state in level if state not in spared])

    def _needed_by(self, state: ResourceState) -> set[ResourceState]:
        """All that a resource that couldn't be deleted needs, directly or not."""
        found: set[ResourceState] = set()
        left = [state]
        while left:
            for dependency in self.graph.dependencies_of(left.pop()) - found:
                found.add(dependency)
                left.append(dependency)
        return found

    def _destroy(self) -> None:
        if refuse_deletions(self, self.base):
            self._failed = True
            return
        try:
            left_alone, steps = self.generator.deletions()
        except InvalidResourceError:
            self.fail()
            return
        protected = [step.resource for step in steps if step.resource.protect and not step.resource.delete]
        if protected:
            self._failed = True
            names = "".join(f"\n  {state.urn}" for state in protected)
            self.tell(
                Severity.ERROR,
                f"{len(protected)} resources are protected, so nothing was destroyed:{names}\n"
                "Remove `protect` from them (in the program or the stage's settings) and deploy that first,"
                " or run `fleet state unprotect` with their URNs.",
                "",
            )
            return
        self.executor.run_all([left_alone])
        self._delete(steps)

    def _refresh(self, chosen: Sequence[ResourceState]) -> None:
        """Read these resources; what is gone leaves the state. What can't be read stays as it is.

        A refresh of everything, by that name, is also how the user says that creations whose end can't be
        found out are to be forgotten (Pulumi has ``pulumi refresh --clear-pending-creates`` for it).
        """
        whole = self._update.kind is Kind.REFRESH and not self._update.targets.limited
        if not (chosen or whole):
            return
        steps: dict[ResourceState, RefreshStep] = {}
        for state in chosen:
            self.ensure_provider(state)
            steps[state] = RefreshStep(self, state)
        self.executor.run_all([[step] for step in steps.values()])
        self._drift = [step.view(step.result) for step in steps.values() if step.result is not Op.SAME]
        found = [steps[state].new if state in steps else state for state in self.base]
        resources = _without_gone([state for state in found if state is not None])
        self._rebase(resources)
        self.snapshots.rebase(resources, [] if whole and self.executor.error is None else None)
        if self.executor.error is not None:
            self.cancel()

    def _settle(self, loaded: Snapshot) -> None:
        """Find out what became of the operations that an earlier run was cut off in."""
        states, unsettled = settle(self, self.base, loaded.pending_operations)
        states = _without_gone(states)
        self._rebase(states)
        self.snapshots.rebase(states, unsettled)

    def _unwritable(self, error: StateError) -> None:
        """The state can't be written: what is under way ends, and what it made is written at the end."""
        self._unwritten = True
        self.tell(Severity.ERROR, f"{error}. Nothing more is begun", "")
        self.fail()

    def _rebase(self, resources: list[ResourceState]) -> None:
        self.base = resources
        self.olds = {state.urn: state for state in resources if not state.delete}
        self.graph = DependencyGraph(resources)

    # --- registrations (called from the monitor's threads) ---------------------------------------------

    def register(self, goal: Goal, registration: Registration) -> None:
        """Bring a resource to where the program wants it; without an answer if that fails."""
        self._carry_out(lambda turn: self.generator.register(goal, registration, turn), goal)
        imported = registration.imported
        if imported is not None:
            self._carry_out(lambda turn: self.generator.go_on(goal, imported, registration, turn), goal)

    def read(self, goal: ReadGoal, registration: Registration) -> None:
        """Read a resource that isn't managed."""
        self._carry_out(lambda turn: self.generator.read(goal, registration, turn), goal)

    def _carry_out(self, generate: Callable[[Turn], list[Step]], goal: Goal | ReadGoal) -> None:
        try:
            with self._turns.take() as turn:
                if self.cancelled:
                    return
                try:
                    steps = generate(turn)
                except EngineError:
                    turn.be_first()  # it ends the run, but not what came before
                    raise
        except CancelledError:
            return
        except InvalidResourceError:
            self.fail()
            return
        except EngineError as error:
            self.tell(Severity.ERROR, str(error), self.urn(goal.parent, goal.type, goal.name))
            self.fail()
            return
        if self._passes(steps):
            self.executor.run_chain(steps)

    def register_outputs(self, urn: str, outputs: PropertyMap) -> None:
        """Set the outputs of a component; the stack's are set when all is over."""
        if urns.type_of(urn) == urns.ROOT_TYPE:
            self._root_outputs = (urn, outputs)
            return
        self._set_outputs(urn, outputs)

    def _set_outputs(self, urn: str, outputs: PropertyMap) -> None:
        step = self._open.pop(urn, None)
        if step is not None and step.skipped:
            return
        if step is None or step.new is None:
            raise EngineError(f"cannot complete a resource '{urn}' whose registration isn't pending")
        step.new.outputs = outputs
        goes_on = step.new.custom or self._after_component(step)
        self.emit(OutputsRegistered(urn=urn, state=step.new.copy()))
        if step.old is None or not same(step.old.outputs, outputs):
            self.snapshots.end(changed=(step.new,))
        if not goes_on:
            self.fail()

    def _after_component(self, step: Step) -> bool:
        """Run the hooks after a component, which is whole now; see :meth:`.hooks.Hooks.after`."""
        if isinstance(step, CreateStep):
            return self.hooks.after("Create", None, step.new)
        return not isinstance(step, UpdateStep) or self.hooks.after("Update", step.old, step.new)

    def _finish_outputs(self) -> None:
        if self._root_outputs is None:
            return
        urn, outputs = self._root_outputs
        if urn not in self._open:
            return
        if self._failed or self.cancelled or self.generator.saw_error or self.executor.error:
            old = self.olds.get(urn)
            outputs = {**(old.outputs if old else {}), **outputs}
        self._set_outputs(urn, outputs)

    def took_in(self, step: Step, new: ResourceState) -> None:
        """A step has made a new state."""
        if not step.skipped:
            self.news[new.urn] = new
        if step.logical or step.op is Op.CREATE_REPLACEMENT:
            self._open[new.urn] = step

    def default_provider(self, package: str, version: str, url: str, what: str) -> str:
        """The reference of a package's default provider, made at its first use.

        :raises EngineError: the stack forbids default providers, or it can't be made
        """
        denied = self.config.values.get("pulumi:disable-default-providers", "")
        if package != "pulumi" and denied and any(f'"{name}"' in denied for name in ("*", package)):
            raise PluginError(
                f"Default provider for '{package}' disabled. '{what}' must use an explicit provider."
            )
        with self._default_lock:
            key = (package, version, url)
            if key not in self._defaults:
                inputs = self.config.package(package)
                if version:
                    set_version(inputs, version)
                if url:
                    set_download_url(inputs, url)
                goal = Goal(
                    type=f"{urns.PROVIDER_PREFIX}{package}",
                    name=default_name(version, url),
                    custom=True,
                    properties=inputs,
                )
                registration = Registration()
                self.register(goal, registration)
                if registration.state is None:
                    self._shutdown.wait()
                    raise PluginError(f"the default provider of package {package!r} can't be used")
                self._defaults[key] = f"{registration.state.urn}::{registration.state.id}"
            return self._defaults[key]

    # --- what other parts of the engine ask ------------------------------------------------------------

    def urn(self, parent: str, type_: str, name: str) -> str:
        """The URN of a resource of this stack."""
        return urns.make(self.stack, self.project.name, parent, type_, name)

    def provider_of(self, state: ResourceState) -> Provider:
        """The provider of a custom resource.

        :raises PluginError: there is none
        """
        provider = self.registry.get(state.provider)
        if provider is None:
            self.ensure_provider(state)
            provider = self.registry.get(state.provider)
        if provider is None:
            raise PluginError(f"unknown provider '{state.provider}' for resource '{state.urn}'")
        return provider

    def ensure_provider(self, state: ResourceState) -> None:
        """Configure the provider that a state of an earlier run names."""
        if not state.provider or self.registry.get(state.provider) is not None:
            return
        urn, identity = urns.split_reference(state.provider)
        known = next((s for s in self.base if s.urn == urn and s.id == identity), None)
        if known is None:
            raise PluginError(
                f"could not load provider for resource {state.urn}: {state.provider} is not in the state"
            )
        self.registry.ensure(known, checked=False)

    def is_deleted(self, urn: str) -> bool:
        """Whether a resource is deleted in this run."""
        return urn in self.generator.deletes

    def diff_resource(
        self,
        provider: Provider,
        urn: str,
        identity: str,
        old_inputs: PropertyMap,
        old_outputs: PropertyMap,
        new_inputs: PropertyMap,
        *,
        unknowns: bool,
        ignore_changes: Sequence[str],
    ) -> DiffResult:
        """The provider's diff, or ours if it doesn't know."""
        diff = provider.diff(
            urn,
            identity,
            old_inputs,
            old_outputs,
            new_inputs,
            unknowns=unknowns,
            ignore_changes=ignore_changes,
        )
        if diff.changes is not None:
            return diff
        ours = plain_diff(
            old_inputs, self.generator.with_ignored(urn, new_inputs, old_inputs, ignore_changes)
        )
        return DiffResult(
            changes=ours.changes,
            replace_keys=diff.replace_keys,
            stable_keys=diff.stable_keys,
            changed_keys=ours.changed_keys or diff.changed_keys,
            detailed_diff=ours.detailed_diff or diff.detailed_diff,
            delete_before_replace=diff.delete_before_replace,
        )

    def judgement(self, new: ResourceState, goal: Goal) -> Judgement:
        """What the policy packs say to a resource before its step. Nobody is told yet."""
        inputs = new.inputs
        told: list[PolicyRemediation | PolicyViolation] = []
        if self._packs:
            judged = Judged(state=new, goal=goal, provider=self._provider_state(new))
            for pack in self._packs:
                inputs, mended = pack.remediate(judged, inputs)
                told += mended
            for pack in self._packs:
                told += pack.analyze(judged, inputs)
        forbidden = any(isinstance(each, PolicyViolation) and each.level == "mandatory" for each in told)
        return Judgement(inputs=inputs, told=told, refused=forbidden and not self.preview)

    def tell_judgement(self, judgement: Judgement) -> None:
        """Tell the user what the policy packs said."""
        for each in judgement.told:
            if isinstance(each, PolicyViolation):
                self._violation(each)
            else:
                self.emit(each)

    def _passes(self, steps: Sequence[Step]) -> bool:
        """Whether the policy packs let a run go on to these steps.

        Rules about a stack as a whole can't judge one resource as it is registered: they see a preview of
        everything before the first resource is changed. A run without changes needs none.
        """
        if self._judged or not any(_changes_a_resource(step) for step in steps):
            return True
        with self._judge_lock:
            if not self._judged and not self.cancelled:
                self._judge()
        return not self.cancelled

    def _judge(self) -> None:
        update = replace(self._update, preview=True, refresh=False, refresh_all=False)
        planned = Deployment(
            update, providers=self._providers, policy_packs=self._pack_paths, on_event=None, program=None
        ).run()
        self._judged = True
        if planned.outcome is Outcome.SUCCEEDED:
            return
        for diagnostic in planned.diagnostics:
            self.emit(diagnostic)
        for violation in planned.violations:
            if violation not in self._violations:
                self._violation(violation)
        if planned.outcome is Outcome.POLICY:
            self.cancel()
        else:
            self.fail()

    def _provider_state(self, state: ResourceState) -> ResourceState | None:
        if not state.provider:
            return None
        urn, identity = urns.split_reference(state.provider)
        found = self.generator.providers.get(urn) or self.olds.get(urn)
        return found if found is None or found.id in ("", identity) else None

    def _analyze_stack(self) -> None:
        if not self._packs:
            return
        root = urns.root(self.stack, self.project.name)
        resources = [
            Judged(state=state, goal=self.generator.goals.get(urn), provider=self._provider_state(state))
            for urn, state in self.news.items()
        ]
        try:
            for pack in self._packs:
                for violation in pack.analyze_stack(resources, root):
                    self._violation(violation)
        except EngineError as error:
            self.tell(Severity.ERROR, str(error), "")
            self._failed = True

    def _violation(self, violation: PolicyViolation) -> None:
        if violation.level == "mandatory":
            self._policy_violated = True
        self.emit(violation)

    def _pack_ready(self, event: PolicyPackLoaded) -> None:
        self._loaded_packs.append(event)
        self.emit(event)

    # --- cancelling ------------------------------------------------------------------------------------

    def is_cancelled(self) -> bool:
        """Whether nothing new is to be started."""
        return self.cancelled

    def cancel(self) -> None:
        """Start nothing new."""
        self.cancelled = True
        self._finished.set()

    def fail(self) -> None:
        """The run can't go on; what was wrong was told."""
        self._failed = True
        self.cancel()

    def broke(self, error: BaseException) -> None:
        """The engine itself is wrong: end the run and raise the error from it."""
        if self._broken is None:
            self._broken = error
        self.fail()

    # --- telling ---------------------------------------------------------------------------------------

    def tell(self, severity: Severity, message: str, urn: str) -> None:
        """Tell the user something."""
        self.emit(Diagnostic(severity=severity, message=message, urn=urn))

    def warn(self, message: str, urn: str) -> None:
        """Warn the user."""
        self.tell(Severity.WARNING, message, urn)

    def log(self, diagnostic: Diagnostic) -> None:
        """Pass on what the program or a provider says, as long as it matters."""
        if self._quiet or (diagnostic.severity is Severity.DEBUG and not self._update.debug):
            return
        self.emit(diagnostic)

    def emit(self, event: Event) -> None:
        """Keep an event for the result and pass it on, one at a time.

        Who listens may be gone, e.g. the reader of a pipe: that ends the run as any failure does.
        """
        event = self._redaction.event(event)
        with self._event_lock:
            if isinstance(event, Diagnostic):
                self._diagnostics.append(event)
            elif isinstance(event, PolicyViolation):
                self._violations.append(event)
            elif isinstance(event, ResourcePre):
                self._planned.append(event.step)
            elif isinstance(event, ResourceDone | ResourceFailed):
                self._steps.append(event.step)
            if self._on_event is not None:
                try:
                    self._on_event(event)
                except OSError as error:
                    self._on_event = None
                    self.broke(error)

    # --- the result ------------------------------------------------------------------------------------

    def _result(self, snapshot: Snapshot, duration_s: float) -> Result:
        failed = self._failed or self.executor.error is not None or self.generator.saw_error
        if self._interrupted:
            outcome = Outcome.INTERRUPTED
        elif self._unwritten:
            outcome = Outcome.UNWRITTEN
        elif self._policy_violated:
            outcome = Outcome.POLICY
        elif failed:
            outcome = Outcome.FAILED
        else:
            outcome = Outcome.SUCCEEDED
        root = urns.root(self.stack, self.project.name)
        state = self.news.get(root) or self.olds.get(root)
        changes = dict(sorted(self.executor.counts.items()))
        self.emit(Summary(changes=changes, duration_s=duration_s, preview=self.preview))
        return Result(
            outcome=outcome,
            planned=tuple(self._planned),
            steps=tuple(self._steps),
            changes=changes,
            outputs={}
            if state is None or self._update.kind is Kind.DESTROY
            else self._redaction.properties(state.outputs),
            config=self.config.masked(),
            diagnostics=tuple(self._diagnostics),
            violations=tuple(self._violations),
            packs=tuple(self._loaded_packs),
            snapshot=snapshot,
            duration_s=duration_s,
            advice=self._advice(outcome, snapshot),
            drift=tuple(self._drift),
        )

    def _advice(self, outcome: Outcome, snapshot: Snapshot) -> str:
        if outcome is Outcome.SUCCEEDED:
            return ""
        if outcome is Outcome.POLICY:
            return "Mend what the mandatory policies found, and run again."
        if self.preview:
            return "Mend what is wrong, and preview again. Nothing was changed."
        if outcome is Outcome.INTERRUPTED:
            return "What was done is saved. Run again to go on from there."
        if outcome is Outcome.UNWRITTEN:
            return "Make room. What was done is saved now; run again to go on from there."
        if self.executor.failed:
            names = ", ".join(dict.fromkeys(urns.name(step.urn) for step in self.executor.failed))
            return (
                f"{names} failed; what depends on it wasn't touched, and what was done is saved"
                f" ({len(snapshot.resources)} resources). Mend the cause and run again to go on from there."
            )
        return "Mend what is wrong, and run again. What was done before is saved; nothing was deleted."


def _changes_a_resource(step: Step) -> bool:
    state = step.resource
    return state.custom and not urns.is_provider(state.type) and step.op not in (Op.SAME, Op.READ)


def _without_gone(resources: list[ResourceState]) -> list[ResourceState]:
    """Resources without references to those that are no more (``rebuildBaseState``)."""
    present: set[str] = set()
    parents: dict[str, str] = {}
    for state in resources:
        state.dependencies = [urn for urn in state.dependencies if urn in present]
        known = {
            key: [urn for urn in found if urn in present]
            for key, found in state.property_dependencies.items()
        }
        state.property_dependencies = {key: found for key, found in known.items() if found}
        state.replace_with = [urn for urn in state.replace_with if urn in present]
        if state.deleted_with and state.deleted_with not in present:
            state.deleted_with = ""
        if state.parent and state.parent not in present:
            state.parent = parents.get(state.parent, "")
        present.add(state.urn)
        parents[state.urn] = state.parent
    return resources
