"""Reads what ``pulumi stack export`` writes, of any stack of anybody."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from sandbox.engine import urn as urns
from sandbox.engine.errors import SecretsError, StateError
from sandbox.engine.properties import UNKNOWN_STRING
from sandbox.engine.secrets import Crypter, passphrase_from_environment

from .serialize import deserialize_resource
from .snapshot import Snapshot

_VERSIONS: Final = (3, 4)


def read_export(path: Path) -> tuple[str, str, Snapshot]:
    """Read an exported state.

    A secret that can't be decrypted here (another service's key, another passphrase) counts as unknown.

    :returns: the project's and the stack's names, the resources
    :raises StateError: the file isn't an exported state, or an empty one
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise StateError(f"the state {path} can't be read: {error.strerror}") from None
    except ValueError as error:
        raise StateError(f"the state {path} isn't JSON: {error}") from None
    deployment = content.get("deployment") if isinstance(content, dict) else None
    if not isinstance(deployment, dict) or content.get("version") not in _VERSIONS:
        raise StateError(
            f"{path} isn't an exported state: expected an object with a version (3 or 4) and a deployment, "
            "as `pulumi stack export` and `fleet stack export` print it"
        )
    entries = deployment.get("resources") or []
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise StateError(f"the state {path} is damaged: its resources aren't a list of objects")
    crypter = _crypter(deployment.get("secrets_providers"))

    def decrypt(ciphertext: str) -> str:
        try:
            return crypter.decrypt(ciphertext) if crypter is not None else json.dumps(UNKNOWN_STRING)
        except SecretsError:
            return json.dumps(UNKNOWN_STRING)

    resources = [deserialize_resource(entry, decrypt) for entry in entries]
    if not resources:
        raise StateError(f"the state {path} has no resources: there is nothing to judge")
    return urns.project(resources[0].urn), urns.stack(resources[0].urn), Snapshot(resources=resources)


def _crypter(providers: object) -> Crypter | None:
    """The crypter of a stack with a passphrase, if this is the passphrase."""
    if not isinstance(providers, Mapping) or providers.get("type") != "passphrase":
        return None
    state: Any = providers.get("state")
    salt = state.get("salt") if isinstance(state, Mapping) else None
    passphrase = passphrase_from_environment()
    if passphrase is None or not isinstance(salt, str):
        return None
    try:
        return Crypter.open(passphrase, salt)
    except SecretsError:
        return None
