"""Where payments are kept: once each, and each step of one can be done again."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from payment import ConflictError, Payment

# What a call takes at worst, 6.5 s: two attempts, each with these two waits, and the pause between them.
CONFIG: Final = Config(
    connect_timeout=1, read_timeout=2, retries={"total_max_attempts": 2, "mode": "standard"}
)

ACCEPTED: Final = "accepted"
COMPLETED: Final = "completed"

_dynamodb: Any = boto3.resource("dynamodb", config=CONFIG)
_payments = _dynamodb.Table(os.environ["TABLE_NAME"])
_app = _dynamodb.Table(os.environ["APP_TABLE_NAME"])
_sqs: Any = boto3.client("sqs", config=CONFIG)
_RESULTS: Final = os.environ["QUEUE_URL"]


class OutOfTimeError(Exception):
    """There is no time left for another step; what is done stays, and trying again goes on from there."""


def charge(payment: Payment, *, stop_at: float) -> dict[str, Any]:
    """Accept a payment and do what follows from it: the order's and the payment's items, the result.

    stop_at: the moment, on the monotonic clock, after which no further step is begun.
    A payment that is there already isn't charged again: what was left to do is done, and the answer is the
    first one. The result may be sent a second time if sending it was the last that an earlier try did.
    Raises ConflictError for an id that belongs to another payment, OutOfTimeError.
    """
    item = _accept(payment)
    result = {name: item[name] for name in (*payment.values(), "accepted_at")} | {"status": ACCEPTED}
    result["amount"] = int(result["amount"])
    if item["state"] != COMPLETED:
        for step in (_write_items, _send_result, _complete):
            _in_time(step, result, stop_at)
    return result


def _accept(payment: Payment) -> dict[str, Any]:
    """Put the payment, or find it put."""
    item = payment.values() | {"accepted_at": datetime.now(UTC).isoformat(), "state": ACCEPTED}
    try:
        _payments.put_item(Item=item, ConditionExpression="attribute_not_exists(payment_id)")
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise
        item = _payments.get_item(Key={"payment_id": payment.payment_id}, ConsistentRead=True)["Item"]
        if any(item[name] != value for name, value in payment.values().items()):
            raise ConflictError from None
    return item


def _in_time(step: Callable[[dict[str, Any]], None], result: dict[str, Any], stop_at: float) -> None:
    if time.monotonic() > stop_at:
        raise OutOfTimeError
    step(result)


def _write_items(result: dict[str, Any]) -> None:
    """The order, which a user has one of for each payment, and the payment of the order."""
    order, user = result["payment_id"], result["customer_id"]
    facts = {name: result[name] for name in ("amount", "currency", "accepted_at")}
    _app.put_item(Item={"PK": f"USER#{user}", "SK": f"ORDER#{order}", "order_id": order, **facts})
    _app.put_item(Item={"PK": f"ORDER#{order}", "SK": f"PAYMENT#{order}", "payment_id": order, **facts})


def _send_result(result: dict[str, Any]) -> None:
    _sqs.send_message(QueueUrl=_RESULTS, MessageBody=json.dumps(result, sort_keys=True))


def _complete(result: dict[str, Any]) -> None:
    _payments.update_item(
        Key={"payment_id": result["payment_id"]},
        UpdateExpression="SET #state = :state",
        ExpressionAttributeNames={"#state": "state"},
        ExpressionAttributeValues={":state": COMPLETED},
    )
