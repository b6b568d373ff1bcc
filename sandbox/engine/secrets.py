"""Pulumi's passphrase secrets provider (pkg/secrets/passphrase, sdk/go/common/resource/config/crypt.go).

A key is derived from passphrase and salt (PBKDF2, a million rounds: a third of a second, so only when a
secret is there), values are encrypted with AES-256-GCM. The salt is kept with a message that proves the
passphrase: ``v1:<salt>:v1:<nonce>:<encrypted "pulumi">``.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import secrets as random
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

from .errors import SecretsError

_ROUNDS: Final = 1_000_000
_PROOF: Final = "pulumi"
_PASSPHRASE: Final = "PULUMI_CONFIG_PASSPHRASE"  # noqa: S105 - the variable's name
_PASSPHRASE_FILE: Final = "PULUMI_CONFIG_PASSPHRASE_FILE"  # noqa: S105 - the variable's name

Derivation = Callable[[str, bytes], bytes]
"""A key from a passphrase and a salt: :func:`derive`, or who remembers what it gave."""


def passphrase_from_environment() -> str | None:
    """What ``PULUMI_CONFIG_PASSPHRASE`` or the file of ``PULUMI_CONFIG_PASSPHRASE_FILE`` holds, if set.

    :raises SecretsError: the file can't be read
    """
    if _PASSPHRASE in os.environ:
        return os.environ[_PASSPHRASE]
    name = os.environ.get(_PASSPHRASE_FILE)
    if not name:
        return None
    try:
        return Path(name).read_text(encoding="utf-8").rstrip("\r\n")
    except OSError as error:
        raise SecretsError(f"{_PASSPHRASE_FILE} is {name!r}, which can't be read: {error.strerror}") from None


_keys: dict[tuple[str, bytes], bytes] = {}
_keys_lock = threading.Lock()


def derive(passphrase: str, salt: bytes) -> bytes:
    """The key, by PBKDF2; remembered for the process's life: every stack that shares a salt pays once."""
    with _keys_lock:
        known = _keys.get((passphrase, salt))
    if known is None:
        known = hashlib.pbkdf2_hmac("sha256", passphrase.encode(), salt, _ROUNDS, 32)
        with _keys_lock:
            _keys[passphrase, salt] = known
    return known


class Crypter:
    """Encrypts and decrypts with one passphrase and salt. Safe to use from several threads.

    Ciphertexts are remembered, so that what didn't change is stored as it was.
    """

    def __init__(self, key: bytes, salt: str) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        self._cipher = AESGCM(key)
        self.salt = salt
        self._known: dict[tuple[str, str], str] = {}

    @classmethod
    def create(cls, passphrase: str, derived: Derivation = derive) -> Crypter:
        """A crypter with a new salt.

        :param derived: who derives the key, if it isn't done anew in each process
        """
        salt = random.token_bytes(8)
        crypter = cls(derived(passphrase, salt), "")
        crypter.salt = f"v1:{base64.b64encode(salt).decode()}:{crypter.encrypt(_PROOF)}"
        return crypter

    @classmethod
    def open(cls, passphrase: str, salt: str, derived: Derivation = derive) -> Crypter | None:
        """The crypter of a salt, or ``None`` if the passphrase isn't its.

        :param derived: as for :meth:`create`
        :raises SecretsError: the salt is malformed
        """
        version, _, rest = salt.partition(":")
        encoded, _, proof = rest.partition(":")
        try:
            raw = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            raw = b""
        if version != "v1" or not raw or not proof:
            raise SecretsError("the encryption salt is malformed: expected v1:<salt>:v1:<nonce>:<message>")
        crypter = cls(derived(passphrase, raw), salt)
        try:
            return crypter if crypter.decrypt(proof) == _PROOF else None
        except SecretsError:
            return None

    def encrypt(self, plaintext: str, *, place: str = "") -> str:
        """``v1:<nonce>:<ciphertext>``; the same again for the same plaintext in the same place."""
        if place and (place, plaintext) in self._known:
            return self._known[place, plaintext]
        nonce = random.token_bytes(12)
        sealed = self._cipher.encrypt(nonce, plaintext.encode(), None)
        ciphertext = f"v1:{base64.b64encode(nonce).decode()}:{base64.b64encode(sealed).decode()}"
        if place:
            self._known[place, plaintext] = ciphertext
        return ciphertext

    def decrypt(self, ciphertext: str, *, place: str = "") -> str:
        """The plaintext.

        :raises SecretsError: it is malformed or was encrypted with another passphrase
        """
        from cryptography.exceptions import InvalidTag

        parts = ciphertext.split(":")
        try:
            if len(parts) != 3 or parts[0] != "v1":
                raise SecretsError("a secret is malformed: expected v1:<nonce>:<ciphertext>")
            nonce, sealed = (base64.b64decode(part, validate=True) for part in parts[1:])
            plaintext = self._cipher.decrypt(nonce, sealed, None).decode()
        except (binascii.Error, ValueError, InvalidTag):
            raise SecretsError(
                "a secret can't be decrypted: it is malformed or was encrypted with another passphrase"
            ) from None
        if place:
            self._known[place, plaintext] = ciphertext
        return plaintext
