"""Functions of the program that run before and after a step, or when one fails (resource_hooks.go).

The program binds them to resources by name. The state keeps the names, so that a resource that the program
no longer wants is deleted with its hooks. The program, where they run, lives until all steps have ended.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeVar

from sandbox.protos import resource_pb2

from .errors import EngineError, InitError, ProviderError
from .events import Severity
from .properties import Marshal, PropertyMap, marshal

if TYPE_CHECKING:
    from google.protobuf.struct_pb2 import Struct

    from .deployment import Deployment
    from .state import ResourceState

FIELDS: Final = {
    "before_create": "BeforeCreate",
    "after_create": "AfterCreate",
    "before_update": "BeforeUpdate",
    "after_update": "AfterUpdate",
    "before_delete": "BeforeDelete",
    "after_delete": "AfterDelete",
    "on_error": "OnError",
}
"""Field of a registration -> the kind's name in the state."""
_MAX_RETRIES: Final = 100
_MARSHAL: Final = Marshal(secrets=True, resources=True, outputs=True)

_Result = TypeVar("_Result")


def bound(binding: Any) -> dict[str, list[str]]:
    """The names that a ``ResourceHooksBinding`` binds, by kind."""
    return {kind: list(names) for field, kind in FIELDS.items() if (names := getattr(binding, field))}


