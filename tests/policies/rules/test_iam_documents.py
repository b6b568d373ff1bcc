from __future__ import annotations

import json
from typing import Any

import pytest

from policies.iam.sources import TYPES
from policies.rules import ALL
from policies.rules.iam_documents import IAM_09, IAM_10
from tests.policies.iam_rules import IAM
from tests.policies.stacks import (
    ACCOUNT,
    FUNCTION,
    ROLE_POLICY,
    TABLE_ARN,
    UNKNOWN,
    Stack,
    document,
    found,
    secret,
    statement,
    valid,
    with_statement,
)

TRACES = statement("xray:PutTraceSegments", "*")
POLICY = "identity policy (policy)"
API = "aws:apigatewayv2/api:Api"


@pytest.mark.parametrize(
    ("action", "fault"),
    [
        ("dynamodb:GetItems", "dynamodb:GetItems: dynamodb has no action GetItems"),
        ("dynamo:GetItem", "dynamo:GetItem: there is no service dynamo"),
        ("dynamodb:Frob*", "dynamodb:Frob* matches no action of dynamodb"),
        ("GetItem", "GetItem isn't an action: it has no service"),
        ("../../x:y", "../../x:y: there is no service ../../x"),
        ("", " isn't an action: it has no service"),
    ],
)
def test_unknown_actions(action: str, fault: str) -> None:
    findings = found(with_statement(statement(action, TABLE_ARN)), IAM_09)
    assert findings == [("IAM-09", "orders-policy", action, f"{POLICY}, statement 1: {fault}")]


@pytest.mark.parametrize(
    ("action", "resource", "subject", "fault"),
    [
        (
            "s3:ListBucket",
            "arn:aws:s3:::bucket/*",
            "s3:ListBucket",
            "s3:ListBucket can never match arn:aws:s3:::bucket/*",
        ),
        (
            "s3:GetObject",
            "arn:aws:s3:::bucket",
            "s3:GetObject",
            "s3:GetObject can never match arn:aws:s3:::bucket",
        ),
        (
            "xray:PutTraceSegments",
            TABLE_ARN,
            "xray:PutTraceSegments",
            f"xray:PutTraceSegments can never match {TABLE_ARN}",
        ),
        (
            "dynamodb:GetItem",
            [TABLE_ARN, "arn:aws:sqs:eu-central-1:123456789012:q"],
            "arn:aws:sqs:eu-central-1:123456789012:q",
            "no action of the statement can act on arn:aws:sqs:eu-central-1:123456789012:q",
        ),
        (
            "iam:GetRole",
            "arn:aws:iam:::role/x",
            "iam:GetRole",
            "iam:GetRole can never match arn:aws:iam:::role/x",
        ),
        ("dynamodb:GetItem", "orders", "dynamodb:GetItem", "dynamodb:GetItem can never match orders"),
    ],
)
def test_what_can_never_match(action: str, resource: Any, subject: str, fault: str) -> None:
    findings = found(with_statement(statement(action, resource)), IAM_09)
    assert findings == [("IAM-09", "orders-policy", subject, f"{POLICY}, statement 1: {fault}")]


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("dynamodb:GetItem", TABLE_ARN),
        (["s3:ListBucket", "s3:GetObject"], ["arn:aws:s3:::bucket", "arn:aws:s3:::bucket/*"]),
        ("s3:ListBucket", "arn:aws:s3:::*"),
        ("logs:CreateLogStream", f"arn:aws:logs:eu-central-1:{ACCOUNT}:log-group:/aws/lambda/a:log-stream:*"),
        ("logs:CreateLogStream", f"arn:aws:logs:eu-central-1:{ACCOUNT}:log-group:/aws/lambda/a:*"),
        (
            "bedrock:InvokeModel",
            "arn:aws:bedrock:eu-central-1::foundation-model/anthropic.claude-3-haiku-20240307-v1:0",
        ),
        ("dynamodb:Query", f"{TABLE_ARN}/index/by-date"),
        ("dynamodb:GetItem", "arn:aws:dynamodb:*:*:table/orders"),
        ("s3:GetObject", "arn:aws:s3:::bucket/${aws:username}/*"),
        ("iam:GetRole", f"arn:aws:iam::{ACCOUNT}:role/a/path/x"),
        ("dynamodb:GetItem", "*"),
        ("lambda:InvokeFunction", f"arn:aws:lambda:eu-central-1:{ACCOUNT}:function:a:live"),
    ],
)
def test_near_misses(action: Any, resource: Any) -> None:
    assert found(with_statement(statement(action, resource)), IAM_09) == []


