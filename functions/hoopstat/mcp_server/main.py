"""The function's entry point: health by invocation, the Model Context Protocol over HTTP."""

from __future__ import annotations

import json
import os
from typing import Any

from aws_lambda_powertools import Logger
from mangum import Mangum
from stats.medallion import Medallion, UnavailableError
from stats.server import make_app, make_server

# Named as the application; the level is LOG_LEVEL's.
logger = Logger(service=os.environ.get("APP_NAME", "mcp-server"))
_medallion = Medallion(silver=os.environ["SILVER_BUCKET"], gold=os.environ["GOLD_BUCKET"])
_server = make_server(_medallion)


@logger.inject_lambda_context(clear_state=True)
def lambda_handler(event: Any, context: Any) -> dict[str, Any]:
    """Answer one request of HTTP (payload 2.0), or say whether both buckets can be read."""
    if event == {"action": "health"}:
        return _health()
    if not _is_http(event):
        logger.info("refused", reason="neither HTTP nor health")
        return _answer(400, {"error": 'the event is neither a request over HTTP nor {"action": "health"}'})
    try:
        # An app of its own for each request: the SDK's session manager starts and ends with it.
        answer: dict[str, Any] = Mangum(make_app(_server), lifespan="on")(event, context)
    except Exception:
        logger.exception("the request failed")
        return _answer(500, {"error": "internal error"})
    logger.info("answered", status=answer["statusCode"])
    return answer


def _health() -> dict[str, Any]:
    try:
        _medallion.check()
    except UnavailableError as failure:
        logger.error("not healthy", reason=str(failure))  # noqa: TRY400 - the reason says it all
        return _answer(503, {"error": "the statistics can't be read"})
    return _answer(200, {"status": "ok", "silver": "ok", "gold": "ok"})


def _is_http(event: Any) -> bool:
    if not isinstance(event, dict) or event.get("version") != "2.0":
        return False
    request = event.get("requestContext")
    return isinstance(request, dict) and isinstance(request.get("http"), dict)


def _answer(status: int, body: dict[str, Any]) -> dict[str, Any]:
    return {
        "statusCode": status,
        "headers": {"content-type": "application/json"},
        "body": json.dumps(body),
    }
