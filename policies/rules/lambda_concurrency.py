"""LAM-05: concurrency, reserved and provisioned."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policies.finding import Finding, Severity
from policies.rule import Context, Rule, Setting, resources
from policies.rules.reading import UNREADABLE, is_given, matches_any, shown
from policies.view import UNKNOWN, Resource, Unknown
from policies.view.graph import FUNCTION
from policies.view.joins import LATEST, functions_meant, name_of

PROVISIONED: Final = "aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig"
SCALING_TARGET: Final = "aws:appautoscaling/target:Target"
_RESERVED: Final = "reservedConcurrentExecutions"


def _check(resource: Resource, context: Context) -> Iterator[Finding]:
    if resource.type == FUNCTION:
        yield from _limit(resource, context)
    elif resource.type == PROVISIONED:
        qualifier = resource.text("qualifier")
        if qualifier == LATEST or not is_given(resource, "qualifier"):
            yield Finding(
                resource=resource,
                subject="qualifier",
                found="provisioned concurrency on $LATEST"
                if qualifier == LATEST
                else shown("qualifier", qualifier),
                allowed="a published version, or an alias of one",
            )
        yield from _against_reservation(
            resource,
            "functionName",
            resource.text("functionName"),
            "provisionedConcurrentExecutions",
            context,
        )
    elif resource.text("serviceNamespace") == "lambda":
        target = resource.text("resourceId")
        name = target.removeprefix("function:") if isinstance(target, str) else target
        yield from _against_reservation(resource, "resourceId", name, "maxCapacity", context)


def _limit(function: Resource, context: Context) -> Iterator[Finding]:
    reserved = function.number(_RESERVED)
    if _is_reservation(reserved) or not matches_any(name_of(function), context.settings["functions"]):
        return
    yield Finding(
        resource=function,
        subject=_RESERVED,
        found=shown(_RESERVED, None if reserved == -1 else reserved),
        allowed="a reservation: the stage's configuration wants one here",
    )


def _against_reservation(
    resource: Resource, path: str, name: str | Unknown | None, wanted: str, context: Context
) -> Iterator[Finding]:
    count = resource.number(wanted)
    if name is UNKNOWN and not resource.property_dependencies.get(path):
        yield Finding(
            resource=resource, subject=path, found=f"{path} {UNREADABLE}", allowed="a function of the stack"
        )
    for function, _ in functions_meant(context.graph, resource, path, name):
        reserved = function.number(_RESERVED)
        if reserved is UNKNOWN or (_is_reservation(reserved) and not isinstance(count, int | float)):
            what = _RESERVED if reserved is UNKNOWN else wanted
            found = f"{what} {UNREADABLE}"
        elif _is_reservation(reserved) and count > reserved:  # type: ignore[operator]
            found = f"{wanted} is {count}, above the function's reservation of {reserved}"
        else:
            continue
        yield Finding(
            resource=resource, subject=wanted, found=found, allowed="at most the function's reservation"
        )


def _is_reservation(reserved: object) -> bool:
    return isinstance(reserved, int | float) and reserved >= 0


LAM_05 = Rule(
    id="LAM-05",
    title="Concurrency isn't limited as wanted",
    severity=Severity.MEDIUM,
    what="A function has reserved concurrency where the stage wants one; provisioned concurrency is on a "
    "version or an alias, and within the reservation.",
    why="A function without a limit can use up the account's concurrency, or overrun what is behind it. "
    "Provisioned concurrency on $LATEST, or above the reservation, is refused by Lambda.",
    mend="Set reserved_concurrent_executions; put provisioned concurrency on the alias, and within it.",
    source="https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html",
    settings={
        "functions": Setting(
            schema={"type": "array", "items": {"type": "string"}},
            default=[],
            what="Names of functions that must have reserved concurrency; * and ? are wildcards",
        )
    },
    over=resources(FUNCTION, PROVISIONED, SCALING_TARGET),
    check=_check,
)
