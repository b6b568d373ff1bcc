"""LAM-08: who may invoke a function."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from policies.finding import Finding, Severity
from policies.rule import Context, Rule, resources
from policies.rules.reading import UNREADABLE, is_given
from policies.view import UNKNOWN, Resource
from policies.view.arn import Arn
from policies.view.graph import ROLE
from policies.view.joins import PERMISSION

_SERVICE = re.compile(r"[\w.-]+\.amazon(?:aws)?\.com(?:\.cn)?")
_IDENTITY = re.compile(r"(?:role|user)/[\w+=,.@/-]+|assumed-role/[\w+=,.@-]+/[\w+=,.@-]+")
_S3: Final = "s3.amazonaws.com"


def _check(permission: Resource, context: Context) -> Iterator[Finding]:
    principal = permission.text("principal")
    if principal == "*":
        if not is_given(permission, "principalOrgId"):
            yield _principal(permission, "the principal is *: anybody", "exact principals")
    elif principal is UNKNOWN:
        if not isinstance(context.graph.link(permission, "principal", ROLE), Resource):
            yield _principal(permission, f"principal {UNREADABLE}", "a role of the stack, or its ARN")
    elif principal is None:
        yield _principal(permission, "principal isn't given", "a role's ARN or a service")
    elif _SERVICE.fullmatch(principal):
        yield from _service(permission, principal)
    else:
        arn = Arn.parse(principal)
        if arn is None or not _IDENTITY.fullmatch(arn.resource):
            yield _principal(
                permission,
                f"principal {principal} isn't one role's ARN",
                "the exact ARN of a role, as arn:aws:iam::123456789012:role/game-service",
            )


def _principal(permission: Resource, found: str, allowed: str) -> Finding:
    return Finding(resource=permission, subject="principal", found=found, allowed=allowed)


def _service(permission: Resource, service: str) -> Iterator[Finding]:
    account = is_given(permission, "sourceAccount") or is_given(permission, "eventSourceToken")
    source = permission.text("sourceArn")
    if source is None and not account:
        found = f"{service} may invoke it for anybody: neither sourceArn nor sourceAccount is given"
    elif source is UNKNOWN and not account and not permission.property_dependencies.get("sourceArn"):
        found = f"sourceArn {UNREADABLE}, and comes from no resource"
    elif isinstance(source, str) and not account and not _is_exact(source, service):
        found = f"{service} may invoke it for anybody: sourceArn is {source}"
    else:
        return
    yield Finding(
        resource=permission,
        subject="sourceArn",
        found=found,
        allowed="the exact source ARN (or the source account, where AWS has no ARN for it)",
    )


def _is_exact(source: str, service: str) -> bool:
    """Whether a source ARN names an account, or something that is unique without one (a bucket)."""
    arn = Arn.parse(source)
    if arn is None:
        return False
    if service == _S3:
        return not re.search(r"[*?]", arn.resource)
    return bool(re.fullmatch(r"\d{12}", arn.account)) and arn.resource.strip("*/:") != ""


LAM_08 = Rule(
    id="LAM-08",
    title="Who may invoke a function isn't exact",
    severity=Severity.HIGH,
    what="Every function permission is for a service with a source ARN or account, for one role by its exact "
    "ARN, or for an organization; never for *, an account as a whole, or a pattern.",
    why="A service acts for every customer of AWS: without a source anybody's rule, bucket or topic may call "
    "the function. An account's root stands for everybody in it.",
    mend="Set source_arn (or source_account); name the role by its ARN.",
    source="https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html",
    over=resources(PERMISSION),
    check=_check,
)
