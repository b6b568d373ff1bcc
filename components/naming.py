"""The one place where physical names and ARNs are computed, and where their lengths are checked.

A name that is computed is known at preview, and so is what refers to it (policy documents above all).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from components.problems import Problem, refuse

ALIAS = "live"
"""The alias that every service is called by."""

SHARED = "shared"
"""The tag `Service` of what belongs to a system, and to no single one of its services."""

_WORD = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")
_ACCOUNT = re.compile(r"\d{12}")


class NameProblem(Problem):
    """A physical name is too long: what it is made of has to be shorter."""


class Kind(Enum):
    """A kind of physical name: what it is called in messages, its limit in characters, and the source."""

    # https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html
    FUNCTION = ("function", 64)
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
    ROLE = ("role", 64)
    # https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html
    LOG_GROUP = ("log group", 512)
    # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
    TABLE = ("table", 255)
    # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html
    QUEUE = ("queue", 80)
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
    BUCKET = ("bucket", 63)
    # https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepository.html
    REPOSITORY = ("repository", 256)
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutDashboard.html
    DASHBOARD = ("dashboard", 255)
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
    ALARM = ("alarm", 255)
    # https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis.html
    API = ("API", 128)
    # https://docs.aws.amazon.com/lambda/latest/api/API_PublishLayerVersion.html
    LAYER = ("layer", 140)
    # https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html
    RULE = ("rule", 64)
    # https://docs.aws.amazon.com/autoscaling/application/APIReference/API_PutScalingPolicy.html
    SCALING_POLICY = ("scaling policy", 256)
    # https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_CreateUserPool.html
    USER_POOL = ("user pool", 128)
    # https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_CreateApplication.html
    DEPLOYMENT = ("CodeDeploy application", 100)

    def __init__(self, label: str, limit: int) -> None:
        self.label = label
        self.limit = limit

    def problems(self, where: str, name: str) -> Iterator[Problem]:
        """Say that a name is over this kind's limit, if it is."""
        if len(name) > self.limit:
            yield NameProblem(
                where=where,
                what=f"the {self.label} name {name!r}",
                got=f"{len(name)} characters long",
                allowed=f"at most {self.limit}",
                mend="Shorten the system's, the stage's or the service's name.",
            )


@dataclass(frozen=True, kw_only=True)
class Scope:
    """Where a system of one stage lives: everything that its names and ARNs are made of.

    system: the system's name (`typerush`); stage: `dev`; account: twelve digits; region: `ap-southeast-1`.
    prefix: what names begin with, where that isn't the system's name.

    Raises InvalidArgumentsError for a value that can't be part of a name or an ARN.
    """

    system: str
    stage: str
    account: str
    region: str
    prefix: str | None = None

    def __post_init__(self) -> None:
        refuse(self._problems())

    def _problems(self) -> Iterator[Problem]:
        words = {"system": self.system, "stage": self.stage, "prefix": self.prefix}
        for what, word in words.items():
            if word is not None and not _WORD.fullmatch(word):
                yield word_problem(f"system {self.system}", what, word)
        if not _ACCOUNT.fullmatch(self.account):
            yield Problem(
                where=f"system {self.system}",
                what="account",
                got=repr(self.account),
                allowed="twelve digits",
                mend="Quote it in YAML, or leading zeros are lost.",
            )
        if not _REGION.fullmatch(self.region):
            yield Problem(
                where=f"system {self.system}",
                what="region",
                got=repr(self.region),
                allowed="the name of an AWS region, such as 'ap-southeast-1'",
            )

    @property
    def partition(self) -> str:
        """The partition that the region is in; ARNs begin with it.

        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
        """
        if self.region.startswith("cn-"):
            return "aws-cn"
        if self.region.startswith("us-gov-"):
            return "aws-us-gov"
        return "aws"

    def name(self, *parts: str) -> str:
        """Make the physical name of a thing of this system: `<prefix>-<stage>-<parts>`."""
        return "-".join((self.prefix or self.system, self.stage, *parts))

    def arn(self, service: str, resource: str) -> str:
        """Make the ARN of a regional thing of this account."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"

    def iam_arn(self, resource: str) -> str:
        """Make an ARN of IAM, which knows no region."""
        return f"arn:{self.partition}:iam::{self.account}:{resource}"

    def tags(self, service: str | None = None) -> dict[str, str]:
        """Make the tags that everything of this system carries; what is no single service's is shared."""
        service = service or SHARED
        return {"System": self.system, "Service": service, "Stage": self.stage, "ManagedBy": "pulumi"}


@dataclass(frozen=True, kw_only=True)
class Names:
    """The physical names and ARNs of one service and of what belongs to it.

    service: its short name (`record-service`).
    log_group_name: where the service's logs go, if not to `/aws/lambda/<function name>`.
    """

    scope: Scope
    service: str
    log_group_name: str | None = None

    @property
    def function(self) -> str:
        """The function's name."""
        return self.scope.name(self.service)

    @property
    def function_arn(self) -> str:
        """The function's ARN, unqualified."""
        return self.scope.arn("lambda", f"function:{self.function}")

    @property
    def alias_arn(self) -> str:
        """The qualified ARN that callers use."""
        return f"{self.function_arn}:{ALIAS}"

    @property
    def role(self) -> str:
        """The role's name: the function's, since each has one of its own."""
        return self.function

    @property
    def role_arn(self) -> str:
        """The role's ARN."""
        return self.scope.iam_arn(f"role/{self.role}")

    @property
    def deployer(self) -> str:
        """The name of the role that CodeDeploy moves the alias with."""
        return f"{self.function}-deploy"

    @property
    def log_group(self) -> str:
        """The log group's name."""
        return self.log_group_name or f"/aws/lambda/{self.function}"

    @property
    def log_streams_arn(self) -> str:
        """The ARN pattern of the log group's streams."""
        return self.scope.arn("logs", f"log-group:{self.log_group}:log-stream:*")

    @property
    def scaling_policy(self) -> str:
        """The name of the policy that moves the provisioned concurrency."""
        return f"{self.function}-provisioned-concurrency"

    def alarm(self, what: str) -> str:
        """Make the name of an alarm (`errors`, `throttles`, `duration`, `concurrency`)."""
        return f"{self.function}-{what}"

    def problems(self) -> Iterator[Problem]:
        """Say which of the names that every service has are impossible."""
        where = f"service {self.service}"
        if not _WORD.fullmatch(self.service):
            yield word_problem(where, "service", self.service)
        yield from Kind.FUNCTION.problems(where, self.function)
        yield from Kind.LOG_GROUP.problems(where, self.log_group)
        if not re.fullmatch(r"[A-Za-z0-9_/.#-]+", self.log_group):
            yield Problem(
                where=where,
                what="log_group_name",
                got=repr(self.log_group),
                allowed="letters, digits and _ - / . #",
            )


def word_problem(where: str, what: str, word: str) -> Problem:
    """Say that a word can't be part of a name."""
    return Problem(
        where=where,
        what=what,
        got=repr(word),
        allowed="lower-case letters, digits and single hyphens, a letter first",
    )
