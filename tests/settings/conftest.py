from __future__ import annotations

from collections.abc import Iterator

import pulumi.runtime
import pytest
from pulumi.runtime import config, settings

import bundling
from tests.components.sample import bundle


@pytest.fixture(autouse=True)
def nothing_configured(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Keep configuration out of these tests, and theirs out of others; packages pretend to be built."""
    monkeypatch.delenv("PULUMI_CONFIG", raising=False)
    monkeypatch.setattr(
        bundling, "build", lambda source, target, *, project: bundle(source.as_posix(), target)
    )
    before = settings.SETTINGS
    yield
    pulumi.runtime.configure(before)
    config.set_all_config({}, [])
