"""What a caller did wrong."""

from __future__ import annotations


class BadRequestError(Exception):
    """A mistake of the caller; the message names the field."""


def fault(field: str, found: object, allowed: str) -> BadRequestError:
    """Say what a field holds, shortened, and what it may hold."""
    text = repr(found)
    shown = text if len(text) <= 60 else f"{text[:57]}..."
    return BadRequestError(f"{field} is {shown}; allowed: {allowed}")
