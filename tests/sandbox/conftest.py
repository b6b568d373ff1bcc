"""The `fleet` command, run in the tests' own process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sandbox.cli import main
from sandbox.home import Home

Fleet = Callable[..., "tuple[int, str, str]"]


@pytest.fixture
def fleet(fleet_home: Home, capsys: pytest.CaptureFixture[str]) -> Fleet:
    """Run the command with a FLEET_HOME of its own: exit code, stdout, stderr."""
    del fleet_home

    def run(*arguments: str | Path) -> tuple[int, str, str]:
        code = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run
