"""Inputs drawn from a type's own description: its kinds, allowed values and limits."""

from __future__ import annotations

import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from sandbox.provider import models
from sandbox.provider.resource import ResourceType
from sandbox.provider.schema import Kind, Prop
from sandbox.provider.values import PropertyMap

Strategy = st.SearchStrategy[Any]

_MOST = 12
"""Characters of a text and entries of a list are few: what is tested is that each comes back."""
_LETTERS = string.ascii_letters + string.digits
_TEXT = st.text(_LETTERS + " -_./:=+@", min_size=1, max_size=_MOST).map(lambda text: f"a{text.strip()}z")
_TAGS = st.dictionaries(
    st.sampled_from(["System", "Stage", "cost center", "a:b/c"]),
    st.sampled_from(["shop", "dev", "", "a b", "x=1+y@z"]),
    max_size=3,
)


@dataclass(frozen=True, kw_only=True)
class Draw:
    """How a type's inputs are drawn, where its description doesn't say enough.

    :ivar given: by path (``vpcConfig.subnetIds``, ``rules[].id``), in place of what the description allows
    :ivar always: inputs that are always drawn, though the type doesn't require them
    :ivar fit: makes properties fit each other, e.g. drops one of two that exclude each other
    :ivar never: inputs that aren't drawn -> why
    :ivar stays: why something of it is there even after its deletion
    :ivar unlocked: inputs of an update without which AWS refuses to delete it
    """

    given: Mapping[str, Strategy] = field(default_factory=dict)
    always: tuple[str, ...] = ()
    fit: Callable[[PropertyMap], PropertyMap] = dict
    never: Mapping[str, str] = field(default_factory=dict)
    stays: str = ""
    unlocked: PropertyMap = field(default_factory=dict)


EVERYWHERE = {"region": "where a resource is, is test_lifecycle's", "tagsAll": "Check makes it"}
"""Inputs of many types that aren't drawn."""


def inputs(kind: ResourceType, draw: Draw, fixed: PropertyMap | None = None) -> Strategy:
    """What a program may give a resource of a type.

    :param fixed: what is said already
    """
    left_out = draw.never.keys() | EVERYWHERE.keys()
    required: dict[str, Strategy] = {}
    optional: dict[str, Strategy] = {}
    for name, prop in kind.inputs.items():
        if name in left_out:
            continue
        strategy = _TAGS if name == "tags" else value(prop, kind.service, name, draw.given)
        (required if prop.required or name in draw.always else optional)[name] = strategy
    drawn = _some_or_all(required, optional)
    if fixed is None:
        return drawn.map(lambda found: draw.fit(dict(found)))
    kept = fixed_by(kind)
    said = {key: item for key, item in fixed.items() if key in kept}
    return drawn.map(
        lambda found: draw.fit({key: item for key, item in found.items() if key not in kept} | said)
    )


def pairs(kind: ResourceType, draw: Draw) -> Strategy:
    """Two states, the second of which is an update in place of the first."""
    return inputs(kind, draw).flatmap(lambda first: st.tuples(st.just(first), inputs(kind, draw, first)))


def fixed_by(kind: ResourceType) -> set[str]:
    """The inputs that don't change in place."""
    return {name for name, prop in kind.inputs.items() if _replaces(prop)} | set(kind.stuck)


def _replaces(prop: Prop) -> bool:
    inner = [*(prop.fields or {}).values(), *([prop.items] if prop.items else [])]
    return prop.replaces or any(_replaces(each) for each in inner)


def value(prop: Prop, service: str, path: str, given: Mapping[str, Strategy]) -> Strategy:
    """One property's values."""
    if path in given:
        return given[path]
    shape: Mapping[str, Any] = models.shapes(service)[prop.shape] if prop.shape else {}
    if values := prop.values or tuple(shape.get("enum", ())):
        return st.sampled_from(values)
    low = prop.minimum if prop.minimum is not None else shape.get("min")
    high = prop.maximum if prop.maximum is not None else shape.get("max")
    match prop.kind:
        case Kind.BOOLEAN:
            return st.booleans()
        case Kind.INTEGER:
            return st.integers(int(low or 0), int(high if high is not None else 1_000))
        case Kind.NUMBER:
            return st.integers(int(low or 0), int(high or 100)).map(lambda number: number + 0.5 * (not high))
        case Kind.LIST | Kind.SET:
            assert prop.items
            return st.lists(
                value(prop.items, service, f"{path}[]", given),
                min_size=max(int(low or 0), 1),
                max_size=min(int(high or 3), 3),
                unique_by=repr,
            )
        case Kind.MAP:
            assert prop.items
            keys = st.text(string.ascii_lowercase, min_size=2, max_size=6)
            return st.dictionaries(keys, value(prop.items, service, f"{path}.*", given), max_size=3)
        case Kind.OBJECT:
            return _object(prop.fields or {}, service, path, given)
        case Kind.STRING if not prop.pattern and not shape.get("pattern"):
            return _TEXT.map(lambda text: text[: int(high)] if high else text)
    raise AssertionError(f"{path}: say how {prop.kind} is drawn")


def _object(fields: Mapping[str, Prop], service: str, path: str, given: Mapping[str, Strategy]) -> Strategy:
    required: dict[str, Strategy] = {}
    optional: dict[str, Strategy] = {}
    for name, prop in fields.items():
        if not prop.output:
            strategy = value(prop, service, f"{path}.{name}", given)
            (required if prop.required else optional)[name] = strategy
    return _some_or_all(required, optional)


def _some_or_all(required: dict[str, Strategy], optional: dict[str, Strategy]) -> Strategy:
    """All of the optional ones as often as some of them: few examples have each then."""
    some = st.fixed_dictionaries(required, optional=optional)
    return st.one_of(some, st.fixed_dictionaries(required | optional)) if optional else some
