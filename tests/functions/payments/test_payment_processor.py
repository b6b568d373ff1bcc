from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from tests.functions.payments.conftest import LambdaContext, Load, app_table, http

PAYMENT = {"payment_id": "p-1", "amount": 1250, "currency": "EUR", "customer_id": "ada"}


@dataclass
class Processor:
    """The loaded function and what it has written."""

    module: ModuleType
    aws: Callable[[str], Any]
    tables: dict[str, str]
    queue: str
    results: list[dict[str, Any]] = field(default_factory=list)

    def call(self, event: Any, remaining_s: float = 30.0) -> Any:
        return self.module.handler(event, LambdaContext(remaining_s))

    def post(self, body: Any) -> tuple[int, Any]:
        answer = self.call(http("POST", "/payments", body=json.dumps(body)))
        return answer["statusCode"], json.loads(answer["body"])

    def items(self, table: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.aws("dynamodb").scan(TableName=self.tables[table])["Items"]
        return found

    def sent(self) -> list[dict[str, Any]]:
        """All results that were sent so far."""
        while True:
            told = self.aws("sqs").receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10)
            for message in told.get("Messages", []):
                self.results.append(json.loads(message["Body"]))
                self.aws("sqs").delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])
            if not told.get("Messages"):
                return self.results


@pytest.fixture
def processor(load: Load, aws: Callable[[str], Any], name: str) -> Iterator[Processor]:
    app_table(aws, f"{name}-app")
    tables = {"app": f"{name}-app"}
    for kind, key in (("payments", "payment_id"), ("idempotency", "id")):
        tables[kind] = f"{name}-{kind}"
        aws("dynamodb").create_table(
            TableName=tables[kind],
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"}],
            KeySchema=[{"AttributeName": key, "KeyType": "HASH"}],
        )
    queue = aws("sqs").create_queue(QueueName=name)["QueueUrl"]
    module = load(
        "payment_processor",
        TABLE_NAME=tables["payments"],
        APP_TABLE_NAME=tables["app"],
        IDEMPOTENCY_TABLE_NAME=tables["idempotency"],
        QUEUE_URL=queue,
    )
    yield Processor(module=module, aws=aws, tables=tables, queue=queue)
    for table in tables.values():
        aws("dynamodb").delete_table(TableName=table)
    aws("sqs").delete_queue(QueueUrl=queue)


def test_a_payment_is_stored_and_its_result_sent(processor: Processor) -> None:
    status, result = processor.post(PAYMENT)
    assert status == 200
    assert result == PAYMENT | {"status": "accepted", "accepted_at": result["accepted_at"]}
    (stored,) = processor.items("payments")
    assert stored["state"] == {"S": "completed"}
    assert {(item["PK"]["S"], item["SK"]["S"]) for item in processor.items("app")} == {
        ("USER#ada", "ORDER#p-1"),
        ("ORDER#p-1", "PAYMENT#p-1"),
    }
    assert processor.sent() == [result]


def test_a_repetition_charges_once_and_gives_the_first_answer(processor: Processor) -> None:
    first = processor.post(PAYMENT)
    assert processor.post(PAYMENT) == first
    assert len(processor.sent()) == 1


def test_a_repetition_when_powertools_has_forgotten_charges_once_all_the_same(processor: Processor) -> None:
    first = processor.post(PAYMENT)
    (known,) = processor.items("idempotency")
    processor.aws("dynamodb").delete_item(TableName=processor.tables["idempotency"], Key={"id": known["id"]})
    assert processor.post(PAYMENT) == first
    assert len(processor.sent()) == 1
    assert len(processor.items("payments")) == 1


@pytest.mark.parametrize("forgotten", [False, True])
def test_another_body_under_a_used_id_is_a_conflict(processor: Processor, forgotten: bool) -> None:
    processor.post(PAYMENT)
    if forgotten:
        (known,) = processor.items("idempotency")
        processor.aws("dynamodb").delete_item(
            TableName=processor.tables["idempotency"], Key={"id": known["id"]}
        )
    status, answer = processor.post(PAYMENT | {"amount": 1})
    assert (status, answer) == (409, {"error": "this payment_id was used for another payment"})
    assert len(processor.sent()) == 1


def test_what_was_cut_off_goes_on_where_it_stopped(
    processor: Processor, monkeypatch: pytest.MonkeyPatch
) -> None:
    import ledger  # type: ignore[import-not-found]

    def broken(*_: Any, **__: Any) -> None:
        raise ConnectionError("hush")

    with monkeypatch.context() as cut_off:
        cut_off.setattr(ledger._sqs, "send_message", broken)
        assert processor.post(PAYMENT) == (500, {"error": "internal error"})
    (stored,) = processor.items("payments")
    assert stored["state"] == {"S": "accepted"}
    status, result = processor.post(PAYMENT)
    assert (status, result["accepted_at"]) == (200, stored["accepted_at"]["S"])
    assert processor.sent() == [result]


