"""What a service raises an alarm about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import pulumi_aws as aws

from components import limits
from components.arns import Shape
from components.component import Component
from components.naming import Kind, Names
from components.problems import Problem

PERIOD_S = 300
_NAMES = ("errors", "throttles", "duration", "concurrency")


@dataclass(frozen=True, kw_only=True)
class AlarmArgs:
    """The thresholds of a service's four alarms; each fires above its threshold, over one period of 300 s.

    errors_over, throttles_over: how many are borne in a period.
    duration_percent: of the timeout, that the slowest invocation may take.
    concurrency_percent: of the reservation (of the account's quota of 1,000 where nothing is reserved).
    topic_arns: SNS topics that hear of an alarm, and of its end.
    names: other names than `<function name>-errors` and so on, by `errors`, `throttles`, `duration`,
    `concurrency`.
    """

    errors_over: int = 0
    throttles_over: int = 0
    duration_percent: int = 80
    concurrency_percent: int = 80
    topic_arns: tuple[str, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict, hash=False)

    def name(self, what: str, names: Names) -> str:
        """Make the name of an alarm."""
        return self.names.get(what, names.alarm(what))

    def problems(self, where: str, names: Names) -> Iterator[Problem]:
        """Say what is impossible about the alarms."""
        for what, number in (("errors_over", self.errors_over), ("throttles_over", self.throttles_over)):
            if number < 0:
                yield Problem(where=where, what=f"alarms.{what}", got=str(number), allowed="0 or more")
        for what, percent in (
            ("duration_percent", self.duration_percent),
            ("concurrency_percent", self.concurrency_percent),
        ):
            if not 1 <= percent < 100:
                yield Problem(
                    where=where,
                    what=f"alarms.{what}",
                    got=str(percent),
                    allowed="1 to 99",
                    mend="Nothing goes over the limit itself, so an alarm at 100 % never fires.",
                )
        for unknown in sorted(set(self.names) - set(_NAMES)):
            yield Problem(where=where, what="alarms.names", got=repr(unknown), allowed=f"{', '.join(_NAMES)}")
        for what in _NAMES:
            yield from Kind.ALARM.problems(where, self.name(what, names))
        for topic in self.topic_arns:
            yield from Shape.TOPIC.problems(where, "alarms.topic_arns", topic, region=names.scope.region)


@dataclass(frozen=True, kw_only=True)
class _Watch:
    what: str
    metric: str
    statistic: str
    threshold: float
    description: str


def raise_alarms(
    owner: Component,
    args: AlarmArgs,
    *,
    names: Names,
    function: aws.lambda_.Function,
    timeout_s: int,
    reserved_concurrency: int | None,
    tags: dict[str, str],
) -> dict[str, aws.cloudwatch.MetricAlarm]:
    """Make a service's alarms: errors, throttles, duration, concurrency; the answer has them by these."""
    return {
        watch.what: aws.cloudwatch.MetricAlarm(
            owner.child(f"{watch.what}-alarm"),
            name=args.name(watch.what, names),
            alarm_description=watch.description,
            namespace="AWS/Lambda",
            metric_name=watch.metric,
            dimensions={"FunctionName": function.name},
            statistic=watch.statistic,
            period=PERIOD_S,
            evaluation_periods=1,
            comparison_operator="GreaterThanThreshold",
            threshold=watch.threshold,
            treat_missing_data="notBreaching",
            alarm_actions=list(args.topic_arns),
            ok_actions=list(args.topic_arns),
            tags=tags,
            opts=owner.inside(),
        )
        for watch in _watches(args, timeout_s, reserved_concurrency)
    }


def _watches(args: AlarmArgs, timeout_s: int, reserved: int | None) -> tuple[_Watch, ...]:
    slow_ms = timeout_s * 1_000 * args.duration_percent / 100
    limit = limits.ACCOUNT_CONCURRENCY if reserved is None else reserved
    limit_is = "the account's quota" if reserved is None else "the reservation"
    return (
        _Watch(
            what="errors",
            metric="Errors",
            statistic="Sum",
            threshold=args.errors_over,
            description=f"more than {args.errors_over} errors in 5 minutes",
        ),
        _Watch(
            what="throttles",
            metric="Throttles",
            statistic="Sum",
            threshold=args.throttles_over,
            description=f"more than {args.throttles_over} throttled invocations in 5 minutes",
        ),
        _Watch(
            what="duration",
            metric="Duration",
            statistic="Maximum",
            threshold=slow_ms,
            description=f"an invocation over {args.duration_percent} % of the timeout of {timeout_s} s",
        ),
        _Watch(
            what="concurrency",
            metric="ConcurrentExecutions",
            statistic="Maximum",
            threshold=limit * args.concurrency_percent / 100,
            description=f"over {args.concurrency_percent} % of {limit_is}, {limit} at once",
        ),
    )
