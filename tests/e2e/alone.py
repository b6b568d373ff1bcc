"""One system of the project, deployed to a sandbox of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sandbox.home import Home
from tests.e2e.conftest import stopped_afterwards
from tests.e2e.sandbox import Sandbox, project_of


@contextmanager
def deployed_alone(system: str, folder: Path, choices: Mapping[str, Any] | None = None) -> Iterator[Sandbox]:
    """Deploy a system of the `local` stage (see `project_of`), and stop everything afterwards."""
    project = project_of(system, folder / "project", choices)
    sandbox = Sandbox(home=Home(path=folder / "home"), project=project)
    with stopped_afterwards(sandbox):
        sandbox.up()
        yield sandbox
