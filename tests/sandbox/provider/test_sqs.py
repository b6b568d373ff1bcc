from __future__ import annotations

import json
from typing import Any

import pytest

from sandbox.provider.values import UNKNOWN, Secret
from tests.sandbox.provider.client import Client
from tests.sandbox.provider.walk import kept, refused, replaced, walk

QUEUE = "aws:sqs/queue:Queue"
POLICY = "aws:sqs/queuePolicy:QueuePolicy"
ARN = "arn:aws:sqs:us-east-1:000000000000:"


def _policy(queue: str, sid: str = "Send") -> str:
    statement = {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": f"{ARN}{queue}",
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def test_a_life(live: Client) -> None:
    live.create(QUEUE, {"name": "life-dlq"})
    base = {"name": "life"}
    made = walk(
        live,
        QUEUE,
        base,
        base
        | {
            "delaySeconds": 900,
            "maxMessageSize": 1_024,
            "messageRetentionSeconds": 1_209_600,
            "receiveWaitTimeSeconds": 20,
            "visibilityTimeoutSeconds": 0,
            "tags": {"System": "shop"},
        },
        base | {"sqsManagedSseEnabled": True},
        base | {"kmsMasterKeyId": "alias/shop", "kmsDataKeyReusePeriodSeconds": 60},
        base | {"sqsManagedSseEnabled": False},
        base | {"redrivePolicy": json.dumps({"deadLetterTargetArn": f"{ARN}life-dlq", "maxReceiveCount": 3})},
        base
        | {"redriveAllowPolicy": json.dumps({"redrivePermission": "denyAll"}), "policy": _policy("life")},
    )
    assert made.id == made.outputs["url"]
    assert made.id.endswith("/000000000000/life")
    assert made.outputs["arn"] == f"{ARN}life"


def test_the_life_of_a_fifo_queue(live: Client) -> None:
    base = {"name": "life.fifo", "fifoQueue": True}
    walk(
        live,
        QUEUE,
        base,
        base | {"contentBasedDeduplication": True},
        base | {"deduplicationScope": "messageGroup", "fifoThroughputLimit": "perMessageGroupId"},
    )


def test_a_queue_is_encrypted_as_aws_does_it(live: Client) -> None:
    assert live.create(QUEUE, {"name": "encrypted"}).outputs["sqsManagedSseEnabled"] is True
    by_key = live.create(QUEUE, {"name": "by-key", "kmsMasterKeyId": "alias/aws/sqs"})
    assert by_key.outputs["sqsManagedSseEnabled"] is False


def test_the_life_of_a_policy(live: Client) -> None:
    queue = live.create(QUEUE, {"name": "with-policy"})
    walk(
        live,
        POLICY,
        {"queueUrl": queue.id, "policy": _policy("with-policy")},
        {"queueUrl": queue.id, "policy": _policy("with-policy", sid="Other")},
    )


def test_a_policy_may_be_an_object(live: Client) -> None:
    queue = live.create(QUEUE, {"name": "object-policy"})
    inputs = {"queueUrl": queue.id, "policy": json.loads(_policy("object-policy"))}
    made = live.create(POLICY, inputs)
    kept(live, made, inputs)
    assert not live.diff(made, inputs | {"policy": _policy("object-policy")}).detailedDiff


def test_a_policy_against_insecure_transport_doesn_t_lock_the_sandbox_out(live: Client) -> None:
    queue = live.create(QUEUE, {"name": "secure"})
    deny = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "sqs:*",
        "Resource": queue.outputs["arn"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [deny]})
    walk(live, POLICY, {"queueUrl": queue.id, "policy": policy})
    live.create(POLICY, {"queueUrl": queue.id, "policy": policy})
    live.delete(live.update(queue, {"name": "secure", "delaySeconds": 1}))


