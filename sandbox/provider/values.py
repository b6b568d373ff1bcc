"""Property values as this provider reads and answers them.

Values are those of :mod:`sandbox.engine.properties`, with less freedom: an output value is what it holds
(unknown, secret or plain), a resource reference is the resource's id, and a null is not there.
"""

from __future__ import annotations

from typing import Any

from google.protobuf.struct_pb2 import Struct

from sandbox.engine.properties import (
    UNKNOWN,
    Archive,
    Asset,
    Marshal,
    PropertyMap,
    ResourceReference,
    Secret,
    Unmarshal,
    Value,
    contains_secret,
    contains_unknown,
    marshal,
    unmarshal,
    unwrap,
)

__all__ = [
    "UNKNOWN",
    "Archive",
    "Asset",
    "PropertyMap",
    "Secret",
    "Value",
    "decode",
    "encode",
    "has_secret",
    "has_unknown",
    "plain",
]

has_secret = contains_secret
has_unknown = contains_unknown


def decode(struct: Struct) -> PropertyMap:
    """The properties of a message."""
    found: PropertyMap = _simple(unmarshal(struct, Unmarshal()))
    return found


def encode(properties: PropertyMap) -> Struct:
    """The message of some properties, secrets marked."""
    return marshal(_simple(properties), Marshal(secrets=True))


def plain(value: Value) -> Any:
    """The value without its wrappings of secrets. Handle with care: never in a message or a log."""
    return unwrap(value)


def _simple(value: Value) -> Value:
    if isinstance(value, dict):
        return {key: _simple(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_simple(item) for item in value]
    if isinstance(value, Secret):
        return Secret(element=_simple(value.element))
    if isinstance(value, ResourceReference):
        return value.urn if value.id is None else value.id
    return value
