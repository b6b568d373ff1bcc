"""text-service on Lambda: direct invocations ({"action": ...}) and HTTP events (payload 2.0)."""

from __future__ import annotations

import functools
import json
import math
import os
from typing import Any

from texts import aws, http_event
from texts.aws import Deadline
from texts.errors import BadRequestError
from texts.library import Library
from texts.log import begin, log, set_up
from texts.model import Model
from texts.service import TextService, refuse
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
    except BadRequestError as refusal:
        return _reply(*refuse(refusal))
    except Exception:
        log.exception("the call failed")
        return _reply(500, {"error": "internal error"})


def _answer(event: Any, context: Any) -> Any:
    if not isinstance(event, dict):
        raise BadRequestError('the event must be a JSON object such as {"action": "health"}')
    if "requestContext" in event:
        return _http()(http_event.read(event), context)
    return _reply(*_service().answer(event.get("action"), event, _deadline(context)))


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

    return make_adapter(_service(), functools.partial(_deadline, most_s=_HTTP_S))


def _deadline(context: Any, most_s: float = math.inf) -> Deadline:
    return Deadline(min(most_s, context.get_remaining_time_in_millis() / 1000 - _RESERVE_S))


def _reply(status: int, body: dict[str, object]) -> dict[str, object]:
    return {
        "statusCode": status,
        "headers": {"content-type": "application/json", "cache-control": "no-store"},
        "body": json.dumps(body),
    }
