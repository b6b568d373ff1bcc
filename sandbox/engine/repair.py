"""Finds out how the operations ended that an earlier run had begun when it was cut off.

Every operation is written ahead (``engine/snapshots.py``), so what a killed run may have left behind is known
by name. Each is looked at before anything else is done: what isn't there leaves the state, what is there is
taken in as it is, marked so that the next update sets all of it again. A resource that was being created has
no id yet; the provider is asked for it, and may bring its creation to the end
(:meth:`.provider.Provider.find`). Pulumi's CLI warns of such operations, and asks its user.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from .errors import EngineError, InitError
from .events import Severity
from .executor import mark_secrets
from .state import Operation, OperationType, ResourceState

if TYPE_CHECKING:
    from .deployment import Deployment
    from .provider import Answer

CUT_OFF: Final = "an earlier run was cut off while this was {}: everything is set again"


def settle(
    deployment: Deployment, resources: Sequence[ResourceState], operations: Sequence[Operation]
) -> tuple[list[ResourceState], list[Operation]]:
    """Look at what was under way, and tell the user what was found.

    :returns: the resources that there are, and the operations whose end can't be found out
    """
    states = list(resources)
    unsettled: list[Operation] = []
    found: list[str] = []
    for operation in operations:
        try:
            note = _settled(deployment, states, operation)
        except EngineError as error:
            note = f"can't be found out: {error}"
            unsettled.append(operation)
        found.append(f"\n  * {operation.resource.urn}, {operation.type}: {note}")
    count = "1 operation was" if len(operations) == 1 else f"{len(operations)} operations were"
    message = f"an earlier run was cut off while {count} under way; their ends:{''.join(found)}"
    if unsettled:
        message += (
            "\nWhat can't be found out is made anew, and may be there twice. `fleet refresh` forgets this"
            " note, if it reads everything; `fleet down`, then `fleet up`, make everything anew."
        )
    deployment.tell(Severity.WARNING, message, "")
    return states, unsettled


def _settled(deployment: Deployment, states: list[ResourceState], operation: Operation) -> str:
    """Bring ``states`` in step with how one operation ended.

    :returns: what is told of it
    :raises EngineError: it can't be found out
    """
    begun = operation.resource
    if not begun.custom or begun.is_provider or begun.external:
        return "nothing of it is outside the state"
    if operation.type is OperationType.CREATING:
        return _created(deployment, states, begun)
    if operation.type in (OperationType.UPDATING, OperationType.DELETING):
        known = next((state for state in states if state.urn == begun.urn and not state.delete), None)
        if known is None or (operation.type is OperationType.DELETING and known.id != begun.id):
            return "is done again"  # what was replaced is deleted as often as it takes
        return _changed(deployment, states, known, str(operation.type))
    return "changed nothing"


def _created(deployment: Deployment, states: list[ResourceState], begun: ResourceState) -> str:
    deployment.ensure_provider(begun)
    others = [
        (state.id, state.inputs)
        for state in states
        if state.type == begun.type and state.provider == begun.provider and not state.pending_replacement
    ]
    found = deployment.provider_of(begun).find(begun.urn, begun.inputs, others)
    answer = _read(deployment, begun, found.id) if found else None
    if found is None or answer is None:
        return "isn't there"
    made = _taken_in(deployment, begun, answer, "created")
    made.created = made.modified = datetime.now(UTC)
    if found.finished:
        made.inputs, made.init_errors = dict(begun.inputs), []
    old = next((state for state in states if state.urn == begun.urn and not state.delete), None)
    if old is None:
        states.append(made)
    elif old.pending_replacement or old.id == made.id:
        states[states.index(old)] = made
    else:
        states.insert(states.index(old), made)
        old.delete = True
    return f"is there ({made.id}), and belongs to the stack now"


def _changed(deployment: Deployment, states: list[ResourceState], known: ResourceState, doing: str) -> str:
    if known.pending_replacement:
        return "is done"
    deployment.ensure_provider(known)
    answer = _read(deployment, known, known.id)
    if answer is None:
        states.remove(known)
        return "isn't there any more"
    states[states.index(known)] = _taken_in(deployment, known, answer, doing.replace("ing", "ed"))
    return "is there, and was read again"


def _read(deployment: Deployment, state: ResourceState, identity: str) -> Answer | None:
    try:
        answer = deployment.provider_of(state).read(
            state.urn, identity, state.inputs, state.outputs or state.inputs
        )
    except InitError as error:
        answer = error.answer
    return answer if answer.id else None


def _taken_in(deployment: Deployment, state: ResourceState, answer: Answer, was: str) -> ResourceState:
    """The state of what is there; an update follows even if nothing seems to differ."""
    new = state.copy()
    new.id, new.outputs = answer.id, dict(answer.outputs)
    if answer.inputs is not None:
        new.inputs = dict(answer.inputs)
    mark_secrets(new, deployment)
    new.init_errors = [CUT_OFF.format(was)]
    return new
