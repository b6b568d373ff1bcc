from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import Engine, event

from tests.functions.spendsense.backend import ADA, Secrets, body, context

Call = Callable[..., Any]
ISSUER = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Pool"
CLAIMS = {"sub": "ada", "token_use": "id", "aud": "client", "iss": ISSUER}
ONE = {"date": "2026-06-01", "amount": "-1.50", "category": "dining", "merchant": "Pizzeria"}


def posted(**changes: Any) -> dict[str, Any]:
    return {"user_id": "ada", "transactions": [{**ONE, **changes}]}


def test_health(call: Call) -> None:
    status, answer, _ = call("GET", "/api/v1/health")
    assert (status, answer) == (200, {"status": "ok", "database": "ok", "environment": "test"})


def test_health_without_a_database(call: Call, secrets: Secrets) -> None:
    secrets.database["port"] = 1
    assert call("GET", "/api/v1/health")[:2] == (503, {"status": "unavailable", "database": "unavailable"})


def test_transactions_are_stored_once(call: Call) -> None:
    status, answer, _ = call("POST", "/api/v1/transactions", body("ada", ADA))
    assert (status, answer["stored"], answer["known"]) == (201, len(ADA), 0)
    status, answer, _ = call("POST", "/api/v1/transactions", body("ada", ADA))
    assert (status, answer["stored"], answer["known"]) == (201, 0, len(ADA))


def test_an_id_is_given_where_there_is_none(call: Call) -> None:
    assert len(call("POST", "/api/v1/transactions", posted())[1]["ids"][0]) == 36


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("{", "JSON decode error"),
        (None, "the body: Field required"),
        ([], "the body: Input should be"),
        ({"user_id": "ada", "transactions": []}, "transactions: List should have at least 1 item"),
        ({"user_id": "a b", "transactions": [ONE]}, "user_id: String should match pattern"),
        (posted(amount="1.555"), "transactions.0.amount"),
        (posted(amount="0"), "the amount is 0"),
        (posted(amount="NaN"), "transactions.0.amount"),
        (posted(amount="99999999999"), "transactions.0.amount"),
        (posted(category="fun"), "transactions.0.category: Input should be 'income'"),
        (posted(category="income"), "income with an amount below 0"),
        (posted(date="1969-12-31"), "before 1970 or after today"),
        (posted(date=str(datetime.now(UTC).date() + timedelta(3))), "before 1970 or after today"),
        (posted(merchant=" "), "transactions.0.merchant"),
        (posted(merchant="a\x00b"), "transactions.0.merchant"),
        (posted(colour="red"), "transactions.0.colour: Extra inputs are not permitted"),
        ({"user_id": "ada", "transactions": [ONE | {"id": "1"}, ONE | {"id": "1"}]}, "an id is there twice"),
    ],
)
def test_bad_transactions(call: Call, given: Any, told: str) -> None:
    status, answer, _ = call("POST", "/api/v1/transactions", given)
    assert status == 400
    assert told in answer["error"]


def test_nothing_is_half_written(call: Call) -> None:
    given: dict[str, Any] = {
        "user_id": "ada",
        "transactions": [ONE | {"id": "1"}, ONE | {"id": "2", "amount": "0"}],
    }
    assert call("POST", "/api/v1/transactions", given)[0] == 400
    given["transactions"][1]["amount"] = "1"
    assert call("POST", "/api/v1/transactions", given)[1]["stored"] == 2


@pytest.mark.parametrize("what", ["features", "persona", "recommendations"])
def test_what_isn_t_there(call: Call, what: str) -> None:
    assert call("GET", f"/api/v1/users/ada/{what}")[:2] == (404, {"error": f"ada has no {what} yet"})
    status, answer, _ = call("GET", f"/api/v1/users/ada/{what}", query={"date": "2026-01-01"})
    assert (status, answer["error"]) == (404, f"ada has no {what} of 2026-01-01")
    assert call("GET", f"/api/v1/users/ada/{what}", query={"date": "May"})[0] == 400


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/", 404), ("GET", "/api/v1/users/ada", 404), ("PUT", "/api/v1/transactions", 405)],
)
def test_other_places(call: Call, method: str, path: str, status: int) -> None:
    found, answer, _ = call(method, path)
    assert found == status
    assert answer["error"]


def test_a_token_shows_its_user_s_data_only(call: Call, secrets: Secrets) -> None:
    assert call("POST", "/api/v1/transactions", posted(), claims=CLAIMS)[0] == 201
    assert call("GET", "/api/v1/users/ada/persona", claims=CLAIMS)[0] == 404
    assert call("GET", "/api/v1/users/bob/persona", claims=CLAIMS)[:2] == (
        403,
        {"error": "the token is somebody else's"},
    )
    assert call("POST", "/api/v1/transactions", posted() | {"user_id": "bob"}, claims=CLAIMS)[0] == 403
    assert secrets.asked.count("cognito") == 1


@pytest.mark.parametrize(
    "changes", [{"token_use": "access"}, {"aud": "other"}, {"iss": "https://other.test"}, {"aud": ""}]
)
def test_a_token_for_something_else(call: Call, changes: dict[str, str]) -> None:
    status, answer, _ = call("GET", "/api/v1/users/ada/persona", claims=CLAIMS | changes)
    assert (status, answer) == (401, {"error": "the token isn't an ID token of this application"})


