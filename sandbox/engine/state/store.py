"""Where a stack's state lives on disk."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sandbox.engine.config import Project

from .snapshot import Snapshot


class StateStore:
    """``<home>/stacks/<stack>.json``, a Pulumi checkpoint, with a lock and a last good copy beside it."""

    def __init__(self, project: Project, stack: str, *, home: Path) -> None:
        raise NotImplementedError

    @property
    def path(self) -> Path:
        """The checkpoint file."""
        raise NotImplementedError

    def load(self) -> Snapshot | None:
        """The state, or ``None`` if there is none yet.

        :raises StateError: it can't be read, and what its last good copy is
        """
        raise NotImplementedError

    def export(self, *, show_secrets: bool = False) -> dict[str, Any]:
        """What ``pulumi stack export`` prints: ``{"version": 3, "deployment": {...}}``."""
        raise NotImplementedError

    def outputs(self) -> dict[str, Any]:
        """The stack's outputs (secrets as :class:`Secret`)."""
        raise NotImplementedError

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the stack. ``run`` does it itself; it may be held around it (same process).

        :raises StateLockedError: who holds it, since when, and what to do
        """
        raise NotImplementedError
        yield

    def remove(self) -> None:
        """Forget the stack (its state must hold no resources)."""
        raise NotImplementedError
