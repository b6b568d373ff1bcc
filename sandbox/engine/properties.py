"""Property values as the engine holds them, and their form in Pulumi's messages.

A value is ``None``, ``bool``, ``int``/``float``, ``str``, ``list``, ``dict`` or one of the typed values here.
Signatures and rules are Pulumi's: sdk/go/common/resource/properties.go and
sdk/go/common/resource/plugin/rpc.go.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias

from google.protobuf import struct_pb2

from .errors import EngineError

Value: TypeAlias = Any
"""A property value: plain JSON types and the typed values of this module."""

PropertyMap: TypeAlias = dict[str, Value]

SIG_KEY: Final = "4dabf18193072939515e22adb298388d"
SECRET_SIG: Final = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - a signature, not a password
ASSET_SIG: Final = "c44067f5952c0a294b673a41bacd8c17"
ARCHIVE_SIG: Final = "0def7320c3a5731c473e5ecbe6d01bc7"
RESOURCE_SIG: Final = "5cf8f73096256a8f31e491e813e4eb8e"
OUTPUT_SIG: Final = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
BYTES_SIG: Final = "803fd3297a5875dc03ca845dda5d2a98"

UNKNOWN_STRING: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
UNKNOWN_SENTINELS: Final = frozenset(
    {
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",  # bool
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",  # number
        UNKNOWN_STRING,
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",  # array
        "030794c1-ac77-496b-92df-f27374a8bd58",  # asset
        "e48ece36-62e2-4504-bad9-02848725956a",  # archive
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",  # object
    }
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Secret:
    """A value that is shown nowhere and stored encrypted."""

    element: Value

    def __repr__(self) -> str:
        return "Secret([secret])"


class Unknown:
    """A value that is known only after its resource was created. There is one: :data:`UNKNOWN`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "UNKNOWN"

    def __copy__(self) -> Unknown:
        return self

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
    """An output as the SDK sends it: with dependencies and secretness of its own."""

    element: Value = UNKNOWN
    secret: bool = False
    dependencies: tuple[str, ...] = ()


# --- questions and small changes -------------------------------------------------------------------------


_SIMPLE: Final = frozenset({str, int, float, bool, type(None)})
"""Nothing is inside values of these types. Most values are, so they are looked for first."""


def children(value: Value) -> Iterator[Value]:
    """The values directly inside a value."""
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, list):
        yield from value
    elif isinstance(value, Secret | OutputValue):
        yield value.element
    elif isinstance(value, ResourceReference):
        yield value.id


def contains(value: Value, found: Callable[[Value], bool]) -> bool:
    """Whether ``found`` holds for the value or for anything inside it."""
    if found(value):
        return True
    return type(value) not in _SIMPLE and any(contains(child, found) for child in children(value))


def contains_unknown(value: Value) -> bool:
    """Whether anything in the value is not known yet."""
    return contains(value, lambda v: v is UNKNOWN)


def contains_secret(value: Value) -> bool:
    """Whether anything in the value is secret."""
    return contains(value, lambda v: isinstance(v, Secret) or (isinstance(v, OutputValue) and v.secret))


def make_secret(value: Value) -> Value:
    """The value as a secret; a secret stays as it is."""
    return value if isinstance(value, Secret) else Secret(element=value)


def unwrap(value: Value) -> Value:
    """The value without any mark of secretness, at any depth."""
    if type(value) in _SIMPLE:
        return value
    if isinstance(value, Secret):
        return unwrap(value.element)
    if isinstance(value, OutputValue):
        return unwrap(value.element)
    if isinstance(value, dict):
        return {k: unwrap(v) for k, v in value.items()}
    if isinstance(value, list):
        return [unwrap(v) for v in value]
    return value


def mask(value: Value) -> Value:
    """The value for showing: every secret is the string ``[secret]``."""
    if type(value) in _SIMPLE:
        return value
    if isinstance(value, Secret):
        return "[secret]"
    if isinstance(value, dict):
        return {k: mask(v) for k, v in value.items()}
    if isinstance(value, list):
        return [mask(v) for v in value]
    return value


