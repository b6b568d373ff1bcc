from __future__ import annotations

import pytest

from policies.iam import catalog
from policies.rules.iam_escalation import IAM_06, Method, methods
from tests.policies.stacks import ACCOUNT, ROLE_POLICY, document, found, statement, valid, with_statement

SHORTEST = [
    method for method in methods() if not any(set(other.actions) < set(method.actions) for other in methods())
]


def test_the_methods_have_names_of_their_own_and_actions_that_exist() -> None:
    assert len({method.id for method in methods()}) == len(methods()) >= 59
    assert [a for method in methods() for a in method.actions if catalog.find(a) is None] == []


@pytest.mark.parametrize("method", methods(), ids=lambda method: method.id)
def test_each_method_is_found(method: Method) -> None:
    """A longer way whose part is a way already is told by that part."""
    findings = found(with_statement(statement(list(method.actions), "*")), IAM_06)
    told = {finding[2] for finding in findings}
    inside = {other.id for other in SHORTEST if set(other.actions) <= set(method.actions)}
    assert told == inside
    assert told


@pytest.mark.parametrize("method", SHORTEST, ids=lambda method: method.id)
def test_a_method_without_one_of_its_actions_is_none(method: Method) -> None:
    for left_out in method.actions:
        rest = [action for action in method.actions if action != left_out]
        if rest:
            assert found(with_statement(statement(rest, "*")), IAM_06) == []


def test_what_is_found() -> None:
    place = "identity policy (policy), statement 1"
    assert found(with_statement(statement("iam:CreateAccessKey", "*")), IAM_06) == [
        (
            "IAM-06",
            "orders-policy",
            "iam-access-key",
            f"{place}: makes an access key for another user: iam:CreateAccessKey",
        )
    ]


def test_all_policies_of_a_role_count_together() -> None:
    stack = with_statement(statement("iam:PassRole", "*"))
    stack.add(
        ROLE_POLICY,
        "second",
        {
            "role": f"arn:aws:iam::{ACCOUNT}:role/shop-dev-orders",
            "policy": document(statement("ec2:RunInstances", "*")),
        },
    )
    assert [finding[2] for finding in found(stack, IAM_06)] == ["ec2-new"]


def test_policies_of_two_roles_do_not() -> None:
    stack = with_statement(statement("iam:PassRole", "*"))
    stack.add(
        ROLE_POLICY, "second", {"role": "another", "policy": document(statement("ec2:RunInstances", "*"))}
    )
    assert found(stack, IAM_06) == []


def test_exact_resources_are_no_escalation() -> None:
    worker = f"arn:aws:iam::{ACCOUNT}:role/worker"
    assert found(with_statement(statement("iam:PutRolePolicy", worker)), IAM_06) == []


def test_its_own_role_is() -> None:
    own = f"arn:aws:iam::{ACCOUNT}:role/shop-dev-orders"
    findings = found(with_statement(statement("iam:PutRolePolicy", own)), IAM_06)
    assert [finding[2] for finding in findings] == ["iam-role-policy-put"]


def test_a_boundary_takes_the_danger_out() -> None:
    condition = {"StringEquals": {"iam:PermissionsBoundary": f"arn:aws:iam::{ACCOUNT}:policy/boundary"}}
    assert found(with_statement(statement("iam:PutRolePolicy", "*", Condition=condition)), IAM_06) == []


def test_a_deny_takes_the_action_away() -> None:
    deny = {"Effect": "Deny", "Action": "iam:*", "Resource": "*"}
    assert found(with_statement(statement("iam:CreateAccessKey", "*"), deny), IAM_06) == []
    deny["Condition"] = {"Bool": {"aws:MultiFactorAuthPresent": "false"}}  # type: ignore[assignment]
    assert found(with_statement(statement("iam:CreateAccessKey", "*"), deny), IAM_06) != []


def test_a_loose_managed_policy_is_judged_too() -> None:
    stack = valid()
    stack.add(
        "aws:iam/policy:Policy", "loose", {"policy": document(statement("iam:CreateLoginProfile", "*"))}
    )
    assert [finding[:3] for finding in found(stack, IAM_06)] == [("IAM-06", "loose", "iam-login-profile")]
