"""What can go wrong, told apart by who has to act."""

from __future__ import annotations

import json


class BadRequestError(Exception):
    """The caller's mistake; the message is the answer.

    status: 400, 404 for something that doesn't exist, 405 for a method that a path doesn't take.
    """

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


class UnavailableError(Exception):
    """Something that this service stands on doesn't work: a 503.

    The message is for the log; `answer` is what the caller is told.
    """

    def __init__(self, message: str, answer: str) -> None:
        super().__init__(message)
        self.answer = answer


class ModelError(UnavailableError):
    """The model gave no text."""

    def __init__(self, message: str) -> None:
        super().__init__(message, "no text could be written; try again later")


def fault(name: str, value: object, allowed: str) -> str:
    """Say what is wrong with a field: `difficulty must be one of easy, medium, hard, not "simple"`."""
    if value is None:
        return f"{name} is missing: {allowed}"
    return f"{name} must be {allowed}, not {_shown(value)}"


def cut(text: str) -> str:
    """Make a caller's text short enough for an error."""
    return text if len(text) <= 80 else f"{text[:77]}..."


def _shown(value: object) -> str:
    """Show a caller's value; of lists and objects, which may be deeper than can be written, the kind."""
    if isinstance(value, dict):
        return "an object"
    return "a list" if isinstance(value, list) else cut(json.dumps(value))
