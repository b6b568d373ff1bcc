"""Reads what policy packs found in a run of the real CLI: ``pulumi preview --event-log FILE``.

The log has an event a line (sdk/go/common/apitype/events.go of Pulumi). It doesn't say where the program
declares a resource, nor what a pack says of itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from sandbox.engine import urn as urns
from sandbox.engine.events import PolicyPackLoaded, PolicyRule, PolicyViolation
from sandbox.errors import SandboxError

from .collect import collect
from .model import Report

_LEVELS: Final = {"warning": "advisory", "remediate": "mandatory"}
_SUMMARIES: Final = ("policyAnalyzeSummaryEvent", "policyAnalyzeStackSummaryEvent")


class EventLogError(SandboxError):
    """It isn't a log of the CLI's events."""

    exit_code = 2


def read_event_log(path: Path) -> Report:
    """Make a report of a log.

    :raises EventLogError: it isn't one
    """
    violations: list[PolicyViolation] = []
    policies: dict[tuple[str, str], dict[str, PolicyRule]] = {}
    root, outcome = "", ""
    for event in _events(path):
        said = event.get("policyEvent")
        if said:
            violations.append(_violation(said))
        for name in _SUMMARIES:
            for pack, rule in _judged(event.get(name) or {}):
                policies.setdefault(pack, {}).setdefault(rule.id, rule)
        metadata = (event.get("resourcePreEvent") or {}).get("metadata") or {}
        if metadata.get("type") == urns.ROOT_TYPE:
            root = str(metadata.get("urn", ""))
        outcome = str((event.get("summaryEvent") or {}).get("result") or outcome)
    if not root:
        raise EventLogError(
            f"{path} isn't a log of a run: it has no stack (`pulumi preview --event-log FILE`)"
        )
    violated = any(violation.level == "mandatory" for violation in violations)
    return collect(
        project=urns.project(root),
        stack=urns.stack(root),
        packs=[
            PolicyPackLoaded(name=name, version=version, policies=len(rules), rules=tuple(rules.values()))
            for (name, version), rules in policies.items()
        ],
        violations=violations,
        places={},
        failure="" if outcome == "succeeded" or violated else "The run failed: not everything was judged.",
    )


def _events(path: Path) -> Iterator[Mapping[str, Any]]:
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            event = json.loads(line)
        except ValueError:
            event = None
        if not isinstance(event, dict):
            raise EventLogError(
                f"{path}, line {number}: isn't an event in JSON, as `pulumi preview --event-log FILE` writes"
            )
        yield event


def _violation(said: Mapping[str, Any]) -> PolicyViolation:
    level = str(said.get("enforcementLevel", ""))
    message = str(said.get("message", ""))
    return PolicyViolation(
        pack=str(said.get("policyPackName", "")),
        version=str(said.get("policyPackVersion", "")),
        policy=str(said.get("policyName", "")),
        level=_LEVELS.get(level, level),
        message=message,
        urn=str(said.get("resourceUrn", "")),
        description=message.partition("\n")[0],
        severity=str(said.get("severity", "")),
    )


def _judged(summary: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str], PolicyRule]]:
    pack = str(summary.get("policyPackName", "")), str(summary.get("policyPackVersion", ""))
    for rule in (*(summary.get("passed") or ()), *(summary.get("failed") or ())):
        yield pack, PolicyRule(id=str(rule), title="", description="", severity="", level="", mend="", url="")
