"""Python: a function's own sources with its locked wheels, and layers of locked wheels."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

from bundling.manifest import Manifest
from bundling.model import BundleError, Target
from bundling.sources import MANIFEST

_FINDING_UV = threading.Lock()
"""uv looks with sysconfig, which doesn't yet have all of its variables when a second thread asks."""

_LOCK = "requirements.txt"
_WISHES = "requirements.in"

# What installing leaves beside a package's own files: it differs between machines, and nothing reads it
# when the function runs.
_INSTALLERS_NOTES = frozenset({"RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json"})


def function(
    folder: Path,
    label: str,
    manifest: Manifest,
    files: dict[str, Path],
    target: Target,
    project: Path,
    scratch: Path,
) -> dict[str, Path]:
    """Choose what a function ships of its folder, and add the wheels of its lock, if it has one.

    Raises BundleError if nothing is left to ship, if a package of the lock has a file of the same name, if
    manifest and lock don't go together, and as `layer` does.
    """
    shipped = {name: path for name, path in files.items() if name not in (MANIFEST, _LOCK, _WISHES)}
    if not shipped:
        raise BundleError(f"{label} has nothing to ship: put the function's sources beside {MANIFEST}.")
    locked = _LOCK in files
    if locked and manifest.python_version is None:
        raise BundleError(
            f"{label}/{MANIFEST}: python_version is missing; a function with a {_LOCK} needs the version "
            "that it runs on, as '3.12'."
        )
    if manifest.python_version is not None and not locked:
        raise BundleError(
            f"{label}/{_LOCK} doesn't exist, and {MANIFEST} has a python_version: lock {_WISHES}, or take "
            "the version out when the function needs no packages."
        )
    if not locked:
        return shipped
    wheels = _wheels(folder, label, manifest, target, project, scratch / "wheels")
    for name in sorted(shipped.keys() & wheels.keys()):
        raise BundleError(f"{label}/{name}: a package of {_LOCK} has a file of this name; rename yours.")
    return wheels | shipped


def layer(
    folder: Path, label: str, manifest: Manifest, target: Target, project: Path, scratch: Path
) -> dict[str, Path]:
    """Install what a layer's lock names into `scratch` and list the files by their name in the zip.

    Raises BundleError for a lock that is missing or has no hashes, or when uv can't install it.
    """
    wheels = _wheels(folder, label, manifest, target, project, scratch / "python")
    return {f"python/{name}": path for name, path in wheels.items()}


def _wheels(
    folder: Path, label: str, manifest: Manifest, target: Target, project: Path, installed: Path
) -> dict[str, Path]:
    """Install the lock into a folder and list the files below it.

    Wheels come from the project's own cache (.fleet/uv-cache); only what isn't there is fetched. Only what
    the lock names is installed: it leaves out the AWS SDK, which Lambda's runtime brings.
    """
    _check_lock(folder / _LOCK, f"{label}/{_LOCK}")
    command = [
        _uv(),
        "pip",
        "install",
        "--quiet",
        "--target",
        str(installed),
        "--only-binary",
        ":all:",
        "--no-deps",
        "--require-hashes",
        "--cache-dir",
        str(project / ".fleet" / "uv-cache"),
        "--requirements",
        _LOCK,
        "--python",
        sys.executable,
        *_platform(manifest, target),
    ]
    # Offline first: what was fetched once needs no network, and an index that moved on changes nothing.
    if _run([*command, "--offline"], folder).returncode != 0:
        result = _run(command, folder)
        if result.returncode != 0:
            raise BundleError(
                f"{label}/{_LOCK} can't be installed for {target.value}: {_sentence(result.stderr)} "
                "Check the lock and the network, then build again."
            )
    return dict(_installed(installed))


def _platform(manifest: Manifest, target: Target) -> list[str]:
    version = manifest.python_version
    if target is Target.MACHINE or version is None:
        return []
    # Python 3.12 and later run on Amazon Linux 2023 (glibc 2.34), earlier ones on Amazon Linux 2 (2.26).
    # https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html
    glibc = "2_28" if int(version.partition(".")[2]) >= 12 else "2_17"
    return ["--python-platform", f"aarch64-manylinux_{glibc}", "--python-version", version]


def _installed(folder: Path) -> list[tuple[str, Path]]:
    found = []
    for directory, folders, names in os.walk(folder):
        below = Path(directory).relative_to(folder)
        # bin/ holds console scripts: they name this machine's interpreter, and Lambda runs none.
        folders[:] = [name for name in folders if name != "__pycache__" and (below / name) != Path("bin")]
        metadata = below.name.endswith(".dist-info")
        found += [
            ((below / name).as_posix(), Path(directory, name))
            for name in names
            if name != ".lock" and not (metadata and name in _INSTALLERS_NOTES)
        ]
    return found


def _check_lock(lock: Path, label: str) -> None:
    if not lock.is_file():
        raise BundleError(
            f"{label} doesn't exist: lock requirements.in with "
            "`uv pip compile --universal --generate-hashes --no-emit-index-url`."
        )
    for requirement in lock.read_text(encoding="utf-8").replace("\\\n", " ").splitlines():
        text = requirement.strip()
        if text and not text.startswith(("#", "-")) and "--hash=sha256:" not in text:
            raise BundleError(
                f"{label}: {text.split(';')[0].strip()!r} has no hash: lock it with "
                "`uv pip compile --generate-hashes`."
            )


def _uv() -> str:
    try:
        from uv import find_uv_bin

        with _FINDING_UV:
            return find_uv_bin()
    except (ImportError, FileNotFoundError):
        raise BundleError("uv isn't installed in this environment: run `make setup`.") from None


def _run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def _sentence(stderr: str) -> str:
    return " ".join(stderr.split()).removeprefix("error: ").rstrip(".") + "."
