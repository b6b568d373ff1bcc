from __future__ import annotations

from collections.abc import Iterator

import pytest

from sandbox.provider import Endpoint, serve
from tests.sandbox.provider.client import Client

pytest.register_assert_rewrite("tests.sandbox.provider.walk")


@pytest.fixture(scope="session")
def live_port(endpoint: Endpoint) -> Iterator[int]:
    yield from _served(endpoint)


@pytest.fixture
def live(live_port: int) -> Iterator[Client]:
    """The provider on the embedded AWS, over a channel, in us-east-1."""
    yield from _connected(live_port)


@pytest.fixture(scope="session")
def offline_port() -> Iterator[int]:
    yield from _served(None)


@pytest.fixture
def offline(offline_port: int) -> Iterator[Client]:
    """The provider without an embedded AWS, as a preview on any machine has it."""
    yield from _connected(offline_port)


def _served(endpoint: Endpoint | None) -> Iterator[int]:
    server, port = serve(0, endpoint)
    yield port
    server.stop(None).wait()


def _connected(port: int) -> Iterator[Client]:
    client = Client(port)
    client.configure()
    yield client
    client.close()
