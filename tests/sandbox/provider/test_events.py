from __future__ import annotations

import json
from typing import Any

import pytest

from sandbox.provider.values import UNKNOWN
from tests.sandbox.provider.client import Client, RefusedError
from tests.sandbox.provider.walk import kept, refused, replaced, walk

RULE = "aws:cloudwatch/eventRule:EventRule"
TARGET = "aws:cloudwatch/eventTarget:EventTarget"
SCHEDULE: dict[str, Any] = {"name": "shop-nightly", "scheduleExpression": "rate(15 minutes)"}
PATTERN = json.dumps({"source": ["aws.s3"], "detail": {"bucket": {"name": ["shop"]}}})
FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:shop:live"
QUEUE = "arn:aws:sqs:us-east-1:000000000000:shop-dlq"


def test_the_life_of_a_rule(live: Client) -> None:
    made = walk(
        live,
        RULE,
        SCHEDULE,
        SCHEDULE | {"description": "every night", "tags": {"System": "shop"}},
        SCHEDULE | {"scheduleExpression": "cron(0 2 * * ? *)", "state": "DISABLED"},
        {"name": "shop-nightly", "eventPattern": PATTERN},
        SCHEDULE | {"forceDestroy": True},
    )
    assert made.id == "shop-nightly"
    assert made.outputs["arn"] == "arn:aws:events:us-east-1:000000000000:rule/shop-nightly"


def test_the_life_of_a_target(live: Client) -> None:
    live.create(RULE, SCHEDULE | {"name": "shop-target"})
    base = {"rule": "shop-target", "targetId": "shop", "arn": FUNCTION}
    made = walk(
        live,
        TARGET,
        base,
        base
        | {
            "deadLetterConfig": {"arn": QUEUE},
            "retryPolicy": {"maximumEventAgeInSeconds": 3_600, "maximumRetryAttempts": 2},
            "input": json.dumps({"source": "schedule"}),
        },
        base | {"retryPolicy": {"maximumRetryAttempts": 0}, "inputPath": "$.detail", "forceDestroy": True},
        base
        | {
            "inputTransformer": {
                "inputPaths": {"bucket": "$.detail.bucket.name"},
                "inputTemplate": '{"bucket": <bucket>}',
            }
        },
        base | {"arn": QUEUE, "sqsTarget": {"messageGroupId": "shop"}},
        import_id="shop-target/shop",
    )
    assert made.id == "shop-target-shop"


def test_two_patterns_that_mean_the_same_are_the_same(live: Client) -> None:
    inputs = {"name": "shop-pattern", "eventPattern": PATTERN}
    made = live.create(RULE, inputs)
    kept(live, made, inputs)
    assert not live.diff(
        made, inputs | {"eventPattern": json.dumps(json.loads(PATTERN), indent=4)}
    ).detailedDiff


def test_nothing_is_overwritten(live: Client) -> None:
    live.create(RULE, SCHEDULE | {"name": "shop-once"})
    with pytest.raises(RefusedError, match="a rule shop-once exists already"):
        live.create(RULE, SCHEDULE | {"name": "shop-once"})
    target = {"rule": "shop-once", "targetId": "shop", "arn": FUNCTION}
    live.create(TARGET, target)
    with pytest.raises(RefusedError, match="the rule shop-once has a target shop already"):
        live.create(TARGET, target)


def test_names_replace(offline: Client) -> None:
    assert replaced(
        offline,
        RULE,
        {"name": "shop", "eventPattern": PATTERN},
        name="other",
        eventBusName="orders",
        eventPattern='{"source": ["shop"]}',
        description="other",
        state="DISABLED",
    ) == {"name", "eventBusName"}
    assert replaced(
        offline,
        TARGET,
        {"rule": "shop", "targetId": "shop", "arn": FUNCTION},
        rule="other",
        targetId="other",
        eventBusName="orders",
        arn=QUEUE,
        deadLetterConfig={"arn": QUEUE},
    ) == {"rule", "targetId", "eventBusName"}


@pytest.mark.parametrize(
    ("change", "path", "reason"),
    [
        ({"scheduleExpression": "rate(15 minute)"}, "scheduleExpression", "rate(15 minutes)"),
        ({"scheduleExpression": "rate(1 minutes)"}, "scheduleExpression", "rate(15 minutes)"),
        ({"scheduleExpression": "rate(0 minutes)"}, "scheduleExpression", "rate(15 minutes)"),
        ({"scheduleExpression": "cron(0 2 * * ?)"}, "scheduleExpression", "cron(0 8 ? * MON-FRI *)"),
        ({"eventBusName": "orders"}, "scheduleExpression", "only rules of the default bus"),
        ({"name": "a" * 65}, "name", "64"),
        ({"state": "OFF"}, "state", "ENABLED"),
        ({"description": "d" * 513}, "description", "512"),
    ],
)
def test_an_impossible_rule(offline: Client, change: dict[str, Any], path: str, reason: str) -> None:
    assert reason in refused(offline, RULE, SCHEDULE | change)[path]


def test_a_rule_needs_a_schedule_or_a_pattern(offline: Client) -> None:
    assert "give scheduleExpression or eventPattern" in refused(offline, RULE, {"name": "shop"})[""]
    assert not refused(offline, RULE, {"name": "shop", "eventPattern": UNKNOWN})


@pytest.mark.parametrize(
    ("change", "path", "reason"),
    [
        ({"retryPolicy": {"maximumRetryAttempts": 186}}, "retryPolicy.maximumRetryAttempts", "185"),
        ({"retryPolicy": {"maximumEventAgeInSeconds": 59}}, "retryPolicy.maximumEventAgeInSeconds", "60"),
        ({"input": "{"}, "input", "JSON"),
        ({"input": "{}", "inputPath": "$"}, "inputPath", "found input and inputPath; give one of"),
        ({"deadLetterConfig": {"arn": "shop-dlq"}}, "deadLetterConfig.arn", "an ARN"),
        ({"batchTarget": {}}, "batchTarget", "doesn't support"),
    ],
)
def test_an_impossible_target(offline: Client, change: dict[str, Any], path: str, reason: str) -> None:
    target = {"rule": "shop", "targetId": "shop", "arn": FUNCTION}
    assert reason in refused(offline, TARGET, target | change)[path]
