"""The state as Pulumi's checkpoint writes it (pkg/resource/stack/deployment.go, apitype.ResourceV3)."""

from __future__ import annotations

import base64
import json
import math
import struct
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias

from sandbox.engine.errors import StateError
from sandbox.engine.properties import (
    ARCHIVE_SIG,
    ASSET_SIG,
    BYTES_SIG,
    RESOURCE_SIG,
    SECRET_SIG,
    SIG_KEY,
    UNKNOWN,
    UNKNOWN_STRING,
    Archive,
    Asset,
    OutputValue,
    ResourceReference,
    Secret,
    Value,
    downgrade,
    make_secret,
    plain_asset,
    typed_asset,
)

from .resource import ResourceState

Encrypt: TypeAlias = Callable[[str], str]
"""plaintext -> ciphertext"""

Decrypt: TypeAlias = Callable[[str], str]
"""ciphertext -> plaintext"""

_AS_IT_IS: Final = frozenset({str, int, bool, type(None)})
_FLOAT_SIG: Final = "8ad145fe-0d11-4827-bfd7-1abcbf086f5c"

# JSON name, our name, in the order of apitype.ResourceV3; all of them are left out when empty
_FIELDS: Final = (
    ("delete", "delete"),
    ("id", "id"),
    ("type", "type"),
    ("inputs", "inputs"),
    ("outputs", "outputs"),
    ("parent", "parent"),
    ("protect", "protect"),
    ("taint", "taint"),
    ("external", "external"),
    ("dependencies", "dependencies"),
    ("initErrors", "init_errors"),
    ("provider", "provider"),
    ("propertyDependencies", "property_dependencies"),
    ("pendingReplacement", "pending_replacement"),
    ("additionalSecretOutputs", "additional_secret_outputs"),
    ("aliases", "aliases"),
    ("customTimeouts", "custom_timeouts"),
    ("importID", "import_id"),
    ("retainOnDelete", "retain_on_delete"),
    ("deletedWith", "deleted_with"),
    ("replaceWith", "replace_with"),
    ("created", "created"),
    ("modified", "modified"),
    ("sourcePosition", "source_position"),
    ("stackTrace", "stack_trace"),
    ("ignoreChanges", "ignore_changes"),
    ("hideDiff", "hide_diff"),
    ("replaceOnChanges", "replace_on_changes"),
    ("replacementTrigger", "replacement_trigger"),
    ("refreshBeforeUpdate", "refresh_before_update"),
    ("viewOf", "view_of"),
    ("resourceHooks", "resource_hooks"),
)


def serialize_resource(
    state: ResourceState, encrypt: Encrypt | None, *, show_secrets: bool = False
) -> dict[str, Any]:
    """One entry of ``resources``.

    :param encrypt: for secrets; ``None`` if there are none (a preview's digest has masked them)
    :param show_secrets: write secrets as ``plaintext``, as ``pulumi stack export --show-secrets`` does
    """
    entry: dict[str, Any] = {"urn": state.urn, "custom": state.custom}
    for json_name, name in _FIELDS:
        value = getattr(state, name)
        if not value:
            continue
        if isinstance(value, datetime):
            value = format_time(value)
        elif name in ("inputs", "outputs", "replacement_trigger"):
            value = serialize_value(value, encrypt, show_secrets=show_secrets)
        elif name == "custom_timeouts":
            value = dict(value)
        elif name == "property_dependencies":
            value = {k: list(v) for k, v in sorted(value.items())}
        elif name == "stack_trace":
            value = [{"sourcePosition": position} if position else {} for position in value]
        elif isinstance(value, list):
            value = list(value)
        entry[json_name] = value
    return entry


