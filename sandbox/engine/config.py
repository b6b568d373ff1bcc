"""The project's and the stack's configuration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Project:
    """``Pulumi.yaml``.

    :ivar root: the folder that it is in
    :ivar main: the folder or file that is run
    :ivar interpreter: the Python that runs it (``runtime.options.virtualenv``, or the one we run on)
    :ivar schema: the declared configuration keys, fully named (``project:key``)
    """

    name: str
    root: Path
    main: Path
    interpreter: Path
    description: str = ""
    schema: Mapping[str, Any]

    @classmethod
    def load(cls, directory: Path) -> Project:
        """Read ``Pulumi.yaml`` of a directory (or of one above it, as Pulumi does).

        :raises ProjectError: it is missing, unreadable, or its runtime isn't Python
        """
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class Override:
    """A configuration value from outside the stack's file.

    :ivar path: as ``pulumi config set --path`` takes it, e.g. ``lambda-fleet:typerush.network.subnetIds[0]``
    :ivar value: plain JSON value; a list or a mapping replaces the whole value there
    """

    path: str
    value: Any
    secret: bool = False


@dataclass(frozen=True, kw_only=True)
class StackConfig:
    """The configuration of one stage as the program sees it: file, overrides, the project's defaults.

    :ivar stack: name of the stack
    :ivar values: fully named key -> string, objects as JSON (as the SDK wants them)
    :ivar secret_keys: keys whose value is (or contains) a secret
    :ivar unknown_keys: secret keys whose ciphertext can't be decrypted here; a preview treats them as unknown
    """

    stack: str
    values: Mapping[str, str]
    secret_keys: frozenset[str]
    unknown_keys: frozenset[str]

    @classmethod
    def load(cls, project: Project, stack: str, *, overrides: Sequence[Override] = ()) -> StackConfig:
        """Read ``Pulumi.<stack>.yaml`` (it need not exist), apply overrides and the project's schema.

        :raises ConfigError: with every error of the configuration at once
        :raises SecretsError: the passphrase is there but wrong
        """
        raise NotImplementedError

    def masked(self) -> dict[str, str]:
        """Every value for showing, secrets as ``[secret]``."""
        raise NotImplementedError
