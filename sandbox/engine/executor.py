"""Runs steps: a chain one after another, chains in parallel (pkg/resource/deploy/step_executor.go)."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from .errors import EngineError, InitError, ProtectedError, ProviderError
from .events import Op, ResourceDone, ResourceFailed, ResourcePre, Severity
from .properties import Secret, make_secret, same
from .registry import is_default
from .steps import RefreshStep, Step

if TYPE_CHECKING:
    from .deployment import Deployment
    from .state import ResourceState


class StepExecutor:
    """Runs the steps of one run. Safe to use from several threads."""

    def __init__(self, deployment: Deployment, parallel: int) -> None:
        self._deployment = deployment
        self._slots = threading.Semaphore(max(parallel, 1))
        self._parallel = max(parallel, 1)
        self._idle = threading.Condition()
        self._running = 0
        self._lock = threading.Lock()
        self.failed: list[Step] = []
        """the steps that failed"""
        self._errors: list[EngineError] = []
        self.counts: dict[Op, int] = {}

    @property
    def error(self) -> EngineError | None:
        """The first failure."""
        return self._errors[0] if self._errors else None

    def run_chain(self, chain: Sequence[Step]) -> bool:
        """Run steps one after another, in the caller's thread, when there is a free slot.

        :returns: false if the run was cancelled, or one of them failed: the rest isn't run then
        """
        with self._slots:
            with self._idle:
                if self._deployment.cancelled:
                    return False
                self._running += 1
            try:
                return all(not self._deployment.is_cancelled() and self._run(step) for step in chain)
            finally:
                with self._idle:
                    self._running -= 1
                    self._idle.notify_all()

    def run_all(self, chains: Sequence[Sequence[Step]]) -> None:
        """Run independent chains in parallel, and wait for them.

        None runs in the caller's thread, which Ctrl-C interrupts: what is under way then has to go on.
        """
        if not chains:
            return
        pool = ThreadPoolExecutor(max_workers=min(self._parallel, len(chains)))
        try:
            for _ in pool.map(self.run_chain, chains):
                pass
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def wait_idle(self) -> None:
        """Wait for the steps under way; call after the run was cancelled."""
        with self._idle:
            self._idle.wait_for(lambda: self._running == 0)

    def _run(self, step: Step) -> bool:
        deployment = self._deployment
        hidden = is_default(step.urn)
        if not hidden:
            deployment.emit(ResourcePre(step=step.view()))
        begun = time.monotonic()
        number = None
        try:
            if step.operation is not None and not deployment.preview:
                number = deployment.snapshots.begin(step.resource, step.operation)
            step.apply()
        except InitError as error:
            self._take_in(step)
            step.record(number)
            return self._fail(step, error, begun)
        except EngineError as error:
            if not (isinstance(error, ProviderError) and error.unsettled):
                deployment.snapshots.end(number)
            return self._fail(step, error, begun)
        self._take_in(step)
        step.record(number)
        op = step.result if isinstance(step, RefreshStep) else step.op
        if not hidden:
            if _counts(step, refreshing_only=deployment.refreshing_only):
                with self._lock:
                    self.counts[op] = self.counts.get(op, 0) + 1
            deployment.emit(ResourceDone(step=step.view(op), duration_s=time.monotonic() - begun))
        if step.registration is not None and step.new is not None:
            step.registration.done(step.new)
        return True

    def _take_in(self, step: Step) -> None:
        """Make what follows from the new state true: secrets, and that it is there."""
        new = step.new
        if new is None or step.op is Op.REPLACE:
            return
        mark_secrets(new, self._deployment)
        if step.op is not Op.REFRESH:
            self._deployment.took_in(step, new)

    def _fail(self, step: Step, error: EngineError, begun: float) -> bool:
        deployment = self._deployment
        with self._lock:
            known = any(_unanswered(each) and str(each) == str(error) for each in self._errors)
            self.failed.append(step)
            self._errors.append(error)
        hidden = is_default(step.urn)
        if not known:  # every step meets it when a provider is gone
            nameless = hidden or _unanswered(error)
            deployment.tell(Severity.ERROR, str(error), "" if nameless else step.urn)
        if not hidden:
            deployment.emit(
                ResourceFailed(step=step.view(), error=str(error), duration_s=time.monotonic() - begun)
            )
        # The others that are protected are told as well; a refresh reads all that it can.
        tolerant = isinstance(error, ProtectedError) or isinstance(step, RefreshStep)
        if not tolerant or _unanswered(error):
            deployment.cancel()
        return False


def _unanswered(error: EngineError) -> bool:
    return isinstance(error, ProviderError) and error.unanswered


def _counts(step: Step, *, refreshing_only: bool) -> bool:
    """Whether a step is one that the user counts; a read only if what was read has changed."""
    if isinstance(step, RefreshStep):
        return refreshing_only
    if step.op is Op.READ:
        old, new = step.old, step.new
        return old is not None and new is not None and not same(old.outputs, new.outputs)
    return step.logical


def mark_secrets(state: ResourceState, deployment: Deployment) -> None:
    """Outputs that the program wants secret, and those of the same name as a secret input, become secret."""
    for key in state.additional_secret_outputs:
        if key == "id":
            deployment.tell(
                Severity.WARNING,
                "The 'id' property cannot be made secret. See pulumi/pulumi#2717 for more details.",
                state.urn,
            )
        elif key in state.outputs:
            state.outputs[key] = make_secret(state.outputs[key])
    for key in state.outputs:
        if isinstance(state.inputs.get(key), Secret):
            state.outputs[key] = make_secret(state.outputs[key])
