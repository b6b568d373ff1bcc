from __future__ import annotations

from typing import Any

import pytest

from policies.rules.lambda_failures import LAM_04
from tests.policies.estate import FUNCTION_ARN, LIVE_ARN, PERMISSION, estate, sqs
from tests.policies.stacks import UNKNOWN, Stack, found

SUBSCRIPTION = "aws:sns/topicSubscription:TopicSubscription"
CALLERS = ("nightly-target", "hourly", "nightly-permission", "async")


def _quiet() -> Stack:
    """The estate in which nothing calls the function asynchronously, and nothing keeps failures."""
    stack = estate()
    for name in CALLERS:
        del stack.resources[name]
    return stack


def _says(how: str) -> list[tuple[str, ...]]:
    return [
        (
            "LAM-04",
            "orders-function",
            "failures",
            f"called asynchronously by {how}, without a place for what fails",
        )
    ]


def test_a_function_that_is_called_synchronously_only() -> None:
    """By APIs, a role, a queue."""
    assert found(_quiet(), LAM_04) == []


@pytest.mark.parametrize(
    ("type_", "properties", "how"),
    [
        ("aws:cloudwatch/eventTarget:EventTarget", {"arn": FUNCTION_ARN}, "an EventBridge rule (by)"),
        ("aws:cloudwatch/eventTarget:EventTarget", {"arn": LIVE_ARN}, "an EventBridge rule (by) as live"),
        ("aws:scheduler/schedule:Schedule", {"target": {"arn": LIVE_ARN}}, "a schedule (by) as live"),
        (SUBSCRIPTION, {"protocol": "lambda", "endpoint": FUNCTION_ARN}, "an SNS topic (by)"),
        (
            "aws:s3/bucketNotification:BucketNotification",
            {"lambdaFunctions": [{"lambdaFunctionArn": FUNCTION_ARN}]},
            "S3 (by)",
        ),
        (
            "aws:cloudwatch/logSubscriptionFilter:LogSubscriptionFilter",
            {"destinationArn": FUNCTION_ARN},
            "a log subscription (by)",
        ),
        (PERMISSION, {"function": "shop-dev-orders", "principal": "s3.amazonaws.com"}, "S3 (by)"),
        (
            "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig",
            {"functionName": "shop-dev-orders", "maximumRetryAttempts": 0},
            "what its asynchronous configuration is for (by)",
        ),
    ],
)
def test_a_call_without_a_place_for_failures(type_: str, properties: dict[str, Any], how: str) -> None:
    stack = _quiet()
    stack.add(type_, "by", properties)
    assert found(stack, LAM_04) == _says(how)
    stack["orders-function"]["deadLetterConfig"] = {"targetArn": UNKNOWN}
    assert found(stack, LAM_04) == _says(how)
    stack.depend("orders-function", "deadLetterConfig", "dead")
    assert found(stack, LAM_04) == []


def test_calls_are_followed_by_outputs_too() -> None:
    stack = _quiet()
    stack.add(SUBSCRIPTION, "by", {"protocol": "lambda", "endpoint": UNKNOWN}, depends={"endpoint": "live"})
    assert found(stack, LAM_04) == _says("an SNS topic (by) as live")


def test_a_destination_counts_for_what_is_called_only() -> None:
    """A configuration of the alias does nothing for calls that don't name it."""
    stack = estate()
    stack["nightly-target"]["arn"] = FUNCTION_ARN
    assert found(stack, LAM_04) == _says("an EventBridge rule (nightly-target)")


@pytest.mark.parametrize("destination", [{"onFailure": {"destination": UNKNOWN}}, UNKNOWN])
def test_an_unknown_destination_is_one(destination: object) -> None:
    stack = estate()
    stack["async"]["destinationConfig"] = destination
    stack.depend("async", "destinationConfig", "dead")
    assert found(stack, LAM_04) == []


def test_a_success_destination_is_no_place_for_failures() -> None:
    stack = estate()
    stack["async"]["destinationConfig"] = {"onSuccess": {"destination": sqs("shop-dev-dead")}}
    assert [finding[:3] for finding in found(stack, LAM_04)] == [("LAM-04", "orders-function", "failures")]


def test_what_is_called_and_cannot_be_known() -> None:
    stack = _quiet()
    stack.add("aws:cloudwatch/eventTarget:EventTarget", "by", {"arn": UNKNOWN})
    says = "arn can't be known at this preview: it may call a function that keeps no failures"
    assert found(stack, LAM_04) == [("LAM-04", "by", "arn", says)]
    stack.depend("by", "arn", "jobs")
    assert found(stack, LAM_04) == []
