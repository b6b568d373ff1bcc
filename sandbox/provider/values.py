"""Property values between Pulumi's messages and plain Python.

Decoded values are plain JSON types (whole numbers as ``int``) and, anywhere inside, :class:`Secret`,
:data:`UNKNOWN`, :class:`Asset` and :class:`Archive`. An output value becomes what it holds: unknown, secret
or plain. A resource reference becomes the resource's id, as for providers that don't take references.
The signatures: pulumi/pulumi, sdk/go/common/resource/sig/sig.go and plugin/rpc.go.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from google.protobuf.struct_pb2 import ListValue, NullValue, Struct
from google.protobuf.struct_pb2 import Value as Message

from sandbox.engine.properties import UNKNOWN, Archive, Asset, PropertyMap, Secret, Value

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

_SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
_SECRET: Final = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 -- Pulumi's marker of a secret, not one
_OUTPUT: Final = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
_ASSET: Final = "c44067f5952c0a294b673a41bacd8c17"
_ARCHIVE: Final = "0def7320c3a5731c473e5ecbe6d01bc7"
_RESOURCE: Final = "5cf8f73096256a8f31e491e813e4eb8e"
_UNKNOWNS: Final = frozenset(
    {
        "04da6b54-80e4-46f7-96ec-b56ff0331ba9",  # a string (also what we send)
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",  # a boolean
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",  # a number
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",  # an array
        "030794c1-ac77-496b-92df-f27374a8bd58",  # an asset
        "e48ece36-62e2-4504-bad9-02848725956a",  # an archive
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",  # an object
    }
)
_UNKNOWN: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


def decode(struct: Struct) -> PropertyMap:
    """A message's properties; nulls are left out, as for every provider."""
    found = {key: _decode(value) for key, value in struct.fields.items()}
    return {key: value for key, value in found.items() if value is not None}


def _decode(value: Message) -> Value:
    kind = value.WhichOneof("kind")
    if kind == "string_value":
        return UNKNOWN if value.string_value in _UNKNOWNS else value.string_value
    if kind == "number_value":
        number = value.number_value
        return int(number) if number.is_integer() else number
    if kind == "bool_value":
        return value.bool_value
    if kind == "list_value":
        return [_decode(item) for item in value.list_value.values]
    if kind == "struct_value":
        return _decode_object(value.struct_value)
    return None


def _decode_object(struct: Struct) -> Value:
    signature = struct.fields[_SIGNATURE].string_value if _SIGNATURE in struct.fields else ""
    if not signature:
        return decode(struct)
    fields = {key: _decode(value) for key, value in struct.fields.items() if key != _SIGNATURE}
    if signature == _SECRET:
        return Secret(element=fields.get("value"))
    if signature == _OUTPUT:
        element = fields.get("value", UNKNOWN)
        return Secret(element=element) if fields.get("secret") else element
    if signature == _ASSET:
        return Asset(**{key: fields.get(key) or "" for key in ("hash", "text", "path", "uri")})
    if signature == _ARCHIVE:
        return Archive(
            assets=fields.get("assets"), **{key: fields.get(key) or "" for key in ("hash", "path", "uri")}
        )
    if signature == _RESOURCE:
        return fields.get("id") or UNKNOWN
    raise ValueError(f"a property value has the signature {signature!r}, which this provider doesn't know")


def encode(properties: Mapping[str, Value]) -> Struct:
    """The message of some properties (``None`` is left out)."""
    struct = Struct()
    for key, value in properties.items():
        if value is not None:
            _encode(value, struct.fields[key])
    return struct


def _encode(value: Value, into: Message) -> None:
    if value is None:
        into.null_value = NullValue.NULL_VALUE
    elif value is UNKNOWN:
        into.string_value = _UNKNOWN
    elif isinstance(value, bool):
        into.bool_value = value
    elif isinstance(value, int | float):
        into.number_value = value
    elif isinstance(value, str):
        into.string_value = value
    elif isinstance(value, list | tuple):
        into.list_value.CopyFrom(ListValue())
        for item in value:
            _encode(item, into.list_value.values.add())
    else:
        into.struct_value.CopyFrom(encode(_object(value)))


def _object(value: Value) -> Mapping[str, Value]:
    if isinstance(value, Secret):
        return {_SIGNATURE: _SECRET, "value": value.element}
    if isinstance(value, Asset):
        content = {key: getattr(value, key) for key in ("path", "uri") if getattr(value, key)}
        return {_SIGNATURE: _ASSET, "hash": value.hash, **(content or {"text": value.text})}
    if isinstance(value, Archive):
        content = {key: getattr(value, key) for key in ("path", "uri") if getattr(value, key)}
        return {_SIGNATURE: _ARCHIVE, "hash": value.hash, **(content or {"assets": dict(value.assets or {})})}
    if isinstance(value, Mapping):
        return value
    raise TypeError(f"a property can't hold a {type(value).__name__}")


def plain(value: Value) -> Any:
    """The value without its wrappings of secrets. Handle with care: never in a message or a log."""
    if isinstance(value, Secret):
        return plain(value.element)
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value


def has_secret(value: Value) -> bool:
    """Whether a secret is anywhere inside."""
    if isinstance(value, Mapping):
        return any(map(has_secret, value.values()))
    if isinstance(value, list):
        return any(map(has_secret, value))
    return isinstance(value, Secret)


def has_unknown(value: Value) -> bool:
    """Whether something inside isn't known yet."""
    if isinstance(value, Secret):
        return has_unknown(value.element)
    if isinstance(value, Mapping):
        return any(map(has_unknown, value.values()))
    if isinstance(value, list):
        return any(map(has_unknown, value))
    return value is UNKNOWN
