"""What the services stand on fails, and works again."""

from __future__ import annotations

import time

import pytest

from sandbox import postgres, surroundings
from tests.e2e.sandbox import RECORD, TEXT, Sandbox, TypeRush, wait_for

API_TIMEOUT_S = 30
HEALTH = {"action": "health"}


@pytest.mark.parametrize("start", ["warm", "cold"])
def test_a_dead_database_is_a_503_in_time(typerush: TypeRush, sandbox: Sandbox, start: str) -> None:
    assert typerush.http("GET", "/records/health").status == 200
    assert postgres.stop(sandbox.home)
    try:
        if start == "cold":
            typerush.recycle(RECORD)
        began = time.monotonic()
        answer = typerush.http("GET", "/records/health")
        assert time.monotonic() - began < API_TIMEOUT_S
        assert answer.status == 503
        assert answer.body == {"error": "the records' database can't be reached; try again later"}
        assert typerush.invoke(RECORD, HEALTH).status == 503
        assert typerush.http("GET", "/texts/health").status == 200  # the other service doesn't care
    finally:
        postgres.ensure(sandbox.home)
    assert typerush.http("GET", "/records/health").status == 200  # at once, without a new deployment


def test_a_rotated_password_is_picked_up(typerush: TypeRush, sandbox: Sandbox) -> None:
    assert typerush.invoke(RECORD, HEALTH).status == 200
    before = sandbox.database_secret()["password"]
    surroundings.rotate_password(sandbox.project, "local", sandbox.home, "typerush")
    assert sandbox.database_secret()["password"] != before
    postgres.stop(sandbox.home)  # ends the connection that was opened with the old password
    postgres.ensure(sandbox.home)
    assert typerush.invoke(RECORD, HEALTH).status == 200
    told = "the database refused the cached login; reading the secret again"
    assert wait_for("the log", lambda: any(told in line for line in typerush.log(RECORD)))


def test_a_failing_model_gives_a_stored_text_or_else_a_503(typerush: TypeRush, sandbox: Sandbox) -> None:
    generate = {"action": "generate_text", "difficulty": "hard"}
    pick = {"action": "get_random_text", "difficulty": "hard"}
    assert typerush.invoke(TEXT, generate).status == 201
    with typerush.without(TEXT, "bedrock:InvokeModel"):
        stored = typerush.invoke(TEXT, generate)
        assert (stored.status, stored.body["new"]) == (200, False)
        _forget_texts(sandbox, typerush.table, "hard")
        for event in (generate, pick):
            answer = typerush.invoke(TEXT, event)
            assert answer.status == 503
            assert answer.body == {"error": "no text could be written; try again later"}
    again = typerush.http("GET", "/texts/random?difficulty=hard")
    assert (again.status, again.body["new"]) == (200, True)  # written since none was stored


def _forget_texts(sandbox: Sandbox, table: str, difficulty: str) -> None:
    aws = sandbox.aws("dynamodb")
    items = aws.query(
        TableName=table,
        KeyConditionExpression="difficulty = :difficulty",
        ExpressionAttributeValues={":difficulty": {"S": difficulty}},
    )["Items"]
    for item in items:
        aws.delete_item(TableName=table, Key={key: item[key] for key in ("difficulty", "text_id")})
