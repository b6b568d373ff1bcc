"""payment-processor: payments from the API, from the queue, and from asynchronous calls."""

from __future__ import annotations

import os
import time
from typing import Any

import ledger
from aws_lambda_powertools import Logger, Tracer, single_metric
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response, content_types
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.logging import correlation_paths
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent_function,
)
from aws_lambda_powertools.utilities.idempotency.exceptions import (
    IdempotencyAlreadyInProgressError,
    IdempotencyValidationError,
)
from aws_lambda_powertools.utilities.typing import LambdaContext
from payment import BadPaymentError, ConflictError, Payment

logger = Logger()
tracer = Tracer()
app = APIGatewayHttpResolver()
batch = BatchProcessor(event_type=EventType.SQS)

# For how long calls are begun. An answer comes within 25 s, also when the last call takes as long as it can,
# and after it Powertools' own, which keeps or forgets its record.
_LONGEST_S = 10.0
# How much of the time that is left that may be, so that a failure can still be told.
_SHARE = 0.75
_DAY_S = 86_400

_idempotency = IdempotencyConfig(
    event_key_jmespath="payment_id",
    payload_validation_jmespath="[amount, currency, customer_id]",
    raise_on_no_idempotency_key=True,
    # The payments table itself knows for ever what was charged; this answers repetitions without doing again.
    expires_after_seconds=_DAY_S,
    hash_function="sha256",
)
_store = DynamoDBPersistenceLayer(table_name=os.environ["IDEMPOTENCY_TABLE_NAME"], boto_config=ledger.CONFIG)
_deadline = time.monotonic()


@idempotent_function(
    data_keyword_argument="payment", config=_idempotency, persistence_store=_store, key_prefix="payment"
)
def charge_once(*, payment: dict[str, Any]) -> dict[str, Any]:
    """Charge a payment that wasn't charged before; else give the first answer."""
    result = ledger.charge(Payment(**payment), stop_at=_deadline)
    with single_metric(name="PaymentsAccepted", unit=MetricUnit.Count, value=1, namespace="Payments"):
        return result


def accept(payment: Payment) -> dict[str, Any]:
    """Charge a payment once.

    Raises ConflictError for an id that belongs to another one, OutOfTimeError when the request's time is up.
    """
    ledger.check_time(_deadline)  # Powertools' first call knows nothing of it
    try:
        result: dict[str, Any] = charge_once(payment=payment.values())
    except IdempotencyValidationError:
        raise ConflictError from None
    return result


@app.post("/payments")
def post_payment() -> dict[str, Any]:
    return accept(Payment.parse_json(app.current_event.decoded_body or ""))


def accept_record(record: SQSRecord) -> dict[str, Any]:
    """Charge the payment in one message of the queue."""
    return accept(Payment.parse_json(record.body))


@app.exception_handler(BadPaymentError)
def _bad(error: BadPaymentError) -> Response[Any]:
    logger.info("refused", reason=str(error))
    return _answer(400, str(error))


@app.exception_handler(ConflictError)
def _conflict(_: ConflictError) -> Response[Any]:
    logger.info("refused", reason="the id belongs to another payment")
    return _answer(409, "this payment_id was used for another payment")


@app.exception_handler(IdempotencyAlreadyInProgressError)
def _in_progress(_: IdempotencyAlreadyInProgressError) -> Response[Any]:
    return _answer(409, "this payment is being worked on; ask again in a moment")


@app.not_found
def _not_found(_: NotFoundError) -> Response[Any]:
    return _answer(404, "there is no such route")


@app.exception_handler(Exception)
def _fault(error: Exception) -> Response[Any]:
    logger.error("a payment failed", exc_info=error)
    return _answer(500, "internal error")


def _answer(status: int, error: str) -> Response[Any]:
    return Response(status_code=status, content_type=content_types.APPLICATION_JSON, body={"error": error})


@logger.inject_lambda_context(correlation_id_path=correlation_paths.API_GATEWAY_HTTP)
@tracer.capture_lambda_handler(capture_response=False)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer an HTTP API, a batch of the queue, or a call with a payment itself."""
    global _deadline
    left_s = context.get_remaining_time_in_millis() / 1000
    _deadline = time.monotonic() + min(left_s * _SHARE, _LONGEST_S)
    _idempotency.register_lambda_context(context)
    if "requestContext" in event:
        return app.resolve(event, context)
    if "Records" in event:
        return dict(
            process_partial_response(
                event=event, record_handler=accept_record, processor=batch, context=context
            )
        )
    if event == {"action": "health"}:
        return {"status": "ok"}
    return accept(Payment.parse(event))
