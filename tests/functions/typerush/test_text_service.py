from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.response import StreamingBody
from botocore.stub import ANY

from tests.functions.typerush.text_service import MODEL, SERVICE, Aws, Invoke, http

WORDS = "The bakery opens before dawn, and the street smells of warm bread."
ITEM = {
    "difficulty": {"S": "easy"},
    "text_id": {"S": "0f" * 16},
    "text": {"S": WORDS},
    "created_at": {"S": "2026-01-31T12:00:00+00:00"},
}
STORED = {
    "difficulty": "easy",
    "text_id": "0f" * 16,
    "text": WORDS,
    "created_at": "2026-01-31T12:00:00+00:00",
    "new": False,
}
TABLE_DOWN = {"error": "the texts' table can't be reached; try again later"}
NO_TEXT = {"error": "no text could be written; try again later"}
Lines = Callable[[], list[dict[str, Any]]]


def query(difficulty: str, relation: str) -> dict[str, Any]:
    return {
        "TableName": "texts",
        "KeyConditionExpression": f"difficulty = :difficulty AND text_id {relation} :point",
        "ExpressionAttributeValues": {":difficulty": {"S": difficulty}, ":point": ANY},
        "Limit": 1,
    }


def nothing_stored(aws: Aws, difficulty: str = "easy") -> None:
    aws.expect("query", {"Items": []}, query(difficulty, ">="))
    aws.expect("query", {"Items": []}, query(difficulty, "<"))


def model_answers(aws: Aws, reply: object) -> None:
    raw = reply if isinstance(reply, bytes) else json.dumps(reply).encode()
    body = StreamingBody(io.BytesIO(raw), len(raw))
    asked = {"modelId": MODEL, "contentType": "application/json", "accept": "application/json", "body": ANY}
    aws.expect("invoke_model", {"body": body, "contentType": "application/json"}, asked)


def claude(text: str, stop_reason: str = "end_turn") -> dict[str, Any]:
    return {"content": [{"type": "text", "text": text}], "stop_reason": stop_reason}


def stores(aws: Aws, difficulty: str = "easy", text: str = WORDS) -> None:
    item = {
        "difficulty": {"S": difficulty},
        "text_id": ANY,
        "text": {"S": text},
        "created_at": ANY,
        "model_id": {"S": MODEL},
    }
    aws.expect("put_item", {}, {"TableName": "texts", "Item": item})


# health


@pytest.mark.parametrize(
    "event", [{"action": "health"}, http("GET", "/texts/health"), http("GET", "/health")]
)
def test_health_asks_the_table(aws: Aws, invoke: Invoke, event: dict[str, Any]) -> None:
    key = {"difficulty": {"S": "easy"}, "text_id": {"S": "health"}}
    aws.expect("get_item", {}, {"TableName": "texts", "Key": key})
    assert invoke(event) == (200, {"status": "ok", "table": "ok"})


def test_health_without_a_table_is_a_503(aws: Aws, invoke: Invoke) -> None:
    aws.fail("get_item", "ResourceNotFoundException")
    assert invoke({"action": "health"}) == (503, TABLE_DOWN)


# a random text


@pytest.mark.parametrize(
    "event",
    [
        {"action": "get_random_text", "difficulty": "easy"},
        http("GET", "/texts/random", query={"difficulty": "easy"}),
        http("GET", "/dev/texts/random", query={"difficulty": "easy"}, stage="dev"),
    ],
)
def test_a_stored_text_is_served(aws: Aws, invoke: Invoke, event: dict[str, Any]) -> None:
    aws.expect("query", {"Items": [ITEM]}, query("easy", ">="))
    assert invoke(event) == (200, STORED)


def test_beyond_the_last_text_the_first_is_served(aws: Aws, invoke: Invoke) -> None:
    aws.expect("query", {"Items": []}, query("easy", ">="))
    aws.expect("query", {"Items": [ITEM]}, query("easy", "<"))
    assert invoke({"action": "get_random_text", "difficulty": "easy"}) == (200, STORED)


@pytest.mark.parametrize("difficulty", ["easy", "medium", "hard"])
def test_where_none_is_stored_one_is_written_stored_and_served(
    aws: Aws, invoke: Invoke, difficulty: str
) -> None:
    nothing_stored(aws, difficulty)
    model_answers(aws, claude(WORDS))
    stores(aws, difficulty)
    status, body = invoke({"action": "get_random_text", "difficulty": difficulty})
    assert status == 200
    assert (body["difficulty"], body["text"], body["new"]) == (difficulty, WORDS, True)
    assert len(body["text_id"]) == 32


