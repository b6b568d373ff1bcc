"""Where payments are kept: once each, and each step of one can be done again."""

from __future__ import annotations

import json
import os
import time
from datetime import UTC, datetime
from typing import Any, Final

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from payment import ConflictError, Payment

# What a call takes at worst, 7 s: two attempts, each with these two waits, and up to a second between them.
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
    """There is no time left for another call; what is done stays, and trying again goes on from there."""


def charge(payment: Payment, *, stop_at: float) -> dict[str, Any]:
    """Accept a payment and do what follows from it: the order's and the payment's items, the result.

    stop_at: the moment, on the monotonic clock, from which on no further call is begun.
    A payment that is there already isn't charged again: what was left to do is done, and the answer is the
    first one. The result may be sent a second time if sending it was the last that an earlier try did.
    Raises ConflictError for an id that belongs to another payment, OutOfTimeError.
    """
    item = _accept(payment, stop_at)
    result = {name: item[name] for name in (*payment.values(), "accepted_at")} | {"status": ACCEPTED}
    result["amount"] = int(result["amount"])
    if item["state"] != COMPLETED:
        for call in (_write_order, _write_payment, _send_result, _complete):
            check_time(stop_at)
            call(result)
    return result


def check_time(stop_at: float) -> None:
    """Raise OutOfTimeError from that moment of the monotonic clock on."""
    if time.monotonic() >= stop_at:
        raise OutOfTimeError


def _accept(payment: Payment, stop_at: float) -> dict[str, Any]:
    """Put the payment, or find it put."""
    check_time(stop_at)
    item = payment.values() | {"accepted_at": datetime.now(UTC).isoformat(), "state": ACCEPTED}
    try:
        _payments.put_item(Item=item, ConditionExpression="attribute_not_exists(payment_id)")
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise
        check_time(stop_at)
        item = _payments.get_item(Key={"payment_id": payment.payment_id}, ConsistentRead=True)["Item"]
        if any(item[name] != value for name, value in payment.values().items()):
            raise ConflictError from None
    return item


def _write_order(result: dict[str, Any]) -> None:
    """The order, which a user has one of for each payment."""
    order, user = result["payment_id"], result["customer_id"]
    _app.put_item(Item={"PK": f"USER#{user}", "SK": f"ORDER#{order}", "order_id": order, **_facts(result)})


def _write_payment(result: dict[str, Any]) -> None:
    """The payment of the order."""
    order = result["payment_id"]
    keys = {"PK": f"ORDER#{order}", "SK": f"PAYMENT#{order}"}
    _app.put_item(Item={**keys, "payment_id": order, **_facts(result)})


def _facts(result: dict[str, Any]) -> dict[str, Any]:
    return {name: result[name] for name in ("amount", "currency", "accepted_at")}


def _send_result(result: dict[str, Any]) -> None:
    _sqs.send_message(QueueUrl=_RESULTS, MessageBody=json.dumps(result, sort_keys=True))


def _complete(result: dict[str, Any]) -> None:
    _payments.update_item(
        Key={"payment_id": result["payment_id"]},
        UpdateExpression="SET #state = :state",
        ExpressionAttributeNames={"#state": "state"},
        ExpressionAttributeValues={":state": COMPLETED},
    )
