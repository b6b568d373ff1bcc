"""Payments by what its users do: a token, payments, messages, pictures, users and their orders."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest
import urllib3
from botocore.exceptions import ClientError
from PIL import Image

from sandbox.home import FLEET_ROOT
from tests.e2e.alone import deployed_alone
from tests.e2e.sandbox import HttpAnswer, Sandbox, wait_for

pytestmark = pytest.mark.waits

REGION = "us-east-1"
SLOW_S = 100.0
"""Until a message was tried five times, or until a batch is done on a machine that has much else to do."""
PASSWORD = "a Long enough passw0rd"
_http = urllib3.PoolManager(retries=False, timeout=30)


@dataclass(frozen=True, kw_only=True)
class Payments:
    """The deployed system, as its users know it: by the stack's outputs."""

    sandbox: Sandbox
    outputs: Mapping[str, Any]
    results: dict[str, list[Any]] = field(default_factory=dict)
    dead: list[str] = field(default_factory=list)

    def aws(self, service: str) -> Any:
        return self.sandbox.aws(service, region=REGION)

    def call(self, method: str, path: str, token: str | None = None, body: Any = None) -> HttpAnswer:
        answer = _http.request(
            method,
            f"{self.outputs['apiUrl']}{path}",
            headers={"authorization": f"Bearer {token}"} if token else {},
            body=None if body is None else json.dumps(body).encode(),
        )
        return HttpAnswer(status=answer.status, body=json.loads(answer.data))

    def sign_in(self) -> str:
        """Make a user with a password, and sign in as a person does; the answer is the ID token."""
        pool, cognito = self.outputs["userPool"], self.aws("cognito-idp")
        name = f"{uuid4().hex}@example.com"
        cognito.admin_create_user(UserPoolId=pool["id"], Username=name, MessageAction="SUPPRESS")
        cognito.admin_set_user_password(
            UserPoolId=pool["id"], Username=name, Password=PASSWORD, Permanent=True
        )
        signed_in = cognito.initiate_auth(
            ClientId=pool["clientId"],
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": name, "PASSWORD": PASSWORD},
        )
        return str(signed_in["AuthenticationResult"]["IdToken"])

    def stored(self, payment_id: str) -> Any:
        table = self.outputs["tables"]["payments"]
        key = {"payment_id": {"S": payment_id}}
        return self.aws("dynamodb").get_item(TableName=table, Key=key, ConsistentRead=True).get("Item")

    def result_of(self, payment_id: str) -> list[Any]:
        """All results of a payment that have arrived so far."""
        for message in self.messages(self.outputs["queues"]["results"]):
            result = json.loads(message["Body"])
            self.results.setdefault(result["payment_id"], []).append(result)
        return self.results.get(payment_id, [])

    def messages(self, queue_url: str) -> list[Any]:
        """Take what a queue holds out of it."""
        sqs, found = self.aws("sqs"), []
        while got := sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10).get("Messages"):
            for message in got:
                sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])
            found += got
        return found

    def dead_letters(self) -> list[str]:
        """What failed so often that it came into `input-dlq`, so far, as it was sent."""
        self.dead.extend(message["Body"] for message in self.messages(self.queue("input-dlq")))
        return self.dead

    def queue(self, what: str) -> str:
        return str(self.aws("sqs").get_queue_url(QueueName=f"payments-local-{what}")["QueueUrl"])

    def send(self, *bodies: str) -> None:
        """Put messages into the queue `input`, together."""
        told = self.aws("sqs").send_message_batch(
            QueueUrl=self.outputs["queues"]["input"],
            Entries=[{"Id": str(number), "MessageBody": body} for number, body in enumerate(bodies)],
        )
        assert not told.get("Failed")

    def upload(self, name: str, content: bytes) -> None:
        self.aws("s3").put_object(Bucket=self.bucket, Key=f"uploads/{name}", Body=content)

    def thumbnail(self, name: str) -> bytes | None:
        s3 = self.aws("s3")
        try:
            return bytes(s3.get_object(Bucket=self.bucket, Key=f"thumbnails/{name}")["Body"].read())
        except s3.exceptions.NoSuchKey:
            return None

    @property
    def bucket(self) -> str:
        return str(self.outputs["uploadsBucket"])


@pytest.fixture(scope="module")
def payments(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Payments]:
    """A sandbox with this system alone."""
    with deployed_alone("payments", tmp_path_factory.mktemp("payments")) as sandbox:
        sandbox.fleet("try", "--stack", "local")  # a first call takes longer than this stage's timeout allows
        yield Payments(sandbox=sandbox, outputs=sandbox.json("stack", "output", "payments", "--json"))


