"""What a stack can know of others: those whose states are kept in its folder (pkg/backend/diy)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from . import urn as urns
from .errors import EngineError, SecretsError
from .properties import PropertyMap
from .state import StateStore
from .state.serialize import deserialize_resource

_ORGANIZATION: Final = "organization"
_FORMS: Final = "<stack>, organization/<stack> or organization/<project>/<stack>"
_NAME: Final = re.compile(r"[A-Za-z0-9_.-]{1,100}")

OnUndecryptable = Callable[[SecretsError], None]


class References:
    """The stacks whose states are kept beside one stack's."""

    def __init__(self, store: StateStore | None, *, project: str) -> None:
        """Name the place.

        :param store: of the stack that asks; ``None`` if it has no state
        :param project: its project, for names that don't say one
        """
        self._store = store
        self._project = project

    def outputs(self, name: str, on_undecryptable: OnUndecryptable) -> PropertyMap:
        """The outputs of a stack; a secret that can't be decrypted is told, and an empty object.

        :raises EngineError: there is no such stack; what to do
        :raises StateError: its state can't be read
        """
        store = self._find(name)
        root = urns.root(store.stack, store.project.name)
        for entry in store.entries():
            if entry["urn"] == root and not entry.get("delete"):
                return _outputs(store, entry, on_undecryptable)
        return {}

    def resources(self, name: str) -> PropertyMap:
        """Type and outputs of all resources of a stack, by URN.

        :raises EngineError: there is no such stack; what to do
        :raises StateError: its state can't be read
        :raises SecretsError: its secrets can't be decrypted
        """
        store = self._find(name)
        return {
            entry["urn"]: {"type": entry["type"], "outputs": _outputs(store, entry, _refuse)}
            for entry in store.entries()
            if not entry.get("delete")
        }

    def _find(self, name: str) -> StateStore:
        """The state of a stack, by one of its names as Pulumi's file backend takes them."""
        parts = name.split("/")
        if len(parts) > 3 or not all(_NAME.fullmatch(part) for part in parts):
            raise EngineError(f"{name!r} is not the name of a stack: expected {_FORMS}")
        if len(parts) > 1 and parts[0] != _ORGANIZATION:
            raise EngineError(f"{name!r}: organization name must be '{_ORGANIZATION}' (expected {_FORMS})")
        project, stack = parts[1] if len(parts) == 3 else self._project, parts[-1]
        if self._store is None:
            raise EngineError(f"unknown stack {name!r}: this run has no state, so no other stack is known")
        if (project, stack) == (self._project, self._store.stack):
            return self._store
        other = self._store.beside(project, stack)
        if other is None:
            raise EngineError(
                f"unknown stack {name!r}: no state of it is kept in {self._store.path.parent}. Deploy it"
                " first; a stack of another project is found if both are deployed with the same FLEET_HOME."
            )
        return other


def _outputs(store: StateStore, entry: Any, on_undecryptable: OnUndecryptable) -> PropertyMap:
    wrong = False

    def decrypt(text: str) -> str:
        nonlocal wrong
        try:
            return "{}" if wrong else store.crypter().decrypt(text, place=entry["urn"])
        except SecretsError as error:
            wrong = True
            on_undecryptable(error)
            return "{}"

    return deserialize_resource(entry, decrypt).outputs


def _refuse(error: SecretsError) -> None:
    raise error
