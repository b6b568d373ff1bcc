from __future__ import annotations

from collections.abc import Iterator

import pytest

from sandbox.provider import Endpoint, serve
from tests.sandbox.provider.client import Client

pytest.register_assert_rewrite("tests.sandbox.provider.walk")


@pytest.fixture(scope="session")
def live_client(endpoint: Endpoint) -> Iterator[Client]:
    yield from _served(endpoint)


@pytest.fixture
def live(live_client: Client) -> Client:
    """The provider on the embedded AWS, over a channel, in us-east-1."""
    live_client.configure()
    return live_client


@pytest.fixture
def offline() -> Iterator[Client]:
    """The provider without an embedded AWS, as a preview on any machine has it."""
    for client in _served(None):
        client.configure()
        yield client


def _served(endpoint: Endpoint | None) -> Iterator[Client]:
    server, port = serve(0, endpoint)
    client = Client(port)
    try:
        yield client
    finally:
        client.close()
        server.stop(None).wait()
