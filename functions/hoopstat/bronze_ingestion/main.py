"""The function's entry point: read the event, ingest the day, answer."""

from __future__ import annotations

import json
import os
from functools import cache
from typing import Any

from aws_lambda_powertools import Logger
from ingestion.bronze import Bronze
from ingestion.day import parse
from ingestion.errors import BadRequestError
from ingestion.request import read
from ingestion.source import fetch

# Named as the application; the level is LOG_LEVEL's.
logger = Logger(service=os.environ.get("APP_NAME", "bronze-ingestion"))


@cache
def _bronze() -> Bronze:
    return Bronze(bucket=os.environ["BRONZE_BUCKET"])


@logger.inject_lambda_context(clear_state=True)
def lambda_handler(event: Any, context: Any) -> dict[str, Any]:
    """Ingest one day, as an invocation asks or the schedule.

    A caller's mistake is answered with a 400. A fault is raised: it counts as an error, and what was invoked
    asynchronously is tried again.
    """
    del context
    try:
        return _answer(200, _ingest(event))
    except BadRequestError as refusal:
        logger.info("refused", reason=str(refusal))
        return _answer(400, {"error": str(refusal)})


def _ingest(event: Any) -> dict[str, Any]:
    request = read(event, source_url=os.environ.get("SOURCE_URL"))
    if request is None:
        return {"status": "ok", "bucket": _bronze().bucket}
    logger.append_keys(dataset=request.dataset, date=request.date)
    if request.records is None and request.source_url is None:
        logger.warning("nothing to ingest: the schedule calls, and SOURCE_URL is not set")
        return {"dataset": request.dataset, "date": request.date, "status": "no source"}
    records = fetch(request.source_url, request.date) if request.records is None else request.records
    kept = _bronze().keep(parse(request.dataset, request.date, records))
    logger.info("ingested", **kept)
    return kept


def _answer(status: int, body: dict[str, Any]) -> dict[str, Any]:
    return {
        "statusCode": status,
        "headers": {"content-type": "application/json"},
        "body": json.dumps(body),
    }
