from __future__ import annotations

import json
from typing import Any

import pytest

from policies.rules.queues import SQS_01, SQS_02, SQS_03
from tests.policies.estate import QUEUE, estate, sqs, tls_only
from tests.policies.stacks import ACCOUNT, REGION, UNKNOWN, Stack, document, found

SSE = "sqsManagedSseEnabled"
CANT = "can't be known at this preview"


@pytest.mark.parametrize(("managed", "says"), [(None, "isn't given"), (False, "is false"), (UNKNOWN, CANT)])
def test_encryption(managed: object, says: str) -> None:
    stack = estate()
    stack["dead"][SSE] = managed
    expected = ("SQS-01", "dead", "encryption", f"{SSE} {says}, and there is no kmsMasterKeyId")
    assert found(stack, SQS_01) == [expected]
    stack["dead"]["kmsMasterKeyId"] = UNKNOWN
    assert found(stack, SQS_01) == [expected]
    stack.depend("dead", "kmsMasterKeyId", "api")
    assert found(stack, SQS_01) == []


def _policy(policy: Any) -> Stack:
    stack = estate()
    stack["dead-policy"]["policy"] = policy
    return stack


def _deny(**changes: Any) -> str:
    (statement,) = json.loads(tls_only("sqs", sqs("shop-dev-dead")))["Statement"]
    return document({**statement, **changes})


@pytest.mark.parametrize(
    "policy",
    [
        document(),
        _deny(Effect="Allow"),
        _deny(Action="sqs:SendMessage"),
        _deny(Principal={"AWS": ACCOUNT}),
        _deny(Resource=sqs("other")),
        _deny(Condition={"Bool": {"aws:SecureTransport": "true"}}),
        _deny(
            Condition={"Bool": {"aws:SecureTransport": "false"}, "StringEquals": {"aws:PrincipalArn": "x"}}
        ),
        _deny(Condition={}),
    ],
)
def test_plain_http_is_not_refused(policy: str) -> None:
    assert found(_policy(policy), SQS_02) == [("SQS-02", "dead", "policy", "plain HTTP isn't refused")]


@pytest.mark.parametrize(
    "policy",
    [
        _deny(Principal={"AWS": "*"}),
        _deny(Action="*", Resource="*"),
        _deny(Condition={"BoolIfExists": {"aws:securetransport": False}}),
        json.loads(_deny(Resource=UNKNOWN)),
    ],
)
def test_plain_http_is_refused(policy: Any) -> None:
    assert found(_policy(policy), SQS_02) == []


def test_a_queue_without_a_policy_or_with_an_unknown_one() -> None:
    stack = estate()
    stack["dead-policy"]["policy"] = UNKNOWN
    says = f"whether its policy refuses plain HTTP {CANT}"
    assert found(stack, SQS_02) == [("SQS-02", "dead", "policy", says)]
    del stack.resources["dead-policy"]
    assert found(stack, SQS_02) == [("SQS-02", "dead", "policy", "plain HTTP isn't refused")]
    stack["dead"]["policy"] = _deny()
    assert found(stack, SQS_02) == []


@pytest.mark.parametrize(
    "url",
    [f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/shop-dev-dead", "https://x.example/1/shop-dev-dead"],
)
def test_a_policy_is_found_by_the_queue_s_url(url: str) -> None:
    stack = estate()
    stack["dead-policy"]["queueUrl"] = url
    assert found(stack, SQS_02) == []


LOST = (
    "SQS-03",
    "jobs",
    "redrivePolicy",
    "messages that fail are tried until they expire, and are lost then",
)


@pytest.mark.parametrize("policy", [None, ""])
def test_a_source_without_a_redrive_policy(policy: object) -> None:
    stack = estate()
    stack["jobs"]["redrivePolicy"] = policy
    assert found(stack, SQS_03) == [LOST]


@pytest.mark.parametrize("policy", ["{}", "no JSON", '{"maxReceiveCount": 5}', UNKNOWN])
def test_a_redrive_policy_that_names_no_queue(policy: str) -> None:
    stack = estate()
    stack["jobs"]["redrivePolicy"] = policy
    says = f"where its dead letters go {CANT}, or isn't said in its redrive policy"
    assert found(stack, SQS_03) == [(*LOST[:3], says)]


def test_an_unknown_redrive_policy_that_comes_from_a_queue() -> None:
    stack = estate()
    stack["jobs"]["redrivePolicy"] = UNKNOWN
    stack.depend("jobs", "redrivePolicy", "dead")
    assert found(stack, SQS_03) == []


def test_a_redrive_policy_of_its_own() -> None:
    stack = estate()
    policy = stack["jobs"].pop("redrivePolicy")
    redrive = {"queueUrl": UNKNOWN, "redrivePolicy": policy}
    stack.add("aws:sqs/redrivePolicy:RedrivePolicy", "redrive", redrive, depends={"queueUrl": "jobs"})
    assert found(stack, SQS_03) == []


def test_queues_that_feed_no_function_need_none() -> None:
    stack = estate()
    stack.add(QUEUE, "loose", {"name": "loose"})
    assert found(stack, SQS_03) == []
