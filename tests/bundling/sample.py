"""Small functions for the tests of packaging."""

from __future__ import annotations

import zipfile
from pathlib import Path

import bundling

PYTHON = {"bundle.toml": 'kind = "python"\n', "main.py": "def handler(event, context):\n    return event\n"}
ROOT = Path(__file__).parents[2]


def write(project: Path, name: str, files: dict[str, str]) -> Path:
    """Write files into a folder under the project's functions/, and return the folder."""
    folder = project / "functions" / name
    for below, text in files.items():
        path = folder / below
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def contents(project: Path, bundle: bundling.Bundle) -> dict[str, bytes]:
    """Read a package."""
    with zipfile.ZipFile(project / bundle.path) as archive:
        return {entry.filename: archive.read(entry) for entry in archive.infolist()}


def leftovers(project: Path) -> list[str]:
    """List what lies in build/ beside packages, their records and the locks between builds."""
    return sorted(
        path.relative_to(project).as_posix()
        for path in (project / "build").rglob("*")
        if path.is_file() and path.suffix not in {".zip", ".json", ".lock"}
    )
