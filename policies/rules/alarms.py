"""OPS-01: alarms."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policies.finding import Finding, Severity
from policies.rule import Context, Rule, Setting, resources
from policies.rules.reading import is_given
from policies.view import UNKNOWN, Graph, MalformedError, Resource
from policies.view.graph import FUNCTION
from policies.view.joins import METRIC_ALARM, alarmed_metrics, name_of

COMPOSITE: Final = "aws:cloudwatch/compositeAlarm:CompositeAlarm"
_ACTIONS: Final = ("alarmActions", "insufficientDataActions", "okActions")


def _check(resource: Resource, context: Context) -> Iterator[Finding]:
    if resource.type == FUNCTION:
        watched = alarmed_metrics(context.graph, resource)
        lacking = [metric for metric in context.settings["metrics"] if metric not in watched]
        if lacking:
            yield Finding(
                resource=resource,
                subject="alarms",
                found=f"no alarm of the stack watches {', '.join(lacking)}",
                allowed=f"alarms on {', '.join(context.settings['metrics'])}",
            )
    elif context.settings["actions"]:
        yield from _actions(resource, context.graph)


def _actions(alarm: Resource, graph: Graph) -> Iterator[Finding]:
    enabled = alarm.flag("actionsEnabled")
    if enabled is False:
        found = "its actions are disabled"
    elif not any(is_given(alarm, name) for name in _ACTIONS):
        if alarm.type == METRIC_ALARM and _is_part(alarm, graph):
            return
        found = "nobody hears it: it has no action"
    else:
        return
    yield Finding(resource=alarm, subject="alarmActions", found=found, allowed="an action, as an SNS topic")


def _is_part(alarm: Resource, graph: Graph) -> bool:
    """Whether a composite alarm asks for it, and acts for it."""
    for composite in graph.of_type(COMPOSITE):
        try:
            rule = composite.text("alarmRule")
        except MalformedError:
            continue
        if isinstance(rule, str) and name_of(alarm) in rule:
            return True
        if rule is UNKNOWN and alarm.urn in composite.property_dependencies.get("alarmRule", ()):
            return True
    return False


OPS_01 = Rule(
    id="OPS-01",
    title="Nobody would learn of a fault",
    severity=Severity.MEDIUM,
    what="Every function has alarms on the metrics that the stage demands, and every alarm an action "
    "(which a stage may leave out). A composite alarm acts for its parts.",
    why="A function that fails or is throttled says so to CloudWatch only.",
    mend="Add a MetricAlarm of AWS/Lambda for the function, with alarm_actions.",
    source="https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics.html",
    settings={
        "metrics": Setting(
            schema={"type": "array", "items": {"type": "string"}},
            default=["Errors", "Throttles"],
            what="The metrics of AWS/Lambda that must be watched for every function",
        ),
        "actions": Setting(
            schema={"type": "boolean"}, default=True, what="Whether every alarm must have an action"
        ),
    },
    over=resources(FUNCTION, METRIC_ALARM, COMPOSITE),
    check=_check,
)
