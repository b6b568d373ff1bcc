"""IAM-03: policies that somebody else writes, and administrators."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from policies.finding import Finding, Severity
from policies.iam import catalog
from policies.iam.document import Document, Kind
from policies.iam.findings import about
from policies.iam.sources import documents_of
from policies.rule import Context, Rule
from policies.view import UNKNOWN, Graph, Resource
from policies.view.arn import Arn
from policies.view.graph import Link

_ATTACHED_BY_SSO = "aws:ssoadmin/managedPolicyAttachment:ManagedPolicyAttachment"


def _over(graph: Graph) -> Iterable[tuple[Resource, Link] | Document]:
    seen: set[tuple[str, int | str]] = set()
    for declaring, _, policy in graph.attachments:
        key = (declaring.urn, policy if isinstance(policy, str) else id(policy))
        if key not in seen:
            seen.add(key)
            yield declaring, policy
    for attachment in graph.of_type(_ATTACHED_BY_SSO):
        yield attachment, attachment.text("managedPolicyArn")
    yield from (document for document in documents_of(graph) if document.kind is Kind.IDENTITY)


def _check(thing: tuple[Resource, Link] | Document, context: Context) -> Iterator[Finding]:
    if isinstance(thing, Document):
        yield from _check_document(thing)
        return
    declaring, policy = thing
    if policy is UNKNOWN:
        yield Finding(
            resource=declaring,
            subject="policyArn",
            found="the policy's ARN can't be known at this preview, and no policy of this stack gives it",
            allowed="a customer managed policy, named so that it can be checked",
            mend="Compute the ARN from names, or make the policy in this stack.",
        )
    elif isinstance(policy, str):
        arn = Arn.parse(policy)
        if arn is not None and arn.account == "aws":
            yield Finding(
                resource=declaring,
                subject=arn.name,
                found=f"the AWS managed policy {arn.name}",
                allowed="a policy of the service's own, with exact actions on exact resources",
            )
        elif _says_everything(arn.name if arn is not None else policy):
            yield Finding(
                resource=declaring,
                subject=arn.name if arn is not None else policy,
                found=f"a policy for full access by its name: {arn.name if arn is not None else policy}",
                allowed="a policy of the service's own, with exact actions on exact resources",
            )


def _says_everything(name: str) -> bool:
    return any(word in name.lower() for word in ("fullaccess", "administratoraccess", "poweruser"))


def _check_document(document: Document) -> Iterator[Finding]:
    for statement in document.allowing:
        full = [action for action in statement.actions if action.strip("*:") == ""]
        whole = [
            r for r in statement.resources if catalog.has_wildcard(r) and catalog.matches(r, "arn:aws:any")
        ]
        if full and whole and not statement.conditions:
            yield about(
                document,
                statement,
                subject="administrator",
                found="administrator access: every action on every resource",
                allowed="exact actions on exact resources",
            )


IAM_03 = Rule(
    id="IAM-03",
    title="An AWS managed, full-access or administrator policy",
    severity=Severity.CRITICAL,
    what="Nothing carries a policy that AWS manages, one for full access, or one that allows every action on "
    "every resource.",
    why="AWS writes its policies for everybody and widens them at will; they name no resource of this one.",
    mend="Write the few statements that the service needs, as its role's own policy.",
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_managed-vs-inline.html",
    over=_over,
    check=_check,
)
