"""Log groups that the program owns, so that nothing makes one without an end to it."""

from __future__ import annotations

from collections.abc import Iterator

import pulumi_aws as aws

from components import limits
from components.component import Component
from components.problems import Problem


def retention_problems(where: str, days: int) -> Iterator[Problem]:
    """Say that CloudWatch doesn't know a retention of so many days."""
    if days not in limits.LOG_RETENTION_DAYS:
        yield Problem(
            where=where,
            what="log_retention_days",
            got=str(days),
            allowed=f"one of {', '.join(map(str, limits.LOG_RETENTION_DAYS))}",
        )


def make_log_group(
    owner: Component,
    child: str,
    *,
    name: str,
    retention_days: int,
    kms_key_arn: str | None,
    protect: bool,
    tags: dict[str, str],
) -> aws.cloudwatch.LogGroup:
    """Make a log group.

    kms_key_arn: a key whose policy lets CloudWatch Logs use it.
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
    """
    return aws.cloudwatch.LogGroup(
        owner.child(child),
        name=name,
        retention_in_days=retention_days,
        kms_key_id=kms_key_arn,
        tags={**tags, "Name": name},
        opts=owner.inside(protect=protect or None),
    )
