from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.engine import program, secrets
from tests.sandbox.engine.forks import Forks
from tests.sandbox.engine.lab import Lab


@pytest.fixture(autouse=True)
def quick_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """A million rounds for every new stack would be half of the time that these tests take."""
    monkeypatch.setattr(secrets, "_ROUNDS", 1_000)
    monkeypatch.setattr(secrets, "_keys", {})


@pytest.fixture(scope="session")
def forks() -> Iterator[Forks]:
    made = Forks()
    yield made
    made.close()


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, forks: Forks) -> Lab:
    monkeypatch.setattr(program, "subprocess", forks)
    for name in ("PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE", "PULUMI_DEBUG_PROVIDERS"):
        monkeypatch.delenv(name, raising=False)
    return Lab(tmp_path)
