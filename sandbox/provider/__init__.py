"""A stand-in for the real ``aws`` provider, against the embedded AWS.

It speaks Pulumi's ResourceProvider protocol, so the sandbox's engine calls it in its own process and the real
CLI attaches it (``fleet provider``, then ``PULUMI_DEBUG_PROVIDERS=aws:<port>``). It knows the types in
:mod:`sandbox.provider.table`; any other type or property is an error that names it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .endpoint import Endpoint

if TYPE_CHECKING:
    from pathlib import Path

    import grpc

    from .server import AwsProvider

__all__ = ["Endpoint", "serve", "servicer"]


def servicer(endpoint: Endpoint | None, *, directory: Path | None = None) -> AwsProvider:
    """The provider as a gRPC servicer; each provider resource has one of its own.

    :param endpoint: where the embedded AWS is; ``None``: checks, diffs and previews only
    :param directory: what relative paths of assets and archives start from (default: the working directory)
    """
    from .server import AwsProvider

    return AwsProvider(endpoint, directory=directory)


def serve(
    port: int, endpoint: Endpoint | None, *, directory: Path | None = None, workers: int = 16
) -> tuple[grpc.Server, int]:
    """Serve the provider on 127.0.0.1, on ``port`` (0: any that is free).

    Every configured provider of a program is one process in Pulumi, but an attached provider is shared: all
    provider resources of the program then configure this one, the last one wins. Use one region with it.

    :returns: the started server (stop it with ``server.stop(grace)``) and its port
    """
    from concurrent.futures import ThreadPoolExecutor

    import grpc

    from sandbox.protos import provider_pb2_grpc

    server = grpc.server(ThreadPoolExecutor(workers, thread_name_prefix="provider"))
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer(endpoint, directory=directory), server)
    bound = server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    return server, bound
