"""Where a service runs: a network that is there already, by its ids."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from components.limits import SUBNETS
from components.problems import Problem, refuse

# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/resource-ids.html
_ID = {
    "vpc_id": ("vpc", re.compile(r"vpc-([0-9a-f]{8}|[0-9a-f]{17})")),
    "subnet_ids": ("subnet", re.compile(r"subnet-([0-9a-f]{8}|[0-9a-f]{17})")),
    "security_group_id": ("sg", re.compile(r"sg-([0-9a-f]{8}|[0-9a-f]{17})")),
}


def id_problems(where: str, what: str, kind: str, identifier: str) -> Iterator[Problem]:
    """Say that an id hasn't the shape of its kind (`vpc_id`, `subnet_ids`, `security_group_id`)."""
    prefix, shape = _ID[kind]
    if not shape.fullmatch(identifier):
        yield Problem(
            where=where,
            what=what,
            got=repr(identifier),
            allowed=f"'{prefix}-' and 8 or 17 hexadecimal digits",
        )


@dataclass(frozen=True, kw_only=True)
class Network:
    """Private subnets in at least two availability zones, and the functions' security group.

    Raises InvalidArgumentsError for fewer than two subnets, a subnet named twice, or what isn't an id.
    """

    vpc_id: str
    subnet_ids: tuple[str, ...]
    security_group_id: str

    def __post_init__(self) -> None:
        refuse(self._problems())

    def _problems(self) -> Iterator[Problem]:
        yield from id_problems("network", "vpc_id", "vpc_id", self.vpc_id)
        yield from id_problems("network", "security_group_id", "security_group_id", self.security_group_id)
        for subnet in self.subnet_ids:
            yield from id_problems("network", "subnet_ids", "subnet_ids", subnet)
        distinct = len(set(self.subnet_ids))
        if distinct != len(self.subnet_ids) or distinct not in SUBNETS:
            yield Problem(
                where="network",
                what="subnet_ids",
                got=f"{', '.join(self.subnet_ids) or 'none'}",
                allowed=f"{SUBNETS}, each once",
                mend="Name a private subnet in each of two availability zones, so that losing one zone loses "
                "no service.",
            )