@pytest.fixture(scope="module")
def poison(payments: Payments) -> str:
    """A message that can't be charged, sent before anything else: five tries take their time."""
    body = f"not a payment {uuid4()}"
    payments.send(body)
    return body


@pytest.fixture(scope="module")
def token(payments: Payments) -> str:
    return payments.sign_in()


def _payment(**changes: Any) -> dict[str, Any]:
    return {"payment_id": uuid4().hex, "amount": 1250, "currency": "EUR", "customer_id": "ada"} | changes


def _event(service: str, name: str) -> dict[str, Any]:
    file = FLEET_ROOT / "functions" / "payments" / service.replace("-", "_") / "events" / f"{name}.json"
    event: dict[str, Any] = json.loads(file.read_text())
    return event


def _picture(kind: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (1024, 512), (30, 200, 30)).save(out, format=kind)
    return out.getvalue()


@pytest.mark.usefixtures("poison")
def test_a_payment_with_a_token_is_stored_and_its_result_arrives(payments: Payments, token: str) -> None:
    payment = _payment()
    answer = payments.call("POST", "/payments", token, payment)
    assert answer.status == 200
    assert answer.body == payment | {"status": "accepted", "accepted_at": answer.body["accepted_at"]}
    assert payments.stored(payment["payment_id"])["state"] == {"S": "completed"}
    assert wait_for("the result", lambda: payments.result_of(payment["payment_id"])) == [answer.body]


@pytest.mark.parametrize("bad", [None, "nonsense", "{token}x"])
def test_without_a_valid_token_nothing_is_done(payments: Payments, token: str, bad: str | None) -> None:
    payment = _payment()
    tokens = bad.format(token=token) if bad else None
    assert payments.call("POST", "/payments", tokens, payment).status == 401
    assert payments.call("GET", "/users/ada", tokens).status == 401
    assert payments.stored(payment["payment_id"]) is None


def test_the_same_payment_twice_charges_once_and_answers_the_first_result(
    payments: Payments, token: str
) -> None:
    payment = _payment()
    first = payments.call("POST", "/payments", token, payment)
    assert payments.call("POST", "/payments", token, payment) == first
    other = payments.call("POST", "/payments", token, payment | {"amount": 1})
    assert (other.status, other.body) == (409, {"error": "this payment_id was used for another payment"})
    last = _payment()
    payments.call("POST", "/payments", token, last)
    wait_for("the result of what was sent later", lambda: payments.result_of(last["payment_id"]))
    assert payments.result_of(payment["payment_id"]) == [first.body]


def test_a_bad_payment_is_told_what_is_wrong(payments: Payments, token: str) -> None:
    answer = payments.call("POST", "/payments", token, _payment(amount=12.5))
    assert answer.status == 400
    assert "amount is a whole number" in answer.body["error"]


def test_of_ten_messages_the_bad_one_alone_comes_back(payments: Payments) -> None:
    good = [_payment() for _ in range(9)]
    bodies = [json.dumps(each) for each in good]
    bad = f"bad among good {uuid4()}"
    payments.send(*bodies[:4], bad, *bodies[4:])
    for each in good:
        done = wait_for("the payment", lambda each=each: payments.stored(each["payment_id"]), SLOW_S)  # type: ignore[misc]
        assert done["amount"] == {"N": "1250"}
    found = {each["payment_id"]: payments.result_of(each["payment_id"]) for each in good}
    for payment_id in found:
        wait_for("the result", lambda payment_id=payment_id: payments.result_of(payment_id), SLOW_S)  # type: ignore[misc]

    assert all(len(payments.result_of(each["payment_id"])) == 1 for each in good)
    # Only the bad one came back, until it was among the dead letters; none of the good ones is.
    wait_for("the bad message", lambda: bad in payments.dead_letters(), SLOW_S)
    assert not set(bodies) & set(payments.dead_letters())


@pytest.mark.parametrize(("kind", "suffix"), [("JPEG", "jpg"), ("PNG", "png")])
def test_an_uploaded_picture_gets_a_thumbnail(payments: Payments, kind: str, suffix: str) -> None:
    name = f"{uuid4().hex}.{suffix}"
    payments.upload(name, _picture(kind))
    made = wait_for("the thumbnail", lambda: payments.thumbnail(name), SLOW_S)
    opened = Image.open(io.BytesIO(made))
    assert (opened.format, opened.size) == (kind, (256, 128))


