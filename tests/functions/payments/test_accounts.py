from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from components.systems.payments import PaymentsArgs
from tests.functions.payments.conftest import LambdaContext, Load, app_table, http

ADA = {"email": "Ada@example.com", "name": "Ada"}
STORED = {"user_id": "ada", "email": "ada@example.com", "name": "Ada"}

Call = Callable[..., tuple[int, Any]]


@pytest.fixture
def call(load: Load, aws: Callable[[str], Any], name: str) -> Iterator[Call]:
    app_table(aws, name)
    module = load("accounts", TABLE_NAME=name)

    def call(method: str, path: str, body: Any = None, **query: str) -> tuple[int, Any]:
        text = body if body is None or isinstance(body, str) else json.dumps(body)
        answer = module.handler(http(method, path, body=text, **query), LambdaContext())
        return answer["statusCode"], json.loads(answer["body"])

    yield call
    aws("dynamodb").delete_table(TableName=name)


def test_a_user_is_stored_and_found_by_id_and_by_address(call: Call) -> None:
    assert call("PUT", "/users/ada", ADA) == (201, STORED)
    assert call("PUT", "/users/ada", ADA | {"name": "Ada L."}) == (200, STORED | {"name": "Ada L."})
    assert call("GET", "/users/ada") == (200, STORED | {"name": "Ada L."})
    assert call("GET", "/users", email="ADA@example.com") == (200, {"users": [STORED | {"name": "Ada L."}]})
    assert call("GET", "/users", email="bob@example.com") == (200, {"users": []})
    assert call("GET", "/users/bob") == (404, {"error": "there is no such user"})


def test_an_address_has_one_user_and_moves_with_it(call: Call) -> None:
    call("PUT", "/users/ada", ADA)
    assert call("PUT", "/users/bob", ADA) == (409, {"error": "another user has this address"})
    call("PUT", "/users/ada", ADA | {"email": "new@example.com"})
    assert call("PUT", "/users/bob", ADA)[0] == 201


def test_orders_page_by_page(call: Call, aws: Callable[[str], Any], name: str) -> None:
    assert call("GET", "/users/ada/orders") == (200, {"orders": []})
    call("PUT", "/users/ada", ADA)
    dynamodb = aws("dynamodb")
    for number in range(103):
        item = {"PK": "USER#ada", "SK": f"ORDER#{number:03}", "order_id": f"{number:03}", "currency": "EUR"}
        texts = {key: {"S": value} for key, value in (item | {"accepted_at": "now"}).items()}
        dynamodb.put_item(TableName=name, Item=texts | {"amount": {"N": "5"}})
    status, first = call("GET", "/users/ada/orders")
    assert (status, len(first["orders"]), first["after"]) == (200, 100, "099")
    assert first["orders"][0] == {"order_id": "000", "amount": 5, "currency": "EUR", "accepted_at": "now"}
    rest = call("GET", "/users/ada/orders", after="099")[1]
    assert [order["order_id"] for order in rest["orders"]] == ["100", "101", "102"]
    assert "after" not in rest


@pytest.mark.parametrize(
    ("method", "path", "body", "query", "error"),
    [
        ("PUT", "/users/ada", "{", {}, "the body is a JSON object"),
        ("PUT", "/users/ada", [], {}, "the body is a JSON object"),
        ("PUT", "/users/ada", {"email": "a@b"}, {}, "a user has email and name, and nothing else"),
        ("PUT", "/users/ada", ADA | {"name": " "}, {}, "name is 1 to 200 characters"),
        ("PUT", "/users/ada", ADA | {"email": "ada"}, {}, "email is an address, as ada@example.com"),
        ("PUT", "/users/a%20b", ADA, {}, "an id is 1 to 64 letters, digits, hyphens and underscores"),
        ("GET", "/users", None, {}, "email is an address, as ada@example.com"),
        ("GET", "/users/ada/orders", None, {"after": "#"}, "an id is 1 to 64 letters, digits, hyphens and"),
    ],
)
def test_bad_input(call: Call, method: str, path: str, body: Any, query: dict[str, str], error: str) -> None:
    status, answer = call(method, path, body, **query)
    assert status == 400
    assert answer["error"].startswith(error)


def test_other_paths_are_not_found(call: Call) -> None:
    assert call("GET", "/payments")[0] == 404
    assert call("POST", "/users/ada", ADA)[0] == 404


def test_a_fault_tells_nothing(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    import users  # type: ignore[import-not-found]

    monkeypatch.setattr(users, "_table", None)
    assert call("GET", "/users/ada") == (500, {"error": "internal error"})


def test_a_request_ends_before_the_functions_time_is_up(call: Call) -> None:
    import users

    config = users._table.meta.client.meta.config
    longest = config.retries["total_max_attempts"] * (config.connect_timeout + config.read_timeout) + 1
    calls: list[float] = []
    users._table.meta.client.meta.events.register("before-call", lambda **_: calls.append(longest))
    for method, path, body in (
        ("PUT", "/users/ada", ADA),
        ("GET", "/users/ada", None),
        ("GET", "/users/ada/orders", None),
    ):
        calls.clear()
        call(method, path, body)
        assert 0 < sum(calls) < PaymentsArgs.accounts.timeout_s


def test_health(load: Load, aws: Callable[[str], Any]) -> None:
    assert load("accounts", TABLE_NAME="t").handler({"action": "health"}, LambdaContext()) == {"status": "ok"}
