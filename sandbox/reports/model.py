"""A report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from sandbox.engine.events import PolicyPackLoaded


@dataclass(frozen=True, kw_only=True)
class Place:
    """A line of the program. path: relative to the repository (or to the project outside of one)."""

    path: str
    line: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"


@dataclass(frozen=True, kw_only=True)
class Exemption:
    """A written exception that covers a finding."""

    until: str
    owner: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that a policy found.

    :ivar level: mandatory or advisory
    :ivar severity: critical, high, medium, low or ``""``
    :ivar where: component and service by name, as the pack says it, else the resource's type and name
    :ivar subject, found, allowed, mend, source: ``""`` where the pack doesn't say
    :ivar places: the lines of the program that declared the resource, the innermost first
    """

    pack: str
    rule: str
    title: str
    severity: str
    level: str
    urn: str
    where: str
    found: str
    subject: str = ""
    allowed: str = ""
    mend: str = ""
    source: str = ""
    exemption: Exemption | None = None
    places: tuple[Place, ...] = ()

    @property
    def violates(self) -> bool:
        """Whether it stops a deployment."""
        return self.level == "mandatory"

    @property
    def declared(self) -> str:
        """The lines that declared it, as text; ``""`` if they aren't known."""
        if not self.places:
            return ""
        first, *above = map(str, self.places)
        return f"{first} (from {', '.join(above)})" if above else first


@dataclass(frozen=True, kw_only=True)
class Report:
    """What the packs found in a stack.

    :ivar failure: why not everything was judged, or ``""``
    """

    project: str
    stack: str
    packs: tuple[PolicyPackLoaded, ...]
    findings: tuple[Finding, ...]
    failure: str = ""

    @property
    def violations(self) -> list[Finding]:
        """What stops a deployment."""
        return [finding for finding in self.findings if finding.violates]

    @property
    def advice(self) -> list[Finding]:
        """What should be thought about."""
        return [finding for finding in self.findings if not finding.violates and finding.exemption is None]

    @property
    def exempted(self) -> list[Finding]:
        """What a written exception covers."""
        return [finding for finding in self.findings if not finding.violates and finding.exemption]

    @property
    def counts(self) -> str:
        """The numbers in a line."""
        said = f"{len(self.violations)} violated, {len(self.advice)} advisory"
        granted = len(self.exempted)
        return f"{said}, {granted} exception{'s' if granted != 1 else ''} granted" if granted else said


def by_rule(findings: Sequence[Finding]) -> Iterator[tuple[Finding, list[Finding]]]:
    """Group findings of one rule: the first of them, and all."""

    def key(finding: Finding) -> tuple[str, str]:
        return finding.pack, finding.rule

    for _, same in groupby(sorted(findings, key=key), key):
        group = list(same)
        yield group[0], group


def of_pack(pack: PolicyPackLoaded) -> str:
    """A pack in a line: name, version, size, what it stands on (for AWS, its catalog of actions)."""
    name = f"{pack.name} {pack.version}".rstrip()
    about = f": {pack.description.rstrip('.')}" if pack.description else ""
    return f"{name} ({pack.policies} policies){about}"
