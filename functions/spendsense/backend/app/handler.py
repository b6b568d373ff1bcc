"""The API's function: takes the events of a REST API's proxy routes."""

from __future__ import annotations

import json
from typing import Any

from mangum import Mangum
from spendsense import deadline
from spendsense.log import begin, log, set_up

from app.api import make_app

# An answer comes within 25 s: what is begun last is a call of Secrets Manager, which has 7, or a statement,
# which has 5, and a server that falls silent after it is waited for another 6.
_REQUEST_S = 12.0

set_up()
_adapter = Mangum(make_app(), lifespan="off")


def handler(event: Any, context: Any) -> dict[str, Any]:
    """Answer an event of payload 1.0; anything else is a 400."""
    begin(context.aws_request_id)
    deadline.begin(_REQUEST_S)
    if not _is_rest_event(event):
        log.info("refused", extra={"fields": {"status": 400}})
        return {
            "statusCode": 400,
            "headers": {"content-type": "application/json"},
            "body": json.dumps({"error": "the event is none of a REST API (payload 1.0)"}),
            "isBase64Encoded": False,
        }
    answer: dict[str, Any] = _adapter(event, context)
    return answer


def _is_rest_event(event: Any) -> bool:
    """Tell whether the event has what the adapter reads, each of its type."""
    return (
        isinstance(event, dict)
        and all(isinstance(event.get(name), str) for name in ("httpMethod", "path", "resource"))
        and isinstance(event.get("requestContext"), dict)
        and isinstance(event.get("body"), str | None)
        and all(
            isinstance(event.get(name), dict | None)
            for name in ("headers", "multiValueHeaders", "multiValueQueryStringParameters")
        )
    )
