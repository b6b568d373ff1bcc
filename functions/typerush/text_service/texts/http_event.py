"""Reads events of an HTTP API or a function URL (payload 2.0).

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import urlencode

from texts.errors import BadRequestError, fault


def read(event: dict[str, Any]) -> dict[str, Any]:
    """Give the event anew with what the routes use, so that nothing else in it can trip the adapter.

    The path is without stage and closing slash, the body is decoded. Raises BadRequestError, which names
    the field.
    """
    about = _object(event.get("requestContext"), "requestContext")
    http = _object(about.get("http"), "requestContext.http")
    stage = _string(about.get("stage"), "requestContext.stage", "$default")
    path = _string(http.get("path"), "requestContext.http.path")
    if path.startswith(f"/{stage}/"):  # a stage other than $default
        path = path.removeprefix(f"/{stage}")
    _strings(event.get("headers"), "headers")
    query = _strings(event.get("queryStringParameters"), "queryStringParameters")
    return {
        "version": "2.0",
        "requestContext": {
            "http": {
                "method": _string(http.get("method"), "requestContext.http.method"),
                "path": path.removesuffix("/") or "/",
                "sourceIp": None,
            }
        },
        # Half a surrogate pair, which JSON can carry and a query can't, is replaced.
        "rawQueryString": urlencode(query, errors="replace"),
        "body": _body(event),
    }


def _body(event: dict[str, Any]) -> str:
    body = _string(event.get("body"), "body", "")
    encoded = event.get("isBase64Encoded")
    if not isinstance(encoded, bool | None):
        raise BadRequestError(fault("isBase64Encoded", encoded, "true or false"))
    try:
        return (base64.b64decode(body, validate=True) if encoded else body.encode()).decode()
    except UnicodeError:
        raise BadRequestError("the body is not UTF-8") from None
    except ValueError:
        raise BadRequestError("the body is not base64, as isBase64Encoded says it is") from None


def _object(value: Any, name: str) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    raise BadRequestError(fault(name, value, "an object, as in events of payload 2.0"))


def _string(value: Any, name: str, otherwise: str | None = None) -> str:
    given = otherwise if value is None else value
    if isinstance(given, str):
        return given
    raise BadRequestError(fault(name, value, "a string"))


def _strings(value: Any, name: str) -> dict[str, str]:
    given = {} if value is None else _object(value, name)
    return {key: _string(item, f"{name}.{key[:80]}") for key, item in given.items()}
