"""Takes an exported state into a stack, as ``pulumi stack import`` does."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sandbox.engine import urn as urns
from sandbox.engine.errors import SecretsError, StateError
from sandbox.engine.properties import SECRET_SIG, SIG_KEY
from sandbox.engine.secrets import Crypter

from .resource import ResourceState
from .serialize import deserialize_resource
from .snapshot import Snapshot
from .store import StateStore

_PLAIN: Final = 3
_WITH_FEATURES: Final = 4
_FEATURES: Final = {"refreshBeforeUpdate", "taint", "replaceWith", "byteString"}
"""what may be in a deployment of version 4, and we know"""
_TOLD: Final = 10
"""so many mistakes are told at once"""


@dataclass(frozen=True, kw_only=True)
class Imported:
    """What was taken in.

    :ivar resources: how many there are now
    :ivar before: how many there were
    :ivar warnings: what the user should know
    """

    resources: int
    before: int
    warnings: tuple[str, ...]


def import_state(text: str, store: StateStore, *, source: str, force: bool = False) -> Imported:
    """Make an exported state a stack's own; what was there stays as ``<stack>.json.bak``.

    Nothing is done to resources, and nothing is asked of a provider. Secrets keep the passphrase that they
    were encrypted with; those in the clear are encrypted. Operations that were pending are forgotten, as
    Pulumi does it.

    :param source: the text's name, for errors
    :param force: take it even if it is another stack's, or its resources don't fit together
    :raises StateError: it isn't an exported state, not this stack's, or the stack is in use
    :raises SecretsError: its secrets can't be decrypted
    """
    deployment = _deployment(text, source)
    entries = [*_entries(deployment, source)]
    pending = [*_pending(deployment, source)]
    crypter = _crypter(deployment, entries, store, source)
    try:
        states = [_state(entry, crypter) for entry in entries]
    except StateError as error:
        raise StateError(f"{source}: {error}") from None
    foreign = sorted({urns.project(state.urn) for state in states} - {store.project.name})
    if foreign:
        raise StateError(
            f"{source} is the state of another program ({', '.join(foreign)}, not {store.project.name})"
        )
    problems = [*_of_other_stacks(states, store.stack), *_tampered(deployment), *integrity(states)]
    if problems and not force:
        more = len(problems) - _TOLD
        told = "".join(f"\n  * {problem}" for problem in problems[:_TOLD])
        told += f"\n  * and {more} more" if more > 0 else ""
        raise StateError(
            f"{source} doesn't fit stack {store.stack!r}:{told}\nTaking it in could do harm; --force does it"
            " nevertheless"
        )
    warnings = [*problems, *(f"a pending operation is forgotten: {operation}" for operation in pending)]
    with store.lock():
        before = store.put(Snapshot(resources=states), crypter=crypter)
    return Imported(resources=len(states), before=before, warnings=tuple(warnings))


def _state(entry: Mapping[str, Any], crypter: Crypter) -> ResourceState:
    return deserialize_resource(entry, lambda text: crypter.decrypt(text, place=entry["urn"]))


def _deployment(text: str, source: str) -> Mapping[str, Any]:
    try:
        content = json.loads(text)
    except ValueError as error:
        raise StateError(f"{source} isn't JSON: {error}") from None
    expected = 'an object {"version": 3, "deployment": {...}}, as `pulumi stack export` prints it'
    if not isinstance(content, dict) or not isinstance(content.get("deployment"), dict):
        found = ", ".join(content) or "nothing" if isinstance(content, dict) else text[:20]
        raise StateError(f"{source} isn't an exported state: expected {expected}; found {found}")
    version = content.get("version")
    features = set(content.get("features") or content["deployment"].get("features") or ())
    if version not in (_PLAIN, _WITH_FEATURES):
        age = "too old" if version in (1, 2) else "too new" if isinstance(version, int) else "no version"
        raise StateError(f"{source} has version {version!r}, which is {age}: known are 3 and 4")
    if features - _FEATURES:
        raise StateError(
            f"{source} uses what this engine doesn't have: {', '.join(sorted(features - _FEATURES))}"
        )
    deployment: Mapping[str, Any] = content["deployment"]
    return deployment


def _entries(deployment: Mapping[str, Any], source: str) -> Iterator[Mapping[str, Any]]:
    entries = deployment.get("resources") or []
    if not isinstance(entries, list):
        raise StateError(f"{source}: its resources aren't a list")
    for index, entry in enumerate(entries):
        urn = entry.get("urn") if isinstance(entry, dict) else None
        if not isinstance(entry, dict) or not isinstance(urn, str) or not urns.is_valid(urn):
            raise StateError(
                f"{source}: resource {index} has no URN: found {urn!r}, expected"
                " urn:pulumi:STACK::PROJECT::TYPE::NAME"
            )
        if not isinstance(entry.get("type"), str) or not entry["type"]:
            raise StateError(f"{source}: resource {urn} has no type")
        if not isinstance(entry.get("custom", False), bool):
            raise StateError(f"{source}: resource {urn}: custom has to be true or false")
        yield {**entry, "custom": entry.get("custom", False)}


def _pending(deployment: Mapping[str, Any], source: str) -> Iterator[str]:
    for operation in deployment.get("pending_operations") or ():
        try:
            yield f"{operation['type']} {operation['resource']['urn']}"
        except (KeyError, TypeError):
            raise StateError(f"{source}: a pending operation is malformed") from None


# --- secrets ---------------------------------------------------------------------------------------------


def _crypter(
    deployment: Mapping[str, Any], entries: Sequence[Mapping[str, Any]], store: StateStore, source: str
) -> Crypter:
    """The crypter that the secrets were encrypted with; the stack's own if none are."""
    if not any(map(_has_ciphertext, entries)):
        return store.crypter()
    provider = deployment.get("secrets_providers") or {}
    kind = provider.get("type") if isinstance(provider, dict) else None
    salt = None
    if kind == "passphrase" and isinstance(provider.get("state"), dict):
        salt = provider["state"].get("salt")
    if not isinstance(salt, str):
        raise SecretsError(
            f"the secrets in {source} were encrypted by {kind!r}, and only those of a passphrase can be"
            " decrypted here: export it with --show-secrets"
        )
    crypter = store.crypter_of(salt)
    if crypter is None:
        raise SecretsError(
            f"the secrets in {source} were encrypted with another passphrase: set PULUMI_CONFIG_PASSPHRASE to"
            " it, or export it with --show-secrets"
        )
    return crypter


