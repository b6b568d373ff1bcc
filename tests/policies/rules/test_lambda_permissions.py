from __future__ import annotations

import pytest

from policies.rules.lambda_permissions import LAM_08
from tests.policies.estate import estate
from tests.policies.stacks import ACCOUNT, REGION, UNKNOWN, Stack, found


def _with(**properties: object) -> Stack:
    stack = estate()
    stack["game-permission"].update(properties)
    return stack


@pytest.mark.parametrize(
    ("principal", "says"),
    [
        ("*", "the principal is *: anybody"),
        (ACCOUNT, f"principal {ACCOUNT} isn't one role's ARN"),
        (f"arn:aws:iam::{ACCOUNT}:root", f"principal arn:aws:iam::{ACCOUNT}:root isn't one role's ARN"),
        (f"arn:aws:iam::{ACCOUNT}:role/*", f"principal arn:aws:iam::{ACCOUNT}:role/* isn't one role's ARN"),
        (UNKNOWN, "principal can't be known at this preview"),
    ],
)
def test_a_principal_that_is_not_exact(principal: str, says: str) -> None:
    assert found(_with(principal=principal), LAM_08) == [("LAM-08", "game-permission", "principal", says)]


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ({}, "events.amazonaws.com may invoke it for anybody: neither sourceArn nor sourceAccount is given"),
        ({"sourceArn": "*"}, "events.amazonaws.com may invoke it for anybody: sourceArn is *"),
        (
            {"sourceArn": f"arn:aws:events:{REGION}:*:rule/x"},
            f"events.amazonaws.com may invoke it for anybody: sourceArn is arn:aws:events:{REGION}:*:rule/x",
        ),
        ({"sourceArn": UNKNOWN}, "sourceArn can't be known at this preview, and comes from no resource"),
    ],
)
def test_a_service_without_a_source(source: dict[str, str], says: str) -> None:
    stack = _with(principal="events.amazonaws.com", **source)
    assert found(stack, LAM_08) == [("LAM-08", "game-permission", "sourceArn", says)]


@pytest.mark.parametrize(
    "near_miss",
    [
        {"principal": f"arn:aws:iam::{ACCOUNT}:role/service/game"},
        {"principal": "*", "principalOrgId": "o-a1b2c3d4e5"},
        {"principal": "s3.amazonaws.com", "sourceArn": "arn:aws:s3:::files"},
        {"principal": "s3.amazonaws.com", "sourceAccount": ACCOUNT},
        {
            "principal": "apigateway.amazonaws.com",
            "sourceArn": f"arn:aws:execute-api:{REGION}:{ACCOUNT}:a1b2c3/*/*",
        },
        {"principal": "alexa-appkit.amazon.com", "eventSourceToken": "amzn1.ask.skill.1"},
    ],
)
def test_near_misses(near_miss: dict[str, str]) -> None:
    assert found(_with(**near_miss), LAM_08) == []


def test_unknown_values_that_come_from_the_stack() -> None:
    stack = _with(principal=UNKNOWN)
    stack.depend("game-permission", "principal", "orders-role")
    assert found(stack, LAM_08) == []
    stack = _with(principal="apigateway.amazonaws.com", sourceArn=UNKNOWN)
    stack.depend("game-permission", "sourceArn", "api")
    assert found(stack, LAM_08) == []
