from __future__ import annotations

import json
from dataclasses import replace

import pytest

from components.asynchronous import AsyncArgs
from components.problems import InvalidArgumentsError
from components.service import LambdaService
from components.triggers.event_rule import EventRule, EventRuleArgs
from tests.components.sample import KEY, SCOPE, service_args
from tests.mocks import ACCOUNT, REGION, Graph, declare

TAGS = {"System": "typerush", "Stage": "dev", "ManagedBy": "pulumi", "Service": "worker"}
RULE_ARN = f"arn:aws:events:{REGION}:{ACCOUNT}:rule/typerush-dev-nightly"
QUEUE_ARN = f"arn:aws:sqs:{REGION}:{ACCOUNT}:typerush-dev-nightly-dlq"
NIGHTLY = EventRuleArgs(scope=SCOPE, what="nightly", service="worker", schedule="cron(0 2 * * ? *)")
PATTERN = {"source": ["aws.s3"], "detail": {"bucket": {"name": ["uploads"]}}}


def deploy(asynchronous: AsyncArgs | None = AsyncArgs(), **changes: object) -> Graph:  # noqa: B008 -- frozen
    def program() -> None:
        worker = LambdaService("worker", service_args(asynchronous=asynchronous))
        EventRule("nightly", replace(NIGHTLY, **changes), worker)  # type: ignore[arg-type]

    return declare(program)


def test_a_schedule() -> None:
    assert deploy(description="every night")["nightly-rule"].inputs == {
        "name": "typerush-dev-nightly",
        "description": "every night",
        "scheduleExpression": "cron(0 2 * * ? *)",
        "state": "ENABLED",
        "tags": TAGS,
    }


def test_a_pattern() -> None:
    inputs = deploy(schedule=None, pattern=PATTERN, enabled=False)["nightly-rule"].inputs
    assert json.loads(inputs["eventPattern"]) == PATTERN
    assert inputs["state"] == "DISABLED"
    assert "scheduleExpression" not in inputs


def test_the_target_is_the_services_alias() -> None:
    target = deploy()["nightly-target"]
    assert target.inputs == {
        "rule": "typerush-dev-nightly",
        "targetId": "worker",
        "arn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:typerush-dev-worker:live",
        "retryPolicy": {"maximumRetryAttempts": 2, "maximumEventAgeInSeconds": 3_600},
        "deadLetterConfig": {"arn": QUEUE_ARN},
    }
    assert target.property_dependencies == {
        "rule": {"nightly-rule"},
        "arn": {"worker-live"},
        "deadLetterConfig": {"nightly-dlq-queue"},
    }


def test_what_the_service_is_called_with() -> None:
    inputs = deploy(input={"job": "copy"}, target_id="copy", retries=0, max_age_s=60)["nightly-target"].inputs
    assert json.loads(inputs["input"]) == {"job": "copy"}
    assert inputs["targetId"] == "copy"
    assert inputs["retryPolicy"] == {"maximumRetryAttempts": 0, "maximumEventAgeInSeconds": 60}


def test_only_this_rule_may_invoke_the_service() -> None:
    permission = deploy(statement_id="AllowNightly")["worker-AllowNightly"]
    assert permission.inputs == {
        "statementId": "AllowNightly",
        "function": "typerush-dev-worker",
        "qualifier": "live",
        "action": "lambda:InvokeFunction",
        "principal": "events.amazonaws.com",
        "sourceArn": RULE_ARN,
    }


def test_what_cannot_be_delivered_is_kept() -> None:
    graph = deploy(kms_key_arn=KEY, protect=True)
    queue = graph["nightly-dlq-queue"]
    assert queue.inputs == {
        "name": "typerush-dev-nightly-dlq",
        "messageRetentionSeconds": 1_209_600,
        "kmsMasterKeyId": KEY,
        "tags": TAGS,
    }
    assert queue.protect
    (_, allow) = graph["nightly-dlq-policy"].policy
    assert allow == {
        "Sid": "AllowRule",
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": QUEUE_ARN,
        "Condition": {"ArnEquals": {"aws:SourceArn": RULE_ARN}},
    }


def test_it_names_a_service_of_the_system() -> None:
    (problem,) = NIGHTLY.target_problems({"other"})
    assert "rule nightly: service is 'worker'; allowed: other" in str(problem)
    assert not list(NIGHTLY.target_problems({"worker"}))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"what": "n" * 52}, "characters long; allowed: at most 64"),
        ({"schedule": None}, "when it calls is neither a schedule nor a pattern; allowed: a schedule or a"),
        ({"pattern": PATTERN}, "when it calls is a schedule and a pattern"),
        ({"schedule": None, "pattern": {}}, "pattern is empty; allowed: at least one field"),
        ({"schedule": "rate(1 minutes)"}, "schedule is 'rate(1 minutes)'; allowed: 'rate(1 hour)'"),
        ({"schedule": "rate(15 minute)"}, "schedule is 'rate(15 minute)'"),
        ({"schedule": "cron(0 2 * * *)"}, "schedule is 'cron(0 2 * * *)'"),
        ({"schedule": "every night"}, "schedule is 'every night'"),
        ({"retries": 186}, "retries is 186; allowed: 0 to 185 retries"),
        ({"max_age_s": 59}, "max_age_s is 59; allowed: 60 to 86400 seconds"),
        ({"description": "d" * 513}, "description is 513 characters long; allowed: at most 512"),
        ({"input": {"a": "b" * 8_192}}, "characters long; allowed: at most 8192"),
        ({"target_id": "a b"}, "target_id is 'a b'; allowed: 1 to 64 letters"),
        ({"kms_key_arn": "alias/aws/sqs"}, "An alias won't do"),
        ({"statement_id": "a b"}, "the statement id is 'a b'"),
        ({"asynchronous": None}, "the service worker is not asynchronous; allowed: a service with"),
    ],
)
def test_an_impossible_rule_is_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidArgumentsError) as error:
        deploy(**change)  # type: ignore[arg-type]
    assert message in str(error.value)
