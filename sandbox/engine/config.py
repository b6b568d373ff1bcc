"""The configuration of one stack: its file, what the caller adds, and the project's declarations."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from . import paths
from .errors import ConfigError, SecretsError
from .project import ConfigKey, Project, fits, type_name
from .properties import UNKNOWN, PropertyMap, Secret
from .secrets import Crypter, passphrase_from_environment
from .yamlfile import load_yaml

_NO_MATTER: Final = frozenset({"pulumi:tags"})
"""Settings for Pulumi's engine that change nothing of what it does."""


@dataclass(frozen=True, kw_only=True)
class Override:
    """A configuration value from outside the stack's file.

    :ivar path: as ``pulumi config set --path`` takes it, e.g. ``lambda-fleet:typerush.network.subnetIds[0]``;
        without a namespace it is the project's
    :ivar value: plain JSON value; a list or a mapping replaces the whole value there
    """

    path: str
    value: Any
    secret: bool = False


@dataclass(frozen=True, slots=True)
class _Ciphertext:
    """A ``secure:`` value of the file."""

    text: str


@dataclass(frozen=True, kw_only=True)
class StackConfig:
    """The configuration as the program sees it.

    :ivar stack: name of the stack
    :ivar values: full name -> text, objects and lists as JSON (what the SDK expects); unknown keys are absent
    :ivar secret_keys: keys whose value is, or contains, a secret
    :ivar unknown_keys: secret keys that can't be decrypted here; a preview treats them as unknown
    :ivar why_unknown: why they can't be decrypted, and what to do
    :ivar secrets: the texts that are secret, as far as they can be read here
    :ivar salt: ``encryptionsalt`` of the stack's file, or ``""``
    """

    stack: str
    values: Mapping[str, str] = field(repr=False)
    secret_keys: frozenset[str] = frozenset()
    unknown_keys: frozenset[str] = frozenset()
    why_unknown: str = ""
    secrets: frozenset[str] = field(default=frozenset(), repr=False)
    salt: str = ""

    @classmethod
    def load(cls, project: Project, stack: str, *, overrides: Sequence[Override] = ()) -> StackConfig:
        """Read ``Pulumi.<stack>.yaml`` (it need not exist), apply the overrides and the project's schema.

        :raises ConfigError: with every error of the configuration at once
        :raises SecretsError: there is a passphrase, but a wrong one
        """
        path = project.root / f"Pulumi.{stack}.yaml"
        content = (load_yaml(path, ConfigError) if path.is_file() else None) or {}
        if not isinstance(content, dict) or not isinstance(content.get("config") or {}, dict):
            raise ConfigError(f"{path}: expected a mapping with a mapping `config` in it")
        tree: dict[str, Any] = {}
        errors: list[str] = []
        if content.get("environment"):
            errors.append("environment: environments of Pulumi ESC are not supported by this engine")
        for key, value in (content.get("config") or {}).items():
            full = _full_key(str(key))
            if full is None:
                errors.append(
                    f"{key}: a configuration key has the form <namespace>:<name>, e.g. {project.name}:{key}"
                )
            elif full.startswith("pulumi:") and full not in _NO_MATTER:
                errors.append(f"{full}: the engine's own settings are not supported by this engine")
            else:
                tree[full] = _from_file(value)
        for override in overrides:
            try:
                _set(tree, project, override)
            except ValueError as problem:
                errors.append(f"{override.path}: {problem}")
        opened = _Opened(content, path, tree)
        errors += _apply_schema(project, stack, tree, opened)
        if errors:
            where = path.name if path.is_file() else f"stack {stack!r}"
            raise ConfigError(
                "\n".join([f"the configuration of {where} is wrong:", *(f"  {e}" for e in errors)])
            )
        return cls(
            stack=stack,
            values={key: _text(opened.plain(value)) for key, value in tree.items() if opened.readable(value)},
            secret_keys=frozenset(key for key, value in tree.items() if _is_secret(value)),
            unknown_keys=frozenset(key for key, value in tree.items() if not opened.readable(value)),
            why_unknown=opened.why,
            secrets=frozenset(text for value in tree.values() for text in opened.secrets(value)),
            salt=str(content.get("encryptionsalt") or ""),
        )

    def masked(self) -> dict[str, str]:
        """Every value for showing, secrets as ``[secret]``."""
        shown = {key: "[secret]" if key in self.secret_keys else value for key, value in self.values.items()}
        return dict(sorted((shown | dict.fromkeys(self.unknown_keys, "[secret]")).items()))

    def require_known(self) -> None:
        """Make sure that every secret is readable.

        :raises SecretsError: which aren't, and what to do
        """
        if self.unknown_keys:
            keys = ", ".join(sorted(self.unknown_keys))
            raise SecretsError(
                f"stack {self.stack!r} has secret configuration that can't be decrypted: {keys}."
                f" {self.why_unknown} A preview works without it."
            )

    def package(self, package: str) -> PropertyMap:
        """The values of a package's namespace, as inputs of its default provider."""
        prefix = f"{package}:"
        inputs: PropertyMap = {}
        for key, value in self.values.items():
            if key.startswith(prefix):
                inputs[key.removeprefix(prefix)] = Secret(element=value) if key in self.secret_keys else value
        for key in self.unknown_keys:
            if key.startswith(prefix):
                inputs[key.removeprefix(prefix)] = Secret(element=UNKNOWN)
        return inputs


