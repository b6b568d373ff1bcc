"""LOG-01, LOG-02: log groups."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from policies.finding import Finding, Severity
from policies.rule import Context, Rule, Setting, resources
from policies.rules.reading import UNREADABLE, missing
from policies.view import UNKNOWN, Resource, Value
from policies.view.graph import FUNCTION
from policies.view.joins import LOG_GROUP, log_group_of

_RETENTION: Final = "retentionInDays"
_SELF_ENDING: Final = "DELIVERY"  # a class of log groups that always keeps for two days


def _check(resource: Resource, context: Context) -> Iterator[Finding]:
    if resource.type == FUNCTION:
        group = log_group_of(context.graph, resource)
        if not isinstance(group, Resource):
            named = f"{group} isn't a resource of the stack" if isinstance(group, str) else f"it {UNREADABLE}"
            yield Finding(
                resource=resource,
                subject="log group",
                found=f"no log group of its own: {named}",
                allowed="a log group of the stack, made before the function",
            )
        return
    days = resource.number(_RETENTION)
    if days in (None, 0) and resource.text("logGroupClass") != _SELF_ENDING:
        found = "logs are kept for ever"
    elif days is UNKNOWN:
        found = f"{_RETENTION} {UNREADABLE}"
    else:
        return
    yield Finding(resource=resource, subject=_RETENTION, found=found, allowed="an end, as 90 days")


def _remedy(resource: Resource, context: Context) -> Mapping[str, Value]:
    endless = resource.type == LOG_GROUP and resource.number(_RETENTION) in (None, 0)
    if not endless or resource.text("logGroupClass") == _SELF_ENDING:
        return {}
    return {_RETENTION: int(context.settings["remedyDays"])}


LOG_01 = Rule(
    id="LOG-01",
    title="Logs are nobody's, or kept for ever",
    severity=Severity.MEDIUM,
    what="Every function writes to a log group of the stack, and every log group has a retention.",
    why="A log group that Lambda makes by itself belongs to nobody: it keeps everything for ever, outlives "
    "the stack, and the role must be allowed to make it.",
    mend="Declare the log group (/aws/lambda/<function name>) with retention_in_days, and make the function "
    "after it.",
    source="https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/Working-with-log-groups-and-streams.html",
    settings={
        "remedyDays": Setting(
            schema={
                "type": "integer",
                "enum": [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 3653],
            },
            default=90,
            what="The retention that the level `remediate` sets, in days",
        )
    },
    over=resources(FUNCTION, LOG_GROUP),
    check=_check,
    remedy=_remedy,
)


def _key(group: Resource, context: Context) -> Iterator[Finding]:
    found = missing(group, "kmsKeyId", "the logs are encrypted with a key that AWS owns")
    if found is not None:
        yield Finding(resource=group, subject="kmsKeyId", found=found, allowed="a KMS key of one's own")


LOG_02 = Rule(
    id="LOG-02",
    title="Logs have no key of their own",
    severity=Severity.MEDIUM,
    what="Every log group is encrypted with a KMS key of one's own. A stage that doesn't demand it disables "
    "the rule.",
    why="Who may read logs can then be decided by the key, too, and its use is recorded.",
    mend="Set kms_key_id; the key's policy must let CloudWatch Logs use it for this log group.",
    source="https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html",
    over=resources(LOG_GROUP),
    check=_key,
    early=True,
)
