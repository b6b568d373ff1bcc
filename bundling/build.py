"""Building: what is there already is kept, what changed is built aside and moved into place whole."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from bundling import sources
from bundling.model import Bundle, BundleError, Kind, Target
from bundling.store import Slot

# Changes whenever the same sources would give other bytes than before.
BUILDER_VERSION = "3"

_FUNCTIONS = "functions"


def discover(project: Path) -> list[Path]:
    """List every folder below functions/ that has a bundle.toml, sorted."""
    found = []
    for directory, folders, names in os.walk(project / _FUNCTIONS):
        folders[:] = [name for name in folders if name not in sources.GENERATED and not name.startswith(".")]
        if sources.MANIFEST in names:
            found.append(Path(directory))
            folders.clear()
    return sorted(found)


def build(source: Path, target: Target, *, project: Path) -> Bundle:
    """Make a folder's package for a target, or find it made: build/<target>/<name>.zip below the project.

    source: the folder, absolute or relative to the project.
    When the sources, the lock, the target and the builder are those of the package that is there, nothing is
    run and nothing written. Two builds at once are safe, and so is killing one: a package is moved into place
    whole.

    Raises BundleError when the package can't be built or is over Lambda's limit.
    """
    project = project.absolute()
    source = project / source
    name, label = _names(source, project)
    files = sources.walk(source, label)
    fingerprint = sources.fingerprint(files, [BUILDER_VERSION, _platform(target)])
    slot = Slot(folder=project / "build" / target.value, name=name)
    record = slot.find(fingerprint)
    if record is None:
        # Only a build needs these, and a preview, which has a second in all, finds everything built.
        from bundling import contents

        with slot.building() as scratch:
            record = slot.find(fingerprint)
            if record is None:
                made = contents.make(source, label, files, target, project, scratch)
                record = slot.put(fingerprint, made, scratch)
    return Bundle(
        name=name,
        kind=Kind(record.kind),
        target=target,
        path=slot.zip.relative_to(project).as_posix(),
        size_bytes=record.size_bytes,
        unzipped_bytes=record.unzipped_bytes,
        sha256=record.sha256,
        python_version=record.python_version,
    )


def _names(source: Path, project: Path) -> tuple[str, str]:
    """Give the package's name and how messages name its folder."""
    try:
        below = source.relative_to(project / _FUNCTIONS)
    except ValueError:
        raise BundleError(
            f"{source} isn't below {_FUNCTIONS}/ of the project: packages are made from there only."
        ) from None
    label = f"{_FUNCTIONS}/{below.as_posix()}"
    if not (source / sources.MANIFEST).is_file():
        raise BundleError(
            f'{label}/{sources.MANIFEST} doesn\'t exist: make it, with a line such as kind = "python".'
        )
    return "-".join(below.parts).replace("_", "-"), label


def _platform(target: Target) -> str:
    """Say what compiled code is made for: this machine's depends on the machine."""
    if target is Target.MACHINE:
        return f"{sys.platform} {os.uname().machine} {sys.implementation.cache_tag}"
    return str(target.value)
