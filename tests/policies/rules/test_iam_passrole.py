from __future__ import annotations

from typing import Any

import pytest

from policies.rules.iam_passrole import IAM_04
from tests.policies.stacks import ACCOUNT, found, statement, with_statement

ROLE = f"arn:aws:iam::{ACCOUNT}:role/worker"
TO_ECS = {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}
ANY_ROLE = "any role ({}) can be passed"
ANY_SERVICE = "a role can be passed to any service (no condition on iam:PassedToService)"


@pytest.mark.parametrize(
    ("action", "resource", "condition", "fault"),
    [
        ("iam:PassRole", "*", TO_ECS, ANY_ROLE.format("*")),
        (
            "iam:PassRole",
            f"arn:aws:iam::{ACCOUNT}:role/*",
            TO_ECS,
            ANY_ROLE.format(f"arn:aws:iam::{ACCOUNT}:role/*"),
        ),
        ("iam:PassRole", ROLE, {}, ANY_SERVICE),
        ("iam:Pass*", ROLE, {}, ANY_SERVICE),
        ("*", ROLE, {}, ANY_SERVICE),
        ("iam:PassRole", "*", {}, f"{ANY_ROLE.format('*')} and {ANY_SERVICE}"),
        ("iam:PassRole", ROLE, {"StringLike": {"iam:PassedToService": "*"}}, ANY_SERVICE),
        ("iam:PassRole", ROLE, {"StringNotEquals": {"iam:PassedToService": "x"}}, ANY_SERVICE),
    ],
)
def test_faults(action: str, resource: str, condition: dict[str, Any], fault: str) -> None:
    stack = with_statement(statement(action, resource, Condition=condition))
    place = "identity policy (policy), statement 1: "
    assert found(stack, IAM_04) == [("IAM-04", "orders-policy", "iam:PassRole", place + fault)]


@pytest.mark.parametrize(
    "near_miss",
    [
        statement("iam:PassRole", ROLE, Condition=TO_ECS),
        statement(
            "iam:passrole", ROLE, Condition={"StringLike": {"IAM:PassedToService": "ecs-*.amazonaws.com"}}
        ),
        statement("iam:GetRole", "*"),
        {**statement("iam:PassRole", "*"), "Effect": "Deny"},
    ],
)
def test_near_misses(near_miss: dict[str, Any]) -> None:
    assert found(with_statement(near_miss), IAM_04) == []