def _has_ciphertext(value: Any) -> bool:
    if isinstance(value, Mapping):
        if value.get(SIG_KEY) == SECRET_SIG:
            return "plaintext" not in value
        return any(map(_has_ciphertext, value.values()))
    return isinstance(value, list) and any(map(_has_ciphertext, value))


# --- whether it fits -------------------------------------------------------------------------------------


def _of_other_stacks(states: Sequence[ResourceState], stack: str) -> Iterator[str]:
    for state in states:
        if urns.stack(state.urn) != stack:
            yield f"{state.urn} is of stack {urns.stack(state.urn)!r}"


def _tampered(deployment: Mapping[str, Any]) -> Iterator[str]:
    manifest = deployment.get("manifest")
    version = manifest.get("version", "") if isinstance(manifest, dict) else ""
    magic = manifest.get("magic") if isinstance(manifest, dict) else None
    if magic is not None and magic != hashlib.sha256(str(version).encode()).hexdigest():
        yield "its manifest doesn't belong to it (magic)"


def integrity(states: Sequence[ResourceState]) -> Iterator[str]:
    """What doesn't fit together in a state (``VerifyIntegrity``, pkg/resource/deploy/snapshot.go)."""
    everywhere = {state.urn for state in states}
    seen: set[str] = set()
    live: set[str] = set()
    providers: set[str] = set()
    for state in states:
        if not state.custom and state.id:
            yield f"{state.urn} is a component, and has an id"
        if state.is_provider:
            providers.add(f"{state.urn}::{state.id}")
        if state.provider and state.provider not in providers and not state.pending_replacement:
            yield f"{state.urn} is of a provider that isn't there before it: {state.provider}"
        for what, urn in _mentioned(state):
            if urn not in seen:
                how = "comes after it" if urn in everywhere else "isn't there"
                yield f"{state.urn}: its {what} {urn} {how}"
        if not state.delete:
            if state.urn in live:
                yield f"{state.urn} is there twice"
            live.add(state.urn)
        seen.add(state.urn)


def _mentioned(state: ResourceState) -> Iterator[tuple[str, str]]:
    if state.parent:
        yield "parent", state.parent
    for urn in state.dependencies:
        yield "dependency", urn
    for key, found in state.property_dependencies.items():
        for urn in found:
            if urn not in state.dependencies:
                yield f"dependency (of {key})", urn
    if state.deleted_with:
        yield "resource that it is deleted with,", state.deleted_with
    for urn in state.replace_with:
        yield "resource that it is replaced with,", urn
