"""What several rules say and read in the same way."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Final

from policies.view import UNKNOWN, Unknown

UNREADABLE: Final = "can't be known at this preview"


def shown(name: str, value: object, default: str = "isn't given") -> str:
    """Say what a property (not a secret one) is; default: what it means when it's absent."""
    if value is UNKNOWN:
        return f"{name} {UNREADABLE}"
    if value is None:
        return f"{name} {default}"
    return f"{name} is {str(value).lower() if isinstance(value, bool) else value}"


def known(texts: Iterable[str | Unknown]) -> list[str]:
    """Keep the texts that are known."""
    return [text for text in texts if isinstance(text, str)]


def matches_any(name: str, patterns: Iterable[str]) -> bool:
    """Whether a name fits one of the patterns of a stage's configuration (`*` and `?` are wildcards)."""
    return any(fnmatchcase(name, pattern) for pattern in patterns)
