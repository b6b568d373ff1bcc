"""Packages that a program refers to by a name that the engine gives them (``RegisterPackage``)."""

from __future__ import annotations

import threading
import uuid
from dataclasses import dataclass
from typing import Any

from .errors import EngineError, UnsupportedError


@dataclass(frozen=True, kw_only=True)
class Package:
    """Which provider is meant. ``version`` and ``download_url`` may be empty."""

    name: str
    version: str = ""
    download_url: str = ""


class Packages:
    """The packages of a run. Safe to use from several threads."""

    def __init__(self) -> None:
        self._references: dict[Package, str] = {}
        self._packages: dict[str, Package] = {}
        self._lock = threading.Lock()

    def register(self, request: Any) -> str:
        """The reference of the package of a ``RegisterPackageRequest``; equal packages have the same.

        :raises UnsupportedError: it is parameterized
        """
        if not request.name:
            raise EngineError("package name is empty")
        for field in ("parameterization", "extension"):
            if request.HasField(field):
                raise UnsupportedError(
                    f"package {getattr(request, field).name!r}, made by the provider {request.name!r}:"
                    " parameterized packages are not supported by this engine"
                )
        package = Package(name=request.name, version=request.version, download_url=request.download_url)
        with self._lock:
            if package not in self._references:
                reference = str(uuid.uuid4())
                self._references[package] = reference
                self._packages[reference] = package
            return self._references[package]

    def of(self, request: Any, package: str) -> Package:
        """The package that a request means: that of its reference, else the one of this name.

        :raises EngineError: nobody registered the reference
        """
        if not request.packageRef:
            return Package(name=package, version=request.version, download_url=request.pluginDownloadURL)
        with self._lock:
            found = self._packages.get(request.packageRef)
        if found is None:
            raise EngineError(f"unknown provider package '{request.packageRef}'")
        return found
