"""A stand-in for the real ``aws`` provider, against the embedded AWS.

It speaks Pulumi's ResourceProvider protocol, so the sandbox's engine calls it in its own process and the real
CLI attaches it (``fleet provider``, then ``PULUMI_DEBUG_PROVIDERS=aws:<port>``). It knows the types in
:mod:`sandbox.provider.table`; any other type or property is an error that names it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .endpoint import Endpoint

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import grpc

    from .server import AwsProvider

__all__ = ["Endpoint", "prepare", "serve", "servicer"]


def servicer(
    endpoint: Endpoint | None, *, directory: Path | None = None, images: Mapping[str, str] | None = None
) -> AwsProvider:
    """The provider as a gRPC servicer; each provider resource has one of its own.

    :param endpoint: where the embedded AWS is; ``None``: checks, diffs and previews only
    :param directory: what relative paths of assets and archives start from (default: the working directory)
    :param images: ``<repository>:<start of the tag>`` of container images -> the folder that runs instead
    """
    from .server import AwsProvider

    return AwsProvider(endpoint, directory=directory, images=images)


def prepare(endpoint: Endpoint | None) -> None:
    """Load in the background what the first calls would wait for, e.g. while the program starts.

    That is 0.1 s of types and service models, and with an endpoint 0.2 s of botocore and the account's id.
    """
    from threading import Thread

    def load() -> None:
        from . import clients, table

        table.warm()
        if endpoint:
            clients.warm(endpoint)

    Thread(target=load, name="provider-warm-up", daemon=True).start()


def serve(
    port: int,
    endpoint: Endpoint | None,
    *,
    directory: Path | None = None,
    images: Mapping[str, str] | None = None,
    workers: int = 16,
) -> tuple[grpc.Server, int]:
    """Serve the provider on 127.0.0.1: see :func:`sandbox.provider.serving.serve`."""
    from . import serving

    return serving.serve(port, endpoint, directory=directory, images=images, workers=workers)
