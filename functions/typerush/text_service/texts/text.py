"""What a typing text is, and how one is asked for."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum

from texts.errors import BadRequestError


class Difficulty(StrEnum):
    """How hard a text is to type."""

    EASY = "easy"
    MEDIUM = "medium"
    HARD = "hard"


@dataclass(frozen=True, kw_only=True)
class Text:
    """A text to type.

    text_id: unique within its difficulty; random, so that ids are spread evenly.
    created_at: ISO 8601, UTC.
    """

    difficulty: Difficulty
    text_id: str
    text: str
    created_at: str


def parse_difficulty(value: object) -> Difficulty:
    """Read a caller's difficulty. Raises BadRequestError."""
    try:
        return Difficulty(value)  # type: ignore[arg-type]  # any other type is a ValueError too
    except ValueError:
        found = "is missing" if value is None else f"{_shown(value)} is not known"
        raise BadRequestError(f"difficulty {found}; known are {', '.join(Difficulty)}") from None


def parse_text_id(value: object) -> str:
    """Read a caller's text id. Raises BadRequestError."""
    if isinstance(value, str) and 1 <= len(value) <= 64:
        return value
    found = "is missing" if value is None else f"must be 1 to 64 characters, not {_shown(value)}"
    raise BadRequestError(f"text_id {found}")


def _shown(value: object) -> str:
    text = json.dumps(value, default=str)
    return text if len(text) <= 80 else f"{text[:77]}..."
