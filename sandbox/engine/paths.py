"""Property paths such as ``tags["a.b"]``, ``rules[0].port``, ``rules[*]`` (properties_path.go)."""

from __future__ import annotations

import re
from typing import Final, TypeAlias

from .properties import PropertyMap, Secret, Value, make_secret

Path: TypeAlias = tuple[str | int, ...]
"""Names and indices; the name ``*`` matches every one."""

_PLAIN: Final = re.compile("[A-Za-z0-9_]*")


def parse(text: str) -> Path:
    """The elements of a path.

    :raises ValueError: it isn't a path
    """
    elements: list[str | int] = []
    rest = text
    if rest.startswith("."):
        raise ValueError(f"property path {text!r}: expected it to start with a name or index")
    while rest:
        if rest[0] == ".":
            rest = rest[1:]
            if not rest:
                raise ValueError(f"property path {text!r}: expected it to end with a name or index")
        elif rest.startswith('["'):
            key, rest = _quoted(rest, text)
            elements.append(key)
        elif rest[0] == "[":
            inside, bracket, rest = rest[1:].partition("]")
            if not bracket:
                raise ValueError(f"property path {text!r}: missing closing bracket in array index")
            if inside == "*":
                elements.append("*")
            elif inside.removeprefix("-").isdigit():
                elements.append(int(inside))
            else:
                raise ValueError(f"property path {text!r}: invalid array index {inside!r}")
        else:
            end = next((i for i, c in enumerate(rest) if c in ".["), len(rest))
            elements.append(rest[:end])
            rest = rest[end:]
    return tuple(elements)


def _quoted(rest: str, text: str) -> tuple[str, str]:
    key, i = "", 2
    while i < len(rest) and rest[i] != '"':
        if rest[i] == "\\" and rest[i + 1 : i + 2] == '"':
            i += 1
        key += rest[i]
        i += 1
    if rest[i : i + 2] != '"]':
        raise ValueError(f"property path {text!r}: missing closing quote or bracket")
    return key, rest[i + 2 :]


def join(path: Path) -> str:
    """The path as it is written."""
    text = ""
    for element in path:
        if isinstance(element, int):
            text += f"[{element}]"
        elif _PLAIN.fullmatch(element):
            text += f".{element}" if text else element
        else:
            quoted = element.replace('"', '\\"')
            text += f'["{quoted}"]'
    return text


def matches(pattern: Path, other: Path) -> bool:
    """Whether ``other`` is at or inside what ``pattern`` names."""
    if len(other) < len(pattern):
        return False
    return all(p == "*" or (type(p) is type(o) and p == o) for p, o in zip(pattern, other, strict=False))


def reset(path: Path, old: PropertyMap, new: PropertyMap) -> bool:
    """Put what ``path`` names in ``old`` into ``new``, in place: how ``ignoreChanges`` works.

    :returns: false if it can't, because an element on the way was added or removed
    """
    return _reset(path, old, new, old_secret=False, new_secret=False)


def _reset(path: Path, old: Value, new: Value, *, old_secret: bool, new_secret: bool) -> bool:
    if not path:
        return False
    while isinstance(old, Secret):
        old, old_secret = old.element, True
    while isinstance(new, Secret):
        new, new_secret = new.element, True

    def kept(value: Value) -> Value:
        return make_secret(value) if old_secret and not new_secret else value

    def inside(a: Value, b: Value) -> bool:
        return _reset(path[1:], a, b, old_secret=old_secret, new_secret=new_secret)

    key, last = path[0], len(path) == 1
    if isinstance(key, int):
        if not isinstance(old, list) or not isinstance(new, list):
            return not isinstance(old, list) and not isinstance(new, list)
        if key < 0 or key >= len(old) or key >= len(new):
            return last and key >= len(old) and key >= len(new)
        if last:
            new[key] = kept(old[key])
            return True
        return inside(old[key], new[key])
    if key == "*":
        return _reset_all(old, new, kept if last else None, inside)
    if last:
        if isinstance(old, dict) and key in old:
            if not isinstance(new, dict):
                return False
            new[key] = kept(old[key])
        elif isinstance(new, dict):
            new.pop(key, None)
        return True
    if not isinstance(old, dict) or not isinstance(new, dict):
        return not isinstance(old, dict) and not isinstance(new, dict)
    if key not in new:
        return key not in old
    return inside(old.get(key), new[key])


def _reset_all(old: Value, new: Value, kept: object, inside: object) -> bool:
    if isinstance(new, dict) and (isinstance(old, dict) or kept):
        if not isinstance(old, dict):
            return True
        if callable(kept):
            for key in list(new.keys() - old.keys()):
                del new[key]
            new.update({key: kept(value) for key, value in old.items()})
            return True
        assert callable(inside)  # noqa: S101 - for the type checker
        return all(key in new and inside(value, new[key]) for key, value in old.items())
    if isinstance(new, list) and (isinstance(old, list) or kept):
        if not isinstance(old, list):
            return True
        for i in range(min(len(old), len(new))):
            if callable(kept):
                new[i] = kept(old[i])
            elif callable(inside) and not inside(old[i], new[i]):
                return False
        return len(old) == len(new)
    return False
