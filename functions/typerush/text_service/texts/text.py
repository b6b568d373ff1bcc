"""What a typing text is, and how one is asked for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from texts.errors import BadRequestError, fault


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
    for difficulty in Difficulty:
        if value == difficulty:
            return difficulty
    raise BadRequestError(fault("difficulty", value, f"one of {', '.join(Difficulty)}"))


def parse_text_id(value: object) -> str:
    """Read a caller's text id. Raises BadRequestError."""
    if isinstance(value, str) and re.fullmatch("[A-Za-z0-9_-]{1,64}", value):
        return value
    raise BadRequestError(fault("text_id", value, "1 to 64 letters, digits, '-' or '_'"))
