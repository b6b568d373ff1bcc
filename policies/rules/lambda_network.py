"""LAM-09: functions and the VPC."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policies.finding import Finding, Severity
from policies.rule import Context, Rule, Setting, resources
from policies.rules.reading import UNREADABLE, matches_any
from policies.view import UNKNOWN, Resource
from policies.view.graph import FUNCTION
from policies.view.joins import name_of

_SUBNETS: Final = "vpcConfig.subnetIds"
_SUBNET: Final = "aws:ec2/subnet:Subnet"
_TWO: Final = 2


def _check(function: Resource, context: Context) -> Iterator[Finding]:
    subnets = function.texts(_SUBNETS)
    if subnets is UNKNOWN:
        sources = function.property_dependencies.get("vpcConfig", ())
        if sum(urn.split("::")[2].endswith(_SUBNET) for urn in sources if urn.count("::") > _TWO) < _TWO:
            yield _finding(function, f"{_SUBNETS} {UNREADABLE}", "two subnets or more, of two zones")
    elif not subnets:
        if matches_any(name_of(function), context.settings["functions"]):
            yield _finding(function, "the function is outside the VPC", "inside: the stage demands it")
    elif len({id(subnet) if subnet is UNKNOWN else subnet for subnet in subnets}) == 1 and (
        len(subnets) == 1 or subnets[0] is not UNKNOWN
    ):
        yield _finding(function, "the function is in one subnet", "two subnets or more, of two zones")


def _finding(function: Resource, found: str, allowed: str) -> Finding:
    return Finding(resource=function, subject=_SUBNETS, found=found, allowed=allowed)


LAM_09 = Rule(
    id="LAM-09",
    title="A function is outside the VPC, or in one subnet of it",
    severity=Severity.MEDIUM,
    what="A function is in a VPC where the stage demands it, and one in a VPC is in two subnets at least.",
    why="What is outside doesn't reach private databases, nor pass the VPC's controls. One subnet is one "
    "zone: the function fails with it.",
    mend="Give vpc_config private subnets of two availability zones.",
    source="https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html",
    settings={
        "functions": Setting(
            schema={"type": "array", "items": {"type": "string"}},
            default=[],
            what="Names of functions that must be in a VPC; * and ? are wildcards",
        )
    },
    over=resources(FUNCTION),
    check=_check,
    early=True,
)