def downgrade(value: Value) -> Value:
    """Output values as secrets, unknowns and plain values (``downgradeOutputValues``, source_eval.go)."""
    if type(value) in _SIMPLE:
        return value
    if isinstance(value, OutputValue):
        inner = downgrade(value.element)
        return make_secret(inner) if value.secret else inner
    if isinstance(value, Secret):
        return make_secret(downgrade(value.element))
    if isinstance(value, dict):
        return {k: downgrade(v) for k, v in value.items()}
    if isinstance(value, list):
        return [downgrade(v) for v in value]
    if isinstance(value, ResourceReference):
        return replace(value, id=downgrade(value.id))
    return value


def upgrade(value: Value) -> Value:
    """Secrets and unknowns as output values (``UpgradeToOutputValues``, plugin/rpc.go)."""
    if value is UNKNOWN:
        return OutputValue()
    if isinstance(value, Secret):
        return OutputValue(element=upgrade(value.element), secret=True)
    if isinstance(value, dict):
        return {k: upgrade(v) for k, v in value.items()}
    if isinstance(value, list):
        return [upgrade(v) for v in value]
    return value


def output_dependencies(value: Value) -> set[str]:
    """The URNs that the outputs inside a value depend on."""
    if type(value) in _SIMPLE:
        return set()
    found = set(value.dependencies) if isinstance(value, OutputValue) else set()
    for child in children(value):
        found |= output_dependencies(child)
    return found


def same(a: Value, b: Value) -> bool:
    """Whether two values are equal as Pulumi compares them: assets by their hash, ``True`` is not ``1``."""
    if type(a) is str:
        return type(b) is str and a == b
    if isinstance(a, Asset) and isinstance(b, Asset):
        return a.hash == b.hash if a.hash and b.hash else a == b
    if isinstance(a, Archive) and isinstance(b, Archive):
        return a.hash == b.hash if a.hash and b.hash else a == b
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(v, b[k]) for k, v in a.items())
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, Secret) and isinstance(b, Secret):
        return same(a.element, b.element)
    if isinstance(a, bool) or isinstance(b, bool):
        return a is b
    if isinstance(a, int | float) and isinstance(b, int | float):
        return a == b
    return type(a) is type(b) and bool(a == b)


def annotate_secrets(outputs: PropertyMap, inputs: PropertyMap) -> None:
    """Mark as secret what an output shares with a secret input (``annotateSecrets``, provider_plugin.go).

    For providers that don't keep secrets themselves.
    """
    for key, given in inputs.items():
        if key not in outputs:
            continue
        got = outputs[key]
        if isinstance(got, dict) and isinstance(given, dict):
            annotate_secrets(got, given)
        elif not isinstance(got, Secret) and contains_secret(given):
            outputs[key] = make_secret(got)


def restore_assets(original: Value, transformed: Value) -> Value:
    """Give assets that came back as a hash only their content again (``restoreElidedAssetContents``)."""
    known: dict[str, Value] = {}

    def collect(value: Value) -> None:
        if isinstance(value, Asset | Archive) and value.hash:
            known[value.hash] = value
        for child in children(value):
            collect(child)

    collect(original)

    def restore(value: Value) -> Value:
        if isinstance(value, Asset) and not (value.text or value.path or value.uri):
            return known.get(value.hash, value)
        if isinstance(value, Archive) and not (value.path or value.uri or value.assets):
            return known.get(value.hash, value)
        if isinstance(value, Secret):
            return Secret(element=restore(value.element))
        if isinstance(value, dict):
            return {k: restore(v) for k, v in value.items()}
        if isinstance(value, list):
            return [restore(v) for v in value]
        return value

    return restore(transformed) if known else transformed


# --- to messages -----------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class Marshal:
    """What a receiver takes; see ``MarshalOptions`` of Pulumi's plugin/rpc.go.

    :ivar unknowns: keep what is unknown (else it is left out)
    :ivar secrets: keep secrets as such (else plain)
    :ivar resources: keep resource references (else the id, or the URN)
    :ivar outputs: keep output values (else secrets, unknowns and plain values)
    :ivar elide_assets: send only the hash of assets and archives
    :ivar internal: send top-level keys that begin with ``__``
    """

    unknowns: bool = True
    secrets: bool = False
    resources: bool = False
    outputs: bool = False
    elide_assets: bool = False
    internal: bool = True


_OMIT: Final = object()


def marshal(properties: Mapping[str, Value], options: Marshal) -> struct_pb2.Struct:
    """Property values as a message."""
    struct = struct_pb2.Struct()
    for key in sorted(properties):
        if not options.internal and key.startswith("__"):
            continue
        _fill(struct.fields, key, properties[key], options)
    return struct


