"""Edits of a state by hand, as ``pulumi state`` makes them (pkg/cmd/pulumi/state, pkg/resource/edit).

They change what the state says of resources, never the resources.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from sandbox.engine import urn as urns
from sandbox.engine.errors import EngineError
from sandbox.engine.graph import DependencyGraph

from .names import without_aliases
from .resource import ResourceState
from .snapshot import Snapshot

_CLOSE = 0.8


class EditError(EngineError):
    """The state can't be edited so. It stays as it was."""

    exit_code = 2


@dataclass(frozen=True, kw_only=True)
class Deleted:
    """What a state has no more.

    :ivar urns: in an order in which each comes before what it depended on
    :ivar protected: those of them that were protected
    """

    urns: tuple[str, ...]
    protected: tuple[str, ...]


def protect(snapshot: Snapshot, wanted: Sequence[str] | None, *, on: bool) -> list[str]:
    """Protect resources, or take their protection away. What a replacement left behind doesn't take part.

    :param wanted: their URNs; ``None``: all
    :returns: their URNs
    :raises EditError: one of them isn't there
    """
    live = {state.urn: state for state in snapshot.resources if not state.delete}
    found = list(dict.fromkeys(live if wanted is None else wanted))
    for urn in found:
        if urn not in live:
            raise EditError(_unknown(urn, live))
    for urn in found:
        live[urn].protect = on
    return found


def delete(snapshot: Snapshot, wanted: Sequence[str] | None, *, force: bool, dependents: bool) -> Deleted:
    """Forget resources, with what was under way with them.

    :param wanted: their URNs; ``None``: all
    :param force: even if they are protected
    :param dependents: and all that depends on them or is inside them
    :raises EditError: one of them isn't there, is protected, or is needed
    """
    graph = DependencyGraph(snapshot.resources)
    roots = [*snapshot.resources] if wanted is None else [_only(snapshot, urn) for urn in wanted]
    condemned = set(roots)
    for root in roots:
        more = [state for state in graph.depending_on(root, (), children=True) if state not in roots]
        if more and not dependents:
            names = "".join(f"\n  * {state.urn}" for state in more)
            raise EditError(
                f"{root.urn} can't be deleted from the state, since these depend on it or are inside"
                f" it:{names}\nDelete them first, or add --target-dependents"
            )
        condemned.update(more)
    ordered = graph.in_order(condemned)[::-1]
    protected = tuple(state.urn for state in ordered if state.protect)
    if protected and not force:
        names = "".join(f"\n  * {urn}" for urn in protected)
        raise EditError(f"these are protected; --force deletes them from the state nevertheless:{names}")
    snapshot.resources = [state for state in snapshot.resources if state not in condemned]
    gone = {state.urn for state in ordered} - {state.urn for state in snapshot.resources}
    snapshot.pending_operations = [
        operation for operation in snapshot.pending_operations if operation.resource.urn not in gone
    ]
    return Deleted(urns=tuple(state.urn for state in ordered), protected=protected)


def rename(snapshot: Snapshot, urn: str, name: str) -> str:
    """Give a resource another name, everywhere. The URNs of what is inside it stay: they don't have it.

    :returns: its new URN
    :raises EditError: it isn't there, or its new name is taken
    """
    state = _only(snapshot, urn)
    if state.type == urns.ROOT_TYPE:
        raise EditError(f"{urn} is the stack itself: its name is that of the project and the stage")
    if not name:
        raise EditError("a resource's name can't be empty")
    new = urn.removesuffix(state.name) + name
    if new == urn:
        return urn
    if any(each.urn == new for each in snapshot.resources):
        raise EditError(f"{new} is in the state already: choose another name")
    state.urn, state.aliases = new, [urn]
    operations = snapshot.pending_operations
    renamed = without_aliases([*snapshot.resources, *(operation.resource for operation in operations)])
    snapshot.resources = renamed[: len(snapshot.resources)]
    for operation, resource in zip(operations, renamed[len(snapshot.resources) :], strict=True):
        operation.resource = resource
    return new


def _only(snapshot: Snapshot, urn: str) -> ResourceState:
    """The resource of this URN.

    :raises EditError: there is none, or more than one
    """
    found = [state for state in snapshot.resources if state.urn == urn]
    if not found:
        raise EditError(_unknown(urn, (state.urn for state in snapshot.resources)))
    if len(found) > 1:
        ids = ", ".join(state.id for state in found)
        raise EditError(
            f"{urn} is in the state {len(found)} times ({ids}), since what it replaced is still there: `fleet"
            " up` or `fleet destroy` does that"
        )
    return found[0]


def _unknown(urn: str, known: Iterable[str]) -> str:
    close = "".join(f"\n  {each}" for each in get_close_matches(urn, {*known}, n=3, cutoff=_CLOSE))
    hint = f" Did you mean:{close}" if close else " `fleet stack export` shows what is."
    return f"there is no resource {urn!r} in the state.{hint}"
