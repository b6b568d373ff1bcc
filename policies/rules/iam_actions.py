"""IAM-01: actions with wildcards."""

from __future__ import annotations

from collections.abc import Iterator

from policies.finding import Finding, Severity
from policies.iam import catalog
from policies.iam.document import Document
from policies.iam.findings import about
from policies.iam.keys import opens_key_to_own_account
from policies.iam.sources import documents
from policies.rule import Context, Rule


def _check(document: Document, context: Context) -> Iterator[Finding]:
    for statement in document.allowing:
        for action in statement.actions:
            if not catalog.has_wildcard(action) or opens_key_to_own_account(
                document, statement, context.graph
            ):
                continue
            expanded = catalog.expand(action)
            if not expanded:
                continue  # matches nothing: IAM-09
            examples = ", ".join(found.name for found in expanded[:3])
            more = f" and {len(expanded) - 3} more" if len(expanded) > 3 else ""
            count = "1 action" if len(expanded) == 1 else f"{len(expanded)} actions"
            yield about(
                document,
                statement,
                subject=action,
                found=f"{action} allows {count}: {examples}{more}",
                allowed="exact actions, as s3:GetObject",
            )


IAM_01 = Rule(
    id="IAM-01",
    title="An action has a wildcard",
    severity=Severity.HIGH,
    what="No statement that allows something has a wildcard in an action (`*`, `rds:*`, `s3:Get*`). The "
    "default statement of a KMS key's policy, `kms:*` for the account that owns it, is the one exception.",
    why="A wildcard grants what nobody thought of, and whatever AWS adds to the service later.",
    mend="Name each action that the code calls.",
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html#grant-least-privilege",
    over=documents(),
    check=_check,
    early=True,
)