@pytest.mark.parametrize("difficulty", ["impossible", "", "EASY", None, 7, ["easy"], {"easy": 1}])
def test_another_difficulty_is_a_400(aws: Aws, invoke: Invoke, difficulty: object) -> None:
    status, body = invoke({"action": "get_random_text", "difficulty": difficulty})
    assert status == 400
    assert "one of easy, medium, hard" in body["error"]


@pytest.mark.parametrize("given", [{}, {"difficulty": "impossible"}])
def test_so_it_is_over_http(aws: Aws, invoke: Invoke, given: dict[str, str]) -> None:
    status, body = invoke(http("GET", "/texts/random", query=given))
    assert status == 400
    assert "one of easy, medium, hard" in body["error"]


def test_without_a_stored_text_a_failing_model_is_a_503(aws: Aws, invoke: Invoke, log_lines: Lines) -> None:
    nothing_stored(aws)
    aws.fail("invoke_model", "ThrottlingException")
    assert invoke({"action": "get_random_text", "difficulty": "easy"}) == (503, NO_TEXT)
    (line,) = log_lines()
    assert line["level"] == "ERROR"
    assert line["requestId"] == "request-1"
    assert line["message"].startswith(f"bedrock:InvokeModel on {MODEL} failed: ")


# a new text


@pytest.mark.parametrize(
    "event",
    [
        {"action": "generate_text", "difficulty": "easy"},
        http("POST", "/texts/generate", body='{"difficulty": "easy"}'),
    ],
)
def test_a_new_text_is_stored(aws: Aws, invoke: Invoke, event: dict[str, Any]) -> None:
    model_answers(aws, claude(WORDS))
    stores(aws)
    status, body = invoke(event)
    assert (status, body["text"], body["new"]) == (201, WORDS, True)


@pytest.mark.parametrize("code", ["AccessDeniedException", "ModelTimeoutException", "ThrottlingException"])
def test_a_stored_text_stands_in_for_a_failing_model(
    aws: Aws, invoke: Invoke, log_lines: Lines, code: str
) -> None:
    aws.fail("invoke_model", code)
    aws.expect("query", {"Items": [ITEM]})
    assert invoke({"action": "generate_text", "difficulty": "easy"}) == (200, STORED)
    warning, _ = log_lines()
    assert warning["level"] == "WARN"
    assert warning["message"].startswith("bedrock:InvokeModel on ")
    assert code in warning["message"]


def test_neither_model_nor_stored_text_is_a_503(aws: Aws, invoke: Invoke) -> None:
    aws.fail("invoke_model", "ModelTimeoutException")
    nothing_stored(aws)
    assert invoke({"action": "generate_text", "difficulty": "easy"}) == (503, NO_TEXT)


def test_a_text_that_cannot_be_stored_is_not_served(aws: Aws, invoke: Invoke) -> None:
    model_answers(aws, claude(WORDS))
    aws.fail("put_item", "ProvisionedThroughputExceededException")
    assert invoke({"action": "generate_text", "difficulty": "easy"}) == (503, TABLE_DOWN)


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (None, "the body is not JSON"),
        ("difficulty=easy", "the body is not JSON"),
        ('["easy"]', "the body must be a JSON object"),
        ("{}", "difficulty is missing: one of easy, medium, hard"),
    ],
)
def test_a_bad_body_is_a_400(aws: Aws, invoke: Invoke, body: str | None, error: str) -> None:
    assert invoke(http("POST", "/texts/generate", body=body)) == (400, {"error": error})


# what the model writes


@pytest.mark.parametrize(
    ("written", "served"),
    [
        (f"  {WORDS}\n", WORDS),
        (f'"{WORDS}"', WORDS),
        (f"Here is a passage for your game:\n\n{WORDS}", WORDS),
        (
            "Caf\u00e9s \u201copen\u201d early \u2014 it\u2019s\u00a0quiet\u2026\n\nThen the street wakes.",
            None,
        ),
        (f"{WORDS} " * 40, None),
    ],
)
def test_words_are_made_typable(aws: Aws, invoke: Invoke, written: str, served: str | None) -> None:
    model_answers(aws, claude(written))
    aws.expect("put_item", {})
    status, body = invoke({"action": "generate_text", "difficulty": "easy"})
    assert status == 201
    text = body["text"]
    assert text == served or served is None
    assert all(" " <= character <= "~" for character in text)
    assert "  " not in text
    assert len(text) <= 1000
    assert text.endswith(".")


