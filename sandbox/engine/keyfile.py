"""The passphrase that the sandbox keeps where the user gives none, and the keys that were derived from it."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import secrets as random
import tempfile
from contextlib import suppress
from pathlib import Path

from sandbox.processes import sync_folder, write_private

from .errors import StateError
from .secrets import derive


class KeyFile:
    """Two files that only their owner can read.

    Deriving a key takes a third of a second, each time that a state with secrets is read. The passphrase lies
    beside the keys: they give nothing away that it doesn't.
    """

    def __init__(self, home: Path) -> None:
        self.path = home / "passphrase"
        self._derived = home / "passphrase.derived"

    def passphrase(self, *, create: bool) -> str | None:
        """The passphrase; ``None`` if there is none and none is to be made.

        :raises StateError: it can't be read or written, or is empty
        """
        try:
            found = self.path.read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            return self._make() if create else None
        except OSError as error:
            raise self._unusable("read", error) from None
        if not found:
            raise StateError(
                f"the sandbox's key file {self.path} is empty. Put back what was in it; if there is no state"
                " with secrets yet, delete it: the next run makes another"
            )
        return found

    def _make(self) -> str | None:
        """Under its name it is whole: what encrypts with a part of it, or with nothing, keeps no secret."""
        passphrase = random.token_urlsafe(32)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            descriptor, draft = tempfile.mkstemp(prefix=f".{self.path.name}.", dir=self.path.parent)
            try:
                with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                    file.write(passphrase + "\n")
                    file.flush()
                    os.fsync(file.fileno())
                os.link(draft, self.path)
            finally:
                Path(draft).unlink()
            sync_folder(self.path.parent)
        except FileExistsError:  # another run was quicker
            return self.passphrase(create=False)
        except OSError as error:
            raise self._unusable("written", error) from None
        return passphrase

    def _unusable(self, how: str, error: OSError) -> StateError:
        return StateError(f"the sandbox's key file {self.path} can't be {how}: {error.strerror}")

    def derive(self, passphrase: str, salt: bytes) -> bytes:
        """The key of its passphrase and a salt, remembered for the runs to come."""
        name = hashlib.sha256(salt + passphrase.encode()).hexdigest()
        known = self._known()
        try:
            return base64.b64decode(known[name], validate=True)
        except (KeyError, TypeError, ValueError):
            key = derive(passphrase, salt)
        known[name] = base64.b64encode(key).decode()
        self._remember(known)
        return key

    def _known(self) -> dict[str, str]:
        try:
            known = json.loads(self._derived.read_bytes())
        except (OSError, ValueError):
            return {}
        return known if isinstance(known, dict) else {}

    def _remember(self, known: dict[str, str]) -> None:
        with suppress(OSError):  # then the next run derives it again
            write_private(self._derived, json.dumps(known))
