"""IAM-04: passing roles."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policies.finding import Finding, Severity
from policies.iam import catalog
from policies.iam.document import Document, Kind
from policies.iam.findings import about
from policies.iam.matching import means_everything
from policies.iam.sources import documents
from policies.rule import Context, Rule

PASS_ROLE: Final = "iam:PassRole"  # noqa: S105 an action


def _check(document: Document, context: Context) -> Iterator[Finding]:
    for statement in document.allowing:
        if not any(catalog.action_matches(action, PASS_ROLE) for action in statement.actions):
            continue
        wide = next((text for text in statement.resources if means_everything(text, PASS_ROLE)), None)
        services = statement.demands("iam:PassedToService")
        faults = []
        if wide is not None:
            faults.append(f"any role ({wide}) can be passed")
        if not services or any(service.strip("*") == "" for service in services):
            faults.append("a role can be passed to any service (no condition on iam:PassedToService)")
        if faults:
            yield about(
                document,
                statement,
                subject=PASS_ROLE,
                found=" and ".join(faults),
                allowed="exact roles, and the services that they are for",
            )


IAM_04 = Rule(
    id="IAM-04",
    title="Roles can be passed too freely",
    severity=Severity.CRITICAL,
    what="iam:PassRole names exact roles, and has a condition on iam:PassedToService.",
    why="Who passes a role to a service that runs code gets whatever that role may do.",
    mend='Name the roles, and add "Condition": {"StringEquals": {"iam:PassedToService": "<service>"}}.',
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html",
    over=documents(Kind.IDENTITY),
    check=_check,
    early=True,
)