class Hooks:
    """The hooks that a program has registered. Safe to use from several threads."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._lock = threading.Lock()
        self._registered: dict[str, Any] = {}

    def register(self, request: Any) -> None:
        """Take a ``RegisterResourceHookRequest`` or ``RegisterErrorHookRequest``.

        :raises EngineError: it has no name, or that of another
        """
        if not request.name:
            raise EngineError("resource hook name cannot be empty")
        with self._lock:
            if request.name in self._registered:
                raise EngineError(f'resource hook already registered for name "{request.name}"')
            self._registered[request.name] = request

    @property
    def run_in_preview(self) -> bool:
        """Whether any is to run in a preview."""
        return any(getattr(request, "on_dry_run", False) for request in self._registered.values())

    def before(self, operation: str, old: ResourceState | None, new: ResourceState | None) -> None:
        """Run what is bound before a ``Create``, ``Update`` or ``Delete``.

        :raises EngineError: a hook failed; nothing is to be done
        """
        self._run(f"Before{operation}", old, new)

    def after(self, operation: str, old: ResourceState | None, new: ResourceState | None) -> bool:
        """Run what is bound after an operation.

        :returns: whether the run may go on; if not the user was told. What was done is done in any case
        """
        try:
            self._run(f"After{operation}", old, new)
        except EngineError as error:
            self._deployment.tell(Severity.ERROR, str(error), _either(old, new).urn)
            return False
        return True

    def _run(self, kind: str, old: ResourceState | None, new: ResourceState | None) -> None:
        state = _either(old, new)
        after = kind.startswith("After")
        for name in state.resource_hooks.get(kind, ()):
            hook = self._hook(
                name, resource_pb2.RegisterResourceHookRequest, f'hook "{name}" was not registered'
            )
            if self._deployment.preview and not hook.on_dry_run:
                continue
            request = resource_pb2.ResourceHookRequest(
                **_told(old, new), new_outputs=_marshaled(new.outputs if new and after else None)
            )
            try:
                self._call(hook, request, resource_pb2.ResourceHookResponse())
            except EngineError as error:
                if not hook.ignore_errors:
                    when = "after" if after else "before"
                    raise EngineError(f'{when} hook "{name}" failed: {error}') from None
                self._deployment.warn(f'{kind} hook "{name}" failed: {error}', state.urn)

    def retried(
        self,
        operation: str,
        old: ResourceState | None,
        new: ResourceState | None,
        work: Callable[[], _Result],
    ) -> _Result:
        """What a provider answers; when it fails and an error hook wants it, it is asked again.

        :raises EngineError: no hook wants it (any more), or one failed
        """
        state = _either(old, new)
        failures: list[str] = []
        while True:
            try:
                return work()
            except EngineError as error:
                failures.insert(0, str(error))
                hooks = state.resource_hooks.get("OnError", ())
                if not hooks:
                    raise
                if len(failures) >= _MAX_RETRIES:
                    self._deployment.warn(
                        f"maximum number of error hook retries ({_MAX_RETRIES}) reached", state.urn
                    )
                    raise
                if not self._wants_retry(hooks, operation, old, new, failures, error):
                    raise
            self._deployment.warn(
                f"retrying {operation} due to on-error hook request ({len(failures)}/{_MAX_RETRIES})",
                state.urn,
            )

    def _wants_retry(
        self,
        names: Sequence[str],
        operation: str,
        old: ResourceState | None,
        new: ResourceState | None,
        failures: Sequence[str],
        failure: EngineError,
    ) -> bool:
        state = _either(old, new)
        wanted = False
        for name in names:
            hook = self._hook(
                name, resource_pb2.RegisterErrorHookRequest, f'error hook "{name}" was not registered'
            )
            request = resource_pb2.ErrorHookRequest(
                **_told(old, new), failed_operation=operation, errors=failures
            )
            try:
                answer = self._call(hook, request, resource_pb2.ErrorHookResponse())
            except EngineError as error:
                message = f'error hooks execution failed: error hook "{name}" failed: {error}'
                if not _left_something(failure):
                    raise EngineError(message) from None
                self._deployment.tell(Severity.ERROR, message, state.urn)
                return False
            wanted = wanted or answer.retry
        return wanted

    def _call(self, hook: Any, request: Any, answer: Any) -> Any:
        answer = self._deployment.callbacks.call(hook.callback, request, answer)
        if answer.error:
            raise EngineError(answer.error)
        return answer

    def _hook(self, name: str, kind: type[Any], missing: str) -> Any:
        found = self._registered.get(name)
        if not isinstance(found, kind):
            raise EngineError(missing)
        return found


def refuse_deletions(deployment: Deployment, states: Sequence[ResourceState]) -> bool:
    """Tell which resources can't be destroyed since their hooks are in a program that doesn't run.

    :returns: whether there are any
    """
    found = False
    for state in states:
        names = [
            name for kind in ("BeforeDelete", "AfterDelete") for name in state.resource_hooks.get(kind, ())
        ]
        if names:
            found = True
            deployment.tell(
                Severity.ERROR,
                "Resource has delete hooks registered, but the program is not running. Hooks: "
                + ", ".join(names),
                state.urn,
            )
    if found:
        deployment.tell(
            Severity.ERROR,
            "Nothing was destroyed: the hooks are in the program, which a destroy doesn't run. Deploy the"
            " program without delete hooks first; or with them alone: what it doesn't declare is deleted.",
            "",
        )
    return found


def _either(old: ResourceState | None, new: ResourceState | None) -> ResourceState:
    state = new if new is not None else old
    assert state is not None  # noqa: S101 - an operation has a side
    return state


def _told(old: ResourceState | None, new: ResourceState | None) -> dict[str, Any]:
    """What every hook is told of an operation."""
    state = _either(old, new)
    return {
        "urn": state.urn,
        "id": state.id,
        "name": state.name,
        "type": state.type,
        "new_inputs": _marshaled(new.inputs if new else None),
        "old_inputs": _marshaled(old.inputs if old else None),
        "old_outputs": _marshaled(old.outputs if old else None),
    }


def _left_something(failure: EngineError) -> bool:
    """Whether there is, or may be, something that the state must tell of."""
    return isinstance(failure, InitError) or (isinstance(failure, ProviderError) and failure.unsettled)


def _marshaled(properties: PropertyMap | None) -> Struct | None:
    return None if properties is None else marshal(properties, _MARSHAL)
