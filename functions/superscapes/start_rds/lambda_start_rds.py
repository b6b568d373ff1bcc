"""start-rds on Lambda: starts the dashboard's database; called over HTTP, directly, or by a rule."""

from __future__ import annotations

import functools
import json
import os
from datetime import UTC, datetime
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

# Three calls at worst, two attempts each: an answer comes within 25 s, since an HTTP API gives up after 30 s.
# https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
_WAITING = Config(connect_timeout=1, read_timeout=2.5, retries={"total_max_attempts": 2, "mode": "standard"})
_DENIED = {"AccessDenied", "AccessDeniedException"}


class FailedError(Exception):
    """The database isn't starting. status: as HTTP has it; the text is for the caller, without internals."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def lambda_handler(event: Any, context: Any) -> dict[str, Any]:
    """Answer a call; every caller gets the shape of an HTTP answer.

    A rule doesn't read answers: for it a failure is raised, so that it is tried again, kept and counted.
    """
    instance_id = os.environ["DB_INSTANCE_ID"]
    log = functools.partial(_log, request_id=context.aws_request_id, instance_id=instance_id)
    try:
        message = _start(instance_id, log)
    except FailedError as failure:
        if isinstance(event, dict) and "detail-type" in event:
            raise
        return _reply(failure.status, {"error": str(failure), "instance_id": instance_id})
    log("INFO", message)
    return _reply(200, {"message": message, "instance_id": instance_id})


def _start(instance_id: str, log: Any) -> str:
    try:
        status = _status(instance_id)
        if status == "stopped":
            try:
                _rds().start_db_instance(DBInstanceIdentifier=instance_id)
            except ClientError as error:
                if _code(error) not in {"InvalidDBInstanceState", "InvalidDBInstanceStateFault"}:
                    raise
                status = _status(instance_id)  # somebody else was faster
            else:
                return "RDS instance starting"
    except ClientError as error:
        action = f"rds:{error.operation_name}"
        if _code(error) in {"DBInstanceNotFound", "DBInstanceNotFoundFault"}:
            log("ERROR", f"{action}: there is no such instance")
            raise FailedError(404, "RDS instance not found") from None
        denied = " is denied to the function's role" if _code(error) in _DENIED else " failed"
        log("ERROR", f"{action}{denied}", error=str(error))
        raise FailedError(500, "internal error") from None
    except BotoCoreError as error:
        log("ERROR", "RDS can't be reached", error=str(error))
        raise FailedError(500, "internal error") from None
    return f"RDS already {status}"


def _status(instance_id: str) -> str:
    (instance,) = _rds().describe_db_instances(DBInstanceIdentifier=instance_id)["DBInstances"]
    return str(instance["DBInstanceStatus"])


@functools.cache
def _rds() -> Any:
    return boto3.client("rds", config=_WAITING)


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def _reply(status: int, body: dict[str, str]) -> dict[str, Any]:
    return {
        "statusCode": status,
        "headers": {"content-type": "application/json", "cache-control": "no-store"},
        "body": json.dumps(body),
    }


def _log(level: str, message: str, *, request_id: str, **fields: str) -> None:
    """Write a line by whose names Lambda filters lines that are JSON already.

    https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html
    """
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    line = {"timestamp": now, "level": level, "message": message, "requestId": request_id, **fields}
    print(json.dumps(line), flush=True)  # noqa: T201 -- Lambda keeps standard output
