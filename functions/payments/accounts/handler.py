"""accounts: users and their orders, behind the HTTP API."""

from __future__ import annotations

import json
import re
from typing import Any

import users
from aws_lambda_powertools import Logger, Tracer
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response, content_types
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.logging import correlation_paths
from aws_lambda_powertools.utilities.typing import LambdaContext

logger = Logger(service="accounts")
tracer = Tracer(service="accounts")
app = APIGatewayHttpResolver()

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_ADDRESS = re.compile(r"[^@\s]{1,64}@[^@\s]{1,189}")


class BadInputError(Exception):
    """What was sent can't be worked with; the message says why, to whoever sent it."""


@app.put("/users/<user_id>")
def put_user(user_id: str) -> Response[Any]:
    wanted = _body()
    if set(wanted) != {"email", "name"}:
        raise BadInputError("a user has email and name, and nothing else")
    name = wanted["name"]
    if not isinstance(name, str) or not 1 <= len(name.strip()) <= 200:
        raise BadInputError("name is 1 to 200 characters")
    profile, new = users.put(_id(user_id), _address(wanted["email"]), name.strip())
    return _answer(201 if new else 200, profile)


@app.get("/users/<user_id>")
def get_user(user_id: str) -> Response[Any]:
    found = users.get(_id(user_id))
    return _answer(200, found) if found else _answer(404, {"error": "there is no such user"})


@app.get("/users/<user_id>/orders")
def get_orders(user_id: str) -> Response[Any]:
    after = app.current_event.query_string_parameters.get("after")
    orders, last = users.orders(_id(user_id), _id(after) if after else None)
    return _answer(200, {"orders": orders, **({"after": last} if last else {})})


@app.get("/users")
def find_users() -> Response[Any]:
    email = app.current_event.query_string_parameters.get("email")
    return _answer(200, {"users": users.find(_address(email))})


@app.exception_handler(BadInputError)
def _bad(error: BadInputError) -> Response[Any]:
    logger.info("refused", reason=str(error))
    return _answer(400, {"error": str(error)})


@app.exception_handler(users.AddressTakenError)
def _taken(_: users.AddressTakenError) -> Response[Any]:
    return _answer(409, {"error": "another user has this address"})


@app.not_found
def _not_found(_: NotFoundError) -> Response[Any]:
    return _answer(404, {"error": "there is no such route"})


@app.exception_handler(Exception)
def _fault(error: Exception) -> Response[Any]:
    logger.error("a request failed", exc_info=error)
    return _answer(500, {"error": "internal error"})


def _body() -> dict[str, Any]:
    try:
        body = json.loads(app.current_event.decoded_body or "")
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise BadInputError("the body is a JSON object")
    return body


def _id(value: str) -> str:
    if not _ID.fullmatch(value):
        raise BadInputError("an id is 1 to 64 letters, digits, hyphens and underscores")
    return value


def _address(value: Any) -> str:
    """An address as it is stored: whoever signs up as Ada@Example.com is found as ada@example.com."""
    if not isinstance(value, str) or not _ADDRESS.fullmatch(value):
        raise BadInputError("email is an address, as ada@example.com")
    return value.lower()


def _answer(status: int, body: dict[str, Any]) -> Response[Any]:
    return Response(status_code=status, content_type=content_types.APPLICATION_JSON, body=json.dumps(body))


@logger.inject_lambda_context(correlation_id_path=correlation_paths.API_GATEWAY_HTTP)
@tracer.capture_lambda_handler(capture_response=False)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer the HTTP API, or say that all is well."""
    if event == {"action": "health"}:
        return {"status": "ok"}
    return app.resolve(event, context)
