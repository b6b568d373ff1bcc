"""LAM-13: what Lambda itself does under a function's role."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policies.finding import Finding, Severity
from policies.iam import catalog
from policies.iam.carriers import Carrier, carriers_of
from policies.iam.document import Statement
from policies.rule import Context, Rule, resources
from policies.rules.iam_resources import NETWORK_INTERFACES
from policies.rules.reading import is_given
from policies.view import Graph, Resource
from policies.view.arn import Arn
from policies.view.graph import FUNCTION, QUEUE

_TRACES: Final = ("xray:PutTelemetryRecords", "xray:PutTraceSegments")
"""https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html#services-xray-permissions"""

_TOPIC: Final = "aws:sns/topic:Topic"
_SENDS: Final = {"sqs": "sqs:SendMessage", "sns": "sns:Publish"}
"""https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html#invocation-dlq"""


def _check(function: Resource, context: Context) -> Iterator[Finding]:
    carrier = _judgeable(context.graph, function)
    if carrier is None:
        return
    for path, actions, resource in _needs(function, context.graph):
        lacking = [action for action in actions if not _holds(carrier, action, resource)]
        if lacking:
            yield Finding(
                resource=function,
                subject=path,
                found=f"for its {path}, the role {carrier.resource.name} lacks {', '.join(lacking)}",
                allowed=f"a policy of the role that allows them on {resource}",
            )


def _judgeable(graph: Graph, function: Resource) -> Carrier | None:
    """The function's role with its policies; None where not all that it may do is known."""
    role = graph.role_of(function)
    if not isinstance(role, Resource):
        return None
    policies = graph.policies_of(role)
    of_role = [carrier for carrier in graph.remember(carriers_of) if carrier.resource is role]
    carrier = of_role[0] if of_role else Carrier(resource=role, documents=())
    known = all(isinstance(policy, Resource) for policy in policies) and not any(
        document.unknown or document.problems for document in carrier.documents
    )
    return carrier if known else None


def _needs(function: Resource, graph: Graph) -> Iterator[tuple[str, tuple[str, ...], str]]:
    """What asks for actions, which, and on what; `*` also where a target's ARN can't be known yet."""
    if is_given(function, "vpcConfig.subnetIds"):
        yield "vpcConfig", NETWORK_INTERFACES, "*"
    if function.text("tracingConfig.mode") == "Active":
        yield "tracingConfig", _TRACES, "*"
    target = graph.link(function, "deadLetterConfig.targetArn", QUEUE, _TOPIC)
    text = function.text("deadLetterConfig.targetArn")
    arn = Arn.parse(text) if isinstance(text, str) else None
    service = arn.service if arn else None
    if isinstance(target, Resource):
        service = "sqs" if target.type == QUEUE else "sns"
    if service in _SENDS:
        yield "deadLetterConfig", (_SENDS[service],), text if isinstance(text, str) else "*"


def _holds(carrier: Carrier, action: str, resource: str) -> bool:
    statements = [statement for document in carrier.documents for statement in document.statements]
    denied = any(
        not statement.allows
        and not statement.conditions
        and "*" in statement.resources
        and _means(statement, action)
        for statement in statements
    )
    return not denied and any(
        statement.allows and _means(statement, action) and _covers(statement, resource)
        for statement in statements
    )


def _means(statement: Statement, action: str) -> bool:
    if statement.not_actions:
        return not any(catalog.action_matches(pattern, action) for pattern in statement.not_actions)
    return any(catalog.action_matches(pattern, action) for pattern in statement.actions)


def _covers(statement: Statement, resource: str) -> bool:
    """Whether a statement is about a resource; of one that can't be known yet, any may be it."""
    if resource == "*":
        return True
    if statement.not_resources:
        return not any(catalog.matches(pattern, resource) for pattern in statement.not_resources)
    return any(catalog.matches(pattern, resource) for pattern in statement.resources)


LAM_13 = Rule(
    id="LAM-13",
    title="A role lacks what Lambda does under it",
    severity=Severity.HIGH,
    what="The role of a function in a VPC allows the six actions on network interfaces, of a traced one "
    "the two of X-Ray, and of one with a dead-letter queue or topic to send there. Judged are roles of the "
    "stack, by the policies that the stack gives them; what is attached from elsewhere isn't read.",
    why="AWS refuses to make such a function, when everything before it has been made.",
    mend="Allow the actions in a policy of the role, and let the function depend on that policy.",
    source="https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html",
    over=resources(FUNCTION),
    check=_check,
)