def test_typographic_characters_become_those_of_a_keyboard(aws: Aws, invoke: Invoke) -> None:
    model_answers(
        aws,
        claude(
            "Caf\u00e9s \u201copen\u201d early \u2014 it\u2019s\u00a0quiet\u2026\n\nThen the street wakes."
        ),
    )
    aws.expect("put_item", {})
    _, body = invoke({"action": "generate_text", "difficulty": "easy"})
    assert body["text"] == 'Cafes "open" early - it\'s quiet... Then the street wakes.'


def test_half_a_sentence_is_cut_off(aws: Aws, invoke: Invoke) -> None:
    model_answers(aws, claude(f"{WORDS} Then the first custo", stop_reason="max_tokens"))
    stores(aws)
    assert invoke({"action": "generate_text", "difficulty": "easy"})[1]["text"] == WORDS


def test_the_sandboxs_model_counts_as_a_text(aws: Aws, invoke: Invoke) -> None:
    reply = f"[ministack mock anthropic {MODEL}] reply for prompt#0a1b2c3d"
    model_answers(aws, {**claude(reply), "usage": {"input_tokens": 9, "output_tokens": 9}})
    stores(aws, text=reply)
    assert invoke({"action": "generate_text", "difficulty": "easy"})[0] == 201


@pytest.mark.parametrize(
    "reply",
    [
        claude(""),
        claude("No."),
        claude(WORDS, stop_reason="refusal"),
        claude("\u6587" * 100),
        {},
        {"content": "words"},
        {"content": [{"type": "tool_use"}, None]},
        [],
        b"<html>",
        b"\xff",
    ],
)
def test_what_is_no_text_counts_as_a_failure(aws: Aws, invoke: Invoke, reply: object) -> None:
    model_answers(aws, reply)
    aws.expect("query", {"Items": [ITEM]})
    assert invoke({"action": "generate_text", "difficulty": "easy"}) == (200, STORED)


# a text by its id


@pytest.mark.parametrize(
    "event",
    [
        {"action": "get_text", "difficulty": "easy", "text_id": "0f" * 16},
        http("GET", f"/texts/easy/{'0f' * 16}"),
    ],
)
def test_a_text_is_read_by_its_id(aws: Aws, invoke: Invoke, event: dict[str, Any]) -> None:
    key = {"difficulty": {"S": "easy"}, "text_id": {"S": "0f" * 16}}
    aws.expect("get_item", {"Item": ITEM}, {"TableName": "texts", "Key": key})
    assert invoke(event) == (200, STORED)


def test_an_unknown_id_is_a_404(aws: Aws, invoke: Invoke) -> None:
    aws.expect("get_item", {})
    event = {"action": "get_text", "difficulty": "easy", "text_id": "none"}
    assert invoke(event) == (404, {"error": "no easy text has the id none"})


@pytest.mark.parametrize("text_id", [None, "", "x" * 65, 7])
def test_an_impossible_id_is_a_400(aws: Aws, invoke: Invoke, text_id: object) -> None:
    assert invoke({"action": "get_text", "difficulty": "easy", "text_id": text_id})[0] == 400


# what isn't a call


@pytest.mark.parametrize("action", [None, "sing", 7, ["health"]])
def test_an_unknown_action_is_a_400(aws: Aws, invoke: Invoke, action: object) -> None:
    status, body = invoke({"action": action})
    assert status == 400
    assert "one of health, get_random_text, generate_text, get_text" in body["error"]


@pytest.mark.parametrize(
    ("method", "path", "status", "error"),
    [
        ("GET", "/songs", 404, "nothing is at /songs"),
        ("DELETE", "/texts/random", 405, "/texts/random doesn't take DELETE"),
        ("GET", "/openapi.json", 404, "nothing is at /openapi.json"),
        ("GET", "/docs", 404, "nothing is at /docs"),
    ],
)
def test_other_paths_and_methods(
    aws: Aws, invoke: Invoke, method: str, path: str, status: int, error: str
) -> None:
    assert invoke(http(method, path)) == (status, {"error": error})


# faults


@pytest.mark.parametrize(
    ("event", "action", "client_method"),
    [
        ({"action": "health"}, "GetItem", "get_item"),
        ({"action": "get_random_text", "difficulty": "easy"}, "Query", "query"),
    ],
)
def test_a_denial_is_logged_with_its_action(
    aws: Aws, invoke: Invoke, log_lines: Lines, event: dict[str, Any], action: str, client_method: str
) -> None:
    aws.fail(client_method, "AccessDeniedException")
    assert invoke(event) == (503, TABLE_DOWN)
    (line,) = log_lines()
    assert line["level"] == "ERROR"
    assert line["message"].startswith(f"dynamodb:{action} on texts is denied to the function's role")


