"""IAM-11: a role for each function."""

from __future__ import annotations

from collections.abc import Iterator

from policies.finding import Finding, Severity
from policies.rule import Context, Rule, stack
from policies.view import UNKNOWN, Graph, Resource
from policies.view.graph import FUNCTION


def _check(graph: Graph, context: Context) -> Iterator[Finding]:
    users: dict[str, list[Resource]] = {}
    roles: dict[str, Resource] = {}
    for function in graph.of_type(FUNCTION):
        role = graph.role_of(function)
        if role is UNKNOWN:
            yield Finding(
                resource=function,
                subject="role",
                found="which role the function uses can't be known at this preview",
                allowed="a role of this stack, or a known ARN",
                mend="Give the role a name, and the function the role's ARN.",
            )
        elif isinstance(role, Resource):
            users.setdefault(role.urn, []).append(function)
            roles[role.urn] = role
        elif isinstance(role, str):
            users.setdefault(role, []).append(function)
    for key, functions in users.items():
        if len(functions) > 1:
            names = sorted(function.name for function in functions)
            role_name = roles[key].name if key in roles else key
            yield Finding(
                resource=roles.get(key, functions[0]),
                subject=", ".join(names),
                found=f"{len(names)} functions use the role {role_name}: {', '.join(names)}",
                allowed="a role for each function",
            )


IAM_11 = Rule(
    id="IAM-11",
    title="Functions share a role",
    severity=Severity.HIGH,
    what="Each function has a role of its own.",
    why="Each of the functions may do what any of them needs, and a change for one changes the others.",
    mend="Give each function its own role, with what it needs.",
    source="https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html",
    over=stack,
    check=_check,
)