def test_a_text_gets_no_thumbnail_and_a_thumbnail_none_either(payments: Payments) -> None:
    text, last = f"{uuid4().hex}.txt", f"{uuid4().hex}.png"
    payments.upload(text, b"no picture")
    payments.upload(last, _picture("PNG"))
    wait_for("the thumbnail of what was uploaded later", lambda: payments.thumbnail(last), SLOW_S)
    assert payments.thumbnail(text) is None
    log = _lines(payments, "image-processor")
    assert text not in log
    assert "thumbnails/thumbnails/" not in log
    assert f'"key":"uploads/{last}"' in log.replace(": ", ":")


def test_a_test_event_is_a_payment(payments: Payments) -> None:
    first = payments.sandbox.json("send", "payment-processor", "payment")
    assert first == _event("payment-processor", "payment") | {
        "status": "accepted",
        "accepted_at": first["accepted_at"],
    }
    assert payments.sandbox.json("send", "payment-processor", "payment") == first
    orders = json.loads(payments.sandbox.json("send", "accounts", "http-orders")["body"])["orders"]
    assert first["payment_id"] in {order["order_id"] for order in orders}


@pytest.mark.parametrize(
    ("service", "event", "told"),
    [
        ("payment-processor", "bad-payment", "currency is three capital letters, as EUR; amount is a whole"),
        ("image-processor", "broken-picture", "not a whole JPEG or PNG"),
    ],
)
def test_what_an_asynchronous_call_fails_on_ends_in_the_functions_queue(
    payments: Payments, service: str, event: str, told: str
) -> None:
    payments.upload("broken.jpg", b"broken")
    payments.sandbox.fleet("send", service, event, "--async")
    queue = payments.queue(f"{service}-dlq")
    (kept,) = wait_for("the failed event, after three tries", lambda: payments.messages(queue), SLOW_S)
    body = json.loads(kept["Body"])
    assert body["requestPayload"] == _event(service, event)
    assert told in body["responsePayload"]["errorMessage"]
    assert payments.stored("p-2") is None
    assert payments.thumbnail("broken.jpg") is None


def test_the_four_access_patterns(payments: Payments, token: str) -> None:
    user = f"u-{uuid4().hex[:8]}"
    profile = {"user_id": user, "email": f"{user}@example.com", "name": "Ada"}
    put = payments.call("PUT", f"/users/{user}", token, {"email": profile["email"].upper(), "name": "Ada"})
    assert (put.status, put.body) == (201, profile)
    assert payments.call("GET", f"/users/{user}", token).body == profile
    assert payments.call("GET", f"/users?email={profile['email']}", token).body == {"users": [profile]}
    assert payments.call("GET", f"/users/{user}/orders", token).body == {"orders": []}
    payment = _payment(customer_id=user)
    accepted_at = payments.call("POST", "/payments", token, payment).body["accepted_at"]
    orders = payments.call("GET", f"/users/{user}/orders", token).body["orders"]
    assert orders == [
        {"order_id": payment["payment_id"], "amount": 1250, "currency": "EUR", "accepted_at": accepted_at}
    ]
    assert payments.call("GET", "/users/nobody", token).status == 404


@pytest.mark.parametrize("service", ["payment-processor", "image-processor", "accounts"])
def test_a_functions_role_may_not_scan(payments: Payments, service: str) -> None:
    """No code path scans: whoever tries is denied, with the credentials that the function has."""
    name, tables = payments.outputs["functions"][service]["name"], payments.outputs["tables"]
    # The emulator's root user gets any role, whomever it trusts.
    role = payments.sandbox.assume(f"arn:aws:iam::000000000000:role/{name}")
    dynamodb = payments.sandbox.aws("dynamodb", role, REGION)
    for table in tables.values():
        with pytest.raises(ClientError, match=r"AccessDenied.*dynamodb:Scan"):
            dynamodb.scan(TableName=table)
    with pytest.raises(ClientError, match=r"AccessDenied.*dynamodb:Scan"):
        dynamodb.scan(TableName=tables["app"], IndexName="GSI1")
    if service != "image-processor":  # which may do nothing with a table
        item = {"PK": {"S": "USER#scan"}, "SK": {"S": "PROFILE"}}
        dynamodb.put_item(TableName=tables["app"], Item=item)


def test_the_fifth_failure_is_among_the_dead_letters_unchanged(payments: Payments, poison: str) -> None:
    wait_for("the dead letter", lambda: poison in payments.dead_letters(), SLOW_S)


def _lines(payments: Payments, service: str) -> str:
    pages = payments.aws("logs").get_paginator("filter_log_events")
    found: Callable[..., Any] = pages.paginate
    events = [
        event
        for page in found(logGroupName=f"/aws/lambda/payments-local-{service}")
        for event in page["events"]
    ]
    return "\n".join(event["message"] for event in events)
