from __future__ import annotations

import pytest

from policies.rules.iam_roles import IAM_11
from tests.policies.iam_rules import IAM
from tests.policies.stacks import ACCOUNT, FUNCTION, ROLE, UNKNOWN, found, trust, valid

ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/shop-dev-orders"
ELSEWHERE = f"arn:aws:iam::{ACCOUNT}:role/elsewhere"


@pytest.mark.parametrize("role", [UNKNOWN, ROLE_ARN, "shop-dev-orders"])
def test_two_functions_with_one_role(role: str) -> None:
    """However the second is linked: by an output, an ARN or a name."""
    stack = valid()
    stack.add(
        FUNCTION, "second", {"role": role}, depends={"role": "orders-role"} if role == UNKNOWN else None
    )
    names = "orders-function, second"
    assert found(stack, *IAM) == [
        ("IAM-11", "orders-role", names, f"2 functions use the role orders-role: {names}"),
    ]


def test_a_role_outside_the_stack() -> None:
    stack = valid()
    stack["orders-function"]["role"] = ELSEWHERE
    stack.resources["orders-function"].depends.clear()
    assert found(stack, IAM_11) == []
    stack.add(FUNCTION, "second", {"role": ELSEWHERE})
    names = "orders-function, second"
    assert found(stack, IAM_11) == [
        ("IAM-11", "orders-function", names, f"2 functions use the role {ELSEWHERE}: {names}")
    ]


def test_functions_with_roles_of_their_own() -> None:
    stack = valid()
    stack.add(
        ROLE,
        "second-role",
        {"name": "second", "assumeRolePolicy": trust({"Service": "lambda.amazonaws.com"})},
    )
    stack.add(FUNCTION, "second", {"role": UNKNOWN}, depends={"role": "second-role"})
    assert found(stack, *IAM) == []


def test_an_unknown_role_is_not_passed_over() -> None:
    stack = valid()
    stack.add(FUNCTION, "second", {"role": UNKNOWN})
    findings = found(stack, *IAM)
    assert findings == [
        ("IAM-11", "second", "role", "which role the function uses can't be known at this preview")
    ]


def test_a_role_of_a_wrong_type_is_a_finding() -> None:
    stack = valid()
    stack["orders-function"]["role"] = ["a"]
    assert [finding[:4] for finding in found(stack, IAM_11)] == [
        ("IAM-11", "", "malformed", "role is a list, not a string")
    ]
