"""What goes into a package: the files of its kind, checked against Lambda's limit."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bundling import manifest as manifests
from bundling import node, python
from bundling.model import MAX_UNZIPPED_BYTES, BundleError, Kind, Target, megabytes


@dataclass(frozen=True, kw_only=True)
class Contents:
    """A package's files by their name in the zip, and what its manifest says about it."""

    kind: Kind
    python_version: str | None
    files: dict[str, Path]
    unzipped_bytes: int


def make(
    source: Path, label: str, sources: dict[str, Path], target: Target, project: Path, scratch: Path
) -> Contents:
    """Collect or make a package's files.

    source: the folder; label: how messages name it; sources: its files; scratch: an empty folder to work in.
    Raises BundleError when that fails or when there is too much.
    """
    manifest = manifests.read(source, label)
    match manifest.kind:
        case Kind.PYTHON:
            files = python.function(source, label, manifest, sources, target, project, scratch)
        case Kind.NODE:
            files = node.bundle(source, label, manifest, scratch)
        case Kind.PYTHON_LAYER:
            files = python.layer(source, label, manifest, target, project, scratch)
    return Contents(
        kind=manifest.kind,
        python_version=manifest.python_version,
        files=files,
        unzipped_bytes=_measured(files, label),
    )


def _measured(files: dict[str, Path], label: str) -> int:
    sizes = {name: path.stat().st_size for name, path in files.items()}
    total = sum(sizes.values())
    if total > MAX_UNZIPPED_BYTES:
        largest = ", ".join(sorted(sizes, key=lambda name: -sizes[name])[:3])
        raise BundleError(
            f"{label} is {megabytes(total)} unzipped, and Lambda allows {megabytes(MAX_UNZIPPED_BYTES)} for "
            f"a function with its layers: leave out what isn't needed (the largest: {largest}), or ship "
            "it as a container image."
        )
    return total
