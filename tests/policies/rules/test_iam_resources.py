from __future__ import annotations

from typing import Any

import pytest

from policies.rules.iam_resources import IAM_02, IAM_07, NETWORK_INTERFACES
from tests.policies.stacks import ACCOUNT, REGION, TABLE_ARN, found, statement, valid, with_statement

TABLES = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/*"


@pytest.mark.parametrize("resource", ["*", TABLES, "arn:aws:dynamodb:*:*:*", "arn:*", "arn:aws:*"])
def test_an_action_on_everything(resource: str) -> None:
    assert found(with_statement(statement("dynamodb:GetItem", resource)), IAM_02) == [
        (
            "IAM-02",
            "orders-policy",
            "dynamodb:GetItem",
            f"identity policy (policy), statement 1: dynamodb:GetItem on {resource}",
        )
    ]


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("dynamodb:GetItem", TABLE_ARN),
        ("dynamodb:Query", f"{TABLE_ARN}/index/*"),
        ("dynamodb:GetItem", f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/shop-*"),
        ("logs:PutLogEvents", f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/lambda/a:log-stream:*"),
        ("s3:GetObject", "arn:aws:s3:::bucket/*"),
        ("xray:PutTraceSegments", "*"),  # AWS defines no resource type
        ("ec2:DescribeSubnets", "*"),
        ("ecr:GetAuthorizationToken", "*"),
    ],
)
def test_near_misses(action: str, resource: str) -> None:
    assert found(with_statement(statement(action, resource)), IAM_02) == []


def test_alternatives_count_as_supported() -> None:
    findings = found(with_statement(statement("s3:GetObject", "*")), IAM_02)
    assert [finding[:3] for finding in findings] == [("IAM-02", "orders-policy", "s3:GetObject")]


def test_a_list_action_whose_only_type_is_optional_is_advice() -> None:
    findings = found(with_statement(statement("rds:DescribeDBInstances", "*")), IAM_02)
    assert [finding[:4] for finding in findings] == [
        ("advisory", "IAM-02", "orders-policy", "rds:DescribeDBInstances")
    ]


def test_a_mixed_statement_is_found_for_those_that_can_be_narrowed() -> None:
    mixed = statement(["xray:PutTraceSegments", "dynamodb:GetItem", "sqs:SendMessage"], "*")
    assert [finding[2] for finding in found(with_statement(mixed), IAM_02)] == [
        "dynamodb:GetItem",
        "sqs:SendMessage",
    ]


def test_a_wildcard_action_is_found_once() -> None:
    findings = found(with_statement(statement("dynamodb:*", "*")), IAM_02)
    assert [finding[2] for finding in findings] == ["dynamodb:*"]


def _interfaces(*, vpc: object) -> list[tuple[str, ...]]:
    stack = with_statement(statement(sorted(NETWORK_INTERFACES), "*"))
    if vpc is not None:
        stack["orders-function"]["vpcConfig"] = vpc
    return found(stack, IAM_02, IAM_07)


def test_network_interfaces_are_for_functions_in_a_vpc() -> None:
    assert _interfaces(vpc={"subnetIds": ["subnet-1", "subnet-2"], "securityGroupIds": ["sg-1"]}) == []


@pytest.mark.parametrize("vpc", [None, {}, {"subnetIds": []}, {"subnetIds": 1, "x": 2}, "no object"])
def test_network_interfaces_are_for_nobody_else(vpc: object) -> None:
    rules = {finding[0] for finding in _interfaces(vpc=vpc)}
    assert rules == ({"IAM-02", "IAM-07"} if vpc != {"subnetIds": 1, "x": 2} else set())


def test_network_interfaces_need_every_function_of_the_role_in_a_vpc() -> None:
    stack = with_statement(statement("ec2:CreateNetworkInterface", "*"))
    stack["orders-function"]["vpcConfig"] = {"subnetIds": ["subnet-1"]}
    assert found(stack, IAM_02) == []
    stack.add(
        "aws:lambda/function:Function", "second", {"role": f"arn:aws:iam::{ACCOUNT}:role/shop-dev-orders"}
    )
    assert [finding[0] for finding in found(stack, IAM_02)] == ["IAM-02"]


def test_a_resource_policy_stands_on_its_own_resource() -> None:
    stack = valid()
    written = {**statement("sqs:SendMessage", "*"), "Principal": {"AWS": ACCOUNT}}
    stack.add("aws:sqs/queuePolicy:QueuePolicy", "queue-policy", {"policy": {"Statement": [written]}})
    assert found(stack, IAM_02) == []


@pytest.mark.parametrize(
    ("action", "danger"),
    [
        ("s3:GetObject", "data exfiltration"),
        ("secretsmanager:GetSecretValue", "data exfiltration"),
        ("sts:AssumeRole", "credentials exposure"),
        ("ecr:SetRepositoryPolicy", "permissions management"),
        ("s3:PutAccountPublicAccessBlock", "permissions management"),  # has no resource type
        ("iam:PassRole", "permissions management"),  # though the catalog says Write
        ("dynamodb:DeleteTable", "write"),
    ],
)
def test_dangers(action: str, danger: str) -> None:
    assert found(with_statement(statement(action, "*")), IAM_07) == [
        (
            "IAM-07",
            "orders-policy",
            action,
            f"identity policy (policy), statement 1: {danger} without constraint: {action}",
        )
    ]


@pytest.mark.parametrize(
    "near_miss",
    [
        statement("s3:GetObject", "arn:aws:s3:::bucket/*"),
        statement("s3:GetObject", "*", Condition={"StringEquals": {"aws:ResourceTag/System": "shop"}}),
        statement("xray:PutTraceSegments", "*"),  # writes, and can't be narrowed
        statement("dynamodb:GetItem", "*"),  # reads: IAM-02's
        {**statement("iam:CreateUser", "*"), "Effect": "Deny"},
    ],
)
def test_no_danger(near_miss: dict[str, Any]) -> None:
    assert found(with_statement(near_miss), IAM_07) == []
