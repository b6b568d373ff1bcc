"""Pulumi's Analyzer protocol, without importing the Pulumi SDK.

`import pulumi` takes a quarter of a second, and the pack needs nothing of it but these generated modules,
which import only each other: they are loaded from the same files, as their own package. The pack can't share
the sandbox's loader: it is a folder that a host may copy anywhere.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc, plugin_pb2

__all__ = ["analyzer_pb2", "analyzer_pb2_grpc", "plugin_pb2"]

_PACKAGE = f"{__name__}._generated"


def __getattr__(name: str) -> ModuleType:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if _PACKAGE not in sys.modules:
        spec = importlib.util.find_spec("pulumi")
        if spec is None or not spec.submodule_search_locations:
            raise ImportError("the package `pulumi` isn't installed where the policy pack runs")
        package = ModuleType(_PACKAGE)
        package.__path__ = [str(Path(spec.submodule_search_locations[0]) / "runtime" / "proto")]
        sys.modules[_PACKAGE] = package
    module = importlib.import_module(f"{_PACKAGE}.{name}")
    globals()[name] = module
    return module
