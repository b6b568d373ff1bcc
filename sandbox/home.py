"""Where the sandbox keeps what it makes."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

FLEET_ROOT = Path(__file__).resolve().parent.parent
"""The folder of lambda-fleet itself, whichever program is run."""


@dataclass(frozen=True, kw_only=True)
class Home:
    """The folder of state and run-time files of one project."""

    path: Path

    @classmethod
    def of(cls, project: Path) -> Home:
        """``FLEET_HOME`` if it is set, else ``.fleet`` in the project's folder."""
        override = os.environ.get("FLEET_HOME")
        return cls(path=Path(override).absolute() if override else project.absolute() / ".fleet")

    @property
    def sandbox(self) -> Path:
        """What belongs to the embedded AWS, PostgreSQL and the surroundings."""
        return self.path / "sandbox"
