"""Python: a function's own sources, and layers of locked wheels."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from bundling.manifest import Manifest
from bundling.model import BundleError, Target
from bundling.sources import MANIFEST

_LOCK = "requirements.txt"

# What installing leaves beside a package's own files: it differs between machines, and nothing reads it
# when the function runs.
_INSTALLERS_NOTES = frozenset({"RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json"})


def sources(label: str, files: dict[str, Path]) -> dict[str, Path]:
    """Choose what a function ships of its folder: everything but the manifest.

    Raises BundleError if nothing is left.
    """
    shipped = {name: path for name, path in files.items() if name != MANIFEST}
    if not shipped:
        raise BundleError(f"{label} has nothing to ship: put the function's sources beside {MANIFEST}.")
    return shipped


def layer(
    folder: Path, label: str, manifest: Manifest, target: Target, project: Path, scratch: Path
) -> dict[str, Path]:
    """Install what a layer's lock names into `scratch` and list the files by their name in the zip.

    Wheels come from the project's own cache (.fleet/uv-cache); only what isn't there is fetched.
    Raises BundleError for a lock that is missing or has no hashes, or when uv can't install it.
    """
    _check_lock(folder / _LOCK, f"{label}/{_LOCK}")
    installed = scratch / "python"
    command = [
        _uv(),
        "pip",
        "install",
        "--quiet",
        "--target",
        str(installed),
        "--only-binary",
        ":all:",
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
    return {f"python/{name}": path for name, path in _installed(installed)}


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
            f"{label} doesn't exist: lock the layer's requirements.in with "
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

        return find_uv_bin()
    except (ImportError, FileNotFoundError):
        raise BundleError("uv isn't installed in this environment: run `make setup`.") from None


def _run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def _sentence(stderr: str) -> str:
    return " ".join(stderr.split()).removeprefix("error: ").rstrip(".") + "."
