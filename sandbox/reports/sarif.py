"""A report for code scanning: SARIF 2.1.0 (https://docs.oasis-open.org/sarif/sarif/v2.1.0/).

GitHub shows a result at its first location, so each has one: the innermost line of the program that declared
the resource, or the project's file where that isn't known.
https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any, Final

from sarif_pydantic import (
    ArtifactLocation,
    Invocation,
    Level,
    Location,
    LogicalLocation,
    Message,
    PhysicalLocation,
    Region,
    ReportingConfiguration,
    ReportingDescriptor,
    Result,
    Run,
    Sarif,
    Tool,
    ToolDriver,
)
from sarif_pydantic.sarif import Notification, RunAutomationDetails, Suppression

from sandbox.engine.events import PolicyPackLoaded, PolicyRule

from .model import Finding, Place, Report, of_pack

_SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
_UNKNOWN_PLACE: Final = "Pulumi.yaml"
_SCORES: Final = {"critical": "9.5", "high": "8.0", "medium": "5.5", "low": "2.0"}
"""GitHub's bands of `security-severity`: critical over 9.0, high from 7.0, medium from 4.0."""


def render(report: Report) -> str:
    """The report as SARIF: a run for each pack."""
    packs = report.packs or (PolicyPackLoaded(name="none", version="", policies=0),)
    log = Sarif(
        schema_uri=_SCHEMA,
        version="2.1.0",
        runs=[_run(report, pack) for pack in packs],
    )
    text: str = log.model_dump_json(by_alias=True, exclude_none=True, indent=2)
    return text + "\n"


def _run(report: Report, pack: PolicyPackLoaded) -> Run:
    found = [finding for finding in report.findings if finding.pack == pack.name]
    notes = (
        [Notification(message=Message(text=report.failure), level=Level.ERROR)] if report.failure else None
    )
    return Run(
        tool=Tool(
            driver=ToolDriver(
                name=pack.name,
                version=pack.version or None,
                full_name=of_pack(pack),
                rules=[_rule(rule) for rule in pack.rules],
            )
        ),
        automation_details=RunAutomationDetails(id=f"policies/{report.project}/{report.stack}/"),
        invocations=[Invocation(execution_successful=not report.failure, toolExecutionNotifications=notes)],
        results=[_result(finding, pack) for finding in found],
    )


def _rule(rule: PolicyRule) -> ReportingDescriptor:
    properties: dict[str, Any] = {"tags": ["security", "policy"]}
    if rule.severity in _SCORES:
        properties["security-severity"] = _SCORES[rule.severity]
    return ReportingDescriptor(
        id=rule.id,
        name=rule.title or rule.id,
        short_description=Message(text=rule.title or rule.id),
        full_description=Message(text=rule.description or rule.title or rule.id),
        help=Message(text=rule.mend or rule.title or rule.id),
        help_uri=rule.url or None,
        default_configuration=ReportingConfiguration(
            enabled=rule.level != "disabled",
            level=Level.ERROR if rule.level in ("mandatory", "remediate") else Level.WARNING,
        ),
        properties=properties,
    )


def _result(finding: Finding, pack: PolicyPackLoaded) -> Result:
    indexes = {rule.id: index for index, rule in enumerate(pack.rules)}
    suppression = None
    if finding.exemption:
        granted = finding.exemption
        reason = f"{granted.reason} ({granted.owner}, until {granted.until})"
        suppression = [Suppression(kind="external", status="accepted", justification=reason)]
    return Result(
        rule_id=finding.rule,
        rule_index=indexes.get(finding.rule),
        level=Level.ERROR if finding.violates else Level.WARNING,
        message=Message(text=_message(finding)),
        locations=[_location(finding)],
        related_locations=[*_related(finding)] or None,
        partial_fingerprints={"finding/v1": _fingerprint(finding)},
        suppressions=suppression,  # the standard's name; the library's own field isn't in it
    )


def _message(finding: Finding) -> str:
    parts = [
        ("", f"{finding.title}: {finding.where}"),
        ("found", finding.found),
        ("allowed", finding.allowed),
    ]
    parts.append(("mend", finding.mend))
    return "\n".join(f"{label}: {text}" if label else text for label, text in parts if text)


def _location(finding: Finding) -> Location:
    place = finding.places[0] if finding.places else Place(path=_UNKNOWN_PLACE, line=1)
    logical = [LogicalLocation(fully_qualified_name=finding.urn, name=finding.where, kind="resource")]
    return Location(physical_location=_physical(place), logical_locations=logical)


def _related(finding: Finding) -> Iterator[Location]:
    for number, place in enumerate(finding.places[1:], start=1):
        yield Location(
            id=number, physical_location=_physical(place), message=Message(text="called from here")
        )


def _physical(place: Place) -> PhysicalLocation:
    return PhysicalLocation(
        artifact_location=ArtifactLocation(uri=place.path, uri_base_id="%SRCROOT%"),
        region=Region(start_line=place.line),
    )


def _fingerprint(finding: Finding) -> str:
    """The same for the same finding while the program's lines move."""
    return hashlib.sha256("\n".join([finding.rule, finding.urn, finding.subject]).encode()).hexdigest()