def serialize_value(value: Value, encrypt: Encrypt | None, *, show_secrets: bool = False) -> Any:
    """A property value as JSON, secrets encrypted."""
    if type(value) in _AS_IT_IS:
        return value
    if value is UNKNOWN:
        return UNKNOWN_STRING
    if isinstance(value, Secret):
        plaintext = _compact(serialize_value(value.element, str, show_secrets=show_secrets))
        if show_secrets:
            return {SIG_KEY: SECRET_SIG, "plaintext": plaintext}
        if encrypt is None:
            raise StateError("a secret must be stored, and there is no passphrase to encrypt it with")
        return {SIG_KEY: SECRET_SIG, "ciphertext": encrypt(plaintext)}
    if isinstance(value, OutputValue):
        return serialize_value(downgrade(value), encrypt, show_secrets=show_secrets)
    if isinstance(value, dict):
        return {k: serialize_value(value[k], encrypt, show_secrets=show_secrets) for k in sorted(value)}
    if isinstance(value, list):
        return [serialize_value(v, encrypt, show_secrets=show_secrets) for v in value]
    if isinstance(value, Asset | Archive):
        return plain_asset(value)
    if isinstance(value, ResourceReference):
        reference = {SIG_KEY: RESOURCE_SIG, "urn": value.urn, "packageVersion": value.package_version}
        if value.id is not None:
            reference["id"] = "" if value.id is UNKNOWN else value.id
        return reference
    if isinstance(value, bytes):
        return {SIG_KEY: BYTES_SIG, "value": base64.b64encode(value).decode()}
    if isinstance(value, float) and not math.isfinite(value):
        return {SIG_KEY: _FLOAT_SIG, "value": struct.pack(">d", value).hex()}
    return value


def _compact(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def deserialize_resource(entry: Mapping[str, Any], decrypt: Decrypt) -> ResourceState:
    """The state of one entry of ``resources``.

    :raises StateError: it is malformed
    :raises SecretsError: a secret can't be decrypted
    """
    try:
        state = ResourceState(urn=entry["urn"], type=entry["type"], custom=entry["custom"])
        for json_name, name in _FIELDS:
            if json_name not in entry or json_name == "type":
                continue
            value = entry[json_name]
            if name in ("created", "modified"):
                value = parse_time(value)
            elif name in ("inputs", "outputs", "replacement_trigger"):
                value = deserialize_value(value, decrypt)
            elif name == "property_dependencies":
                value = {k: list(v or ()) for k, v in (value or {}).items()}
            elif name == "stack_trace":
                value = [frame.get("sourcePosition", "") for frame in value or ()]
            elif isinstance(getattr(state, name), list):
                value = list(value or ())
            setattr(state, name, value)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        urn = entry.get("urn") if isinstance(entry, Mapping) else None
        raise StateError(f"the state's entry of {urn!r} is malformed: {error!r}") from None
    return state


def deserialize_value(value: Any, decrypt: Decrypt) -> Value:
    """A property value from JSON."""
    if isinstance(value, str):
        return UNKNOWN if value == UNKNOWN_STRING else value
    if isinstance(value, list):
        return [deserialize_value(v, decrypt) for v in value]
    if not isinstance(value, dict):
        return value
    signature = value.get(SIG_KEY)
    if signature == SECRET_SIG:
        plaintext = value["plaintext"] if "plaintext" in value else decrypt(value["ciphertext"])
        return make_secret(deserialize_value(json.loads(plaintext), decrypt))
    if signature in (ASSET_SIG, ARCHIVE_SIG):
        return typed_asset(value, "asset")
    if signature == RESOURCE_SIG:
        identity = value.get("id")
        return ResourceReference(
            urn=value["urn"],
            id=UNKNOWN if identity == "" else identity,
            package_version=value.get("packageVersion") or "",
        )
    if signature == BYTES_SIG:
        return base64.b64decode(value["value"])
    if signature == _FLOAT_SIG:
        return struct.unpack(">d", bytes.fromhex(value["value"]))[0]
    if signature is not None:
        raise StateError(f"the state has a value of an unknown kind: signature {signature!r}")
    return {k: deserialize_value(v, decrypt) for k, v in value.items()}


def format_time(moment: datetime) -> str:
    """RFC 3339 in UTC, as Go writes it."""
    text = moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f").rstrip("0").rstrip(".")
    return text + "Z"


def parse_time(text: str) -> datetime:
    """The moment of an RFC 3339 text; digits beyond microseconds are dropped."""
    head, dot, tail = text.partition(".")
    if dot:
        digits = tail[: len(tail) - len(tail.lstrip("0123456789"))]
        text = f"{head}.{digits[:6].ljust(6, '0')}{tail[len(digits) :]}"
    return datetime.fromisoformat(text.replace("Z", "+00:00"))
