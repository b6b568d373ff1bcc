from __future__ import annotations

from typing import Any

import pytest

from policies.rules.lambda_role import LAM_13
from tests.policies.estate import INTERFACES, sqs
from tests.policies.stacks import (
    ACCOUNT,
    REGION,
    ROLE_POLICY,
    TRACES,
    UNKNOWN,
    Stack,
    document,
    found,
    statement,
    valid,
)

TRACING = TRACES["Action"]
SUBNETS = {"subnetIds": ["subnet-1", "subnet-2"], "securityGroupIds": ["sg-1"]}
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:failures"
LACKS = "the role orders-role lacks"


def function_with(stack: Stack, **properties: Any) -> Stack:
    stack["orders-function"].update(properties)
    return stack


def allowed(*statements: dict[str, Any]) -> Stack:
    """The valid stack, whose role allows this and nothing else."""
    stack = valid()
    stack["orders-policy"]["policy"] = document(*statements)
    return stack


def untraced(*statements: dict[str, Any], **properties: Any) -> Stack:
    return function_with(allowed(*statements), tracingConfig={"mode": "PassThrough"}, **properties)


def test_what_the_function_needs_is_there() -> None:
    assert found(valid(), LAM_13) == []
    assert found(untraced(statement(INTERFACES, "*"), vpcConfig=SUBNETS), LAM_13) == []


@pytest.mark.parametrize("action", TRACING)
def test_a_traced_function(action: str) -> None:
    (lacking,) = set(TRACING) - {action}
    says = f"for its tracingConfig, {LACKS} {lacking}"
    assert found(allowed(statement(action, "*")), LAM_13) == [
        ("LAM-13", "orders-function", "tracingConfig", says)
    ]


@pytest.mark.parametrize("subnets", [["subnet-1"], [UNKNOWN, UNKNOWN]])
@pytest.mark.parametrize("action", INTERFACES)
def test_a_function_in_a_vpc(action: str, subnets: list[str]) -> None:
    rest = [each for each in INTERFACES if each != action]
    stack = untraced(statement(rest, "*"), vpcConfig={**SUBNETS, "subnetIds": subnets})
    says = f"for its vpcConfig, {LACKS} {action}"
    assert found(stack, LAM_13) == [("LAM-13", "orders-function", "vpcConfig", says)]


def test_subnets_that_may_turn_out_to_be_none() -> None:
    """Which LAM-09 speaks of; and an empty list is no VPC."""
    assert found(untraced(statement("s3:GetObject", "a"), vpcConfig={"subnetIds": UNKNOWN}), LAM_13) == []
    assert found(untraced(statement("s3:GetObject", "a"), vpcConfig={"subnetIds": []}), LAM_13) == []


@pytest.mark.parametrize(
    ("target", "action"), [(sqs("shop-dev-dead"), "sqs:SendMessage"), (TOPIC, "sns:Publish")]
)
def test_dead_letters(target: str, action: str) -> None:
    dead = {"targetArn": target}
    says = f"for its deadLetterConfig, {LACKS} {action}"
    lacking = [("LAM-13", "orders-function", "deadLetterConfig", says)]
    assert found(untraced(statement(action, target), deadLetterConfig=dead), LAM_13) == []
    assert found(untraced(statement(action, f"{target}-2"), deadLetterConfig=dead), LAM_13) == lacking
    assert found(untraced(statement("s3:GetObject", target), deadLetterConfig=dead), LAM_13) == lacking


def test_dead_letters_whose_arn_is_not_known_yet() -> None:
    """Its type says the action; where it may send can't be compared."""
    for allowed, findings in (("sqs:SendMessage", 0), ("sns:Publish", 1)):
        stack = untraced(statement(allowed, sqs("shop-dev-dead")), deadLetterConfig={"targetArn": UNKNOWN})
        stack.add("aws:sqs/queue:Queue", "dead", {"name": "shop-dev-dead"})
        stack.depend("orders-function", "deadLetterConfig", "dead")
        assert len(found(stack, LAM_13)) == findings


def test_wildcards_and_other_policies_of_the_role_count() -> None:
    assert found(allowed(statement("xray:Put*", "*")), LAM_13) == []
    stack = allowed(statement(TRACING[0], "*"))
    policy = {"name": "second", "role": "shop-dev-orders", "policy": document(statement(TRACING[1], "*"))}
    stack.add(ROLE_POLICY, "second", policy)
    assert found(stack, LAM_13) == []


def test_what_is_denied_is_not_there() -> None:
    """But for what AWS advises: denied to the function's own code."""
    deny = {**statement(TRACING, "*"), "Effect": "Deny"}
    assert len(found(allowed(statement(TRACING, "*"), deny), LAM_13)) == 1
    deny["Condition"] = {"ArnEquals": {"lambda:SourceFunctionArn": "arn:aws:lambda:::function:orders"}}
    assert found(allowed(statement(TRACING, "*"), deny), LAM_13) == []


def test_a_role_without_policies() -> None:
    stack = valid()
    del stack.resources["orders-policy"]
    assert len(found(stack, LAM_13)) == 1


def test_roles_that_cannot_be_read() -> None:
    """Of unknown roles IAM-11 speaks, of unknown documents IAM-10, of AWS's own policies IAM-03."""
    outside = function_with(allowed(), role=f"arn:aws:iam::{ACCOUNT}:role/elsewhere")
    outside.resources["orders-function"].depends.clear()
    unknown = valid()
    unknown["orders-policy"]["policy"] = UNKNOWN
    managed = allowed(statement("s3:GetObject", "a"))
    managed["orders-role"]["managedPolicyArns"] = [f"arn:aws:iam::{ACCOUNT}:policy/tracing"]
    for stack in (outside, unknown, managed):
        assert found(stack, LAM_13) == []
