"""Judges a stack: asks every rule, and makes of what they find what a host reports.

A fault in a rule, and a property of a type that nobody meant, become violations of that rule: no rule fails
in silence, and none takes the others with it.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from policies.configuration import Configuration, Waiver
from policies.finding import Finding, Level, Severity
from policies.rule import Context, Rule, RuleInfo
from policies.view import Graph, MalformedError, Resource, plain
from policies.view.resource import urn_part

EXCEPTIONS: Final = RuleInfo(
    id="EXC-01",
    title="A written exception is expired, or for nothing",
    severity=Severity.HIGH,
    what="Every exception in the stage's configuration covers a finding of this stack, and hasn't expired.",
    why="An exception that nothing needs any more hides the next fault that happens to fit it.",
    mend="Remove the exception, or renew it with its reason.",
    source="https://docs.aws.amazon.com/wellarchitected/latest/security-pillar/permissions-management.html",
)


@dataclass(frozen=True, kw_only=True)
class Violation:
    """A finding with all that a report says of it. waiver: the exception that covers it."""

    rule: RuleInfo
    level: Level
    finding: Finding
    message: str
    waiver: Waiver | None = None

    @property
    def urn(self) -> str:
        """The resource's URN; "" for the stack as a whole."""
        return self.finding.resource.urn if self.finding.resource is not None else ""


def judge(
    graph: Graph,
    rules: Iterable[Rule[Any]],
    configuration: Configuration,
    *,
    today: date,
    early: bool = False,
) -> list[Violation]:
    """Ask the rules about a graph.

    early: only those rules that need nothing but one resource; whether an exception is for nothing can't be
    said then.
    """
    waivers = {(waiver.rule, waiver.resource, waiver.subject): waiver for waiver in configuration.waivers}
    used: set[Waiver] = set()
    violations = []
    for rule in rules:
        level = configuration.levels[rule.id]
        if level is Level.DISABLED or (early and not rule.early):
            continue
        context = Context(
            graph=graph, settings=configuration.settings[rule.id], stage=configuration.stage, today=today
        )
        for finding in dict.fromkeys(_ask(rule, context)):
            urn = finding.resource.urn if finding.resource is not None else ""
            waiver = waivers.get((rule.id, urn, finding.subject))
            if waiver is not None:
                used.add(waiver)
            violations.append(_violation(graph, rule, level, finding, waiver, today))
    if not early:
        violations += _check_waivers(graph, configuration, used, today)
    return violations


def _ask(rule: Rule[Any], context: Context) -> Iterator[Finding]:
    """Ask a rule about each thing that it judges."""
    try:
        things = list(rule.over(context.graph))
    except Exception as error:  # whatever a rule does, the others go on
        yield _fault(rule, None, error)
        return
    for thing in things:
        resource = thing if isinstance(thing, Resource) else getattr(thing, "resource", None)
        try:
            yield from rule.check(thing, context)
        except MalformedError as error:
            yield Finding(
                resource=resource,
                subject="malformed",
                found=str(error),
                allowed="a value that the rule can read",
                mend="Give the property a value of the right type.",
            )
        except Exception as error:
            yield _fault(rule, resource, error)


def _fault(rule: RuleInfo, resource: Resource | None, error: Exception) -> Finding:
    """Say where a rule broke; not the error's text, which may hold values of properties."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{frame.filename.rsplit('/', 1)[-1]} line {frame.lineno}"
    return Finding(
        resource=resource,
        subject="fault",
        found=f"a fault in the rule: {type(error).__name__} in {place}",
        allowed=f"{rule.id} able to judge the resource",
        mend="This is a fault of the policy pack: report it with the resource's declaration.",
    )


def _violation(
    graph: Graph, rule: RuleInfo, level: Level, finding: Finding, waiver: Waiver | None, today: date
) -> Violation:
    if level is Level.REMEDIATE:
        level = Level.MANDATORY  # it was repaired, and is still wrong
    held = waiver is not None and waiver.expires >= today
    if finding.advice or held:
        level = Level.ADVISORY
    finding = replace(finding, mend=finding.mend or rule.mend)
    message = _message(graph, rule, finding, waiver if held else None)
    for secret in graph.secrets:
        message = message.replace(secret, "[secret]")
    return Violation(
        rule=rule, level=level, finding=finding, message=message, waiver=waiver if held else None
    )


def _message(graph: Graph, rule: RuleInfo, finding: Finding, waiver: Waiver | None) -> str:
    lines = [
        rule.title,
        f"  where:   {_where(graph, finding.resource)}",
        f"  subject: {finding.subject}",
        f"  found:   {finding.found}",
        f"  allowed: {finding.allowed}",
        f"  mend:    {finding.mend}",
        f"  source:  {rule.source}",
    ]
    if waiver is not None:
        lines.append(f"  excepted until {waiver.expires} by {waiver.owner}: {waiver.reason}")
    return "\n".join(lines)


def _where(graph: Graph, resource: Resource | None) -> str:
    if resource is None:
        return "the stack"
    parts = [f"service {service}"] if (service := service_of(graph, resource)) else []
    component = component_of(graph, resource)
    if component is not None:
        parts.append(f"component {component.name} ({component.type.rsplit(':', 1)[-1]})")
    return ", ".join([*parts, f"{resource.type} {resource.name}"])


def component_of(graph: Graph, resource: Resource) -> Resource | None:
    """The nearest component that a resource belongs to."""
    return next((above for above in graph.ancestors(resource) if above.is_component), None)


def service_of(graph: Graph, resource: Resource) -> str:
    """The service that a resource belongs to: its tag `Service`, or what its component's resources say."""
    own = _service_tag(resource)
    if own:
        return own
    component = component_of(graph, resource)
    if component is None:
        return ""
    tags = {tag for other in graph if other.parent == component.urn and (tag := _service_tag(other))}
    return tags.pop() if len(tags) == 1 else ""


def _service_tag(resource: Resource) -> str:
    tags = plain(resource.values.get("tags"))
    tag = plain(tags.get("Service")) if isinstance(tags, dict) else None
    return tag if isinstance(tag, str) else ""


def _check_waivers(
    graph: Graph, configuration: Configuration, used: set[Waiver], today: date
) -> Iterator[Violation]:
    """Say which exceptions are expired or for nothing. Those for other projects and stacks don't count."""
    level = configuration.levels[EXCEPTIONS.id]
    if level is Level.DISABLED:
        return
    here = {(urn_part(resource.urn, 0), urn_part(resource.urn, 1)) for resource in graph}
    for waiver in configuration.waivers:
        if (urn_part(waiver.resource, 0), urn_part(waiver.resource, 1)) not in here:
            continue
        if waiver.expires < today:
            found = f"the exception expired on {waiver.expires}: {waiver}"
        elif waiver not in used:
            found = f"the exception is for a finding that isn't there: {waiver}"
        else:
            continue
        finding = Finding(
            resource=graph.get(waiver.resource),
            subject=f"{waiver.rule} {waiver.subject}",
            found=found,
            allowed="exceptions that hold and cover a finding of this stack",
        )
        yield _violation(graph, EXCEPTIONS, level, finding, None, today)
