from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from components.concurrency import ProvisionedConcurrency
from components.naming import Scope
from components.problems import InvalidArgumentsError
from components.systems.payments import Payments, PaymentsArgs
from tests.components.sample import KEY, NETWORK, STAGE, THROTTLING, throttled
from tests.mocks import ACCOUNT, REGION, Graph, declare

SCOPE = Scope(system="payments", stage="dev", account=ACCOUNT, region=REGION)
PAYMENTS = PaymentsArgs(scope=SCOPE, common=STAGE, network=NETWORK)
TABLE = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/payments-dev-"
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:payments-dev-"
BUCKET = f"payments-dev-uploads-{ACCOUNT}-{REGION}"
SERVICES = ("payment-processor", "image-processor", "accounts")


def deploy(**changes: Any) -> Graph:
    return declare(lambda: Payments("payments", replace(PAYMENTS, **changes)))


@pytest.fixture(scope="module")
def graph() -> Graph:
    return deploy()


def allowed(graph: Graph, service: str) -> dict[str, tuple[list[str], list[str]]]:
    """What a service's role allows beside logs, traces and the network."""
    policy = graph[f"payments-{service}-role-policy"].policy
    return {
        statement["Sid"]: (statement["Action"], statement["Resource"])
        for statement in policy
        if "*" not in statement["Resource"] and statement["Sid"] != "WriteLogs"
    }


def test_what_payment_processor_may_do(graph: Graph) -> None:
    receive = ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"]
    assert allowed(graph, "payment-processor") == {
        "SendPaymentProcessorDlq": (["sqs:SendMessage"], [f"{QUEUE}payment-processor-dlq"]),
        "PutPayments": (["dynamodb:PutItem"], [f"{TABLE}payments"]),
        "GetPayments": (["dynamodb:GetItem"], [f"{TABLE}payments"]),
        "UpdatePayments": (["dynamodb:UpdateItem"], [f"{TABLE}payments"]),
        "PutApp": (["dynamodb:PutItem"], [f"{TABLE}app"]),
        "GetIdempotency": (["dynamodb:GetItem"], [f"{TABLE}idempotency"]),
        "PutIdempotency": (["dynamodb:PutItem"], [f"{TABLE}idempotency"]),
        "UpdateIdempotency": (["dynamodb:UpdateItem"], [f"{TABLE}idempotency"]),
        "DeleteIdempotency": (["dynamodb:DeleteItem"], [f"{TABLE}idempotency"]),
        "ReceiveInput": (receive, [f"{QUEUE}input"]),
        "SendResults": (["sqs:SendMessage"], [f"{QUEUE}results"]),
    }
    sids = [statement["Sid"] for statement in graph["payments-payment-processor-role-policy"].policy]
    assert {"ManageNetworkInterfaces", "DenyNetworkInterfacesToCode"} <= set(sids)


def test_what_image_processor_may_do(graph: Graph) -> None:
    assert allowed(graph, "image-processor") == {
        "SendImageProcessorDlq": (["sqs:SendMessage"], [f"{QUEUE}image-processor-dlq"]),
        "ReadUploadsUploads": (["s3:GetObject"], [f"arn:aws:s3:::{BUCKET}/uploads/*"]),
        "PutUploadsThumbnails": (["s3:PutObject"], [f"arn:aws:s3:::{BUCKET}/thumbnails/*"]),
    }


def test_what_accounts_may_do_and_that_nobody_may_scan(graph: Graph) -> None:
    assert allowed(graph, "accounts") == {
        "PutApp": (["dynamodb:PutItem"], [f"{TABLE}app"]),
        "ReadApp": (["dynamodb:GetItem", "dynamodb:Query"], [f"{TABLE}app"]),
        "QueryGsi1OfApp": (["dynamodb:Query"], [f"{TABLE}app/index/GSI1"]),
    }
    policies = json.dumps([graph[f"payments-{service}-role-policy"].policy for service in SERVICES])
    assert "Scan" not in policies


def test_the_functions_are_as_the_specification_says(graph: Graph) -> None:
    url = f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/payments-dev-results"
    for service, memory, timeout, reserved, environment in (
        (
            "payment-processor",
            512,
            30,
            100,
            {
                "TABLE_NAME": "payments-dev-payments",
                "APP_TABLE_NAME": "payments-dev-app",
                "IDEMPOTENCY_TABLE_NAME": "payments-dev-idempotency",
                "QUEUE_URL": url,
                "POWERTOOLS_SERVICE_NAME": "payment-processor",
                "LOG_LEVEL": "INFO",
            },
        ),
        ("image-processor", 1024, 60, 20, {"UPLOADS_BUCKET": BUCKET, "LOG_LEVEL": "INFO"}),
        ("accounts", 256, 10, None, {"TABLE_NAME": "payments-dev-app", "LOG_LEVEL": "INFO"}),
    ):
        function = graph[f"payments-{service}-function"].inputs
        assert function["name"] == f"payments-dev-{service}"
        assert (function["runtime"], function["handler"]) == ("python3.12", "handler.handler")
        assert (function["memorySize"], function["timeout"]) == (memory, timeout)
        assert function.get("reservedConcurrentExecutions") == reserved
        assert function["environment"] == {"variables": environment}
        assert function["tracingConfig"] == {"mode": "Active"}
        assert ("vpcConfig" in function) == (service == "payment-processor")


