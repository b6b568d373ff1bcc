"""LAM-12: what Lambda refuses."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Final

from policies.finding import Finding, Severity
from policies.rule import Context, Rule, resources
from policies.rules.reading import UNREADABLE
from policies.view import UNKNOWN, Graph, Resource, plain
from policies.view.graph import FUNCTION
from policies.view.joins import PERMISSION, Qualifier, name_of, named_qualifier

# https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime
RESERVED: Final = frozenset(
    {
        "_HANDLER",
        "_X_AMZN_TRACE_ID",
        "AWS_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_DEFAULT_REGION",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_LAMBDA_RUNTIME_API",
        "AWS_REGION",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "LAMBDA_RUNTIME_DIR",
        "LAMBDA_TASK_ROOT",
    }
)
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
ENVIRONMENT_BYTES: Final = 4096
POLICY_BYTES: Final = 20_480
LAYERS: Final = 5

_ARN: Final = "arn:aws:lambda:eu-central-1:123456789012:function:"
_EMPTY_POLICY: Final = len('{"Version":"2012-10-17","Id":"default","Statement":[]}')
_ARN_CHARACTERS: Final = 100  # for a source ARN that can't be known


def _check(function: Resource, context: Context) -> Iterator[Finding]:
    yield from _environment(function)
    layers = function.texts("layers")
    if layers is UNKNOWN:
        yield _over(function, "layers", f"layers {UNREADABLE}", f"at most {LAYERS}")
    elif layers and len(layers) > LAYERS:
        yield _over(function, "layers", f"{len(layers)} layers", f"at most {LAYERS}")
    for number, size in context.graph.remember(_policies).get(function.urn, {}).values():
        if size > POLICY_BYTES:
            yield _over(
                function,
                "resource policy",
                f"{number} permissions make a resource policy of about {size} bytes",
                f"at most {POLICY_BYTES} bytes",
            )


def _over(resource: Resource, subject: str, found: str, allowed: str) -> Finding:
    return Finding(resource=resource, subject=subject, found=found, allowed=allowed)


def _environment(function: Resource) -> Iterator[Finding]:
    variables = function.block("environment.variables")
    if variables is None:
        return
    if variables is UNKNOWN:
        yield _over(function, "environment", f"the environment {UNREADABLE}", "variables with known names")
        return
    for name in variables.values:
        if name in RESERVED:
            yield _over(
                function,
                f"environment.variables.{name}",
                f"the environment sets {name}, which Lambda reserves",
                "any other name",
            )
    known = {
        name: value if isinstance(value, str) else ""
        for name, wrapped in variables.values.items()
        for value in [plain(wrapped)]
    }
    size = len(json.dumps(known, separators=(",", ":"), ensure_ascii=False).encode())
    if size > ENVIRONMENT_BYTES:
        yield _over(
            function,
            "environment",
            f"the environment has {size} bytes",
            f"at most {ENVIRONMENT_BYTES} bytes, names and values together",
        )


def _policies(graph: Graph) -> dict[str, dict[Qualifier, tuple[int, int]]]:
    """By function and qualifier (each has a resource policy of its own): permissions, and their bytes."""
    found: dict[str, dict[Qualifier, tuple[int, int]]] = defaultdict(dict)
    for permission in graph.of_type(PERMISSION):
        function = graph.function_of(permission, "function")
        if isinstance(function, Resource):
            qualifier = named_qualifier(graph, permission, "function")
            number, size = found[function.urn].get(qualifier, (0, _EMPTY_POLICY))
            statement = json.dumps(_statement(function, permission), separators=(",", ":"))
            found[function.urn][qualifier] = (number + 1, size + len(statement) + 1)
    return found


def _statement(function: Resource, permission: Resource) -> dict[str, Any]:
    """The statement that Lambda makes of a permission; what can't be known has a usual length."""

    def text(name: str) -> str | None:
        value = plain(permission.values.get(name))
        return "x" * _ARN_CHARACTERS if value is UNKNOWN else value if isinstance(value, str) else None

    conditions: dict[str, dict[str, str]] = {}
    for name, operator, condition in (
        ("sourceArn", "ArnLike", "AWS:SourceArn"),
        ("sourceAccount", "StringEquals", "AWS:SourceAccount"),
        ("principalOrgId", "StringEquals", "aws:PrincipalOrgID"),
        ("functionUrlAuthType", "StringEquals", "lambda:FunctionUrlAuthType"),
    ):
        value = text(name)
        if value is not None:
            conditions.setdefault(operator, {})[condition] = value
    principal = text("principal") or "*"
    kind = "AWS" if principal.startswith("arn:") else "Service"
    return {
        "Sid": text("statementId") or "terraform-" + "0" * 26,  # as the provider names one without
        "Effect": "Allow",
        "Principal": {kind: principal},
        "Action": text("action") or "lambda:InvokeFunction",
        "Resource": f"{_ARN}{name_of(function)}:{text('qualifier') or ''}",
        **({"Condition": conditions} if conditions else {}),
    }


LAM_12 = Rule(
    id="LAM-12",
    title="A function is over one of Lambda's limits",
    severity=Severity.HIGH,
    what="No environment sets a name that Lambda reserves or has more than 4 KB; no resource policy has more "
    "than 20,480 bytes; no function has more than five layers.",
    why="Lambda refuses it when it is deployed, in the middle of an update.",
    mend="Rename the variable; move values to Parameter Store; give one permission with a wider source for "
    "many; merge layers.",
    source="https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html",
    over=resources(FUNCTION),
    check=_check,
)
