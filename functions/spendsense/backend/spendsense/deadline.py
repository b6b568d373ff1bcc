"""How long a request may take in all, whatever each of its calls may take."""

from __future__ import annotations

import math
import time

from spendsense.errors import TimedOutError

_end = math.inf


def begin(seconds: float) -> None:
    """Let calls be begun for so long from now on: a container handles one request at a time."""
    global _end
    _end = time.monotonic() + seconds


def check() -> None:
    """Ask before each call whether it may still begin. Raises TimedOutError."""
    if time.monotonic() >= _end:
        raise TimedOutError("the request's time is up")
