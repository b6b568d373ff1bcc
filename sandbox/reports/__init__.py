"""What policy packs found, for people and for machines.

    model.py     a report: findings, exceptions, the packs that judged
    collect.py   makes it of what the packs said and of where the program declares its resources
    eventlog.py  makes it of a log of the real CLI
    console.py   for a terminal
    markdown.py  for a pull request
    sarif.py     for code scanning (SARIF 2.1.0)
    junit.py     for test reports

It knows no pack: a finding's parts are read from its message, one `label: text` a line, as Pulumi's protocol
has no fields for them; a message that isn't written so is shown whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Final

from .collect import collect, places
from .model import Exemption, Finding, Place, Report

__all__ = ["FORMATS", "Exemption", "Finding", "Place", "Report", "collect", "places", "write"]

FORMATS: Final = ("markdown", "sarif", "junit")


def write(report: Report, files: Mapping[Path, str]) -> None:
    """Write a report to files.

    :param files: file -> its format, one of FORMATS
    :raises OSError: a file can't be written
    """
    for path, name in files.items():
        text: str = import_module(f".{name}", __name__).render(report)
        path.write_text(text, encoding="utf-8")
