from __future__ import annotations

import json
from typing import Any

import pytest

from policies.judge import judge
from policies.rules.secret_values import SEC_01, SEC_02, SEC_03
from policies.view import Graph
from tests.policies.estate import SECRET_VERSION, estate
from tests.policies.stacks import ACCOUNT, TODAY, UNKNOWN, Stack, configured, document, found, judged, secret

WRITTEN = "is written in the program (it isn't shown)"


def test_rotation_is_advice() -> None:
    stack = estate()
    del stack.resources["database-rotation"]
    assert found(stack, SEC_01) == [("advisory", "SEC-01", "database", "rotation", "nothing rotates it")]


def test_a_rotation_of_another_secret() -> None:
    stack = estate()
    stack.depend("database-rotation", "secretId")
    stack["database-rotation"]["secretId"] = "shop-dev-other"
    assert len(found(stack, SEC_01)) == 1
    stack["database-rotation"]["secretId"] = "shop-dev-database"
    assert found(stack, SEC_01) == []


def _value(**properties: Any) -> Stack:
    stack = estate()
    stack.add(SECRET_VERSION, "value", {"secretId": UNKNOWN, **properties})
    return stack


@pytest.mark.parametrize("name", ["secretString", "secretBinary"])
@pytest.mark.parametrize("wrap", [str, secret])
def test_a_value_in_the_program(name: str, wrap: Any) -> None:
    """The SDK marks the value as a secret by itself, also a literal one."""
    stack = _value(**{name: wrap("hunter2")})
    assert found(stack, SEC_02) == [("SEC-02", "value", name, f"{name} {WRITTEN}")]
    assert "hunter2" not in "".join(violation.message for violation in judged(stack, SEC_02))


@pytest.mark.parametrize("value", [UNKNOWN, secret(UNKNOWN), "", None])
def test_values_that_are_not_in_the_program(value: object) -> None:
    assert found(_value(secretString=value), SEC_02) == []


def test_a_value_that_another_resource_makes() -> None:
    stack = _value(secretString=secret("made"))
    stack.depend("value", "secretString", "password")
    assert found(stack, SEC_02) == []


def test_a_value_of_the_stack_s_configuration() -> None:
    resources = _value(secretString=secret(json.dumps({"password": "hunter2"}))).graph().resources
    for given, findings in (("hunter2", 0), ("other", 1), ("", 1)):
        graph = Graph(resources, given_secrets=[given])
        assert len(judge(graph, [SEC_02], configured(), today=TODAY)) == findings


@pytest.mark.parametrize(
    ("type_", "expected"), [("SecureString", 1), (UNKNOWN, 1), ("String", 0), ("StringList", 0)]
)
def test_parameters(type_: str, expected: int) -> None:
    stack = estate()
    parameter = {"name": "/shop/key", "type": type_, "value": secret("hunter2")}
    stack.add("aws:ssm/parameter:Parameter", "parameter", parameter)
    assert found(stack, SEC_02) == [("SEC-02", "parameter", "value", f"value {WRITTEN}")] * expected


def _policy(principal: object, **more: object) -> str:
    action = {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": "*"}
    return document({**action, "Principal": principal, **more})


OPEN = ("policy statement 1", "resource policy (policy), statement 1: its principal has a wildcard")


@pytest.mark.parametrize("principal", ["*", {"AWS": "*"}, {"AWS": f"arn:aws:iam::{ACCOUNT}:role/*"}])
def test_a_wildcard_for_a_principal(principal: object) -> None:
    stack = estate()
    stack["database"]["policy"] = _policy(principal)
    assert found(stack, SEC_03) == [("SEC-03", "database", *OPEN)]


def test_a_policy_for_a_secret_of_another_stack() -> None:
    stack = estate()
    policy = {"secretArn": "arn:aws:secretsmanager:eu-central-1:1:secret:x-a1B2c3", "policy": _policy("*")}
    stack.add("aws:secretsmanager/secretPolicy:SecretPolicy", "policy", policy)
    assert found(stack, SEC_03) == [("SEC-03", "policy", *OPEN)]


@pytest.mark.parametrize(
    "policy",
    [
        _policy({"AWS": f"arn:aws:iam::{ACCOUNT}:role/reader"}),
        _policy("*", Effect="Deny"),
        _policy("*", Condition={"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}),
    ],
)
def test_near_misses(policy: str) -> None:
    stack = estate()
    stack["database"]["policy"] = policy
    assert found(stack, SEC_03) == []
