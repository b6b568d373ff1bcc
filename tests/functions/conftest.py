"""What tests of every function need."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import boto3
import pytest


@pytest.fixture(autouse=True)
def event_loop_of_the_worker() -> Iterator[None]:
    """Mangum makes an event loop for the life of a worker, and leaves it open; this one is closed."""
    with asyncio.Runner() as runner:
        asyncio.set_event_loop(runner.get_loop())
        yield
        asyncio.set_event_loop(None)


@pytest.fixture(autouse=True)
def session_of_the_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """boto3 keeps the credentials of who asked first; every test is a worker of its own."""
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
