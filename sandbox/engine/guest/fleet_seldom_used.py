"""Loads, at their first use, modules that others import and hardly any run needs."""

import importlib.machinery
import importlib.util
import sys
from collections.abc import Sequence
from types import ModuleType

_EVERYWHERE = (
    "google.protobuf.internal.python_message",  # for where protobuf in C isn't there
    "grpc.aio",
)


def install(*names: str) -> None:
    """Load these from now on so, and what gRPC and protobuf bring along."""
    sys.meta_path.insert(0, _Finder((*_EVERYWHERE, *names)))


class _Finder:
    def __init__(self, names: Sequence[str]) -> None:
        self._names = frozenset(names)

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: ModuleType | None = None,  # noqa: ARG002 - the protocol's
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname not in self._names:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path)
        if spec and spec.loader:
            spec.loader = importlib.util.LazyLoader(spec.loader)
        return spec
