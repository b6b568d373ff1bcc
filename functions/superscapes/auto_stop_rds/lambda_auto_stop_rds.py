"""auto-stop-rds on Lambda: stops the dashboard's database when nobody has used it for a while."""

from __future__ import annotations

import functools
import json
import os
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

ACTIVITY = "last_rds_query_time"
"""The key of the item that the dashboard's backend writes, with an ISO 8601 time in `value`."""

_WAITING = Config(connect_timeout=2, read_timeout=10, retries={"total_max_attempts": 3, "mode": "standard"})
# How far two machines' clocks may be apart before a time counts as one in the future.
_CLOCKS_APART = timedelta(seconds=5)
_DENIED = {"AccessDenied", "AccessDeniedException"}


class ActivityError(Exception):
    """When the database was last used can't be told; it keeps running."""


def lambda_handler(event: Any, context: Any) -> dict[str, Any]:
    """Answer a call, whatever the event. What goes wrong is logged and raised: it is counted as an error."""
    del event
    log = functools.partial(_log, request_id=context.aws_request_id)
    try:
        body = _decide(datetime.now(UTC))
    except ClientError as error:
        denied = " is denied to the function's role" if _code(error) in _DENIED else " failed"
        log("ERROR", f"{_action(error)}{denied}; the database is left as it is", error=str(error))
        raise
    except Exception as error:
        log("ERROR", f"{error}; the database is left as it is")
        raise
    log("INFO", body["message"], **{key: value for key, value in body.items() if key != "message"})
    return {
        "statusCode": 200,
        "headers": {"content-type": "application/json"},
        "body": json.dumps(body),
    }


def _decide(now: datetime) -> dict[str, str]:
    written = _last_activity()
    if written is None:
        return {"message": "No activity data found"}
    idle = now - _time(written, now)
    if idle <= timedelta(minutes=float(os.environ["IDLE_MINUTES"])):
        return {"message": "RDS still active", "last_activity": written}
    return {"message": _stop(os.environ["DB_INSTANCE_ID"]), "last_activity": written}


def _last_activity() -> str | None:
    answer = _client("dynamodb").get_item(
        TableName=os.environ["METADATA_TABLE"], Key={"key": {"S": ACTIVITY}}, ConsistentRead=True
    )
    item = answer.get("Item")
    if item is None:
        return None
    value = item.get("value", {}).get("S")
    if value is None:
        raise ActivityError(f"the item {ACTIVITY} has no text in its attribute value")
    return str(value)


def _time(written: str, now: datetime) -> datetime:
    try:
        time = datetime.fromisoformat(written)
    except ValueError:
        raise ActivityError(f"{written[:100]!r} in the item {ACTIVITY} isn't an ISO 8601 time") from None
    if time.tzinfo is None:
        time = time.replace(tzinfo=UTC)
    if time > now + _CLOCKS_APART:
        raise ActivityError(f"{written!r} in the item {ACTIVITY} lies in the future")
    return time


def _stop(instance_id: str) -> str:
    rds = _client("rds")
    (instance,) = rds.describe_db_instances(DBInstanceIdentifier=instance_id)["DBInstances"]
    status = str(instance["DBInstanceStatus"])
    if status != "available":
        return f"RDS left alone: it is {status}"
    try:
        rds.stop_db_instance(DBInstanceIdentifier=instance_id)
    except ClientError as error:
        if _code(error) not in {"InvalidDBInstanceState", "InvalidDBInstanceStateFault"}:
            raise
        return "RDS left alone: it is no longer available"
    return "RDS stopped due to inactivity"


@functools.cache
def _client(service: Literal["dynamodb", "rds"]) -> Any:
    return boto3.client(service, config=_WAITING)


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def _action(error: ClientError) -> str:
    service = "dynamodb" if error.operation_name == "GetItem" else "rds"
    return f"{service}:{error.operation_name}"


def _log(level: str, message: str, *, request_id: str, **fields: str) -> None:
    """Write a line by whose names Lambda filters lines that are JSON already.

    https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html
    """
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    line = {"timestamp": now, "level": level, "message": message, "requestId": request_id, **fields}
    print(json.dumps(line), flush=True)  # noqa: T201 -- Lambda keeps standard output
