"""text-service on Lambda: direct invocations ({"action": ...}) and HTTP events (payload 2.0)."""

from __future__ import annotations

import functools
import json
import os
from typing import Any

from texts import aws
from texts.aws import Deadline
from texts.library import Library
from texts.log import begin, log, set_up
from texts.model import Model
from texts.service import TextService
from texts.table import TextTable

# An HTTP API gives up after 30 s (fixed); a cold start may come before the call.
# https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
_HTTP_S = 24.0
# Kept back of the function's timeout, to answer and to log.
_RESERVE_S = 2.0

set_up(os.environ.get("LOG_LEVEL", ""))


def lambda_handler(event: Any, context: Any) -> Any:
    """Answer a call. Both kinds of callers get the same shape: statusCode, headers, JSON text as body."""
    begin(context.aws_request_id)
    try:
        return _answer(event, context)
    except Exception:
        log.exception("the call failed")
        return _reply(500, {"error": "internal error"})


def _answer(event: Any, context: Any) -> Any:
    if not isinstance(event, dict):
        return _reply(400, {"error": 'the event must be a JSON object such as {"action": "health"}'})
    if "http" in (event.get("requestContext") or {}):
        return _http()(_below_stage(event), context)
    given = {name: value for name, value in event.items() if name != "action"}
    return _reply(*_service().answer(event.get("action"), given, _deadline(context)))


@functools.cache
def _service() -> TextService:
    table = TextTable(os.environ["DYNAMODB_TABLE_NAME"], lambda: aws.client("dynamodb"))
    model = Model(
        os.environ["BEDROCK_MODEL_ID"],
        lambda read_s: aws.client("bedrock-runtime", read_s=read_s, attempts=1),
    )
    return TextService(Library(table, model))


@functools.cache
def _http() -> Any:
    from texts.http_api import make_adapter

    return make_adapter(_service(), lambda context: Deadline(min(_HTTP_S, _left_s(context))))


def _deadline(context: Any) -> Deadline:
    return Deadline(_left_s(context))


def _left_s(context: Any) -> float:
    return float(context.get_remaining_time_in_millis()) / 1000 - _RESERVE_S


def _below_stage(event: dict[str, Any]) -> dict[str, Any]:
    """Take a stage other than $default off the path, which the routes don't know."""
    about = event["requestContext"]
    stage, path = f"/{about.get('stage')}", about["http"]["path"]
    if not path.startswith(f"{stage}/"):
        return event
    return {**event, "requestContext": {**about, "http": {**about["http"], "path": path.removeprefix(stage)}}}


def _reply(status: int, body: dict[str, object]) -> dict[str, object]:
    return {
        "statusCode": status,
        "headers": {"content-type": "application/json", "cache-control": "no-store"},
        "body": json.dumps(body),
    }
