"""The user's program: a process of its own, run as Pulumi's Python language host runs it."""

from __future__ import annotations

from pathlib import Path


class Program:
    """A started interpreter that has imported the SDK and waits to be told what to run."""

    @classmethod
    def start(cls, directory: Path) -> Program:
        """Start the interpreter of the project in ``directory`` and return at once.

        Do this first: its imports then run while the engine is prepared.

        :raises ProjectError: as ``Project.load``
        """
        raise NotImplementedError

    def close(self) -> None:
        """End it if it still runs. May be called more than once."""
        raise NotImplementedError