def test_an_item_that_is_no_text_is_a_500_without_internals(
    aws: Aws, invoke: Invoke, log_lines: Lines
) -> None:
    aws.expect("query", {"Items": [{"difficulty": {"S": "easy"}, "text_id": {"S": "x"}}]})
    event = {"action": "get_random_text", "difficulty": "easy"}
    assert invoke(event) == (500, {"error": "internal error"})
    assert "KeyError: 'text'" in log_lines()[-1]["error"]


def test_a_missing_setting_is_logged_by_name(
    aws: Aws, invoke: Invoke, log_lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DYNAMODB_TABLE_NAME")
    assert invoke({"action": "health"}) == (500, {"error": "internal error"})
    assert "DYNAMODB_TABLE_NAME" in log_lines()[-1]["error"]


# time


def test_the_model_gets_what_is_left(aws: Aws, invoke: Invoke) -> None:
    generate = {"action": "generate_text", "difficulty": "easy"}
    over_http = http("POST", "/texts/generate", body='{"difficulty": "easy"}')
    for _ in range(3):
        model_answers(aws, claude(WORDS))
        stores(aws)
    invoke(generate, 60.0)
    invoke(over_http, 60.0)
    invoke(over_http, 16.0)
    # Of a minute: 2 s to answer, 10 s for the table, 1 s to connect. HTTP: the same of 24 s, or of less.
    assert aws.model_waits_s == pytest.approx([47.0, 13.0, 3.0], abs=0.5)


def test_without_time_the_model_is_not_asked(aws: Aws, invoke: Invoke, log_lines: Lines) -> None:
    aws.expect("query", {"Items": [ITEM]})
    assert invoke({"action": "generate_text", "difficulty": "easy"}, 13.0) == (200, STORED)
    assert log_lines()[0]["message"].startswith("no time is left to ask")


def test_a_model_that_never_answers_is_given_up(
    invoke: Invoke,
    silent_endpoint: str,
    closed_endpoint: str,
    log_lines: Lines,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A real client and a server that takes the request and is silent: 1 s is left to read."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", silent_endpoint)
    monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", closed_endpoint)
    assert invoke({"action": "generate_text", "difficulty": "easy"}, 14.1) == (503, TABLE_DOWN)
    model, table = log_lines()
    assert model["message"].startswith(f"bedrock:InvokeModel on {MODEL} failed: Read timeout")
    assert table["message"].startswith("dynamodb:Query on texts failed: Could not connect")


# logs


@pytest.mark.parametrize(
    ("level", "expected"),
    [("DEBUG", 3), ("info", 3), ("WARN", 2), ("ERROR", 1), ("FATAL", 0), ("nonsense", 3), ("", 3)],
)
def test_log_levels(main: Any, capsys: pytest.CaptureFixture[str], level: str, expected: int) -> None:
    main.set_up(level)
    main.log.info("i")
    main.log.warning("w")
    main.log.error("e")
    assert len(capsys.readouterr().out.splitlines()) == expected


def test_a_line_has_the_names_that_lambda_filters_by(aws: Aws, invoke: Invoke, log_lines: Lines) -> None:
    aws.expect("get_item", {})
    invoke({"action": "health"})
    (line,) = log_lines()
    assert line.pop("timestamp").endswith("+00:00")
    assert line == {
        "level": "INFO",
        "message": "answered",
        "requestId": "request-1",
        "operation": "health",
        "status": 200,
    }


# the package


def test_a_direct_call_imports_no_web_framework() -> None:
    """A cold start pays only for what it uses."""
    code = "import main, sys; print(sorted({'fastapi', 'mangum', 'pydantic'} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=SERVICE, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("file", sorted((SERVICE / "events").glob("*.json")), ids=lambda file: str(file.stem))
def test_events_are_understood(
    invoke: Invoke, closed_endpoint: str, monkeypatch: pytest.MonkeyPatch, file: Path
) -> None:
    """Each test event is refused as it is meant to be, or gets as far as asking AWS, which isn't there."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", closed_endpoint)
    meant_wrong = file.stem.removeprefix("http-") in {"bad-difficulty", "not-json", "unknown-action"}
    assert invoke(json.loads(file.read_text()))[0] == (400 if meant_wrong else 503)
