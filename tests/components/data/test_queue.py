from __future__ import annotations

from dataclasses import replace

import pytest

from components.data.queue import Queue, QueueArgs
from components.problems import InvalidArgumentsError
from tests.components.sample import KEY, SCOPE
from tests.mocks import declare

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


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"what": "q" * 80}, "characters long; allowed: at most 80"),
        ({"retention_s": 59}, "retention_s is 59; allowed: 60 to 1209600 seconds"),
        ({"kms_key_arn": "alias/aws/sqs"}, "An alias won't do: policies need the key itself."),
    ],
)
def test_an_impossible_queue_is_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidArgumentsError) as error:
        declare(lambda: Queue("failed", replace(FAILED, **change)))  # type: ignore[arg-type]
    assert message in str(error.value)
