"""A section for one thread at a time, in the order in which they came; they may step aside meanwhile."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_ASIDE: Final = 4
"""So many threads do something aside; more would mostly wait for the interpreter."""


class Turns:
    """Who is in the section, and who is on the way back to it."""

    def __init__(self) -> None:
        self.section = threading.Lock()
        self.aside = threading.Semaphore(_ASIDE)
        self._line: deque[Turn] = deque()

    @contextmanager
    def take(self) -> Iterator[Turn]:
        """Go in; for the time of the ``with`` no other thread is in, unless this one steps aside."""
        with self.section:
            turn = Turn(self)
            self._line.append(turn)
            self._call_first()
            try:
                yield turn
            finally:
                self._line.remove(turn)
                self._call_first()

    def _call_first(self) -> None:
        if self._line:
            self._line[0].first.set()


class Turn:
    """One thread's place in the line."""

    def __init__(self, turns: Turns) -> None:
        self._turns = turns
        self.first = threading.Event()
        """set when all that came before have gone"""

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Let others in for the time of the ``with``, and be back when all that came before have gone."""
        self._turns.section.release()
        try:
            with self._turns.aside:
                yield
        finally:
            self._come_back()

    def be_first(self) -> None:
        """Let others in until all that came before have gone."""
        self._turns.section.release()
        self._come_back()

    def _come_back(self) -> None:
        self.first.wait()
        self._turns.section.acquire()
