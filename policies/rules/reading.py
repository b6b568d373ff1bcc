"""What several rules say and read in the same way."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Final

from policies.view import UNKNOWN, Resource, Unknown

UNREADABLE: Final = "can't be known at this preview"


def shown(name: str, value: object, default: str = "isn't given") -> str:
    """Say what a property (not a secret one) is; default: what it means when it's absent."""
    if value is UNKNOWN:
        return f"{name} {UNREADABLE}"
    if value is None:
        return f"{name} {default}"
    return f"{name} is {str(value).lower() if isinstance(value, bool) else value}"


def is_given(resource: Resource, path: str) -> bool:
    """Whether a property is given: known, or unknown and made by another resource.

    What is unknown and comes from nothing may turn out to be nothing.
    """
    value = resource.read(path)
    if value is UNKNOWN:
        return bool(resource.property_dependencies.get(path.split(".")[0]))
    return value not in (None, "", [], {})


def missing(resource: Resource, path: str, absent: str) -> str | None:
    """Say what is wrong where a property isn't given; absent: what it means when it isn't there at all."""
    if is_given(resource, path):
        return None
    unknown = resource.read(path) is UNKNOWN
    return f"{path} {UNREADABLE}, and comes from no resource" if unknown else absent


def known(texts: Iterable[str | Unknown]) -> list[str]:
    """Keep the texts that are known."""
    return [text for text in texts if isinstance(text, str)]


def matches_any(name: str, patterns: Iterable[str]) -> bool:
    """Whether a name fits one of the patterns of a stage's configuration (`*` and `?` are wildcards)."""
    return any(fnmatchcase(name, pattern) for pattern in patterns)
