from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.provider.services.cloudwatch import MetricAlarm
from sandbox.provider.settings import Settings
from sandbox.provider.values import UNKNOWN
from tests.sandbox.provider.client import Client, RefusedError
from tests.sandbox.provider.walk import refused, replaced, walk

ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
DASHBOARD = "aws:cloudwatch/dashboard:Dashboard"
BODIES = [
    json.dumps({"widgets": [{"type": "text", "width": 6, "height": 3, "properties": {"markdown": text}}]})
    for text in ("one", "two")
]
TOPIC = "arn:aws:sns:us-east-1:000000000000:alarms"
BASE: dict[str, Any] = {
    "name": "shop-errors",
    "comparisonOperator": "GreaterThanThreshold",
    "evaluationPeriods": 1,
    "metricName": "Errors",
    "namespace": "AWS/Lambda",
    "period": 300,
    "statistic": "Sum",
    "threshold": 5,
}
BY_PERCENTILE = {key: value for key, value in BASE.items() if key != "statistic"} | {
    "extendedStatistic": "p99"
}


def test_a_life(live: Client) -> None:
    made = walk(
        live,
        ALARM,
        BASE,
        BASE
        | {
            "alarmActions": [TOPIC, "arn:aws:automate:us-east-1:ec2:stop"],
            "okActions": [TOPIC],
            "insufficientDataActions": [TOPIC],
            "alarmDescription": "too many",
            "actionsEnabled": False,
            "dimensions": {"FunctionName": "shop"},
            "datapointsToAlarm": 2,
            "evaluationPeriods": 3,
            "tags": {"System": "shop"},
        },
        BASE | {"treatMissingData": "notBreaching", "unit": "Count", "threshold": 0.5, "period": 10},
        BASE | {"comparisonOperator": "LessThanThreshold", "metricName": "Calls", "namespace": "shop"},
        BY_PERCENTILE,
    )
    assert made.id == "shop-errors"
    assert made.outputs["arn"] == "arn:aws:cloudwatch:us-east-1:000000000000:alarm:shop-errors"


def test_actions_have_no_order(live: Client) -> None:
    actions = [TOPIC, f"{TOPIC}-2"]
    made = live.create(ALARM, BASE | {"name": "shop-order", "alarmActions": actions})
    assert not live.diff(made, BASE | {"name": "shop-order", "alarmActions": actions[::-1]}).detailedDiff


def test_an_alarm_of_that_name_isn_t_overwritten(live: Client) -> None:
    live.create(ALARM, BASE | {"name": "shop-twice"})
    with pytest.raises(RefusedError, match="an alarm shop-twice exists already outside this stack's state"):
        live.create(ALARM, BASE | {"name": "shop-twice"})


def test_what_replaces(offline: Client) -> None:
    changes: dict[str, Any] = {
        "name": "other",
        "comparisonOperator": "LessThanThreshold",
        "evaluationPeriods": 2,
        "metricName": "Throttles",
        "namespace": "shop",
        "period": 60,
        "threshold": 1,
        "treatMissingData": "ignore",
        "region": "eu-west-1",
    }
    assert replaced(offline, ALARM, BASE, **changes) == {"name", "region"}


def test_preview(offline: Client) -> None:
    outputs = offline.create(ALARM, BASE, preview=True).outputs
    assert outputs["arn"] is UNKNOWN
    assert {key: outputs[key] for key in BASE} == BASE
    assert outputs["treatMissingData"] == "missing"


@pytest.mark.parametrize(
    ("change", "path", "reason"),
    [
        ({"period": 45}, "period", "45 isn't allowed; allowed: 10, 20, 30, or a multiple of 60"),
        ({"evaluationPeriods": 289}, "evaluationPeriods", "289 x 300 s is 86700 s; allowed: at most 86400 s"),
        (
            {"datapointsToAlarm": 2},
            "datapointsToAlarm",
            "2 isn't allowed; allowed: at most evaluationPeriods, 1",
        ),
        ({"extendedStatistic": "p99"}, "statistic", "found statistic and extendedStatistic"),
        ({"statistic": "Median"}, "statistic", "Median\" isn't allowed; allowed: SampleCount, Average, Sum"),
        (
            {"treatMissingData": "fine"},
            "treatMissingData",
            "allowed: breaching, notBreaching, ignore, missing",
        ),
        ({"comparisonOperator": ">"}, "comparisonOperator", "allowed: GreaterThanOrEqualToThreshold"),
        ({"unit": "Apples"}, "unit", "allowed: Seconds"),
        ({"alarmActions": ["me"]}, "alarmActions[0]", "allowed: the ARN of an action"),
        (
            {"alarmActions": [TOPIC] * 6},
            "alarmActions",
            "6 entries isn't allowed; allowed: at most 5 entries",
        ),
        ({"name": "x" * 256}, "name", "256 characters isn't allowed; allowed: 1 to 255 characters"),
        ({"metricQueries": []}, "metricQueries", "the sandbox doesn't support this property"),
    ],
)
def test_refusals(offline: Client, change: dict[str, Any], path: str, reason: str) -> None:
    found = refused(offline, ALARM, BASE | change)
    assert list(found) == [path]
    assert reason in found[path]


def test_an_unknown_percentile_is_refused(offline: Client) -> None:
    found = refused(offline, ALARM, BY_PERCENTILE | {"extendedStatistic": "best"})
    assert list(found) == ["extendedStatistic"]
    assert "best\" isn't allowed; allowed: a statistic such as" in found["extendedStatistic"]


@pytest.mark.parametrize(
    "missing", ["comparisonOperator", "evaluationPeriods", "metricName", "period", "threshold"]
)
def test_required(offline: Client, missing: str) -> None:
    assert list(refused(offline, ALARM, {k: v for k, v in BASE.items() if k != missing})) == [missing]


@given(period=st.integers(-10, 700_000), periods=st.integers(1, 2_000))
def test_periods(period: int, periods: int) -> None:
    inputs = BASE | {"period": period, "evaluationPeriods": periods}
    known = period in (10, 20, 30) or (period > 0 and period % 60 == 0)
    longest = 86_400 if period < 3_600 else 604_800
    failures = list(MetricAlarm().check(inputs, Settings()))
    assert (not failures) == (known and period * periods <= longest)


def test_a_dashboard(live: Client) -> None:
    made = walk(live, DASHBOARD, *({"dashboardName": "shop", "dashboardBody": body} for body in BODIES))
    assert made.id == "shop"


def test_another_name_is_another_dashboard(offline: Client) -> None:
    base = {"dashboardName": "shop", "dashboardBody": BODIES[0]}
    others = {"dashboardName": "other", "dashboardBody": BODIES[1], "region": "eu-west-1"}
    assert replaced(offline, DASHBOARD, base, **others) == {"dashboardName", "region"}
    assert "letters, digits" in refused(offline, DASHBOARD, base | {"dashboardName": "a b"})["dashboardName"]
