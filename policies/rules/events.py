"""EVT-01, EVT-02: rules and schedules of EventBridge."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policies.finding import Finding, Severity
from policies.rule import Context, Rule, resources
from policies.rules.reading import UNREADABLE, missing
from policies.view import UNKNOWN, Resource
from policies.view.joins import EVENT_TARGET, SCHEDULE

EVENT_RULE: Final = "aws:cloudwatch/eventRule:EventRule"
_RETRY: Final = ("maximumRetryAttempts", "maximumEventAgeInSeconds")
_ENDLESS: Final = "nobody has chosen when retries end: AWS tries 185 times, for 24 hours"


def _delivery(resource: Resource, context: Context) -> Iterator[Finding]:
    prefix = "target." if resource.type == SCHEDULE else ""
    retries = f"{prefix}retryPolicy"
    given = [missing(resource, f"{retries}.{name}", _ENDLESS) for name in _RETRY]
    if all(given):
        yield Finding(resource=resource, subject=retries, found=str(given[0]), allowed=" or ".join(_RETRY))
    letters = f"{prefix}deadLetterConfig.arn"
    if found := missing(resource, letters, "events that can't be delivered are dropped"):
        yield Finding(resource=resource, subject=letters, found=found, allowed="a dead-letter queue")


EVT_01 = Rule(
    id="EVT-01",
    title="What a rule or schedule can't deliver is lost",
    severity=Severity.MEDIUM,
    what="Every target of a rule, and every schedule, says when retries end, and has a dead-letter queue.",
    why="Events for a target that is throttled, deleted or forbidden are retried for a day, then dropped, "
    "and nobody learns which they were.",
    mend="Set retry_policy and dead_letter_config on the target; the queue's policy lets exactly that rule "
    "send.",
    source="https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html",
    over=resources(EVENT_TARGET, SCHEDULE),
    check=_delivery,
    early=True,
)


def _enabled(resource: Resource, context: Context) -> Iterator[Finding]:
    state = resource.text("state")
    flag = resource.flag("isEnabled") if resource.type == EVENT_RULE else None
    if state == "DISABLED" or flag is False:
        found = "it is disabled"
    elif UNKNOWN in (state, flag):
        found = f"whether it is enabled {UNREADABLE}"
    else:
        return
    yield Finding(resource=resource, subject="state", found=found, allowed="ENABLED, or no rule at all")


EVT_02 = Rule(
    id="EVT-02",
    title="A rule or schedule is disabled",
    severity=Severity.MEDIUM,
    what="No rule or schedule is disabled. It is for prod: other stages disable the rule.",
    why="What was switched off for a night stays off, and what it did isn't done.",
    mend="Enable it, or remove it from the program.",
    source="https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-delete-rule.html",
    over=resources(EVENT_RULE, SCHEDULE),
    check=_enabled,
    early=True,
)
