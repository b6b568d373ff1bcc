"""The types, one file per AWS service, and what several of them need to call AWS."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


def given(**members: Any) -> dict[str, Any]:
    """A request's members without those that are ``None``."""
    return {name: value for name, value in members.items() if value is not None}


def tag_list(tags: Mapping[str, str] | None) -> list[dict[str, str]]:
    """Tags as most services of AWS take them."""
    return [{"Key": key, "Value": value} for key, value in (tags or {}).items()]


def tag_map(tags: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Tags from the form in which most services of AWS give them."""
    return {tag["Key"]: tag.get("Value", "") for tag in tags}