def test_another_client_in_the_secret(call: Call, secrets: Secrets) -> None:
    assert call("GET", "/api/v1/users/ada/persona", claims=CLAIMS)[0] == 404
    secrets.cognito["client_id"] = "next"
    assert call("GET", "/api/v1/users/ada/persona", claims=CLAIMS | {"aud": "next"})[0] == 404


def preflight(call: Call, origin: str) -> tuple[int, str | None]:
    asked = {"origin": origin, "access-control-request-method": "POST"}
    status, _, answer = call("OPTIONS", "/api/v1/transactions", headers=asked)
    return status, header(answer, "access-control-allow-origin")


def header(answer: Any, name: str) -> str | None:
    headers = {**(answer.get("headers") or {})}
    headers |= {key: values[0] for key, values in (answer.get("multiValueHeaders") or {}).items()}
    return {key.lower(): value for key, value in headers.items()}.get(name)


def test_preflights(call: Call) -> None:
    assert preflight(call, "https://www.test") == (200, "https://www.test")
    assert preflight(call, "https://evil.test") == (400, None)


def test_answers_say_which_origin_may_read_them(call: Call) -> None:
    for origin, said in (("https://app.test", "https://app.test"), ("https://evil.test", None)):
        _, _, answer = call("GET", "/api/v1/users/ada/persona", headers={"origin": origin})
        assert header(answer, "access-control-allow-origin") == said


def test_a_fault_shows_no_internals(
    call: Call, load: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise ZeroDivisionError("internal")

    monkeypatch.setattr(load("spendsense.store"), "persona_of", broken)
    status, body, answer = call("GET", "/api/v1/users/ada/persona", headers={"origin": "https://app.test"})
    assert (status, body) == (500, {"error": "internal error"})
    assert header(answer, "access-control-allow-origin") == "https://app.test"  # or its page reads nothing


def test_a_statement_that_takes_too_long_is_a_503(
    call: Call,
    load: Callable[[str], Any],
    ada_does: Callable[[str, str], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(load("spendsense.database"), "STATEMENT_MS", 1_000)
    assert call("POST", "/api/v1/transactions", posted() | {"user_id": "bob"})[0] == 201
    ada_does("transactions", "pg_sleep(30)")
    status, answer, _ = call("POST", "/api/v1/transactions", posted())
    assert (status, answer) == (503, {"error": "not available now; try again later"})
    assert call("POST", "/api/v1/transactions", posted() | {"user_id": "bob"})[0] == 201


def test_a_database_that_falls_silent_is_a_503(
    call: Call,
    load: Callable[[str], Any],
    ada_does: Callable[[str, str], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(load("spendsense.database"), "_SOCKET_S", 2)
    assert call("POST", "/api/v1/transactions", posted() | {"user_id": "bob"})[0] == 201
    ada_does("transactions", "pg_sleep(30)")
    status, answer, _ = call("POST", "/api/v1/transactions", posted())
    assert (status, answer) == (503, {"error": "not available now; try again later"})
    assert call("POST", "/api/v1/transactions", posted() | {"user_id": "bob"})[0] == 201


@pytest.mark.parametrize(("secret_s", "statement_s", "status"), [(5, 0, 201), (6.9, 0, 503), (3, 4.9, 503)])
def test_an_answer_comes_before_the_api_gives_up(
    call: Call,
    load: Callable[[str], Any],
    secrets: Secrets,
    monkeypatch: pytest.MonkeyPatch,
    secret_s: float,
    statement_s: float,
    status: int,
) -> None:
    """However long calls take, up to the longest that they can."""
    database, handler = load("spendsense.database"), load("app.handler")
    config = load("spendsense.secrets")._CONFIG
    assert config.retries["total_max_attempts"] == 2
    secret = 2 * (config.connect_timeout + config.read_timeout) + 1  # a second between attempts
    statement = database.STATEMENT_MS / 1_000
    assert (secret_s, statement_s) < (secret, statement)
    assert handler._REQUEST_S + max(secret, statement + database._SOCKET_S) < 25
    now = [0.0]

    def takes(seconds: float) -> None:
        now[0] += seconds

    def statement_takes_its_time(*_: Any) -> None:
        takes(statement_s)

    monkeypatch.setattr(load("spendsense.deadline"), "time", SimpleNamespace(monotonic=lambda: now[0]))
    secrets.on_call = lambda: takes(secret_s)
    event.listen(Engine, "after_cursor_execute", statement_takes_its_time)
    try:
        assert call("POST", "/api/v1/transactions", posted(), claims=CLAIMS)[0] == status
        assert now[0] < 25 - database._SOCKET_S
    finally:
        event.remove(Engine, "after_cursor_execute", statement_takes_its_time)
    now[0] = 100  # every request has a time of its own
    secrets.on_call = lambda: None
    assert call("POST", "/api/v1/transactions", posted(), claims=CLAIMS)[0] == 201


@pytest.mark.parametrize("sent", [None, [], {}, {"httpMethod": "GET", "path": 5}, {"version": "2.0"}])
def test_what_is_no_event_of_a_rest_api(load: Callable[[str], Any], secrets: Secrets, sent: Any) -> None:
    answer = load("app.handler").handler(sent, context())
    assert answer["statusCode"] == 400
    assert "none of a REST API" in answer["body"]
