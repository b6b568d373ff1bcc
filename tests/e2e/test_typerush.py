"""What its users do with TypeRush: everything under "What must be seen" of its specification."""

from __future__ import annotations

from uuid import uuid4

import pytest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from tests.e2e.conftest import make_role
from tests.e2e.sandbox import GAME_SERVICE, RECORD, TEXT, Sandbox, TypeRush

HEALTH = {"action": "health"}
HEALTHY = {RECORD: {"status": "ok", "database": "ok"}, TEXT: {"status": "ok", "table": "ok"}}
HEALTH_PATHS = {RECORD: "/records/health", TEXT: "/texts/health"}
DIFFICULTIES = ("easy", "medium", "hard")


def record(player: str, words_per_minute: float, accuracy: float = 97.5) -> dict[str, object]:
    return {
        "player": player,
        "words_per_minute": words_per_minute,
        "accuracy": accuracy,
        "text_id": "3f2a9c",
        "time": "2026-01-31T12:00:00Z",
    }


@pytest.fixture
def player() -> str:
    """A player that no other test has."""
    return f"player-{uuid4()}"


# --- health ----------------------------------------------------------------------------------------------


def test_health_by_invocation(typerush: TypeRush, service: str) -> None:
    answer = typerush.invoke(service, HEALTH)
    assert (answer.status, answer.body) == (200, HEALTHY[service])


def test_health_over_the_api(typerush: TypeRush, service: str) -> None:
    answer = typerush.http("GET", HEALTH_PATHS[service])
    assert (answer.status, answer.body) == (200, HEALTHY[service])
    assert typerush.http("GET", "/health").status == 200


# --- records ---------------------------------------------------------------------------------------------


def test_a_record_written_over_the_api_is_in_postgresql(
    typerush: TypeRush, sandbox: Sandbox, player: str
) -> None:
    written = typerush.http("POST", "/records", record(player, 92.5))
    assert written.status == 201
    with sandbox.database() as database:
        assert database.pgconn.ssl_in_use
        rows = database.execute(
            "SELECT id::text, words_per_minute, accuracy, text_id, played_at FROM records WHERE player = %s",
            [player],
        ).fetchall()
    ((identity, speed, accuracy, text_id, played_at),) = rows
    assert (speed, accuracy, text_id) == (92.5, 97.5, "3f2a9c")
    assert played_at.isoformat() == "2026-01-31T12:00:00+00:00"
    read = typerush.http("GET", f"/records?player={player}")
    assert read.status == 200
    assert [each["id"] for each in read.body["records"]] == [identity] == [written.body["record"]["id"]]


def test_the_leaderboard_has_the_best_of_each_player(typerush: TypeRush, player: str) -> None:
    fast, exact = f"{player}-fast", f"{player}-exact"
    results = [(fast, 480, 90), (fast, 470, 99), (exact, 480, 91), (exact, 300, 100)]
    for name, speed, accuracy in results:
        assert typerush.http("POST", "/records", record(name, speed, accuracy)).status == 201
    answer = typerush.http("GET", "/records/leaderboard?limit=100")
    assert answer.status == 200
    board = answer.body["leaderboard"]
    ours = [each for each in board if each["player"] in (fast, exact)]
    assert [(each["player"], each["words_per_minute"], each["accuracy"]) for each in ours] == [
        (exact, 480, 91),
        (fast, 480, 90),
    ]
    assert [each["rank"] for each in board] == list(range(1, len(board) + 1))
    assert len({each["player"] for each in board}) == len(board)


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (b"{", "not JSON"),
        ([], "JSON object"),
        ({}, "player is missing"),
        (record("", 90), "player must be"),
        (record("ada", -1), "words_per_minute must be"),
        (record("ada", 90, 101), "accuracy must be"),
        (record("ada", 90) | {"cheat": True}, "cheat"),
        (record("ada", 90) | {"time": "yesterday"}, "time must be"),
    ],
)
def test_a_bad_record_is_refused_and_not_written(
    typerush: TypeRush, sandbox: Sandbox, body: object, fault: str
) -> None:
    def count() -> object:
        with sandbox.database() as database:
            return database.execute("SELECT count(*) FROM records").fetchone()

    assert typerush.invoke(RECORD, HEALTH).status == 200  # the schema is there
    before = count()
    answer = typerush.http("POST", "/records", body)
    assert answer.status == 400
    assert fault in answer.body["error"]
    assert count() == before


def test_a_reader_without_a_player_is_refused(typerush: TypeRush) -> None:
    answer = typerush.http("GET", "/records")
    assert answer.status == 400
    assert "player" in answer.body["error"]


# --- texts -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("difficulty", DIFFICULTIES)
def test_a_random_text_of_each_difficulty(typerush: TypeRush, difficulty: str) -> None:
    direct = typerush.invoke(TEXT, {"action": "get_random_text", "difficulty": difficulty})
    over_http = typerush.http("GET", f"/texts/random?difficulty={difficulty}")
    for answer in (direct, over_http):
        assert (answer.status, answer.body["difficulty"]) == (200, difficulty)
        assert len(answer.body["text"]) >= 40