def test_a_policy_whose_queue_is_gone_is_gone(live: Client) -> None:
    queue = live.create(QUEUE, {"name": "going"})
    policy = live.create(POLICY, {"queueUrl": queue.id, "policy": _policy("going")})
    live.delete(queue)
    assert live.read(policy).id == ""
    live.delete(policy)


def test_what_replaces(offline: Client) -> None:
    changes: dict[str, Any] = {
        "name": "other",
        "delaySeconds": 1,
        "policy": _policy("q"),
        "region": "eu-west-1",
    }
    assert replaced(offline, QUEUE, {"name": "q"}, **changes) == {"name", "region"}
    assert replaced(
        offline, QUEUE, {"name": "q.fifo", "fifoQueue": True}, contentBasedDeduplication=True, name="r.fifo"
    ) == {"name"}
    policy = {"queueUrl": "http://127.0.0.1:1/000000000000/q", "policy": _policy("q")}
    assert replaced(offline, POLICY, policy, queueUrl="http://127.0.0.1:1/0/r", policy=_policy("r")) == {
        "queueUrl"
    }


def test_preview(offline: Client) -> None:
    outputs = offline.create(QUEUE, {"name": "q", "tags": {"a": "b"}}, preview=True).outputs
    assert {outputs[key] for key in ("arn", "url", "sqsManagedSseEnabled", "policy")} == {UNKNOWN}
    assert (outputs["name"], outputs["visibilityTimeoutSeconds"], outputs["tagsAll"]) == ("q", 30, {"a": "b"})


@pytest.mark.parametrize(
    ("inputs", "path", "reason"),
    [
        ({"visibilityTimeoutSeconds": 43_201}, "visibilityTimeoutSeconds", "allowed: 0 to 43200"),
        ({"messageRetentionSeconds": 59}, "messageRetentionSeconds", "allowed: 60 to 1209600"),
        ({"delaySeconds": 901}, "delaySeconds", "allowed: 0 to 900"),
        ({"receiveWaitTimeSeconds": 21}, "receiveWaitTimeSeconds", "allowed: 0 to 20"),
        ({"maxMessageSize": 1_048_577}, "maxMessageSize", "allowed: 1024 to 1048576"),
        ({"name": "q.fifo"}, "name", "only a FIFO queue's name ends in .fifo"),
        ({"name": "q", "fifoQueue": True}, "name", "a FIFO queue's name ends in .fifo"),
        ({"name": "q q"}, "name", "allowed: 1 to 80 of A-Za-z0-9_-"),
        ({"name": "q" * 81}, "name", "(81 characters) isn't allowed"),
        ({"contentBasedDeduplication": True}, "contentBasedDeduplication", "only a FIFO queue has it"),
        (
            {"kmsMasterKeyId": "k", "sqsManagedSseEnabled": True},
            "kmsMasterKeyId",
            "a queue has one encryption",
        ),
        ({"redrivePolicy": "{"}, "redrivePolicy", "isn't a JSON document"),
        (
            {"redrivePolicy": "{}"},
            "redrivePolicy",
            "give deadLetterTargetArn and maxReceiveCount (1 to 1000)",
        ),
        (
            {"redrivePolicy": json.dumps({"deadLetterTargetArn": f"{ARN}d.fifo", "maxReceiveCount": 1})},
            "redrivePolicy",
            "those of a standard queue to a standard queue",
        ),
        ({"namePrefix": "q"}, "namePrefix", "the sandbox doesn't support this property"),
    ],
)
def test_refusals(offline: Client, inputs: dict[str, Any], path: str, reason: str) -> None:
    found = refused(offline, QUEUE, {"name": "q"} | inputs)
    assert list(found) == [path]
    assert reason in found[path]


def test_a_refusal_doesn_t_quote_a_secret(offline: Client) -> None:
    found = refused(offline, QUEUE, {"name": "q", "redrivePolicy": Secret(element='{"token": "hush"}')})
    assert "hush" not in found["redrivePolicy"]
    assert "the secret value doesn't fit this property" in found["redrivePolicy"]