def test_warm_environments_follow_their_use() -> None:
    chosen = replace(
        PAYMENTS.payment_processor, provisioned_concurrency=ProvisionedConcurrency(min=5, max=20)
    )
    target = deploy(payment_processor=chosen)["payments-payment-processor-scaling-target"]
    assert (target.inputs["minCapacity"], target.inputs["maxCapacity"]) == (5, 20)


def test_every_route_takes_tokens_of_the_pool(graph: Graph) -> None:
    routes = {
        each.inputs["routeKey"]: each.inputs["authorizationType"] for each in graph.of("Route").values()
    }
    assert routes == {
        "POST /payments": "JWT",
        "PUT /users/{id}": "JWT",
        "GET /users/{id}": "JWT",
        "GET /users/{id}/orders": "JWT",
        "GET /users": "JWT",
    }
    authorizer = graph["payments-api-authorizer"]
    assert authorizer.property_dependencies["jwtConfiguration"] == {
        "payments-users-pool",
        "payments-users-client",
    }


def test_the_api_may_call_payment_processor_for_exactly_that_route(graph: Graph) -> None:
    sources = [
        each.inputs["sourceArn"]
        for each in graph.of("Permission").values()
        if each.inputs["function"] == "payments-dev-payment-processor"
    ]
    assert sources == [f"arn:aws:execute-api:{REGION}:{ACCOUNT}:payments-api-api/*/POST/payments"]


def test_the_queue_feeds_payment_processor(graph: Graph) -> None:
    mapping = graph["payments-source-mapping"].inputs
    assert mapping["batchSize"] == 10
    assert mapping["functionResponseTypes"] == ["ReportBatchItemFailures"]
    queue = graph["payments-input-queue"].inputs
    assert queue["visibilityTimeoutSeconds"] == 180
    assert json.loads(queue["redrivePolicy"]) == {
        "deadLetterTargetArn": f"{QUEUE}input-dlq",
        "maxReceiveCount": 5,
    }


def test_the_timeout_and_the_visibility_change_together() -> None:
    chosen = replace(PAYMENTS.payment_processor, timeout_s=2)
    graph = deploy(payment_processor=chosen)
    assert graph["payments-input-queue"].inputs["visibilityTimeoutSeconds"] == 12


def test_uploaded_pictures_and_nothing_else_call_image_processor(graph: Graph) -> None:
    rule = graph["payments-s3-image-upload-rule"].inputs
    assert rule["name"] == "payments-dev-s3-image-upload"
    assert json.loads(rule["eventPattern"]) == {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {
            "bucket": {"name": [BUCKET]},
            "object": {"key": [{"wildcard": "uploads/*.jpg"}, {"wildcard": "uploads/*.png"}]},
        },
    }
    target = graph["payments-s3-image-upload-target"].inputs
    assert target["targetId"] == "ProcessImage"
    assert target["retryPolicy"] == {"maximumEventAgeInSeconds": 3_600, "maximumRetryAttempts": 2}
    assert graph["payments-uploads-events"].inputs == {"bucket": BUCKET, "eventbridge": True}
    (permission,) = [
        each.inputs
        for each in graph.of("Permission").values()
        if each.inputs["function"] == "payments-dev-image-processor"
    ]
    assert permission["statementId"] == "AllowEventBridge"
    assert permission["sourceArn"] == f"arn:aws:events:{REGION}:{ACCOUNT}:rule/payments-dev-s3-image-upload"


def test_what_fails_is_kept(graph: Graph) -> None:
    names = {each.inputs["name"] for each in graph.of("Queue").values() if "name" in each.inputs}
    assert names == {
        f"payments-dev-{what}"
        for what in (
            "input",
            "input-dlq",
            "results",
            "payment-processor-dlq",
            "image-processor-dlq",
            "s3-image-upload-dlq",
        )
    }


def test_the_tables(graph: Graph) -> None:
    payments, app, known = (
        graph[f"payments-{each}-table"].inputs for each in ("payments", "app", "idempotency")
    )
    assert payments["hashKey"] == "payment_id"
    assert (app["hashKey"], app["rangeKey"]) == ("PK", "SK")
    assert app["globalSecondaryIndexes"] == [
        {"name": "GSI1", "hashKey": "GSI1PK", "rangeKey": "GSI1SK", "projectionType": "ALL"}
    ]
    assert (known["hashKey"], known["ttl"]) == ("id", {"attributeName": "expiration", "enabled": True})


def test_what_a_stage_chooses() -> None:
    graph = deploy(throttling=THROTTLING, password_sign_in=True)
    assert throttled(graph["payments-api-stage"].inputs["defaultRouteSettings"]) == (5, 10)
    (client,) = graph.of("UserPoolClient").values()
    assert "ALLOW_USER_PASSWORD_AUTH" in client.inputs["explicitAuthFlows"]


def test_what_holds_data_can_be_protected() -> None:
    graph = deploy(common=replace(STAGE, protect=True, kms_key_arn=KEY))
    for table in ("payments", "app", "idempotency"):
        assert graph[f"payments-{table}-table"].inputs["deletionProtectionEnabled"] is True
    assert graph["payments-users-pool"].inputs["deletionProtection"] == "ACTIVE"
    assert graph["payments-input-queue"].inputs["kmsMasterKeyId"] == KEY


def test_no_service_has_a_url_of_its_own() -> None:
    with pytest.raises(InvalidArgumentsError, match=r"accounts\.function_url is True; allowed: False"):
        deploy(accounts=replace(PAYMENTS.accounts, function_url=True))
