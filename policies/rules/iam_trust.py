"""IAM-08: who may take a role, or use a resource."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

from policies.finding import Finding, Severity
from policies.iam.carriers import functions_of
from policies.iam.conditions import SOURCE_KEYS, names_somebody
from policies.iam.document import Document, Kind, Statement
from policies.iam.findings import about
from policies.iam.keys import opens_key_to_own_account
from policies.iam.sources import BUCKET_POLICY, PERMISSION, SECRET, SECRET_POLICY, documents
from policies.rule import Context, Rule, Setting
from policies.view.arn import Arn

_ANYBODY_ELSEWHERE: Final = frozenset({BUCKET_POLICY, SECRET_POLICY, SECRET, "aws:s3/bucket:Bucket"})
"""Where another rule speaks of the principal `*`: S3-01, SEC-03."""


@cache
def _deputies() -> frozenset[str]:
    path = Path(__file__).parent.parent / "data" / "confused_deputies.json"
    content: dict[str, list[str]] = json.loads(path.read_text(encoding="utf-8"))
    return frozenset(content["services"])


def _check(document: Document, context: Context) -> Iterator[Finding]:
    if document.resource.type == PERMISSION:
        return  # LAM-08
    for statement in document.allowing:
        if opens_key_to_own_account(document, statement, context.graph):
            continue
        for kind, principal in statement.principals:
            fault = _fault(document, statement, kind, principal, context)
            if fault is not None:
                found, allowed = fault
                yield about(document, statement, subject=principal, found=found, allowed=allowed)


def _fault(
    document: Document, statement: Statement, kind: str, principal: str, context: Context
) -> tuple[str, str] | None:
    if principal == "*":
        if document.resource.type in _ANYBODY_ELSEWHERE:
            return None
        if document.kind is Kind.RESOURCE and names_somebody(statement):
            return None
        return "the principal is *: anybody", "exact principals"
    if kind == "Service":
        return _service_fault(document, statement, principal, context)
    if kind == "Federated":
        return _federated_fault(statement, principal)
    if kind == "AWS":
        return _account_fault(statement, principal, context)
    return None


def _service_fault(
    document: Document, statement: Statement, service: str, context: Context
) -> tuple[str, str] | None:
    if document.kind is Kind.TRUST:
        if service.partition(".")[0] not in _deputies():
            return None
        if service.startswith("lambda.") and (context.graph.partial or functions_of(document, context.graph)):
            return None
    if any(value.strip("*") for key in SOURCE_KEYS for value in statement.demands(key)):
        return None
    return (
        f"{service} may act for anybody (a confused deputy)",
        "a condition on aws:SourceArn or aws:SourceAccount",
    )


def _federated_fault(statement: Statement, provider: str) -> tuple[str, str] | None:
    if ":saml-provider/" in provider:
        if statement.demands("saml:aud"):
            return None
        return f"any audience of {provider} may take the role", "a condition on SAML:aud"
    issuer = provider.rpartition(":oidc-provider/")[2]
    audience = statement.demands(f"{issuer}:aud")
    if issuer == "cognito-identity.amazonaws.com":
        if any(value.strip("*") for value in audience):
            return None
        return f"any identity pool of {issuer} may take the role", f"a condition on {issuer}:aud"
    subjects = statement.demands(f"{issuer}:sub")
    if subjects and all(_is_narrow_subject(subject) for subject in subjects):
        return None
    return (
        f"any identity of {issuer} may take the role (subject: {', '.join(subjects) or 'not demanded'})",
        f"a condition on {issuer}:sub that names the identity, as repo:owner/name:ref:refs/heads/main",
    )


def _is_narrow_subject(subject: str) -> bool:
    """Whether a token's subject names somebody: no wildcard in the owner's or the repository's name."""
    if subject.startswith("repo:"):
        owner, _, rest = subject.removeprefix("repo:").partition("/")
        repository = rest.partition(":")[0]
        return bool(owner and repository) and "*" not in owner and repository.strip("*?") == repository
    return bool(subject.strip("*?")) and not subject.startswith(("*", "?"))


def _account_fault(statement: Statement, principal: str, context: Context) -> tuple[str, str] | None:
    arn = Arn.parse(principal)
    account = arn.account if arn is not None else principal
    if not (account.isdigit() and len(account) == _ACCOUNT_DIGITS):
        return None
    if account in context.graph.accounts or account in context.settings["trustedAccounts"]:
        return None
    if any(keys for keys in statement.conditions.values()):
        return None
    own = ", ".join(sorted(context.graph.accounts)) or "not known: the provider's allowedAccountIds says it"
    return (
        f"account {account}, which isn't the stack's ({own}), without a condition",
        "this account; another with a condition (sts:ExternalId, aws:PrincipalOrgID)",
    )


_ACCOUNT_DIGITS: Final = 12

IAM_08 = Rule(
    id="IAM-08",
    title="Trust is too wide",
    severity=Severity.CRITICAL,
    what="Trust and resource policies name whom they trust: no principal `*`; another account or an identity "
    "provider only with a condition; a service that acts for others only for a source. Function permissions "
    "are LAM-08's, a public bucket S3-01's, a secret's wildcard SEC-03's.",
    why="Whoever is trusted gets all that the role may do, or the resource holds.",
    mend="Name the principal, and demand its source or identity by a condition.",
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html",
    settings={
        "trustedAccounts": Setting(
            schema={"type": "array", "items": {"type": "string"}},
            default=[],
            what="Other accounts that are trusted without a condition, twelve digits each",
        )
    },
    over=documents(Kind.TRUST, Kind.RESOURCE),
    check=_check,
)