@pytest.mark.parametrize(
    ("policy", "fault"),
    [
        ("no JSON {", "the document isn't JSON"),
        ("[]", "the document is a list, not an object"),
        ("3", "the document is a number, not an object"),
        ("{}", "Statement is nothing, not a list of objects"),
        (json.dumps({"Statement": TRACES, "Sid": "a"}), "the document has an element that no policy has"),
        (json.dumps({"Statement": TRACES, "Version": 2012}), "Version is a number, not a string"),
        ('{"Statement": "Allow"}', "Statement is a string, not a list of objects"),
        ('{"Statement": [7]}', "statement 1 is a number, not an object"),
        (
            '{"Statement": [{"Effect": "Allow", "Resource": "*"}]}',
            "statement 1 has neither Action nor NotAction",
        ),
        (
            json.dumps({"Statement": {**TRACES, "Effect": "Maybe"}}),
            "statement 1: Effect is neither Allow nor Deny",
        ),
        (
            '{"Statement": [{"Effect": "Allow", "Action": [1], "Resource": "*"}]}',
            "statement 1: action holds a number, not a string",
        ),
        (
            json.dumps({"Statement": {**TRACES, "Condition": 1}}),
            "statement 1: Condition is a number, not an object",
        ),
        (
            json.dumps({"Statement": {**TRACES, "Resources": []}}),
            "statement 1 has an element that no policy has",
        ),
        (
            json.dumps({"Statement": {"Effect": "Allow", "Action": "xray:PutTraceSegments"}}),
            "statement 1 has neither Resource nor NotResource",
        ),
        (3, "the document is a number, not an object"),
        (True, "the document is a boolean, not an object"),
        ("[" * 100_000, "the document isn't JSON"),
    ],
)
def test_malformed_documents(policy: Any, fault: str) -> None:
    stack = valid()
    stack["orders-policy"]["policy"] = policy
    assert found(stack, *IAM) == [("IAM-09", "orders-policy", "malformed", f"{POLICY}: {fault}")]


def test_a_statement_that_trusts_nobody() -> None:
    stack = valid()
    stack["orders-role"]["assumeRolePolicy"] = document({"Effect": "Allow", "Action": "sts:AssumeRole"})
    place = "trust policy (assumeRolePolicy)"
    assert found(stack, *IAM) == [
        ("IAM-09", "orders-role", "malformed", f"{place}: statement 1 has neither Principal nor NotPrincipal")
    ]


def test_a_policy_without_a_document() -> None:
    stack = valid()
    del stack["orders-policy"]["policy"]
    assert [finding[3] for finding in found(stack, *IAM)] == [
        f"{POLICY}: the document is nothing, not an object"
    ]


def test_a_document_may_be_an_object() -> None:
    stack = valid()
    stack["orders-policy"]["policy"] = {"Statement": [statement("dynamodb:GetItem", TABLE_ARN)]}
    assert found(stack, *IAM) == []


def test_a_secret_document_is_judged_and_not_shown() -> None:
    stack = valid()
    stack["orders-policy"]["policy"] = secret(
        document(statement("dynamodb:hunter2", TABLE_ARN, Sid="hunter2"))
    )
    hidden = "(hidden: the document is a secret)"
    assert found(stack, *IAM) == [("IAM-09", "orders-policy", hidden, f"{POLICY}, statement 1: {hidden}")]


# IAM-10

UNREADABLE = (
    f"{POLICY}: the document can't be known at this preview, so that no rule can read it; it comes from "
)


