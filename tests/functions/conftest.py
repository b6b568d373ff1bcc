"""What tests of every function need."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import botocore.loaders
import botocore.session
import pytest


@pytest.fixture(autouse=True)
def event_loop_of_the_worker() -> Iterator[None]:
    """Mangum makes an event loop for the life of a worker, and leaves it open; this one is closed."""
    with asyncio.Runner() as runner:
        asyncio.set_event_loop(runner.get_loop())
        yield
        asyncio.set_event_loop(None)


class WorkersSession(boto3.Session):
    """A session whose services' models are read once for all tests, and whose clients can be closed."""

    _MODELS = botocore.loaders.create_loader(str(Path(boto3.__file__).parent / "data"))

    def __init__(self) -> None:
        session = botocore.session.Session()
        session.register_component("data_loader", self._MODELS)
        self._clients: list[Any] = []
        super().__init__(botocore_session=session)
        self._MODELS.search_paths.pop()  # every session adds boto3's own folder, which is there already

    def client(self, *args: Any, **kwargs: Any) -> Any:
        made = super().client(*args, **kwargs)
        self._clients.append(made)
        return made

    def close(self) -> None:
        for client in self._clients:
            client.close()


@pytest.fixture(autouse=True)
def session_of_the_worker(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """boto3 keeps the credentials of who asked first; every test is a worker of its own."""
    session = WorkersSession()
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", session)
    yield
    session.close()
