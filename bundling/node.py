"""Node: TypeScript bundled into one file by the folder's own esbuild."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from bundling.manifest import Manifest
from bundling.model import BundleError

# Certificates, statements and the like travel inside the bundle as text.
_TEXT_FILES = (".pem", ".sql", ".txt")


def bundle(folder: Path, label: str, manifest: Manifest, scratch: Path) -> dict[str, Path]:
    """Bundle the entry with all that it imports into `scratch`, and list the file by its name in the zip.

    Nothing stays outside: Lambda's Node runtimes bring an AWS SDK whose version changes, the
    embedded AWS's bring none.
    Raises BundleError when the entry or node_modules is missing or stale, or when esbuild finds a mistake.
    """
    if not (folder / manifest.entry).is_file():
        raise BundleError(f"{label}/{manifest.entry}, the entry in bundle.toml, doesn't exist.")
    _check_installed(folder, label)
    outfile = scratch / manifest.outfile
    result = subprocess.run(
        [
            str(folder / "node_modules" / ".bin" / "esbuild"),
            manifest.entry,
            f"--outfile={outfile}",
            "--bundle",
            "--platform=node",
            "--target=node20",
            "--format=cjs",
            "--charset=utf8",
            # ES modules first: unused exports are dropped, and the AWS SDK's clients load in half the time.
            "--main-fields=module,main",
            "--log-level=error",
            "--color=false",
            *(f"--loader:{suffix}=text" for suffix in _TEXT_FILES),
        ],
        cwd=folder,
        # NODE_PATH and the like would let this machine decide about the outcome.
        env={"PATH": os.environ.get("PATH", os.defpath)},
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        raise BundleError(f"{label}: esbuild can't bundle {manifest.entry}:\n{result.stderr.strip()}")
    return {manifest.outfile: outfile}


def _check_installed(folder: Path, label: str) -> None:
    """Refuse a node_modules that isn't what package-lock.json says."""
    mend = f"run `npm ci --prefix {label}` (`make setup` does)."
    lock = _packages(folder / "package-lock.json")
    if lock is None:
        raise BundleError(
            f"{label}/package-lock.json is missing or unreadable: run `npm install --prefix {label}`."
        )
    # npm writes what it installed here:
    # https://docs.npmjs.com/cli/v10/configuring-npm/package-lock-json#hidden-lockfiles
    installed = _packages(folder / "node_modules" / ".package-lock.json")
    if installed is None or not (folder / "node_modules" / ".bin" / "esbuild").exists():
        raise BundleError(f"{label}/node_modules is missing or incomplete: {mend}")
    for path, entry in lock.items():
        found = installed.get(path)
        if not path or (found is None and entry.get("optional")):
            continue
        if found is None or found.get("version") != entry.get("version"):
            has = f"version {found.get('version')}" if found else "nothing"
            raise BundleError(
                f"{label}: package-lock.json wants {path} in version {entry.get('version')} and {has} is "
                f"installed: {mend}"
            )


def _packages(lock: Path) -> dict[str, dict[str, Any]] | None:
    try:
        packages = json.loads(lock.read_text(encoding="utf-8"))["packages"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return packages if isinstance(packages, dict) else None
