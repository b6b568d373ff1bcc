from __future__ import annotations

import pytest

from policies.rule import Context
from policies.rules.logs import LOG_01, LOG_02
from tests.policies.estate import estate
from tests.policies.stacks import LOG_GROUP, REGION, TODAY, UNKNOWN, Stack, found

LOGS = "orders-function-logs"


@pytest.mark.parametrize(
    ("days", "says"),
    [
        (None, "logs are kept for ever"),
        (0, "logs are kept for ever"),
        (UNKNOWN, "retentionInDays can't be known at this preview"),
    ],
)
def test_a_retention_without_an_end(days: object, says: str) -> None:
    stack = estate()
    stack[LOGS]["retentionInDays"] = days
    assert found(stack, LOG_01) == [("LOG-01", LOGS, "retentionInDays", says)]


def test_a_class_that_always_ends() -> None:
    stack = estate()
    stack[LOGS].update(retentionInDays=None, logGroupClass="DELIVERY")
    assert found(stack, LOG_01) == []


def test_a_function_without_a_log_group() -> None:
    stack = estate()
    del stack.resources[LOGS]
    says = "no log group of its own: /aws/lambda/shop-dev-orders isn't a resource of the stack"
    assert found(stack, LOG_01) == [("LOG-01", "orders-function", "log group", says)]


def _named(stack: Stack, name: str, *, depends: bool = False) -> Stack:
    stack["orders-function"]["loggingConfig"] = {"logFormat": "JSON", "logGroup": name}
    if depends:
        stack.depend("orders-function", "loggingConfig", LOGS)
    return stack


def test_a_log_group_of_another_name() -> None:
    stack = estate()
    stack[LOGS]["name"] = "/shop/orders"
    assert len(found(stack, LOG_01)) == 1
    assert found(_named(stack, "/shop/orders"), LOG_01) == []
    assert found(_named(stack, UNKNOWN, depends=True), LOG_01) == []


def test_a_log_group_that_cannot_be_known() -> None:
    says = "no log group of its own: it can't be known at this preview"
    assert found(_named(estate(), UNKNOWN), LOG_01) == [("LOG-01", "orders-function", "log group", says)]


def test_a_function_that_pulumi_names() -> None:
    """The log group's name then comes from the function's."""
    stack = estate()
    stack["orders-function"]["name"] = UNKNOWN
    stack[LOGS]["name"] = UNKNOWN
    assert [finding[:3] for finding in found(stack, LOG_01)] == [("LOG-01", "orders-function", "log group")]
    stack.depend(LOGS, "name", "orders-function")
    assert found(stack, LOG_01) == []


def test_a_key_of_ones_own() -> None:
    stack = estate()
    del stack[LOGS]["kmsKeyId"]
    says = "the logs are encrypted with a key that AWS owns"
    assert found(stack, LOG_02) == [("LOG-02", LOGS, "kmsKeyId", says)]
    stack[LOGS]["kmsKeyId"] = UNKNOWN
    says = "kmsKeyId can't be known at this preview, and comes from no resource"
    assert found(stack, LOG_02) == [("LOG-02", LOGS, "kmsKeyId", says)]
    stack.depend(LOGS, "kmsKeyId", "api")
    assert found(stack, LOG_02) == []


def test_the_repair_sets_a_retention() -> None:
    stack = estate()
    stack.add(LOG_GROUP, "endless", {"name": f"/shop/{REGION}"})
    graph = stack.graph()
    context = Context(graph=graph, settings={"remedyDays": 30}, stage="dev", today=TODAY)
    assert LOG_01.remedy is not None
    repairs = {group.name: LOG_01.remedy(group, context) for group in graph.of_type(LOG_GROUP)}
    assert repairs == {"endless": {"retentionInDays": 30}, LOGS: {}}
