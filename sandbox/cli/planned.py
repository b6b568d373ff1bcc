"""A stage's resources, as a preview plans them and as they are deployed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from sandbox.engine.events import Op
from sandbox.engine.properties import UNKNOWN, OutputValue, Secret
from sandbox.ownership import Resource

if TYPE_CHECKING:
    from sandbox.engine import Result
    from sandbox.engine.state import ResourceState


def planned(result: Result) -> list[Resource]:
    """What the stage will have, by URN."""
    gone = (Op.DELETE, Op.DELETE_REPLACED, Op.DISCARD, Op.DISCARD_REPLACED)
    states = {step.urn: step.new for step in result.steps if step.new and step.op not in gone}
    return _resources(states.values())


def deployed(result: Result) -> list[Resource]:
    """What the stage has, by URN."""
    return (
        _resources(state for state in result.snapshot.resources if not state.delete)
        if result.snapshot
        else []
    )


def _resources(states: Iterable[ResourceState]) -> list[Resource]:
    return [
        Resource(
            urn=state.urn,
            type=state.type,
            parent=state.parent,
            inputs=_known(state.inputs),
            depends=state.property_dependencies,
        )
        for state in sorted(states, key=lambda state: state.urn)
    ]


def _known(value: Any) -> Any:
    """A property value without secrets and without what isn't known yet."""
    if isinstance(value, OutputValue):
        return None if value.secret else _known(value.element)
    if value is UNKNOWN or isinstance(value, Secret):
        return None
    if isinstance(value, dict):
        return {key: _known(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_known(item) for item in value]
    return value
