"""Starting and stopping a database instance of RDS that is there already."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from components.grants import Grant
from components.naming import Scope
from components.problems import Problem, refuse

# https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html
_IDENTIFIER = re.compile(r"(?=.{1,63}$)[A-Za-z](-?[A-Za-z0-9])*")


@dataclass(frozen=True, kw_only=True)
class DbInstance:
    """An instance in the system's account and region, known by its id (`ss-financial-dev`).

    Raises InvalidArgumentsError for what isn't the id of an instance.
    """

    scope: Scope
    identifier: str

    def __post_init__(self) -> None:
        refuse(self._problems())

    def _problems(self) -> Iterator[Problem]:
        if not _IDENTIFIER.fullmatch(self.identifier):
            yield Problem(
                where="database instance",
                what="identifier",
                got=repr(self.identifier),
                allowed="1 to 63 letters, digits and single hyphens, a letter first, no hyphen last",
                mend="Give the instance's id, not its ARN or its address.",
            )

    @property
    def arn(self) -> str:
        """The instance's ARN; RDS keeps ids in lower case."""
        return self.scope.arn("rds", f"db:{self.identifier.lower()}")

    def grant_describe(self) -> Grant:
        """Let a service ask for the instance's status."""
        return self._grant("Describe", "rds:DescribeDBInstances")

    def grant_start(self) -> Grant:
        """Let a service start the instance."""
        return self._grant("Start", "rds:StartDBInstance")

    def grant_stop(self) -> Grant:
        """Let a service stop the instance."""
        return self._grant("Stop", "rds:StopDBInstance")

    def _grant(self, verb: str, action: str) -> Grant:
        return Grant(sid=f"{verb}Database", actions=(action,), resources=(self.arn,))