class _Opened:
    """The secrets of a stack's file, decrypted if that is possible here."""

    def __init__(self, content: Mapping[str, Any], path: Path, tree: Mapping[str, Any]) -> None:
        self.why = ""
        self._crypter: Crypter | None = None
        if not any(_has_ciphertext(value) for value in tree.values()):
            return
        salt = content.get("encryptionsalt")
        if content.get("secretsprovider") not in (None, "", "passphrase") and not salt:
            self.why = f"{path.name} uses the secrets provider {content['secretsprovider']!r}: it isn't here."
        elif not salt:
            self.why = f"{path.name} has no `encryptionsalt`."
        else:
            passphrase = passphrase_from_environment()
            if passphrase is None:
                self.why = "Set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE."
                return
            self._crypter = Crypter.open(passphrase, str(salt))
            if self._crypter is None:
                raise SecretsError(
                    f"the passphrase in the environment is not that of {path.name}:"
                    " set PULUMI_CONFIG_PASSPHRASE to the right one, or unset it (a preview works without it)"
                )

    def readable(self, value: Any) -> bool:
        return self._crypter is not None or not _has_ciphertext(value)

    def plain(self, value: Any) -> Any:
        if isinstance(value, _Ciphertext):
            assert self._crypter is not None  # noqa: S101 - readable() was asked before
            return self._crypter.decrypt(value.text)
        if isinstance(value, Secret):
            return value.element
        if isinstance(value, dict):
            return {k: self.plain(v) for k, v in value.items()}
        if isinstance(value, list):
            return [self.plain(v) for v in value]
        return value

    def secrets(self, value: Any, *, inside: bool = False) -> Iterator[str]:
        """The texts in a value that are secret and can be read; all of them, inside of a secret."""
        if isinstance(value, _Ciphertext):
            if self._crypter is not None:
                yield self._crypter.decrypt(value.text)
        elif isinstance(value, Secret):
            yield from self.secrets(value.element, inside=True)
        elif isinstance(value, dict | list):
            for inner in value.values() if isinstance(value, dict) else value:
                yield from self.secrets(inner, inside=inside)
        elif inside:
            yield _text(value)


def _full_key(key: str) -> str | None:
    namespace, colon, name = key.partition(":")
    if not colon:
        return None
    name = name.removeprefix("config:")
    return None if ":" in name or not namespace or not name else f"{namespace}:{name}"


def _from_file(value: Any) -> Any:
    if isinstance(value, dict):
        if len(value) == 1 and isinstance(value.get("secure"), str):
            return _Ciphertext(value["secure"])
        return {str(k): _from_file(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_from_file(v) for v in value]
    return value


def _has_ciphertext(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_has_ciphertext(v) for v in value.values())
    if isinstance(value, list):
        return any(_has_ciphertext(v) for v in value)
    return isinstance(value, _Ciphertext)


def _is_secret(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_is_secret(v) for v in value.values())
    if isinstance(value, list):
        return any(_is_secret(v) for v in value)
    return isinstance(value, _Ciphertext | Secret)


def _set(tree: dict[str, Any], project: Project, override: Override) -> None:
    namespace, colon, rest = override.path.partition(":")
    if not colon:
        namespace, rest = project.name, override.path
    path = paths.parse(rest)
    if not path or not isinstance(path[0], str) or not path[0]:
        raise ValueError("the path must start with a name")
    value = Secret(element=override.value) if override.secret else override.value
    target: Any = tree
    steps: list[str | int] = [f"{namespace}:{path[0]}", *path[1:]]
    for depth, step in enumerate(steps):
        last = depth == len(steps) - 1
        fresh: Any = None if last else [] if isinstance(steps[depth + 1], int) else {}
        if isinstance(target, dict):
            if not isinstance(step, str):
                raise ValueError(f"{steps[depth - 1]!r} is a mapping and can't have the index {step}")  # noqa: TRY004
            if last:
                target[step] = value
            elif not isinstance(target.get(step), dict | list):
                target[step] = fresh
            target = target[step]
        elif isinstance(target, list):
            if not isinstance(step, int):
                raise ValueError(f"{steps[depth - 1]!r} is a list and can't have the name {step!r}")  # noqa: TRY004
            if not 0 <= step <= len(target):
                raise ValueError(f"index {step} is out of range: the list has {len(target)} items")
            if step == len(target):
                target.append(fresh)
            if last:
                target[step] = value
            elif not isinstance(target[step], dict | list):
                target[step] = fresh
            target = target[step]


def _apply_schema(project: Project, stack: str, tree: dict[str, Any], opened: _Opened) -> list[str]:
    errors = []
    for key, declared in sorted(project.schema.items()):
        if key not in tree:
            if declared.default is not None:
                tree[key] = declared.default
            elif key.startswith(f"{project.name}:"):
                errors.append(
                    f"{key}: is missing, and Pulumi.yaml gives no default"
                    + (f" ({declared.description})" if declared.description else "")
                    + f": set it in Pulumi.{stack}.yaml"
                )
                continue
        if key in tree and declared.type:
            errors += _type_errors(key, declared, tree[key], opened)
    return errors


def _type_errors(key: str, declared: ConfigKey, value: Any, opened: _Opened) -> list[str]:
    if declared.secret and not _is_secret(value):
        return [
            f"{key}: must be encrypted, since Pulumi.yaml says it is secret (`pulumi config set --secret`)"
        ]
    if not opened.readable(value):
        return []
    plain = opened.plain(value)
    if not isinstance(plain, dict | list):
        plain = _text(plain)  # as Pulumi does: a simple value is text, and 8 is a fine string
    if fits(declared.type, declared.items, plain):
        return []
    shown = "[secret]" if _is_secret(value) else repr(plain)
    return [f"{key}: must be of type {type_name(declared.type, declared.items)}, got {shown}"]


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    return go_json(value)


def go_json(value: Any) -> str:
    """JSON as Go's encoding/json writes it: sorted keys, no spaces, ``<``, ``>`` and ``&`` escaped."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text