def _unknown(**types: str) -> Stack:
    stack = valid()
    stack["orders-policy"]["policy"] = UNKNOWN
    for name, type_ in types.items():
        stack.add(type_, name, {})
    stack.depend("orders-policy", "policy", *types)
    return stack


def test_an_unknown_document_is_found_by_iam_10_alone() -> None:
    assert found(_unknown(), *IAM) == [
        ("IAM-10", "orders-policy", "policy", UNREADABLE + "something that isn't a resource")
    ]
    queue = "aws:sqs/queue:Queue"
    assert found(_unknown(queue=queue), *IAM) == [
        ("IAM-10", "orders-policy", "policy", f"{UNREADABLE}{queue} queue")
    ]


def test_an_id_that_aws_assigns_is_advice() -> None:
    (finding,) = found(_unknown(api=API), *IAM)
    assert finding[:4] == ("advisory", "IAM-10", "orders-policy", "policy")
    assert f"{API} api" in finding[4]


def test_an_id_that_aws_assigns_excuses_nothing_else() -> None:
    queue = "aws:sqs/queue:Queue"
    findings = found(_unknown(api=API, queue=queue), *IAM)
    assert findings == [("IAM-10", "orders-policy", "policy", f"{UNREADABLE}{queue} queue")]


def test_an_unknown_part_is_found_and_the_rest_judged() -> None:
    stack = valid()
    stack["orders-policy"]["policy"] = {
        "Statement": [statement("dynamodb:GetItem", UNKNOWN), statement("dynamodb:GetItem", "*")]
    }
    assert [finding[:3] for finding in found(stack, *IAM)] == [
        ("IAM-02", "orders-policy", "dynamodb:GetItem"),
        ("IAM-10", "orders-policy", "policy"),
    ]


@pytest.mark.parametrize("type_", sorted(TYPES - {FUNCTION}))
def test_every_kind_of_document_is_found_unknown(type_: str) -> None:
    """Whichever document it is, IAM-10 speaks, and the rules that can't read it are silent."""
    stack = valid()
    properties = dict.fromkeys(
        ("policy", "policyDocument", "accessPolicy", "accessPolicies", "inlinePolicy", "assumeRolePolicy"),
        UNKNOWN,
    )
    stack.add(type_, "unknown", {**properties, "action": UNKNOWN, "role": "x", "principal": UNKNOWN})
    assert [finding[:2] for finding in found(stack, *IAM)] == [("IAM-10", "unknown")]


def test_computed_policies_are_not_declared_ones() -> None:
    """A queue's own `policy` comes out unknown although another resource declares it."""
    stack = valid()
    stack.add("aws:sqs/queue:Queue", "queue", {"name": "q"}, outputs={"policy": UNKNOWN, "arn": UNKNOWN})
    assert found(stack, *IAM) == []


def test_unknown_inline_policies() -> None:
    for value in (UNKNOWN, [UNKNOWN], [{"name": "a", "policy": UNKNOWN}]):
        stack = valid()
        stack["orders-role"]["inlinePolicies"] = value
        assert [finding[:2] for finding in found(stack, *IAM)] == [("IAM-10", "orders-role")]


def test_an_inline_policies_list_of_a_wrong_type() -> None:
    stack = valid()
    stack["orders-role"]["inlinePolicies"] = 7
    assert [finding[:2] for finding in found(stack, *IAM)] == [("IAM-09", "orders-role")]


def test_permissions_are_read_as_the_statement_that_they_become() -> None:
    stack = valid()
    properties = {"action": "lambda:InvokeFunktion", "function": "f", "principal": "sns.amazonaws.com"}
    stack.add("aws:lambda/permission:Permission", "permission", properties)
    assert [finding[:3] for finding in found(stack, *IAM)] == [
        ("IAM-09", "permission", "lambda:InvokeFunktion")
    ]


def test_the_order_of_rules_is_that_of_their_ids() -> None:
    ids = [rule.id for rule in ALL if rule.id.startswith("IAM")]
    assert ids == [f"IAM-{number:02}" for number in range(1, 12)]
    assert ROLE_POLICY in TYPES
    assert IAM_10 in ALL
