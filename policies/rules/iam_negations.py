"""IAM-05: what is allowed by naming what isn't."""

from __future__ import annotations

from collections.abc import Iterator

from policies.finding import Finding, Severity
from policies.iam.document import Document
from policies.iam.findings import about
from policies.iam.sources import documents
from policies.rule import Context, Rule


def _check(document: Document, context: Context) -> Iterator[Finding]:
    for statement in document.allowing:
        for element, used, instead in (
            ("NotAction", statement.not_actions, "Action with exact actions"),
            ("NotResource", statement.not_resources, "Resource with exact ARNs"),
            ("NotPrincipal", statement.not_principals, "Principal with exact principals"),
        ):
            if used:
                yield about(
                    document,
                    statement,
                    subject=element,
                    found=f"{element} in an Allow: everything else is allowed",
                    allowed=instead,
                )


IAM_05 = Rule(
    id="IAM-05",
    title="An Allow says what is not allowed",
    severity=Severity.CRITICAL,
    what="No statement that allows something has NotAction, NotResource or NotPrincipal.",
    why="It allows everything but what is named: every other service, resource or caller, now and later.",
    mend="Name what is allowed; or write a Deny.",
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notaction.html",
    over=documents(),
    check=_check,
    early=True,
)
