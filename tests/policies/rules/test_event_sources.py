from __future__ import annotations

import pytest

from policies.rules.event_sources import ESM_01, ESM_02
from tests.policies.estate import SOURCE_MAPPING, estate, sqs
from tests.policies.stacks import ACCOUNT, REGION, TABLE_ARN, UNKNOWN, Stack, found

STREAM = f"{TABLE_ARN}/stream/2026-11-21T00:00:00.000"
KINESIS = f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/clicks"
PARTIAL = ("ESM-01", "mapping", "functionResponseTypes", "one bad record fails its whole batch")
DROPPED = (
    "ESM-01",
    "mapping",
    "destinationConfig.onFailure.destinationArn",
    "records that fail to the end are dropped, or block what is behind them",
)


def _fed(**properties: object) -> Stack:
    stack = estate()
    stack["mapping"].update(properties)
    return stack


@pytest.mark.parametrize("types", [None, []])
def test_no_partial_failures(types: object) -> None:
    assert found(_fed(functionResponseTypes=types), ESM_01) == [PARTIAL]


def test_unknown_response_types() -> None:
    says = "functionResponseTypes can't be known at this preview"
    assert found(_fed(functionResponseTypes=UNKNOWN), ESM_01) == [(*PARTIAL[:3], says)]


@pytest.mark.parametrize("source", [STREAM, KINESIS])
def test_a_stream_without_a_destination(source: str) -> None:
    assert found(_fed(eventSourceArn=source), ESM_01) == [DROPPED]
    kept = {"onFailure": {"destinationArn": sqs("shop-dev-dead")}}
    assert found(_fed(eventSourceArn=source, destinationConfig=kept), ESM_01) == []
    stack = _fed(eventSourceArn=source, destinationConfig=UNKNOWN)
    says = f"{DROPPED[2]} can't be known at this preview, and comes from no resource"
    assert found(stack, ESM_01) == [(*DROPPED[:3], says)]
    stack.depend("mapping", "destinationConfig", "dead")
    assert found(stack, ESM_01) == []


def test_a_stream_of_the_stack() -> None:
    stack = _fed(eventSourceArn=UNKNOWN)
    stack.depend("mapping", "eventSourceArn", "table")
    assert found(stack, ESM_01) == [DROPPED]
    assert found(stack, ESM_02) == []


def test_brokers_know_no_partial_failures() -> None:
    broker = f"arn:aws:mq:{REGION}:{ACCOUNT}:broker:b:b-1"
    assert found(_fed(eventSourceArn=broker, functionResponseTypes=None), ESM_01, ESM_02) == []


def test_a_kafka_of_ones_own_keeps_what_fails() -> None:
    stack = _fed(eventSourceArn=None, functionResponseTypes=None, selfManagedEventSource={"endpoints": {}})
    assert found(stack, ESM_01, ESM_02) == [DROPPED]


def test_visibility_under_six_times_the_timeout() -> None:
    stack = estate()
    stack["jobs"]["visibilityTimeoutSeconds"] = 119
    says = "the visibility timeout of jobs is 119 s, and the timeout of orders-function 20 s"
    assert found(stack, ESM_02) == [("ESM-02", "mapping", "visibilityTimeoutSeconds", says)]
    assert found(stack, ESM_02, content={"rules": {"ESM-02": {"factor": 5}}}) == []
    stack["jobs"]["visibilityTimeoutSeconds"] = 120
    assert found(stack, ESM_02) == []


def test_defaults_are_compared() -> None:
    stack = estate()
    del stack["jobs"]["visibilityTimeoutSeconds"]
    assert [finding[3] for finding in found(stack, ESM_02)] == [
        "the visibility timeout of jobs is 30 s, and the timeout of orders-function 20 s"
    ]
    del stack["orders-function"]["timeout"]
    assert found(stack, ESM_02) == []


@pytest.mark.parametrize(
    ("name", "key"), [("jobs", "visibilityTimeoutSeconds"), ("orders-function", "timeout")]
)
def test_timeouts_that_cannot_be_known(name: str, key: str) -> None:
    stack = estate()
    stack[name][key] = UNKNOWN
    says = "the visibility timeout or the function's timeout can't be known at this preview"
    assert found(stack, ESM_02) == [("ESM-02", "mapping", "visibilityTimeoutSeconds", says)]


CANT_COMPARE = "so that the visibility timeout can't be compared"


@pytest.mark.parametrize(
    ("properties", "subject", "says"),
    [
        ({"eventSourceArn": sqs("other")}, "eventSourceArn", f"{sqs('other')} isn't a resource of the stack"),
        ({"eventSourceArn": UNKNOWN}, "eventSourceArn", "eventSourceArn can't be known at this preview"),
        ({"functionName": "other"}, "functionName", "other isn't a resource of the stack"),
    ],
)
def test_what_is_not_of_the_stack(properties: dict[str, str], subject: str, says: str) -> None:
    stack = _fed(**properties)
    stack.depend("mapping", subject)
    assert found(stack, ESM_02) == [("ESM-02", "mapping", subject, f"{says}, {CANT_COMPARE}")]


@pytest.mark.parametrize("function", ["shop-dev-orders", "shop-dev-orders:live"])
def test_a_function_by_its_name(function: str) -> None:
    stack = estate()
    properties = {**stack["mapping"], "functionName": function}
    del stack.resources["mapping"]
    stack.add(SOURCE_MAPPING, "mapping", properties)
    assert found(stack, ESM_02) == []
    stack["jobs"]["visibilityTimeoutSeconds"] = 60
    assert len(found(stack, ESM_02)) == 1
