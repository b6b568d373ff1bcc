from __future__ import annotations

import json
from dataclasses import replace

import pytest

from components.data.queue import Queue, QueueArgs, Sender
from components.problems import InvalidArgumentsError
from tests.components.sample import KEY, SCOPE
from tests.mocks import ACCOUNT, REGION, declare

ARN = "arn:aws:sqs:ap-southeast-1:123456789012:typerush-dev-worker-dlq"
FAILED = QueueArgs(scope=SCOPE, what="worker-dlq", service="worker")


def test_a_queue() -> None:
    graph = declare(lambda: Queue("failed", FAILED))
    assert graph["failed-queue"].inputs == {
        "name": "typerush-dev-worker-dlq",
        "messageRetentionSeconds": 1_209_600,
        "sqsManagedSseEnabled": True,
        "tags": {"System": "typerush", "Stage": "dev", "ManagedBy": "pulumi", "Service": "worker"},
    }
    assert graph["failed-policy"].policy == [
        {
            "Sid": "DenyInsecureTransport",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "sqs:*",
            "Resource": ARN,
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
    ]
    assert graph["failed-policy"].property_dependencies == {"queueUrl": {"failed-queue"}}


def test_a_key_of_ones_own_replaces_the_one_of_sqs() -> None:
    inputs = declare(lambda: Queue("failed", replace(FAILED, kms_key_arn=KEY)))["failed-queue"].inputs
    assert inputs["kmsMasterKeyId"] == KEY
    assert "sqsManagedSseEnabled" not in inputs


def test_grants() -> None:
    (send,) = FAILED.grant_send()
    assert (send.actions, send.resources) == (("sqs:SendMessage",), (ARN,))
    (_, encrypt) = replace(FAILED, kms_key_arn=KEY).grant_send()
    assert (encrypt.actions, encrypt.resources) == (("kms:Decrypt", "kms:GenerateDataKey"), (KEY,))


def test_what_was_received_too_often_goes_to_the_dead_letter_queue_and_only_from_there() -> None:
    args = replace(FAILED, what="input", visibility_timeout_s=180, max_receives=5, protect=True)
    graph = declare(lambda: Queue("input", args))
    queue, failed = graph["input-queue"], graph["input-dlq-queue"]
    assert queue.inputs["visibilityTimeoutSeconds"] == 180
    assert json.loads(queue.inputs["redrivePolicy"]) == {
        "deadLetterTargetArn": ARN.replace("worker-dlq", "input-dlq"),
        "maxReceiveCount": 5,
    }
    assert queue.property_dependencies["redrivePolicy"] == {"input-dlq-queue"}
    assert failed.inputs["name"] == "typerush-dev-input-dlq"
    assert json.loads(failed.inputs["redriveAllowPolicy"]) == {
        "redrivePermission": "byQueue",
        "sourceQueueArns": [ARN.replace("worker-dlq", "input")],
    }
    assert failed.protect
    assert graph["input-dlq-policy"].policy[0]["Sid"] == "DenyInsecureTransport"


def test_receiving() -> None:
    (receive,) = FAILED.grant_receive()
    assert receive.resources == (ARN,)
    assert receive.actions == ("sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage")
    (_, decrypt) = replace(FAILED, kms_key_arn=KEY).grant_receive()
    assert (decrypt.actions, decrypt.resources) == (("kms:Decrypt",), (KEY,))
    assert FAILED.url == "https://sqs.ap-southeast-1.amazonaws.com/123456789012/typerush-dev-worker-dlq"


def test_a_sender_is_an_aws_service_for_one_source() -> None:
    rule = f"arn:aws:events:{REGION}:{ACCOUNT}:rule/nightly"
    sender = Sender(sid="AllowRule", service="events.amazonaws.com", source_arn=rule)
    graph = declare(lambda: Queue("failed", replace(FAILED, senders=(sender,))))
    assert graph["failed-policy"].policy[1:] == [
        {
            "Sid": "AllowRule",
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": ARN,
            "Condition": {"ArnEquals": {"aws:SourceArn": rule}},
        }
    ]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"senders": (Sender(sid="Allow", service="events.amazonaws.com", source_arn="*"),)},
            "the source of events.amazonaws.com is '*'; allowed: one exact ARN",
        ),
        (
            {"senders": (Sender(sid="Allow", service="s3.amazonaws.com", source_arn=ARN),) * 2},
            "a sender's sid is 'Allow'; allowed: 1 to 100 letters and digits, each once",
        ),
        ({"what": "q" * 80}, "characters long; allowed: at most 80"),
        ({"visibility_timeout_s": 43_201}, "visibility_timeout_s is 43201; allowed: 0 to 43200 seconds"),
        ({"max_receives": 0}, "max_receives is 0; allowed: 1 to 1000 tries"),
        ({"what": "q" * 65, "max_receives": 5}, "characters long; allowed: at most 80"),
        ({"retention_s": 59}, "retention_s is 59; allowed: 60 to 1209600 seconds"),
        ({"kms_key_arn": "alias/aws/sqs"}, "An alias won't do: policies need the key itself."),
    ],
)
def test_an_impossible_queue_is_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidArgumentsError) as error:
        declare(lambda: Queue("failed", replace(FAILED, **change)))  # type: ignore[arg-type]
    assert message in str(error.value)
