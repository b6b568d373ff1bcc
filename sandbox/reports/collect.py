"""Makes a report of what packs said and of where the program declares its resources."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Final
from urllib.parse import unquote

from sandbox.engine import urn as urns
from sandbox.engine.events import PolicyPackLoaded, PolicyViolation
from sandbox.engine.state import ResourceState

from .model import Exemption, Finding, Place, Report

_PART: Final = re.compile(r"  (where|subject|found|allowed|mend|source): +(.*)")
_EXEMPTION: Final = re.compile(r"  excepted until (\S+) by (.+?): (.*)")
_POSITION: Final = re.compile(r"project:///([^#]+)#(\d+)(?:,\d+)?")
_LIBRARIES: Final = frozenset({"site-packages", "dist-packages", ".venv", "venv"})


def collect(
    *,
    project: str,
    stack: str,
    packs: Iterable[PolicyPackLoaded],
    violations: Iterable[PolicyViolation],
    places: Mapping[str, tuple[Place, ...]],
    failure: str = "",
) -> Report:
    """Make a report.

    :param places: URN -> the lines that declared it
    :param failure: why not everything was judged, or ``""``
    """
    loaded = tuple(packs)
    titles = {(pack.name, rule.id): rule.title for pack in loaded for rule in pack.rules}
    findings = [
        _finding(violation, titles.get((violation.pack, violation.policy), ""), places)
        for violation in violations
    ]
    findings.sort(key=lambda finding: (not finding.violates, finding.rule, finding.urn, finding.subject))
    return Report(project=project, stack=stack, packs=loaded, findings=tuple(findings), failure=failure)


def _finding(violation: PolicyViolation, title: str, places: Mapping[str, tuple[Place, ...]]) -> Finding:
    said, exemption = _parts(violation.message)
    resource = f"{urns.type_of(violation.urn)} {urns.name(violation.urn)}".strip()
    return Finding(
        pack=violation.pack,
        rule=violation.policy,
        title=title or violation.description or violation.policy,
        severity=violation.severity,
        level=violation.level,
        urn=violation.urn,
        where=said.get("where") or resource or "the stack",
        subject=said.get("subject", ""),
        found=said.get("found") or violation.message.strip(),
        allowed=said.get("allowed", ""),
        mend=said.get("mend", ""),
        source=said.get("source", ""),
        exemption=exemption,
        places=places.get(violation.urn, ()),
    )


def _parts(message: str) -> tuple[dict[str, str], Exemption | None]:
    """The labelled parts of a message; what follows a part on lines of its own belongs to it."""
    parts: dict[str, str] = {}
    exemption = None
    last = ""
    for line in message.splitlines():
        if exempted := _EXEMPTION.fullmatch(line):
            exemption = Exemption(until=exempted[1], owner=exempted[2], reason=exempted[3])
        elif part := _PART.fullmatch(line):
            last = part[1]
            parts[last] = part[2]
        elif last:
            parts[last] += f"\n{line.strip()}"
    return parts, exemption


def places(resources: Iterable[ResourceState], root: Path | None) -> dict[str, tuple[Place, ...]]:
    """The lines of the program that declared resources, by URN; libraries and what started it left out.

    :param root: the project's folder, if it is known
    """
    prefix = _below_repository(root) if root is not None else PurePosixPath()
    return {state.urn: tuple(_program_lines(state, prefix)) for state in resources}


def _program_lines(state: ResourceState, prefix: PurePosixPath) -> Iterable[Place]:
    if state.type == urns.ROOT_TYPE:
        return
    seen = set()
    for position in state.stack_trace or [state.source_position]:
        if not position:
            return  # the program's end: below is what runs it
        found = _POSITION.fullmatch(position)
        if found is None:
            continue
        path = PurePosixPath(unquote(found[1]))
        if ".." in path.parts or _LIBRARIES.intersection(path.parts):
            continue
        place = Place(path=str(prefix / path), line=max(int(found[2]), 1))
        if place not in seen:
            seen.add(place)
            yield place


def _below_repository(root: Path) -> PurePosixPath:
    """A project's folder in its repository: what reads a report knows files from there."""
    root = root.resolve()
    for folder in (root, *root.parents):
        if (folder / ".git").exists():
            return PurePosixPath(root.relative_to(folder).as_posix())
    return PurePosixPath()
