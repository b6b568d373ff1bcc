"""IAM-02 and IAM-07: what may be done to everything."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

from policies.finding import Finding, Severity
from policies.iam import catalog
from policies.iam.carriers import functions_of
from policies.iam.catalog import Action
from policies.iam.document import Document, Kind, Statement
from policies.iam.findings import about
from policies.iam.matching import means_everything
from policies.iam.sources import documents
from policies.rule import Context, Rule
from policies.view import UNKNOWN, MalformedError, Resource

NETWORK_INTERFACES: Final = (
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
)
"""What Lambda needs, on any resource, under the role of a function that is in a VPC.

https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSLambdaVPCAccessExecutionRole.html
"""


def _wide(statement: Statement, action: Action) -> str | None:
    """The resource of a statement that means everything the action could act on."""
    return next((text for text in statement.resources if means_everything(text, action.name)), None)


def _check_narrowing(document: Document, context: Context) -> Iterator[Finding]:
    in_vpc = _is_for_vpc_functions(document, context)
    for statement in document.allowing:
        for written in statement.actions:
            wide = {
                action: resource
                for action in catalog.expand(written)
                if action.resource_types and not (in_vpc and action.name in NETWORK_INTERFACES)
                if (resource := _wide(statement, action)) is not None
            }
            if not wide:
                continue
            first, resource = next(iter(wide.items()))
            if catalog.has_wildcard(written):
                found = f"{written} on {resource}: AWS can narrow {len(wide)} of these ({first.name}, say)"
            else:
                found = f"{first.name} on {resource}"
            yield about(
                document,
                statement,
                subject=written,
                found=found,
                allowed=f"exact ARNs of: {', '.join(first.resource_types)}",
                advice=all(_may_be_left_out(action) for action in wide),
            )


def _may_be_left_out(action: Action) -> bool:
    return action.is_looking and action.optional and len(action.resource_types) == 1


def _is_for_vpc_functions(document: Document, context: Context) -> bool:
    """Whether the document is for functions that are all in a VPC. Before they are made, nobody knows."""
    if context.graph.partial:
        return True
    functions = functions_of(document, context.graph)
    return bool(functions) and all(_is_in_vpc(function) for function in functions)


def _is_in_vpc(function: Resource) -> bool:
    try:
        subnets = function.read("vpcConfig.subnetIds")
    except MalformedError:
        return False
    return subnets is UNKNOWN or bool(subnets)


IAM_02 = Rule(
    id="IAM-02",
    title="An action that can be narrowed is allowed on everything",
    severity=Severity.HIGH,
    what="No identity policy allows an action on `*`, or a wildcard over a whole resource type, if AWS can "
    "narrow the action. List and Describe actions whose only resource type is optional are advice.",
    why="Whoever takes over the code reaches every resource of the account, not only this service's.",
    mend="Name the resources; in a mixed statement, split off the actions that have no resource.",
    source="https://docs.aws.amazon.com/service-authorization/latest/reference/"
    "reference_policies_actions-resources-contextkeys.html",
    over=documents(Kind.IDENTITY),
    check=_check_narrowing,
    early=True,
)


@cache
def _dangerous() -> dict[str, list[str]]:
    path = Path(__file__).parent.parent / "data" / "dangerous_actions.json"
    content: dict[str, dict[str, list[str]]] = json.loads(path.read_text(encoding="utf-8"))
    return content["actions"]


def _danger(action: Action) -> str | None:
    """What an unconstrained action means: the worst that is true of it."""
    names = _dangerous()
    if action.name in names["credentials exposure"]:
        return "credentials exposure"
    if action.manages_permissions:
        return "permissions management"
    if action.name in names["data exfiltration"]:
        return "data exfiltration"
    if action.level == "Write" and action.resource_types:
        return "write"
    return None


def _check_danger(document: Document, context: Context) -> Iterator[Finding]:
    in_vpc = _is_for_vpc_functions(document, context)
    for statement in document.allowing:
        if statement.conditions:
            continue  # a condition constrains
        for written in statement.actions:
            dangers: dict[str, list[str]] = {}
            for action in catalog.expand(written):
                danger = _danger(action)
                if danger is None or _wide(statement, action) is None:
                    continue
                if not (action.name in NETWORK_INTERFACES and in_vpc):
                    dangers.setdefault(danger, []).append(action.name)
            for danger, names in dangers.items():
                many = f" and {len(names) - 3} more" if len(names) > 3 else ""
                yield about(
                    document,
                    statement,
                    subject=written if len(dangers) == 1 else f"{written}: {danger}",
                    found=f"{danger} without constraint: {', '.join(names[:3])}{many}",
                    allowed="exact resources, or a condition",
                )


IAM_07 = Rule(
    id="IAM-07",
    title="A dangerous action has no constraint",
    severity=Severity.CRITICAL,
    what="No identity policy allows on everything and without a condition what exfiltrates data, exposes "
    "credentials, manages permissions or, where AWS could narrow it, writes.",
    why="One fault in the code is then enough to read, give away or destroy what belongs to others.",
    mend="Name the resources, or add a condition that only this service's resources fulfil.",
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_understand-policy-summary-access-"
    "level-summaries.html",
    over=documents(Kind.IDENTITY),
    check=_check_danger,
    early=True,
)
