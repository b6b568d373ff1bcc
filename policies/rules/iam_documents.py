"""IAM-09 and IAM-10: documents that mean nothing, and documents that can't be known."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from policies.finding import Finding, Severity
from policies.iam import catalog
from policies.iam.document import Document, Kind, Statement
from policies.iam.findings import about
from policies.iam.matching import can_match
from policies.iam.sources import documents
from policies.rule import Context, Rule


def _check_meaning(document: Document, context: Context) -> Iterator[Finding]:
    for problem in dict.fromkeys(document.problems):
        yield about(
            document,
            None,
            subject="malformed",
            found=problem,
            allowed="a policy document, as JSON",
            mend="Correct the document.",
        )
    for statement in document.statements:
        written = [*statement.actions, *statement.not_actions]
        unknown = [action for action in written if not _exists(action)]
        for action in unknown:
            yield about(
                document,
                statement,
                subject=action,
                found=_what_is_unknown(action),
                allowed="an action of AWS's catalog",
            )
        if document.kind is Kind.IDENTITY:
            yield from _check_matches(document, statement)


def _exists(action: str) -> bool:
    return action == "*" or bool(catalog.expand(action))


def _what_is_unknown(action: str) -> str:
    service, colon, name = action.partition(":")
    if not colon:
        return f"{action} isn't an action: it has no service"
    if not catalog.has_wildcard(service) and not catalog.is_service(service.lower()):
        return f"{action}: there is no service {service}"
    if catalog.has_wildcard(name):
        return f"{action} matches no action of {service}"
    return f"{action}: {service} has no action {name}"


def _check_matches(document: Document, statement: Statement) -> Iterator[Finding]:
    """Find actions that no resource of the statement can be for, then resources that no action is for."""
    if not statement.resources or statement.unknown:
        return
    named = [(action, catalog.expand(action)) for action in statement.actions]
    idle = [
        written
        for written, actions in named
        if actions and not any(can_match(r, a.name) for a in actions for r in statement.resources)
    ]
    for written in idle:
        types = ", ".join(dict.fromkeys(kind for a in catalog.expand(written) for kind in a.resource_types))
        yield about(
            document,
            statement,
            subject=written,
            found=f"{written} can never match {', '.join(statement.resources)}",
            allowed=f"ARNs of: {types}" if types else "the resource *: AWS defines no resource type for it",
        )
    every = [action.name for _, actions in named for action in actions]
    if idle or not every or any(not actions for _, actions in named):
        return
    for resource in statement.resources:
        if not any(can_match(resource, action) for action in every):
            yield about(
                document,
                statement,
                subject=resource,
                found=f"no action of the statement can act on {resource}",
                allowed="ARNs of what the actions act on",
            )


IAM_09 = Rule(
    id="IAM-09",
    title="A policy says something that means nothing",
    severity=Severity.HIGH,
    what="Documents are well-formed, their actions exist, and each action can match a resource.",
    why="The permission that was meant isn't there, and fails at run time; a Deny protects nothing.",
    mend="Look the action up in the service authorization reference, and give it the ARNs that it takes.",
    source="https://docs.aws.amazon.com/service-authorization/latest/reference/"
    "reference_policies_actions-resources-contextkeys.html",
    over=documents(),
    check=_check_meaning,
    early=True,
)


@cache
def _named_by_aws() -> frozenset[str]:
    path = Path(__file__).parent.parent / "data" / "named_by_aws.json"
    content: dict[str, list[str]] = json.loads(path.read_text(encoding="utf-8"))
    return frozenset(content["types"])


def _check_known(document: Document, context: Context) -> Iterator[Finding]:
    if not document.unknown:
        return
    top = document.path.split("[")[0].split(".")[0]
    urns = document.resource.property_dependencies.get(top, ())
    come_from = [context.graph.get(urn) for urn in urns]
    excused = [r for r in come_from if r is not None and r.type in _named_by_aws()]
    if come_from and len(excused) == len(come_from):
        yield about(
            document,
            None,
            subject=document.path,
            found="the document holds ids that AWS assigns ("
            + ", ".join(f"{resource.type} {resource.name}" for resource in excused)
            + ") and is judged when they are known, before the update makes the policy",
            allowed="as it is",
            mend="Nothing to do.",
            advice=True,
        )
        return
    others = [
        f"{r.type} {r.name}" if r is not None else "a resource outside this stack"
        for r in come_from
        if r not in excused
    ]
    yield about(
        document,
        None,
        subject=document.path,
        found="the document can't be known at this preview, so that no rule can read it; it comes from "
        + (", ".join(others) or "something that isn't a resource"),
        allowed="a document that is known, but for ids that AWS assigns to resources that it depends on",
    )


IAM_10 = Rule(
    id="IAM-10",
    title="A policy document can't be known at the preview",
    severity=Severity.CRITICAL,
    what="Every policy document is known at the preview, unless what is unknown is an id that AWS assigns to "
    "a resource on which the document depends.",
    why="What can't be read can't be judged: the policy would be made first and looked at afterwards.",
    mend="Give the resources physical names and compute their ARNs from region, account and name.",
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html",
    over=documents(),
    check=_check_known,
)