def _fill(fields: Any, key: str, value: Value, options: Marshal) -> None:
    plain = _plain(value, options)
    if plain is not _OMIT:
        _write(fields[key], plain)


def _plain(value: Value, options: Marshal) -> Any:
    """One level of the value as JSON types and maps with signatures; ``_OMIT`` if it isn't sent."""
    if type(value) in _SIMPLE:
        return value
    if value is UNKNOWN:
        if not options.unknowns:
            return _OMIT
        return {SIG_KEY: OUTPUT_SIG} if options.outputs else UNKNOWN_STRING
    if isinstance(value, Secret):
        if not options.secrets:
            return _plain(value.element, options)
        inner = _plain(value.element, options)
        return _OMIT if inner is _OMIT else {SIG_KEY: SECRET_SIG, "value": inner}
    if isinstance(value, OutputValue):
        if not options.outputs:
            return _plain(downgrade(value), options)
        message: dict[str, Any] = {SIG_KEY: OUTPUT_SIG}
        if value.element is not UNKNOWN:
            message["value"] = _plain(value.element, options)
        if value.secret:
            message["secret"] = True
        if value.dependencies:
            message["dependencies"] = list(value.dependencies)
        return message
    if isinstance(value, ResourceReference):
        return _plain_reference(value, options)
    if isinstance(value, Asset | Archive):
        return plain_asset(value, hash_only=options.elide_assets)
    if isinstance(value, dict):
        items = ((k, _plain(v, options)) for k, v in value.items())
        return {k: v for k, v in items if v is not _OMIT}
    if isinstance(value, list):
        return [v for v in (_plain(v, options) for v in value) if v is not _OMIT]
    if isinstance(value, bytes):
        return {SIG_KEY: BYTES_SIG, "value": base64.b64encode(value).decode()}
    return value


def _plain_reference(value: ResourceReference, options: Marshal) -> Any:
    if not options.resources:
        return value.urn if value.id is None else _plain(value.id, options)
    message = {SIG_KEY: RESOURCE_SIG, "urn": value.urn}
    if value.id is not None:
        message["id"] = "" if value.id is UNKNOWN else unwrap(value.id)
    if value.package_version:
        message["packageVersion"] = value.package_version
    return message


def plain_asset(value: Asset | Archive, *, hash_only: bool = False) -> dict[str, Any]:
    """An asset or archive as a map with its signature, as messages and the state have it."""
    message: dict[str, Any] = {SIG_KEY: ASSET_SIG if isinstance(value, Asset) else ARCHIVE_SIG}
    if value.hash:
        message["hash"] = value.hash
    if hash_only:
        return message
    if isinstance(value, Asset):
        if value.text:
            message["text"] = value.text
    elif value.assets is not None:
        message["assets"] = {k: plain_asset(v) for k, v in value.assets.items()}
    if value.path:
        message["path"] = value.path
    if value.uri:
        message["uri"] = value.uri
    return message


def _write(target: struct_pb2.Value, plain: Any) -> None:
    if isinstance(plain, str):
        target.string_value = plain
    elif isinstance(plain, bool):
        target.bool_value = plain
    elif isinstance(plain, int | float):
        target.number_value = plain
    elif plain is None:
        target.null_value = struct_pb2.NULL_VALUE
    elif isinstance(plain, list):
        target.list_value.SetInParent()
        for item in plain:
            _write(target.list_value.values.add(), item)
    else:
        target.struct_value.SetInParent()
        for key, item in plain.items():
            _write(target.struct_value.fields[key], item)


# --- from messages ---------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class Unmarshal:
    """What is kept of a sender's values.

    :ivar unknowns: keep what is unknown; if not, it is an error
    :ivar outputs: keep output values (else secrets, unknowns and plain values)
    """

    unknowns: bool = True
    outputs: bool = False


def unmarshal(struct: struct_pb2.Struct | None, options: Unmarshal) -> PropertyMap:
    """Property values of a message.

    :raises EngineError: a value is malformed, or unknown where it mustn't be
    """
    if struct is None:
        return {}
    fields = struct.fields
    return {key: unmarshal_value(fields[key], options, key) for key in sorted(fields)}


