"""Whether inputs fit a type's description: unknown properties, required ones, kinds, values, limits."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cache
from typing import Any

from . import models
from .schema import Kind, Prop
from .values import UNKNOWN, Archive, Asset, Secret, Value, has_secret


@dataclass(frozen=True, kw_only=True)
class Failure:
    """What is wrong with one property.

    :ivar path: e.g. ``"environment.variables.AWS_REGION"``; empty for the resource as a whole
    :ivar reason: found, allowed, and how to mend it; never a secret's value
    """

    path: str
    reason: str


_TYPES: Mapping[Kind, tuple[type, ...]] = {
    Kind.STRING: (str,),
    Kind.INTEGER: (int,),
    Kind.NUMBER: (int, float),
    Kind.BOOLEAN: (bool,),
    Kind.LIST: (list,),
    Kind.SET: (list,),
    Kind.MAP: (dict,),
    Kind.OBJECT: (dict,),
    Kind.JSON: (str,),
    Kind.ARCHIVE: (Archive,),
    Kind.FILE: (Asset, Archive),
}


def check(props: Mapping[str, Prop], inputs: Mapping[str, Value], *, service: str) -> Iterator[Failure]:
    """Everything about ``inputs`` that their description doesn't allow; unknown values pass.

    :param service: the botocore service whose shapes the description names
    """
    yield from _fields(props, inputs, service=service, prefix="", secret=False)


def sound_part(
    props: Mapping[str, Prop], inputs: Mapping[str, Value], failures: Sequence[Failure]
) -> dict[str, Value]:
    """The inputs with ``UNKNOWN`` for each in which something is wrong: the rest can be judged further."""
    wrong = {top_of(each.path) for each in failures}
    return {key: value for key, value in inputs.items() if key not in wrong} | {
        key: UNKNOWN for key in wrong if key in props
    }


def top_of(path: str) -> str:
    """The top-level input of a path."""
    return re.split(r"[.\[]", path, maxsplit=1)[0]


def discreet(failure: Failure, inputs: Mapping[str, Value]) -> Failure:
    """The failure without its reason where that may quote a secret."""
    if not has_secret(inputs.get(top_of(failure.path))):
        return failure
    return replace(failure, reason="the secret value doesn't fit this property, or doesn't fit the others")


def join(prefix: str, key: str) -> str:
    """The path of a key inside ``prefix``, as Pulumi writes property paths."""
    if not re.fullmatch(r"[\w$-]+", key):
        return f'{prefix}["{key}"]'
    return f"{prefix}.{key}" if prefix else key


def _fields(
    props: Mapping[str, Prop], inputs: Mapping[str, Value], *, service: str, prefix: str, secret: bool
) -> Iterator[Failure]:
    for key, value in inputs.items():
        if key == "__defaults":
            continue
        prop = props.get(key)
        path = join(prefix, key)
        if prop is None or prop.output:
            near = get_close_matches(key, [name for name, each in props.items() if not each.output], 1)
            hint = f"; did you mean {near[0]!r}?" if near else f"; supported: {', '.join(sorted(props))}"
            yield Failure(path=path, reason=f"the sandbox doesn't support this property{hint}")
        else:
            yield from _value(prop, value, service=service, path=path, secret=secret)
    for key, prop in props.items():
        if prop.required and key not in inputs:
            yield Failure(path=join(prefix, key), reason=f"missing; it is required: give {prop.kind}")


def _value(prop: Prop, value: Value, *, service: str, path: str, secret: bool) -> Iterator[Failure]:
    if isinstance(value, Secret):
        value, secret = value.element, True
    if value is UNKNOWN:
        return
    if not _is(prop.kind, value):
        yield Failure(path=path, reason=f"{_found(value, secret)} isn't allowed; give {prop.kind}")
        return
    reason = _limits(prop, value, service, secret)
    if reason:
        yield Failure(path=path, reason=reason)
    if prop.kind is Kind.OBJECT:
        yield from _fields(prop.fields or {}, value, service=service, prefix=path, secret=secret)
    elif prop.kind is Kind.MAP and prop.items:
        for key, item in value.items():
            if key != "__defaults":
                yield from _value(prop.items, item, service=service, path=join(path, key), secret=secret)
    elif prop.items:
        for index, item in enumerate(value):
            yield from _value(prop.items, item, service=service, path=f"{path}[{index}]", secret=secret)


def _is(kind: Kind, value: Value) -> bool:
    if isinstance(value, bool):
        return kind is Kind.BOOLEAN
    return isinstance(value, _TYPES[kind])


def _limits(prop: Prop, value: Any, service: str, secret: bool) -> str:
    """The first limit that ``value`` breaks, as a reason; else an empty string."""
    shape: Mapping[str, Any] = models.shapes(service)[prop.shape] if prop.shape else {}
    values = prop.values or tuple(shape.get("enum", ()))
    if values and value not in values:
        return f"{_found(value, secret)} isn't allowed; allowed: {', '.join(map(str, values))}"
    if prop.kind is Kind.JSON:
        try:
            json.loads(value)
        except ValueError as error:
            where = "[secret]" if secret else error
            return f"isn't a JSON document ({where}); give one, e.g. from json.dumps(...)"
    if prop.kind in {Kind.STRING, Kind.JSON, Kind.LIST, Kind.SET, Kind.MAP, Kind.INTEGER, Kind.NUMBER}:
        low = prop.minimum if prop.minimum is not None else shape.get("min")
        high = prop.maximum if prop.maximum is not None else shape.get("max")
        if (reason := _range(prop.kind, value, low, high, secret)) or prop.kind is not Kind.STRING:
            return reason
    pattern = prop.pattern or shape.get("pattern", "")
    if pattern and isinstance(value, str) and not _compiled(pattern).fullmatch(value):
        return f"{_found(value, secret)} isn't allowed; allowed: {prop.meaning or f'what matches {pattern}'}"
    return ""


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def _range(kind: Kind, value: Any, low: float | None, high: float | None, secret: bool) -> str:
    size, unit = value, ""
    if kind in {Kind.STRING, Kind.JSON}:
        size, unit = len(value), " characters"
    elif kind not in {Kind.INTEGER, Kind.NUMBER}:
        size, unit = len(value), " entries"
    if (low is None or size >= low) and (high is None or size <= high):
        return ""
    found = f"{size}{unit}" if unit else _found(value, secret)
    if low is not None and high is not None:
        return f"{found} isn't allowed; allowed: {low:g} to {high:.15g}{unit}"
    return f"{found} isn't allowed; allowed: " + (
        f"at least {low:.15g}{unit}" if high is None else f"at most {high:.15g}{unit}"
    )


def _found(value: Value, secret: bool) -> str:
    """What was found, for an error: never a secret, never very long."""
    if secret:
        return "the secret value"
    if isinstance(value, Asset | Archive):
        return f"an {type(value).__name__.lower()}"
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    text = json.dumps(value)
    return text if len(text) <= 120 else f"{text[:117]}..."
