from __future__ import annotations

from typing import Any

import pytest

from policies.rules.iam_trust import IAM_08
from tests.policies.stacks import ACCOUNT, ROLE, Stack, document, found, trust, valid

OTHER = "999999999999"
GITHUB = f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"
SUB = "token.actions.githubusercontent.com:sub"


def _role(principal: Any, **more: Any) -> Stack:
    stack = valid()
    stack.add(ROLE, "second", {"name": "second", "assumeRolePolicy": trust(principal, **more)})
    return stack


@pytest.mark.parametrize(
    ("principal", "more", "subject", "fault"),
    [
        ("*", {}, "*", "the principal is *: anybody"),
        ({"AWS": "*"}, {}, "*", "the principal is *: anybody"),
        (
            "*",
            {"Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}},
            "*",
            "the principal is *: anybody",
        ),
        (
            {"AWS": f"arn:aws:iam::{OTHER}:root"},
            {},
            f"arn:aws:iam::{OTHER}:root",
            f"account {OTHER}, which isn't the stack's ({ACCOUNT}), without a condition",
        ),
        (
            {"AWS": OTHER},
            {},
            OTHER,
            f"account {OTHER}, which isn't the stack's ({ACCOUNT}), without a condition",
        ),
        (
            {"Service": "scheduler.amazonaws.com"},
            {},
            "scheduler.amazonaws.com",
            "scheduler.amazonaws.com may act for anybody (a confused deputy)",
        ),
        (
            {"Service": "lambda.amazonaws.com"},  # no function uses this role
            {},
            "lambda.amazonaws.com",
            "lambda.amazonaws.com may act for anybody (a confused deputy)",
        ),
        (
            {"Federated": GITHUB},
            {"Condition": {"StringEquals": {"token.actions.githubusercontent.com:aud": "sts.amazonaws.com"}}},
            GITHUB,
            "any identity of token.actions.githubusercontent.com may take the role (subject: not demanded)",
        ),
        (
            {"Federated": GITHUB},
            {"Condition": {"StringLike": {SUB: "repo:acme/*"}}},
            GITHUB,
            "any identity of token.actions.githubusercontent.com may take the role (subject: repo:acme/*)",
        ),
        (
            {"Federated": "cognito-identity.amazonaws.com"},
            {},
            "cognito-identity.amazonaws.com",
            "any identity pool of cognito-identity.amazonaws.com may take the role",
        ),
    ],
)
def test_faults(principal: Any, more: dict[str, Any], subject: str, fault: str) -> None:
    place = "trust policy (assumeRolePolicy), statement 1: "
    assert found(_role(principal, **more), IAM_08) == [("IAM-08", "second", subject, place + fault)]


@pytest.mark.parametrize(
    ("principal", "more"),
    [
        ({"AWS": f"arn:aws:iam::{ACCOUNT}:role/deployer"}, {}),
        ({"AWS": ACCOUNT}, {}),
        ({"AWS": OTHER}, {"Condition": {"StringEquals": {"sts:ExternalId": "42"}}}),
        ({"Service": "ec2.amazonaws.com"}, {}),
        (
            {"Service": "scheduler.amazonaws.com"},
            {"Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}}},
        ),
        (
            {"Service": "scheduler.amazonaws.com"},
            {
                "Condition": {
                    "ArnLike": {"AWS:sourcearn": f"arn:aws:scheduler:eu-central-1:{ACCOUNT}:schedule/g/*"}
                }
            },
        ),
        ({"Federated": GITHUB}, {"Condition": {"StringLike": {SUB: "repo:acme/shop:*"}}}),
        (
            {"Federated": "cognito-identity.amazonaws.com"},
            {"Condition": {"StringEquals": {"cognito-identity.amazonaws.com:aud": "eu-central-1:1"}}},
        ),
        (
            {"Federated": f"arn:aws:iam::{ACCOUNT}:saml-provider/idp"},
            {"Condition": {"StringEquals": {"SAML:aud": "x"}}},
        ),
    ],
)
def test_near_misses(principal: Any, more: dict[str, Any]) -> None:
    assert found(_role(principal, **more), IAM_08) == []


def test_a_weak_condition_doesnt_count() -> None:
    weak = {"StringEqualsIfExists": {"aws:SourceAccount": ACCOUNT}}
    assert len(found(_role({"Service": "scheduler.amazonaws.com"}, Condition=weak), IAM_08)) == 1


def test_accounts_may_be_trusted_by_configuration() -> None:
    trusting = {"rules": {"IAM-08": {"trustedAccounts": [OTHER]}}}
    assert found(_role({"AWS": OTHER}), IAM_08, content=trusting) == []


def test_the_account_is_that_of_the_resources_when_no_provider_says_it() -> None:
    stack = _role({"AWS": ACCOUNT})
    stack.provider = {}
    assert len(found(stack, IAM_08)) == 1
    stack.resources["second"].outputs["arn"] = f"arn:aws:iam::{ACCOUNT}:role/second"
    assert found(stack, IAM_08) == []


QUEUE_POLICY = "aws:sqs/queuePolicy:QueuePolicy"


def _resource_policy(type_: str, principal: Any, **more: Any) -> list[tuple[str, ...]]:
    stack = valid()
    written = {
        "Effect": "Allow",
        "Principal": principal,
        "Action": "sqs:SendMessage",
        "Resource": "*",
        **more,
    }
    stack.add(type_, "policy", {"policy": document(written)})
    return [finding[:3] for finding in found(stack, IAM_08)]


def test_resource_policies() -> None:
    events = {"Service": "events.amazonaws.com"}
    source = {"Condition": {"ArnEquals": {"aws:SourceArn": f"arn:aws:events:eu-central-1:{ACCOUNT}:rule/a"}}}
    assert _resource_policy(QUEUE_POLICY, events) == [("IAM-08", "policy", "events.amazonaws.com")]
    assert _resource_policy(QUEUE_POLICY, events, **source) == []
    assert _resource_policy(QUEUE_POLICY, "*") == [("IAM-08", "policy", "*")]
    assert _resource_policy(QUEUE_POLICY, "*", **source) == []
    assert _resource_policy(QUEUE_POLICY, {"AWS": OTHER}) == [("IAM-08", "policy", OTHER)]
    assert _resource_policy(QUEUE_POLICY, "*", Effect="Deny") == []


def test_anybody_at_a_bucket_or_a_secret_is_for_their_own_rules() -> None:
    for type_ in ("aws:s3/bucketPolicy:BucketPolicy", "aws:secretsmanager/secretPolicy:SecretPolicy"):
        assert _resource_policy(type_, "*") == []
        assert _resource_policy(type_, {"AWS": OTHER}) == [("IAM-08", "policy", OTHER)]
