"""Property values as the engine holds them, and their form in Pulumi's messages.

A value is ``None``, ``bool``, ``float``/``int``, ``str``, ``list``, ``dict`` or one of the typed values below.
The signatures are Pulumi's: sdk/go/common/resource/properties.go and sdk/go/common/resource/plugin/rpc.go.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

Value: TypeAlias = Any
"""A property value: plain JSON types and the typed values of this module."""

PropertyMap: TypeAlias = dict[str, Value]


@dataclass(frozen=True, kw_only=True, slots=True)
class Secret:
    """A value that is shown nowhere and stored encrypted."""

    element: Value

    def __repr__(self) -> str:
        return "Secret([secret])"


class Unknown:
    """A value that is known only after its resource was created. There is one: :data:`UNKNOWN`."""

    _instance: Unknown | None = None

    def __new__(cls) -> Unknown:
        if cls._instance is None:
            cls._instance = super().__new__(cls)
        return cls._instance

    def __repr__(self) -> str:
        return "UNKNOWN"

    def __deepcopy__(self, memo: object) -> Unknown:
        return self


UNKNOWN: Final = Unknown()


@dataclass(frozen=True, kw_only=True, slots=True)
class Asset:
    """A file's content: exactly one of ``text``, ``path``, ``uri``.

    :ivar hash: sha256 of the content in hexadecimal, as Pulumi computes it
    """

    hash: str = ""
    text: str = ""
    path: str = ""
    uri: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Archive:
    """A bundle of files: exactly one of ``assets``, ``path``, ``uri``."""

    hash: str = ""
    assets: Mapping[str, Value] | None = None
    path: str = ""
    uri: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ResourceReference:
    """A reference to another resource. ``id`` is ``None`` for a component and ``UNKNOWN`` before creation."""

    urn: str
    id: Value = None
    package_version: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class OutputValue:
    """An output as the SDK sends it to those who ask for outputs: with its own dependencies and secretness."""

    element: Value = UNKNOWN
    secret: bool = False
    dependencies: tuple[str, ...] = ()
