"""Every action that a function's own code calls: without it, the behaviour fails and the log names it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from tests.e2e.sandbox import RECORD, TEXT, HttpAnswer, Sandbox, TypeRush, actions_of, wait_for

LAMBDA_ITSELF = ("logs:", "xray:", "ec2:")
"""Lambda calls these for a function, and the embedded AWS doesn't ask its role: graph tests hold them."""


@dataclass(frozen=True, kw_only=True)
class Behaviour:
    """What needs an action: the event that shows it, and the answers with and without."""

    event: Mapping[str, Any]
    works: Callable[[HttpAnswer], bool]
    fails: Callable[[HttpAnswer], bool]


def status(wanted: int) -> Callable[[HttpAnswer], bool]:
    return lambda answer: answer.status == wanted


BEHAVIOURS = {
    (RECORD, "secretsmanager:GetSecretValue"): Behaviour(
        event={"action": "get_leaderboard"}, works=status(200), fails=status(503)
    ),
    (TEXT, "dynamodb:GetItem"): Behaviour(
        event={"action": "get_text", "difficulty": "easy", "text_id": "none"},
        works=status(404),  # it looked, and there is none
        fails=status(503),
    ),
    (TEXT, "dynamodb:Query"): Behaviour(
        event={"action": "get_random_text", "difficulty": "easy"}, works=status(200), fails=status(503)
    ),
    (TEXT, "dynamodb:PutItem"): Behaviour(
        event={"action": "generate_text", "difficulty": "easy"}, works=status(201), fails=status(503)
    ),
    (TEXT, "bedrock:InvokeModel"): Behaviour(
        event={"action": "generate_text", "difficulty": "easy"},
        works=lambda answer: answer.status == 201 and answer.body["new"],
        fails=lambda answer: answer.status == 200 and not answer.body["new"],  # a stored one instead
    ),
}


def test_every_action_of_the_deployed_roles_is_tried(sandbox: Sandbox) -> None:
    policies = {
        resource["urn"].rpartition("::")[2]: json.loads(resource["inputs"]["policy"])
        for resource in sandbox.resources()
        if resource["type"] == "aws:iam/rolePolicy:RolePolicy"
    }
    called = {
        (name.removeprefix("typerush-").removesuffix("-role-policy"), action)
        for name, document in policies.items()
        for statement in document["Statement"]
        if statement["Effect"] == "Allow"
        for action in actions_of(statement)
        if not action.startswith(LAMBDA_ITSELF)
    }
    assert called == set(BEHAVIOURS)


@pytest.mark.parametrize(("service", "action"), list(BEHAVIOURS))
def test_without_the_action(typerush: TypeRush, service: str, action: str) -> None:
    behaviour = BEHAVIOURS[service, action]
    assert behaviour.works(typerush.invoke(service, behaviour.event))
    with typerush.without(service, action):
        answer = typerush.invoke(service, behaviour.event)
        assert behaviour.fails(answer), answer
        assert "denied" not in json.dumps(answer.body)  # the caller isn't told what is inside
        line = wait_for(f"{action} in the log", lambda: _denial(typerush, service, action))
    assert line["level"] in ("WARN", "ERROR")
    assert "is denied to the function's role" in line["message"]
    assert behaviour.works(typerush.invoke(service, behaviour.event))


def _denial(typerush: TypeRush, service: str, action: str) -> dict[str, Any] | None:
    for line in reversed(typerush.log(service)):
        if action in line and "denied" in line:
            found: dict[str, Any] = json.loads(line)
            return found
    return None
