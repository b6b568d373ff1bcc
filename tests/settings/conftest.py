from __future__ import annotations

from collections.abc import Iterator

import pulumi.runtime
import pytest
from pulumi.runtime import config, settings


@pytest.fixture(autouse=True)
def nothing_configured(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Keep configuration out of these tests, and theirs out of others."""
    monkeypatch.delenv("PULUMI_CONFIG", raising=False)
    before = settings.SETTINGS
    yield
    pulumi.runtime.configure(before)
    config.set_all_config({}, [])