def test_no_step_is_begun_when_the_time_is_up(processor: Processor) -> None:
    event = http("POST", "/payments", body=json.dumps(PAYMENT))
    answer = processor.call(event, remaining_s=0)
    assert answer["statusCode"] == 500
    assert processor.sent() == []
    assert processor.items("app") == []


@pytest.mark.parametrize("accepted_before", [False, True])
@pytest.mark.parametrize("call_s", [6.9, 4.9, 3.3, 2.4])
def test_an_answer_comes_before_an_http_api_gives_up(
    processor: Processor, monkeypatch: pytest.MonkeyPatch, accepted_before: bool, call_s: float
) -> None:
    """However long calls take, up to the longest that they can."""
    import ledger

    now = [0.0]

    def takes_its_time(**_: Any) -> None:
        now[0] += call_s

    for client in (ledger._dynamodb.meta.client, ledger._sqs, processor.module._store.client):
        config = client.meta.config
        assert config.retries["total_max_attempts"] == 2
        longest = 2 * (config.connect_timeout + config.read_timeout) + 1  # a second between attempts
        assert call_s < longest
        assert processor.module._LONGEST_S + 2 * longest < 25
        client.meta.events.register("before-call", takes_its_time)
    if accepted_before:
        item = {"accepted_at": "now", "state": "accepted", **PAYMENT}
        texts = {name: {"N" if name == "amount" else "S": str(value)} for name, value in item.items()}
        processor.aws("dynamodb").put_item(TableName=processor.tables["payments"], Item=texts)
    for module in (ledger, processor.module):
        monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: now[0]))
    assert processor.post(PAYMENT) == (500, {"error": "internal error"})
    assert now[0] < 25


def test_in_a_batch_what_no_time_is_left_for_comes_back(
    processor: Processor, monkeypatch: pytest.MonkeyPatch
) -> None:
    import ledger

    send = ledger._send_result

    def takes_all_the_time(result: dict[str, Any]) -> None:
        send(result)
        monkeypatch.setattr(processor.module, "_deadline", time.monotonic())

    monkeypatch.setattr(ledger, "_send_result", takes_all_the_time)
    bodies = [json.dumps(PAYMENT | {"payment_id": f"p-{number}"}) for number in range(3)]
    told = processor.call(_records(*bodies))
    assert [each["itemIdentifier"] for each in told["batchItemFailures"]] == ["m-1", "m-2"]
    assert len(processor.items("payments")) == len(processor.items("idempotency")) == 1


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ([], "a payment is a JSON object"),
        ({}, "amount is missing; currency is missing; customer_id is missing; payment_id is missing"),
        (PAYMENT | {"amount": 12.5}, "amount is a whole number of the minor unit, 1 to 1000000000000"),
        (PAYMENT | {"amount": True}, "amount is a whole number of the minor unit, 1 to 1000000000000"),
        (PAYMENT | {"amount": 0}, "amount is a whole number of the minor unit, 1 to 1000000000000"),
        (PAYMENT | {"currency": "eur"}, "currency is three capital letters, as EUR"),
        (PAYMENT | {"payment_id": "a b"}, "payment_id is 1 to 64 letters, digits, hyphens and underscores"),
        (PAYMENT | {"tip": 1}, "'tip' isn't part of a payment"),
    ],
)
def test_bad_payments_are_refused_and_leave_nothing(processor: Processor, body: Any, error: str) -> None:
    assert processor.post(body) == (400, {"error": error})
    assert not processor.items("payments")
    assert not processor.items("idempotency")


def test_what_isn_t_json(processor: Processor) -> None:
    answer = processor.call(http("POST", "/payments", body="{"))
    assert answer["statusCode"] == 400


def _records(*bodies: str) -> dict[str, Any]:
    return {
        "Records": [
            {
                "messageId": f"m-{number}",
                "receiptHandle": "r",
                "body": body,
                "attributes": {},
                "messageAttributes": {},
                "eventSource": "aws:sqs",
                "eventSourceARN": "arn:aws:sqs:eu-west-1:000000000000:input",
                "awsRegion": "eu-west-1",
            }
            for number, body in enumerate(bodies)
        ]
    }


def test_of_ten_messages_the_bad_one_alone_comes_back(processor: Processor) -> None:
    bodies = [json.dumps(PAYMENT | {"payment_id": f"p-{number}"}) for number in range(10)]
    bodies[4] = "not a payment"
    assert processor.call(_records(*bodies)) == {"batchItemFailures": [{"itemIdentifier": "m-4"}]}
    assert len(processor.items("payments")) == len(processor.sent()) == 9


def test_a_message_that_comes_twice_charges_once(processor: Processor) -> None:
    body = json.dumps(PAYMENT)
    assert processor.call(_records(body, body)) == {"batchItemFailures": []}
    assert len(processor.sent()) == 1


def test_direct_calls(processor: Processor) -> None:
    assert processor.call({"action": "health"}) == {"status": "ok"}
    assert processor.call(PAYMENT)["status"] == "accepted"
    with pytest.raises(Exception, match="is missing"):
        processor.call({"payment_id": "p-2"})
