"""Property values: what the Analyzer protocol sends, as plain Python values.

Absent is None; what a preview can't know yet is UNKNOWN, which is a value and never raises.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from google.protobuf import struct_pb2


class Unknown(enum.Enum):
    """The type of UNKNOWN, so that `is UNKNOWN` narrows."""

    UNKNOWN = "unknown"

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = Unknown.UNKNOWN


@dataclass(frozen=True)
class Secret:
    """A secret value. It is read on purpose only, and shows itself as [secret]."""

    value: Value = field(repr=False)

    def __repr__(self) -> str:
        return "[secret]"


@dataclass(frozen=True)
class Opaque:
    """An asset or an archive: files, which no rule reads."""

    kind: str


Value: TypeAlias = (
    "bool | int | float | str | Unknown | Secret | Opaque | list[Value] | dict[str, Value] | None"
)

# Signatures and sentinels of the wire format:
# https://github.com/pulumi/pulumi/blob/master/sdk/go/common/resource/properties.go
_SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 a signature
_OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
_OPAQUE = {"c44067f5952c0a294b673a41bacd8c17": "asset", "0def7320c3a5731c473e5ecbe6d01bc7": "archive"}
_UNKNOWN = frozenset(
    {
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",  # boolean
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",  # number
        "04da6b54-80e4-46f7-96ec-b56ff0331ba9",  # string
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",  # array
        "030794c1-ac77-496b-92df-f27374a8bd58",  # asset
        "e48ece36-62e2-4504-bad9-02848725956a",  # archive
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",  # object
    }
)


def from_struct(struct: struct_pb2.Struct) -> dict[str, Value]:
    """Convert a resource's properties. Nulls are left out: for Pulumi they are absent."""
    properties = {key: _from_proto(value) for key, value in struct.fields.items()}
    return {key: value for key, value in properties.items() if value is not None}


def _from_proto(value: struct_pb2.Value) -> Value:
    match value.WhichOneof("kind"):
        case "string_value":
            return UNKNOWN if value.string_value in _UNKNOWN else value.string_value
        case "number_value":
            number = value.number_value
            return int(number) if number.is_integer() else number
        case "bool_value":
            return value.bool_value
        case "struct_value":
            return _from_fields(value.struct_value)
        case "list_value":
            return [_from_proto(item) for item in value.list_value.values]
        case _:
            return None


def _from_fields(struct: struct_pb2.Struct) -> Value:
    fields = struct.fields
    if _SIGNATURE not in fields:
        return {key: _from_proto(value) for key, value in fields.items()}
    signature = fields[_SIGNATURE].string_value
    if signature == _SECRET:
        return Secret(_from_proto(fields["value"]) if "value" in fields else UNKNOWN)
    if signature == _OUTPUT:
        value = _from_proto(fields["value"]) if "value" in fields else UNKNOWN
        return Secret(value) if "secret" in fields and fields["secret"].bool_value else value
    return Opaque(_OPAQUE.get(signature, "value of an unknown kind"))


def plain(value: Value) -> Value:
    """Take the secret's wrapping off (not off what is nested inside)."""
    while isinstance(value, Secret):
        value = value.value
    return value


def is_secret(value: Value) -> bool:
    """Whether the value is a secret or holds one."""
    match value:
        case Secret():
            return True
        case list():
            return any(is_secret(item) for item in value)
        case dict():
            return any(is_secret(item) for item in value.values())
        case _:
            return False


def secret_texts(value: Value, *, inside: bool = False) -> Iterator[str]:
    """Every string inside a secret: what must not be printed."""
    match value:
        case Secret():
            yield from secret_texts(value.value, inside=True)
        case list():
            for item in value:
                yield from secret_texts(item, inside=inside)
        case dict():
            for item in value.values():
                yield from secret_texts(item, inside=inside)
        case str() if inside:
            yield value
        case _:
            return


def kind_of(value: Value) -> str:
    """Name the type of a value, as a message can say it without showing the value."""
    names: Mapping[type, str] = {
        bool: "a boolean",
        int: "a number",
        float: "a number",
        str: "a string",
        list: "a list",
        dict: "an object",
        Unknown: "unknown",
        Secret: "a secret",
        Opaque: "a file",
    }
    return names.get(type(value), "nothing")
