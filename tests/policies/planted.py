"""One fault of each rule, planted in the valid stack: the rule finds it once, and no other finds anything."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from tests.policies.stacks import (
    ACCOUNT,
    FUNCTION,
    ROLE,
    TABLE_ARN,
    UNKNOWN,
    Stack,
    document,
    statement,
    trust,
    valid,
)


def _statement(action: str, resource: str, **more: Any) -> Callable[[], Stack]:
    def plant() -> Stack:
        stack = valid()
        stack["orders-policy"]["policy"] = document(statement(action, resource, **more))
        return stack

    return plant


def _managed_policy() -> Stack:
    stack = valid()
    stack["orders-role"]["managedPolicyArns"] = ["arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess"]
    return stack


def _trust() -> Stack:
    stack = valid()
    stack.add(ROLE, "second", {"name": "second", "assumeRolePolicy": trust({"AWS": "999999999999"})})
    return stack


def _unknown() -> Stack:
    stack = valid()
    stack["orders-policy"]["policy"] = UNKNOWN
    return stack


def _shared_role() -> Stack:
    stack = valid()
    stack.add(FUNCTION, "second", {"role": UNKNOWN}, depends={"role": "orders-role"})
    return stack


def _own_role(action: str) -> Callable[[], Stack]:
    return _statement(action, f"arn:aws:iam::{ACCOUNT}:role/shop-dev-orders")


PLANTED: Final[Mapping[str, Callable[[], Stack]]] = {
    "IAM-01": _statement("dynamodb:Get*", TABLE_ARN),
    "IAM-02": _statement("dynamodb:GetItem", "*"),
    "IAM-03": _managed_policy,
    "IAM-04": _statement("iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/worker"),
    "IAM-05": _statement("dynamodb:GetItem", TABLE_ARN, NotResource=TABLE_ARN),
    "IAM-06": _own_role("iam:PutRolePolicy"),
    "IAM-07": _statement("s3:PutAccountPublicAccessBlock", "*"),
    "IAM-08": _trust,
    "IAM-09": _statement("dynamodb:GetItems", TABLE_ARN),
    "IAM-10": _unknown,
    "IAM-11": _shared_role,
}
"""By the rule's id: a stack with that fault."""
