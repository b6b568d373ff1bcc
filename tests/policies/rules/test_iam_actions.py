from __future__ import annotations

import pytest

from policies.rules.iam_actions import IAM_01
from tests.policies.iam_rules import IAM
from tests.policies.stacks import (
    ACCOUNT,
    TABLE_ARN,
    UNKNOWN,
    Stack,
    document,
    found,
    statement,
    valid,
    with_statement,
)

KEY = "aws:kms/key:Key"


def test_a_valid_stack_has_no_finding() -> None:
    assert found(valid(), *IAM) == []


@pytest.mark.parametrize(
    ("action", "expanded"),
    [
        (
            "dynamodb:*Item",
            (
                "7 actions: dynamodb:BatchGetItem, dynamodb:BatchWriteItem, "
                "dynamodb:ConditionCheckItem and 4 more"
            ),
        ),
        ("dynamodb:GetIte?", "1 action: dynamodb:GetItem"),
        ("DynamoDB:getitem*", "1 action: dynamodb:GetItem"),
    ],
)
def test_a_wildcard_is_found_with_what_it_expands_to(action: str, expanded: str) -> None:
    stack = with_statement(statement(action, TABLE_ARN, Sid="Orders"))
    place = 'identity policy (policy), statement "Orders"'
    assert found(stack, IAM_01) == [
        ("IAM-01", "orders-policy", action, f"{place}: {action} allows {expanded}")
    ]


def test_everything_is_counted() -> None:
    (finding,) = found(with_statement(statement("*", "*")), IAM_01)
    allowed = int(finding[3].split(" allows ")[1].split(" ")[0])
    assert allowed > 15_000


@pytest.mark.parametrize(
    "near_miss",
    [
        statement("dynamodb:GetItem", TABLE_ARN),
        statement("dynamodb:GetItem", f"{TABLE_ARN}/index/*"),
        {"Effect": "Deny", "Action": "dynamodb:*", "Resource": "*"},
        statement("nosuchservice:*", "*"),  # IAM-09's
    ],
)
def test_near_misses(near_miss: dict[str, object]) -> None:
    assert found(with_statement(near_miss), IAM_01) == []


def _key(principal: str, action: str = "kms:*") -> list[tuple[str, ...]]:
    stack = valid()
    policy = document({"Effect": "Allow", "Principal": {"AWS": principal}, "Action": action, "Resource": "*"})
    stack.add(KEY, "key", {"policy": policy})
    return found(stack, IAM_01)


def test_a_key_may_be_opened_to_its_own_account() -> None:
    assert _key(f"arn:aws:iam::{ACCOUNT}:root") == []
    assert _key(ACCOUNT) == []


@pytest.mark.parametrize(
    "principal", ["*", "arn:aws:iam::999999999999:root", f"arn:aws:iam::{ACCOUNT}:role/x"]
)
def test_a_key_may_not_be_opened_to_others(principal: str) -> None:
    assert [finding[:3] for finding in _key(principal)] == [("IAM-01", "key", "kms:*")]


@pytest.mark.parametrize(
    ("principals", "rules"),
    [
        (f"arn:aws:iam::{ACCOUNT}:root", set()),
        ([ACCOUNT, "999999999999"], {"IAM-01", "IAM-08"}),
        (f"arn:aws:iam::{ACCOUNT}:role/x", {"IAM-01", "IAM-08"}),
    ],
)
def test_a_key_of_a_stack_whose_account_nobody_knows(principals: object, rules: set[str]) -> None:
    stack = Stack(provider={})
    opened = {"Effect": "Allow", "Principal": {"AWS": principals}, "Action": "kms:*", "Resource": "*"}
    stack.add(KEY, "key", {"policy": document(opened)})
    assert {finding[0] for finding in found(stack, *IAM)} == rules


def test_resource_and_inline_policies_are_read_too() -> None:
    stack = valid()
    stack["orders-role"]["inlinePolicies"] = [
        {"name": "a", "policy": document(statement("sqs:*", "arn:aws:sqs:*:*:a"))}
    ]
    stack.add(
        "aws:sqs/queuePolicy:QueuePolicy",
        "queue-policy",
        {
            "policy": document(
                {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sqs:*", "Resource": "*"}
            )
        },
    )
    assert [finding[:3] for finding in found(stack, IAM_01)] == [
        ("IAM-01", "orders-role", "sqs:*"),
        ("IAM-01", "queue-policy", "sqs:*"),
    ]


def test_an_unknown_document_is_left_to_iam_10() -> None:
    stack = valid()
    stack["orders-policy"]["policy"] = UNKNOWN
    assert found(stack, IAM_01) == []
