"""Which files of a folder are its sources, and what identifies them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from bundling.model import BundleError

# What says how a folder is packaged.
MANIFEST = "bundle.toml"
# What a function's folder holds, at its top, for people and for trying it out.
_ABOUT = frozenset({"events", "tests", "README.md"})
# What other tools leave or install there.
GENERATED = frozenset({"__pycache__", "node_modules", "dist"})


def walk(folder: Path, label: str) -> dict[str, Path]:
    """List the files that decide about a folder's package, by their path below it, sorted.

    Left out are hidden files, generated ones, tests, test events and the README.
    Raises BundleError for a symbolic link: what it points to isn't part of the sources.
    """
    return dict(sorted(_walk(folder, label, "", _ABOUT)))


def _walk(folder: Path, label: str, prefix: str, skip: frozenset[str]) -> Iterator[tuple[str, Path]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            name = entry.name
            if name.startswith(".") or name in GENERATED or name in skip or name.endswith(".pyc"):
                continue
            if entry.is_symlink():
                raise BundleError(
                    f"{label}/{prefix}{name} is a symbolic link: put the file itself there, since a package "
                    "holds only its own folder."
                )
            if entry.is_dir():
                yield from _walk(Path(entry.path), label, f"{prefix}{name}/", frozenset())
            else:
                yield prefix + name, Path(entry.path)


def fingerprint(files: dict[str, Path], facts: Iterable[str]) -> str:
    """Identify a package's inputs: the files' names and contents, and what else decides about the outcome."""
    digest = hashlib.sha256()
    for fact in facts:
        digest.update(f"{fact}\0".encode())
    for name, path in files.items():
        content = path.read_bytes()
        digest.update(f"{name}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()
