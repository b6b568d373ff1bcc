"""bundle.toml: what a folder under functions/ says about how it is packaged."""

from __future__ import annotations

import difflib
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from bundling.model import BundleError, Kind
from bundling.sources import MANIFEST

_KEYS: dict[Kind, tuple[str, ...]] = {
    Kind.PYTHON: (),
    Kind.NODE: ("entry", "outfile"),
    Kind.PYTHON_LAYER: ("python_version",),
}
_OPTIONAL: dict[Kind, tuple[str, ...]] = {Kind.PYTHON: ("python_version",)}


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """A valid bundle.toml.

    entry, outfile (node): the TypeScript file to start from, below the folder; the file to make, in the zip.
    python_version (python-layer, python with a requirements.txt): `3.12`, the runtime that the wheels are for
    on Lambda.
    """

    kind: Kind
    entry: str = ""
    outfile: str = ""
    python_version: str | None = None


def read(folder: Path, label: str) -> Manifest:
    """Read and check a folder's manifest; `label` is how messages name the folder.

    Raises BundleError for a file that isn't TOML or says what isn't understood.
    """
    where = f"{label}/{MANIFEST}"
    try:
        data = tomllib.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BundleError(f"{where} isn't valid TOML: {error}.") from None

    kind = _kind(data.pop("kind", None), where)
    required = _KEYS[kind]
    known = (*required, *_OPTIONAL.get(kind, ()))
    for key in data:
        if key not in known:
            allowed = ", ".join(("kind", *known))
            close = difflib.get_close_matches(key, known, n=1)
            hint = f" Did you mean {close[0]}?" if close else ""
            raise BundleError(f"{where}: unknown key {key!r}; kind {kind.value!r} knows {allowed}.{hint}")
    for key in known:
        if key not in required and key not in data:
            continue
        if not isinstance(data.get(key), str) or not data[key]:
            found = f"is {data[key]!r}" if key in data else "is missing"
            raise BundleError(f"{where}: {key} {found}; kind {kind.value!r} needs it as text in quotes.")
    return _checked(kind, data, where)


def _kind(value: object, where: str) -> Kind:
    try:
        return Kind(value)
    except ValueError:
        found = f"is {value!r}" if value is not None else "is missing"
        allowed = ", ".join(repr(kind.value) for kind in Kind)
        raise BundleError(f"{where}: kind {found}; allowed are {allowed}.") from None


def _checked(kind: Kind, data: dict[str, Any], where: str) -> Manifest:
    manifest = Manifest(kind=kind, **data)
    for key in ("entry", "outfile"):
        path = PurePosixPath(getattr(manifest, key))
        if path.is_absolute() or ".." in path.parts:
            raise BundleError(f"{where}: {key} is {str(path)!r}; it has to stay below the folder.")
    if kind is Kind.NODE and not manifest.outfile.endswith(".js"):
        raise BundleError(
            f"{where}: outfile is {manifest.outfile!r}; it has to end in .js (a CommonJS module)."
        )
    version = manifest.python_version
    if version is not None and not re.fullmatch(r"3\.[1-9][0-9]", version):
        raise BundleError(
            f"{where}: python_version is {version!r}; allowed is one of Lambda's, such as '3.12'."
        )
    return manifest
