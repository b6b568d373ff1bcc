"""OPS-01 to OPS-03: alarms, tags, quotas."""

from __future__ import annotations

import json
from typing import Any

import pytest

from policies.rule import Context
from policies.rules.alarms import OPS_01
from policies.rules.quotas import OPS_03, quotas
from policies.rules.tags import OPS_02
from tests.policies.estate import EVENT_TARGET, ROUTE, estate
from tests.policies.stacks import ALARM, TABLE_ARN, TAGS, TODAY, TOPIC_ARN, UNKNOWN, Stack, found

ERRORS = "orders-function-errors"
COMPOSITE = "aws:cloudwatch/compositeAlarm:CompositeAlarm"


def _lacking(metrics: str) -> list[tuple[str, ...]]:
    return [("OPS-01", "orders-function", "alarms", f"no alarm of the stack watches {metrics}")]


@pytest.mark.parametrize(
    "change",
    [
        {"metricName": "Invocations"},
        {"namespace": "AWS/ApiGateway"},
        {"dimensions": {"FunctionName": "other"}},
        {"dimensions": None},
        {"dimensions": {"FunctionName": UNKNOWN}},
    ],
)
def test_a_function_without_an_alarm(change: dict[str, Any]) -> None:
    stack = estate()
    stack[ERRORS].update(change)
    assert found(stack, OPS_01) == _lacking("Errors")


def test_a_function_without_any() -> None:
    stack = estate()
    for metric in ("errors", "throttles"):
        del stack.resources[f"orders-function-{metric}"]
    assert found(stack, OPS_01) == _lacking("Errors, Throttles")
    assert found(stack, OPS_01, content={"rules": {"OPS-01": {"metrics": []}}}) == []


@pytest.mark.parametrize("dimensions", [{"FunctionName": UNKNOWN}, UNKNOWN])
def test_alarms_are_followed_by_outputs(dimensions: object) -> None:
    stack = estate()
    stack[ERRORS]["dimensions"] = dimensions
    stack.depend(ERRORS, "dimensions", "orders-function")
    assert found(stack, OPS_01) == []


def test_metric_math_watches_too() -> None:
    stack = estate()
    del stack.resources[ERRORS]
    metric = {
        "metricName": "Errors",
        "namespace": "AWS/Lambda",
        "dimensions": {"FunctionName": "shop-dev-orders"},
    }
    queries = [{"id": "rate", "expression": "e/i"}, {"id": "e", "metric": metric}]
    stack.add(ALARM, "rate", {"name": "rate", "metricQueries": queries, "alarmActions": [TOPIC_ARN]})
    assert found(stack, OPS_01) == []


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"alarmActions": None}, "nobody hears it: it has no action"),
        ({"alarmActions": []}, "nobody hears it: it has no action"),
        ({"actionsEnabled": False}, "its actions are disabled"),
    ],
)
def test_an_alarm_that_nobody_hears(change: dict[str, Any], says: str) -> None:
    stack = estate()
    stack[ERRORS].update(change)
    assert found(stack, OPS_01) == [("OPS-01", ERRORS, "alarmActions", says)]
    assert found(stack, OPS_01, content={"rules": {"OPS-01": {"actions": False}}}) == []


def test_a_composite_alarm_acts_for_its_parts() -> None:
    stack = estate()
    stack[ERRORS]["alarmActions"] = []
    composite = {
        "alarmName": "all",
        "alarmRule": "ALARM(shop-dev-orders-errors)",
        "alarmActions": [TOPIC_ARN],
    }
    stack.add(COMPOSITE, "all", composite)
    assert found(stack, OPS_01) == []
    stack["all"]["alarmRule"] = UNKNOWN
    assert len(found(stack, OPS_01)) == 1
    stack.depend("all", "alarmRule", ERRORS)
    assert found(stack, OPS_01) == []
    stack["all"]["alarmActions"] = []
    assert [finding[1] for finding in found(stack, OPS_01)] == ["all"]


@pytest.mark.parametrize(
    ("tags", "says"),
    [
        ({}, "it lacks System, Service, Stage, ManagedBy"),
        ({**TAGS, "Stage": ""}, "it lacks Stage"),
        (UNKNOWN, "its tags can't be known at this preview"),
    ],
)
def test_missing_tags(tags: object, says: str) -> None:
    stack = estate()
    stack["table"]["tags"] = tags
    assert found(stack, OPS_02) == [("OPS-02", "table", "tags", says)]


