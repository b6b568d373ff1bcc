from __future__ import annotations

import pytest

from policies.rules.iam_managed import IAM_03
from tests.policies.iam_rules import IAM
from tests.policies.stacks import (
    ACCOUNT,
    UNKNOWN,
    Stack,
    document,
    found,
    statement,
    valid,
    with_statement,
)

AWS_POLICY = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"


def _attached(arn: object) -> Stack:
    stack = valid()
    stack.add(ATTACHMENT, "attachment", {"role": "shop-dev-orders", "policyArn": arn})
    return stack


def test_an_attached_managed_policy() -> None:
    name = "AWSLambdaBasicExecutionRole"
    assert found(_attached(AWS_POLICY), *IAM) == [
        ("IAM-03", "attachment", name, f"the AWS managed policy {name}")
    ]


def test_managed_policies_of_the_role_itself() -> None:
    stack = valid()
    stack["orders-role"]["managedPolicyArns"] = [AWS_POLICY]
    assert [finding[:3] for finding in found(stack, *IAM)] == [
        ("IAM-03", "orders-role", "AWSLambdaBasicExecutionRole")
    ]


@pytest.mark.parametrize(
    ("type_", "properties"),
    [
        ("aws:iam/userPolicyAttachment:UserPolicyAttachment", {"user": "u", "policyArn": AWS_POLICY}),
        ("aws:iam/groupPolicyAttachment:GroupPolicyAttachment", {"group": "g", "policyArn": AWS_POLICY}),
        ("aws:iam/policyAttachment:PolicyAttachment", {"roles": ["a", "b"], "policyArn": AWS_POLICY}),
        (
            "aws:iam/rolePolicyAttachmentsExclusive:RolePolicyAttachmentsExclusive",
            {"roleName": "shop-dev-orders", "policyArns": [AWS_POLICY]},
        ),
        (
            "aws:ssoadmin/managedPolicyAttachment:ManagedPolicyAttachment",
            {"managedPolicyArn": AWS_POLICY},
        ),
    ],
)
def test_every_way_to_attach(type_: str, properties: dict[str, object]) -> None:
    stack = valid()
    stack.add(type_, "attachment", properties)
    assert [finding[:2] for finding in found(stack, *IAM)] == [("IAM-03", "attachment")]


def test_a_policy_for_full_access_by_its_name() -> None:
    findings = found(_attached(f"arn:aws:iam::{ACCOUNT}:policy/OrdersFullAccess"), *IAM)
    assert [finding[:3] for finding in findings] == [("IAM-03", "attachment", "OrdersFullAccess")]


def test_administrator_access() -> None:
    findings = found(with_statement(statement("*", "*")), IAM_03)
    assert [finding[:3] for finding in findings] == [("IAM-03", "orders-policy", "administrator")]


def test_near_misses() -> None:
    assert found(_attached(f"arn:aws:iam::{ACCOUNT}:policy/orders"), *IAM) == []
    assert found(with_statement(statement("dynamodb:*", "*")), IAM_03) == []
    assert found(with_statement({**statement("*", "*"), "Effect": "Deny"}), IAM_03) == []


def test_a_policy_of_this_stack_may_be_unknown() -> None:
    stack = valid()
    stack.add(
        "aws:iam/policy:Policy",
        "mine",
        {
            "policy": document(
                statement("dynamodb:GetItem", "arn:aws:dynamodb:eu-central-1:123456789012:table/a")
            )
        },
    )
    stack.add(ATTACHMENT, "attachment", {"role": UNKNOWN, "policyArn": UNKNOWN})
    stack.depend("attachment", "policyArn", "mine")
    stack.depend("attachment", "role", "orders-role")
    assert found(stack, *IAM) == []


def test_a_policy_of_nobody_may_not_be_unknown() -> None:
    assert [finding[:3] for finding in found(_attached(UNKNOWN), *IAM)] == [
        ("IAM-03", "attachment", "policyArn")
    ]
