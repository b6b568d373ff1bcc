"""A queue that calls a function."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sandbox.provider.values import UNKNOWN
from tests.sandbox.provider.client import Client, Made, RefusedError
from tests.sandbox.provider.graphs import FUNCTION, function_inputs, package, role
from tests.sandbox.provider.walk import refused, replaced, walk

MAPPING = "aws:lambda/eventSourceMapping:EventSourceMapping"
QUEUE = "aws:sqs/queue:Queue"
POLLING = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
ARN = "arn:aws:sqs:us-east-1:000000000000:input"


def _function(live: Client, tmp_path: Path, name: str, *actions: str) -> Made:
    owner = role(live, f"{name}-role", *actions)
    inputs = function_inputs(
        owner.outputs["arn"], package(tmp_path, name), name=name, publish=True, timeout=5
    )
    return live.create(FUNCTION, inputs)


def test_a_life(live: Client, tmp_path: Path) -> None:
    queue = live.create(QUEUE, {"name": "polled", "visibilityTimeoutSeconds": 30})
    function = _function(live, tmp_path, "polling", *POLLING)
    other = _function(live, tmp_path, "polling-too", *POLLING)
    base = {"eventSourceArn": queue.outputs["arn"], "functionName": function.outputs["name"]}
    made = walk(
        live,
        MAPPING,
        base,
        base | {"functionResponseTypes": ["ReportBatchItemFailures"], "tags": {"System": "shop"}},
        base | {"batchSize": 5, "maximumBatchingWindowInSeconds": 1, "enabled": False},
        base
        | {
            "filterCriteria": {"filters": [{"pattern": json.dumps({"body": {"a": [1]}})}]},
            "scalingConfig": {"maximumConcurrency": 2},
        },
        base | {"functionName": other.outputs["arn"]},
    )
    assert made.outputs["functionArn"] == other.outputs["arn"]


@pytest.mark.parametrize("missing", POLLING)
def test_a_role_that_may_not_poll_is_refused(live: Client, tmp_path: Path, missing: str) -> None:
    name = f"lacks-{missing.partition(':')[2].lower()}"
    queue = live.create(QUEUE, {"name": name})
    function = _function(live, tmp_path, name, *(each for each in POLLING if each != missing))
    with pytest.raises(RefusedError, match=f"permissions to call .* on SQS\nallow {missing} in a policy"):
        live.create(MAPPING, {"eventSourceArn": queue.outputs["arn"], "functionName": function.id})


def test_messages_that_are_seen_again_too_early_are_refused(live: Client, tmp_path: Path) -> None:
    queue = live.create(QUEUE, {"name": "impatient", "visibilityTimeoutSeconds": 4})
    function = _function(live, tmp_path, "slow", *POLLING)
    message = "Queue visibility timeout: 4 seconds is less than Function timeout: 5 seconds"
    with pytest.raises(RefusedError, match=message):
        live.create(MAPPING, {"eventSourceArn": queue.outputs["arn"], "functionName": function.id})


def test_what_replaces(offline: Client) -> None:
    base = {"eventSourceArn": ARN, "functionName": "shop:live"}
    found = replaced(
        offline, MAPPING, base, eventSourceArn=f"{ARN}2", functionName="other", batchSize=1, enabled=False
    )
    assert found == {"eventSourceArn"}


def test_preview(offline: Client) -> None:
    base = {"eventSourceArn": ARN, "functionName": "shop:live"}
    outputs = offline.create(MAPPING, base, preview=True).outputs
    assert {outputs[key] for key in ("uuid", "functionArn", "arn", "batchSize")} == {UNKNOWN}
    assert outputs["enabled"] is True


@pytest.mark.parametrize(
    ("inputs", "path", "reason"),
    [
        ({"batchSize": 0}, "batchSize", "allowed: 1 to 10000"),
        ({"scalingConfig": {"maximumConcurrency": 1}}, "scalingConfig.maximumConcurrency", "allowed: 2 to"),
        ({"functionResponseTypes": ["All"]}, "functionResponseTypes[0]", "ReportBatchItemFailures"),
        (
            {"eventSourceArn": "arn:aws:kinesis:us-east-1:000000000000:stream/s"},
            "eventSourceArn",
            "a queue's ARN",
        ),
        ({"startingPosition": "LATEST"}, "startingPosition", "the sandbox doesn't support this property"),
    ],
)
def test_refusals(offline: Client, inputs: dict[str, Any], path: str, reason: str) -> None:
    found = refused(offline, MAPPING, {"eventSourceArn": ARN, "functionName": "shop:live"} | inputs)
    assert list(found) == [path]
    assert reason in found[path]
