"""Pulumi's protocol messages, without importing the Pulumi SDK.

``import pulumi.runtime.proto`` runs ``pulumi/__init__.py``, which takes half a second that neither the engine
nor the provider needs. The generated modules import only each other, so they are loaded here from the same
files as a package of their own. protobuf keeps one class per message and process: a message made by these
modules is the very class that ``pulumi.runtime.proto`` gives, whoever imports it later.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pulumi.runtime.proto import (
        alias_pb2,
        analyzer_pb2,
        analyzer_pb2_grpc,
        callback_pb2,
        callback_pb2_grpc,
        engine_pb2,
        engine_pb2_grpc,
        errors_pb2,
        plugin_pb2,
        provider_pb2,
        provider_pb2_grpc,
        resource_pb2,
        resource_pb2_grpc,
        source_pb2,
        status_pb2,
    )

__all__ = [
    "alias_pb2",
    "analyzer_pb2",
    "analyzer_pb2_grpc",
    "callback_pb2",
    "callback_pb2_grpc",
    "engine_pb2",
    "engine_pb2_grpc",
    "errors_pb2",
    "plugin_pb2",
    "provider_pb2",
    "provider_pb2_grpc",
    "resource_pb2",
    "resource_pb2_grpc",
    "source_pb2",
    "status_pb2",
]

_PACKAGE = f"{__name__}._generated"


def __getattr__(name: str) -> ModuleType:
    """Load one generated module at its first use (``*_grpc`` modules import grpc, 0.15 s; messages don't)."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if _PACKAGE not in sys.modules:
        spec = importlib.util.find_spec("pulumi")
        if spec is None or not spec.submodule_search_locations:
            raise ImportError("the package `pulumi` is not installed in this environment: run `make setup`")
        package = ModuleType(_PACKAGE)
        package.__path__ = [str(Path(spec.submodule_search_locations[0]) / "runtime" / "proto")]
        sys.modules[_PACKAGE] = package
    module = importlib.import_module(f"{_PACKAGE}.{name}")
    globals()[name] = module
    return module