def unmarshal_value(value: struct_pb2.Value, options: Unmarshal, key: str) -> Value:
    """One value of a message; ``key`` is for the error."""
    kind = value.WhichOneof("kind")
    if kind == "string_value":
        text = value.string_value
        if text in UNKNOWN_SENTINELS:
            if not options.unknowns:
                raise EngineError(f"unexpected unknown property value for {key!r}")
            return UNKNOWN
        return text
    if kind == "number_value":
        number = value.number_value
        return int(number) if number.is_integer() and abs(number) < 2**53 else number
    if kind == "bool_value":
        return value.bool_value
    if kind == "list_value":
        return [unmarshal_value(item, options, key) for item in value.list_value.values]
    if kind == "struct_value":
        fields = value.struct_value.fields
        obj = {name: unmarshal_value(fields[name], options, key) for name in sorted(fields)}
        return _typed(obj, options, key) if SIG_KEY in obj else obj
    return None


def _typed(obj: dict[str, Any], options: Unmarshal, key: str) -> Value:
    signature = obj[SIG_KEY]
    if signature == SECRET_SIG:
        if "value" not in obj:
            raise EngineError(f"malformed secret: missing value for {key!r}")
        return make_secret(obj["value"])
    if signature in (ASSET_SIG, ARCHIVE_SIG):
        return typed_asset(obj, key)
    if signature == RESOURCE_SIG:
        identity = obj.get("id")
        return ResourceReference(
            urn=_string(obj, "urn", key),
            id=UNKNOWN if identity in ("", UNKNOWN) else downgrade(identity),
            package_version=_string(obj, "packageVersion", key, optional=True),
        )
    if signature == OUTPUT_SIG:
        dependencies = obj.get("dependencies") or []
        if not isinstance(dependencies, list) or not all(isinstance(urn, str) for urn in dependencies):
            raise EngineError(f"malformed value for {key!r}: dependencies is not a list of strings")
        output = OutputValue(
            element=obj.get("value", None if "value" in obj else UNKNOWN),
            secret=bool(obj.get("secret", False)),
            dependencies=tuple(dependencies),
        )
        if output.element is UNKNOWN and not options.unknowns:
            raise EngineError(f"unexpected unknown property value for {key!r}")
        return output if options.outputs else downgrade(output)
    if signature == BYTES_SIG:
        try:
            return base64.b64decode(_string(obj, "value", key), validate=True)
        except ValueError:
            raise EngineError(f"malformed value for {key!r}: it isn't base64") from None
    raise EngineError(f"unrecognized signature {signature!r} in property map for {key!r}")


def _string(obj: Mapping[str, Any], field: str, key: str, *, optional: bool = False) -> str:
    found = obj.get(field)
    if found is None and optional:
        return ""
    if not isinstance(found, str):
        raise EngineError(f"malformed value for {key!r}: {field} is not a string")
    return found


def typed_asset(obj: Mapping[str, Any], key: str) -> Asset | Archive:
    """An asset or archive from a map with its signature.

    :raises EngineError: it isn't one
    """
    common = {name: _string(obj, name, key, optional=True) for name in ("hash", "path", "uri")}
    if obj.get(SIG_KEY) == ASSET_SIG:
        return Asset(text=_string(obj, "text", key, optional=True), **common)
    if obj.get(SIG_KEY) != ARCHIVE_SIG:
        raise EngineError(f"{key!r} is neither an asset nor an archive")
    inside = obj.get("assets")
    if common["path"] or common["uri"]:
        inside = None
    elif inside is None:
        inside = {}
    assets: dict[str, Asset | Archive] | None = None
    if inside is not None:
        if not isinstance(inside, Mapping):
            raise EngineError(f"malformed value for {key!r}: assets is not a map")
        assets = {name: _member(member, f"{key}.{name}") for name, member in inside.items()}
    return Archive(assets=assets, **common)


def _member(member: Any, key: str) -> Asset | Archive:
    if isinstance(member, Asset | Archive):
        return member
    return typed_asset(member if isinstance(member, Mapping) else {}, key)


# --- differences -----------------------------------------------------------------------------------------


def changed_keys(old: Mapping[str, Value], new: Mapping[str, Value]) -> list[str]:
    """The top-level keys in which two property maps differ, sorted."""
    missing = object()
    keys: Sequence[str] = sorted(old.keys() | new.keys())
    return [k for k in keys if not same(old.get(k, missing), new.get(k, missing))]
