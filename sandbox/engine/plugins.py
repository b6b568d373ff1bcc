"""How the engine calls providers: in its own process, or over a channel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeAlias


class ProviderClient(Protocol):
    """A provider as the engine calls it: Pulumi's ResourceProvider service, one method for all its calls."""

    def call(self, method: str, request: Any, *, timeout_s: float | None = None) -> Any:
        """Call e.g. ``"Check"`` with a ``CheckRequest``; the answer is its ``CheckResponse``.

        :raises ProviderError: the provider answered with an error
        """

    def close(self) -> None:
        """Let go of what it holds."""


ProviderFactory: TypeAlias = Callable[[str, str], ProviderClient]
"""(package, version or "") -> a client of its own for each provider resource."""


def in_process(servicer: Any) -> ProviderClient:
    """A client that calls a ``ResourceProviderServicer`` in this process, without a socket."""
    raise NotImplementedError


def attach(port: int) -> ProviderClient:
    """A client of the provider that listens on 127.0.0.1:``port``."""
    raise NotImplementedError
