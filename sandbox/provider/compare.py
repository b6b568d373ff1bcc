"""What changed between two sets of inputs, and whether two values mean the same to AWS."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .check import join
from .schema import Kind, Prop
from .values import UNKNOWN, Archive, Asset, Secret, Value, has_unknown, plain


@dataclass(frozen=True, kw_only=True)
class Change:
    """One difference.

    :ivar path: of the property, e.g. ``"tags.Stage"``
    :ivar kind: ``"ADD"``, ``"DELETE"`` or ``"UPDATE"``
    :ivar replaces: it can't be changed in place
    """

    path: str
    kind: str
    replaces: bool

    @property
    def top(self) -> str:
        """The top-level property."""
        return self.path.split(".", 1)[0].split("[", 1)[0]


def same(prop: Prop, old: Value, new: Value) -> bool:
    """Whether two values of a property mean the same; something unknown equals nothing."""
    return not any(_differences(prop, _bare(old), _bare(new), "", replaces=False))


def changes(props: Mapping[str, Prop], olds: Mapping[str, Value], news: Mapping[str, Value]) -> list[Change]:
    """Every difference between the inputs of a resource, by path."""
    return list(_fields(props, olds, news, prefix="", replaces=False))


def with_choices(
    props: Mapping[str, Prop], inputs: Mapping[str, Value], outputs: Mapping[str, Value]
) -> dict[str, Value]:
    """The old inputs with what AWS chose where they say nothing: to say just that changes nothing."""
    chosen = {key: outputs[key] for key, prop in props.items() if prop.settled and key in outputs}
    return {**chosen, **inputs}


def _bare(value: Value) -> Value:
    return value.element if isinstance(value, Secret) else value


def is_empty(prop: Prop, value: Value) -> bool:
    """Whether it says nothing: to Terraform's SDK, false and 0 mean the same as not giving the property.

    Not so where AWS chooses when nothing is given: there false and 0 are choices. An object whose fields say
    nothing says nothing.
    """
    value = _bare(value)
    if isinstance(value, bool | int | float):
        return not value and not prop.settled
    if prop.kind is Kind.OBJECT and isinstance(value, dict) and prop.fields:
        return all(is_empty(prop.fields.get(key, prop), item) for key, item in value.items())
    return value is None or (isinstance(value, str | list | dict) and not value)


def _fields(
    props: Mapping[str, Prop],
    olds: Mapping[str, Value],
    news: Mapping[str, Value],
    *,
    prefix: str,
    replaces: bool,
) -> Iterator[Change]:
    for key, prop in props.items():
        old, new = _bare(olds.get(key)), _bare(news.get(key))
        if prop.output or (new is None and (prop.settled or old is None)):
            continue
        if prop.default is not None:
            old = prop.default if old is None else old
            new = prop.default if new is None else new
        yield from _differences(prop, old, new, join(prefix, key), replaces=replaces or prop.replaces)


def _differences(prop: Prop, old: Value, new: Value, path: str, *, replaces: bool) -> Iterator[Change]:
    if is_empty(prop, old) and is_empty(prop, new):
        return
    if new is UNKNOWN:
        yield Change(path=path, kind="ADD" if old is None else "UPDATE", replaces=replaces)
    elif old is None or new is None:
        yield Change(path=path, kind="ADD" if old is None else "DELETE", replaces=replaces)
    elif prop.kind is Kind.OBJECT and isinstance(old, dict) and isinstance(new, dict):
        yield from _fields(prop.fields or {}, old, new, prefix=path, replaces=replaces)
    elif prop.kind is Kind.MAP and isinstance(old, dict) and isinstance(new, dict):
        yield from _entries(prop, old, new, path, replaces=replaces)
    elif prop.kind is Kind.LIST and isinstance(old, list) and isinstance(new, list) and prop.items:
        for index in range(max(len(old), len(new))):
            before = _bare(old[index]) if index < len(old) else None
            after = _bare(new[index]) if index < len(new) else None
            yield from _differences(prop.items, before, after, f"{path}[{index}]", replaces=replaces)
    elif has_unknown(new) or _canonical(prop, old) != _canonical(prop, new):
        yield Change(path=path, kind="UPDATE", replaces=replaces)


def _entries(
    prop: Prop, old: dict[str, Value], new: dict[str, Value], path: str, *, replaces: bool
) -> Iterator[Change]:
    items = prop.items or prop
    for key in sorted((old.keys() | new.keys()) - {"__defaults"}):
        before, after = _bare(old.get(key)), _bare(new.get(key))
        if before is None or after is None:
            kind = "ADD" if before is None else "DELETE"
            yield Change(path=join(path, key), kind=kind, replaces=replaces)
        else:
            yield from _differences(items, before, after, join(path, key), replaces=replaces)


def _canonical(prop: Prop, value: Value) -> Any:
    """A form of ``value`` in which equal means: AWS would see no difference."""
    value = plain(value)
    if prop.canonical:
        return prop.canonical(value)
    if isinstance(value, Asset | Archive):
        return value.hash or (value.path, value.uri, repr(value))
    if prop.kind is Kind.JSON and isinstance(value, str):
        try:
            return normal_json(json.loads(value))
        except ValueError:
            return value
    if prop.kind is Kind.NUMBER and value is not None:
        return float(value)
    if prop.kind is Kind.SET and isinstance(value, list):
        items = [_canonical(prop.items or prop, item) for item in value]
        return sorted(json.dumps(item, sort_keys=True, default=repr) for item in items)
    if prop.kind is Kind.OBJECT and isinstance(value, dict):
        fields = prop.fields or {}
        told = {key: _canonical(each, value.get(key, each.default)) for key, each in fields.items()}
        return {key: item for key, item in told.items() if not is_empty(fields[key], item)}
    return value


def normal_json(value: Any) -> Any:
    """A policy document without its freedoms: one-element lists are their element, lists have no order."""
    if isinstance(value, dict):
        return {key: normal_json(item) for key, item in value.items()}
    if isinstance(value, list):
        items = [normal_json(item) for item in value]
        return (
            items[0] if len(items) == 1 else sorted(items, key=lambda item: json.dumps(item, sort_keys=True))
        )
    return value