def test_a_generated_text_is_stored_and_served(typerush: TypeRush, sandbox: Sandbox) -> None:
    generated = typerush.http("POST", "/texts/generate", {"difficulty": "medium"})
    assert (generated.status, generated.body["new"]) == (201, True)
    key = {"difficulty": {"S": "medium"}, "text_id": {"S": generated.body["text_id"]}}
    stored = sandbox.aws("dynamodb").get_item(TableName=typerush.table, Key=key)["Item"]
    assert stored["text"]["S"] == generated.body["text"]
    assert stored["model_id"]["S"].startswith("anthropic.claude")
    served = typerush.invoke(
        TEXT, {"action": "get_text", "difficulty": "medium", "text_id": generated.body["text_id"]}
    )
    assert (served.status, served.body["text"]) == (200, generated.body["text"])


def test_a_random_text_is_any_of_the_stored_ones(typerush: TypeRush, sandbox: Sandbox) -> None:
    for _ in range(3):
        assert typerush.invoke(TEXT, {"action": "generate_text", "difficulty": "hard"}).status == 201
    stored = sandbox.aws("dynamodb").query(
        TableName=typerush.table,
        KeyConditionExpression="difficulty = :hard",
        ExpressionAttributeValues={":hard": {"S": "hard"}},
    )["Items"]
    known = {item["text_id"]["S"] for item in stored}
    served = {
        typerush.invoke(TEXT, {"action": "get_random_text", "difficulty": "hard"}).body["text_id"]
        for _ in range(40)
    }
    assert served <= known
    assert len(served) > 1


@pytest.mark.parametrize("query", ["?difficulty=impossible", "?difficulty=", ""])
def test_another_difficulty_is_refused(typerush: TypeRush, query: str) -> None:
    answer = typerush.http("GET", f"/texts/random{query}")
    assert answer.status == 400
    assert "easy, medium, hard" in answer.body["error"]


def test_another_difficulty_is_refused_by_invocation_and_for_new_texts(typerush: TypeRush) -> None:
    direct = typerush.invoke(TEXT, {"action": "get_random_text", "difficulty": "impossible"})
    posted = typerush.http("POST", "/texts/generate", {"difficulty": "impossible"})
    assert (direct.status, posted.status) == (400, 400)


# --- who may call ----------------------------------------------------------------------------------------


def test_the_game_service_may_invoke(typerush: TypeRush, game_service: Credentials, player: str) -> None:
    for service, health in HEALTHY.items():
        assert typerush.invoke(service, HEALTH, game_service).body == health
    added = typerush.invoke(RECORD, {"action": "add_record", **record(player, 100)}, game_service)
    assert added.status == 201
    read = typerush.invoke(RECORD, {"action": "get_records", "player": player}, game_service)
    assert [each["id"] for each in read.body["records"]] == [added.body["record"]["id"]]
    assert typerush.invoke(RECORD, {"action": "get_leaderboard"}, game_service).status == 200
    for difficulty in DIFFICULTIES:
        event = {"action": "get_random_text", "difficulty": difficulty}
        assert typerush.invoke(TEXT, event, game_service).body["difficulty"] == difficulty
    assert (
        typerush.invoke(TEXT, {"action": "generate_text", "difficulty": "easy"}, game_service).status == 201
    )


def test_the_game_service_may_invoke_nothing_but_the_alias(
    typerush: TypeRush, sandbox: Sandbox, game_service: Credentials, service: str
) -> None:
    aws = sandbox.aws("lambda", game_service)
    for other in (typerush.name(service), typerush.arn(service).removesuffix(":live")):
        with pytest.raises(ClientError, match="AccessDenied"):
            aws.invoke(FunctionName=other, Payload=b"{}")
    with pytest.raises(ClientError, match="AccessDenied"):
        aws.delete_function(FunctionName=typerush.name(service))


def test_another_role_may_not_invoke(typerush: TypeRush, stranger: Credentials, service: str) -> None:
    with pytest.raises(ClientError, match=r"AccessDenied.*lambda:InvokeFunction"):
        typerush.invoke(service, HEALTH, stranger)


def test_the_game_service_may_call_the_function_url(
    typerush: TypeRush, game_service: Credentials, service: str
) -> None:
    answer = typerush.url(service, HEALTH_PATHS[service], game_service)
    assert (answer.status, answer.body) == (200, HEALTHY[service])


def test_nobody_else_reaches_the_function_url(
    typerush: TypeRush, game_service: Credentials, stranger: Credentials, service: str
) -> None:
    forged = Credentials(game_service.access_key, "a" * 40, game_service.token)
    for caller in (stranger, forged, None):
        assert typerush.url(service, HEALTH_PATHS[service], caller).status == 403


def test_who_may_take_which_role(typerush: TypeRush, sandbox: Sandbox, service: str) -> None:
    """The trust decides: the game service's is open to the account, a function's only to Lambda."""
    iam, name = sandbox.aws("iam"), f"role-taker-{service}"
    caller = sandbox.assume(make_role(sandbox, name))
    allowed = (
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"*"}]}'
    )
    iam.put_role_policy(RoleName=name, PolicyName="take-any", PolicyDocument=allowed)
    assert typerush.invoke(service, HEALTH, sandbox.assume(GAME_SERVICE, caller)).status == 200
    functions_role, _, _ = typerush.role_policy(service)
    with pytest.raises(ClientError, match="AccessDenied"):
        sandbox.assume(f"arn:aws:iam::000000000000:role/{functions_role}", caller)
