"""The provider on a port, for the real CLI and for engines in another process."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc

from sandbox.protos import provider_pb2_grpc

from .endpoint import Endpoint
from .errors import ProviderError
from .server import AwsProvider


class _PerConnection:
    """One provider for each connection.

    An engine starts a process for every provider resource of a program; one that attaches to a port makes a
    connection for each instead. So it is the connection that tells them (and their regions) apart.
    """

    def __init__(self, make: Callable[[], AwsProvider]) -> None:
        self._make = make
        self._providers: dict[str, AwsProvider] = {}

    def __getattr__(self, method: str) -> Callable[[Any, Any], Any]:
        def call(request: Any, context: Any) -> Any:
            peer = context.peer()
            provider = self._providers.get(peer) or self._providers.setdefault(peer, self._make())
            return getattr(provider, method)(request, context)

        return call


def serve(
    port: int,
    endpoint: Endpoint | None,
    *,
    directory: Path | None = None,
    images: Mapping[str, str] | None = None,
    workers: int = 16,
) -> tuple[grpc.Server, int]:
    """Serve the provider on 127.0.0.1.

    :param port: 0: any that is free
    :param directory: what relative paths of assets and archives start from (default: the working directory)
    :param images: see :func:`sandbox.provider.servicer`
    :returns: the started server (end it with ``server.stop(grace)``) and its port
    :raises ProviderError: the port is taken
    """
    server = grpc.server(
        ThreadPoolExecutor(workers, thread_name_prefix="provider"),
        # Else a second server on the port would share it in silence; and packages come as messages.
        options=[("grpc.so_reuseport", 0), ("grpc.max_receive_message_length", -1)],
    )
    _require_free(port)
    servicer: Any = _PerConnection(lambda: AwsProvider(endpoint, directory=directory, images=images))
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, server)
    try:
        bound = server.add_insecure_port(f"127.0.0.1:{port}")
    except RuntimeError:
        raise _taken(port) from None
    server.start()
    return server, bound


def _require_free(port: int) -> None:
    """Look before gRPC does: it writes lines of its own about a port that is taken."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise _taken(port) from None


def _taken(port: int) -> ProviderError:
    return ProviderError(f"port {port} of 127.0.0.1 is taken; give another, or 0 for a free one")