def test_tags_of_the_provider_count() -> None:
    stack = estate()
    stack["table"]["tags"] = {"Stage": "dev", "Service": "orders"}
    stack.provider["defaultTags"] = json.dumps({"tags": {"System": "shop", "ManagedBy": "pulumi"}})
    assert found(stack, OPS_02) == []
    del stack.provider["defaultTags"]
    stack["table"]["tagsAll"] = TAGS
    assert found(stack, OPS_02) == []


def test_required_tags_are_the_stage_s() -> None:
    stack = estate()
    required = {"rules": {"OPS-02": {"tags": ["CostCenter"]}}}
    assert ("OPS-02", "table", "tags", "it lacks CostCenter") in found(stack, OPS_02, content=required)
    assert found(stack, OPS_02, content={"rules": {"OPS-02": {"tags": []}}}) == []


def test_the_repair_sets_the_tags_that_the_stage_gives() -> None:
    stack = estate()
    stack["table"]["tags"] = {"System": "shop", "Owner": "a"}
    graph = stack.graph()
    settings = {"tags": ["System", "Stage", "ManagedBy"], "remedyTags": ["ManagedBy=pulumi"]}
    context = Context(graph=graph, settings=settings, stage="dev", today=TODAY)
    assert OPS_02.remedy is not None
    repairs = {resource.name: OPS_02.remedy(resource, context) for resource in graph}
    assert {name: repair for name, repair in repairs.items() if repair} == {
        "table": {"tags": {"System": "shop", "Owner": "a", "ManagedBy": "pulumi"}}
    }


def _named(name: str, path: str, value: object) -> Stack:
    stack = estate()
    stack[name][path] = value
    return stack


@pytest.mark.parametrize(
    ("name", "path", "value", "says"),
    [
        ("orders-function", "name", "x" * 65, f"the function name '{'x' * 65}' has 65 characters"),
        ("orders-function", "name", "a.b", "the function name 'a.b' has characters that it can't have"),
        ("files", "bucket", "ab", "the bucket name 'ab' has 2 characters"),
        ("files", "bucket", "My-Bucket", "the bucket name 'My-Bucket' has characters that it can't have"),
        ("files", "bucket", "192.168.5.4", "the bucket name '192.168.5.4' has characters that it can't have"),
        ("jobs", "name", "jobs.queue", "the queue name 'jobs.queue' has characters that it can't have"),
        ("live", "name", "12", "the alias '12' has characters that it can't have"),
        ("nightly", "name", "x" * 65, f"the rule name '{'x' * 65}' has 65 characters"),
    ],
)
def test_names(name: str, path: str, value: str, says: str) -> None:
    assert found(_named(name, path, value), OPS_03) == [("OPS-03", name, path, says)]


@pytest.mark.parametrize(
    ("name", "path", "value"),
    [
        ("orders-function", "name", "x" * 64),
        ("orders-function", "name", UNKNOWN),
        ("files", "bucket", "my.bucket-1"),
        ("jobs", "name", "jobs.fifo"),
        ("live", "name", "v12"),
        ("orders-role", "name", "x" * 64),
    ],
)
def test_names_that_fit(name: str, path: str, value: str) -> None:
    assert found(_named(name, path, value), OPS_03) == []


def test_items() -> None:
    groups = [f"sg-{number}" for number in range(6)]
    stack = _named("orders-function", "vpcConfig", {"subnetIds": ["a", "b"], "securityGroupIds": groups})
    assert found(stack, OPS_03) == [
        ("OPS-03", "orders-function", "vpcConfig.securityGroupIds", "6 security groups")
    ]
    stack["orders-function"]["vpcConfig"]["securityGroupIds"] = groups[:5]
    assert found(stack, OPS_03) == []


def test_counts_are_said_once() -> None:
    stack = estate()
    for number in range(299):
        route = {"apiId": UNKNOWN, "routeKey": f"GET /{number}", "authorizationType": "JWT"}
        stack.add(ROUTE, f"route-{number:03}", route, depends={"apiId": "api"})
    assert found(stack, OPS_03) == []
    stack.add(ROUTE, "route-one-more", {"apiId": UNKNOWN}, depends={"apiId": "api"})
    assert found(stack, OPS_03) == [("OPS-03", "api-route", "apiId", "301 routes of an API")]


def test_counts_by_a_name() -> None:
    stack = estate()
    for number in range(5):
        stack.add(EVENT_TARGET, f"zz-{number}", {"rule": "shop-dev-nightly", "arn": TABLE_ARN})
    assert found(stack, OPS_03) == [("OPS-03", "nightly-target", "rule", "6 targets of a rule")]


def test_every_quota_is_of_a_type_that_is_known() -> None:
    assert all(type_.startswith("aws:") and "/" in type_ for type_ in quotas().types)
