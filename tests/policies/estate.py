"""A stack with one of everything that rules judge, in which no rule finds anything.

Some links are outputs that a preview can't know, some ARNs or names written by hand: rules must follow both.
"""

from __future__ import annotations

import json
from typing import Any

from tests.policies.stacks import ACCOUNT, REGION, TAGS, UNKNOWN, Stack, document, secret, statement, valid

ALIAS = "aws:lambda/alias:Alias"
API = "aws:apigatewayv2/api:Api"
BUCKET = "aws:s3/bucket:Bucket"
EVENT_TARGET = "aws:cloudwatch/eventTarget:EventTarget"
INVOKE_CONFIG = "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig"
LAYER = "aws:lambda/layerVersion:LayerVersion"
PERMISSION = "aws:lambda/permission:Permission"
QUEUE = "aws:sqs/queue:Queue"
QUEUE_POLICY = "aws:sqs/queuePolicy:QueuePolicy"
ROUTE = "aws:apigatewayv2/route:Route"
SECRET = "aws:secretsmanager/secret:Secret"
SECRET_VERSION = "aws:secretsmanager/secretVersion:SecretVersion"
SOURCE_MAPPING = "aws:lambda/eventSourceMapping:EventSourceMapping"

INTERFACES = [
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
]

FUNCTION_ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:shop-dev-orders"
LIVE_ARN = f"{FUNCTION_ARN}:live"
BUCKET_NAME = f"shop-dev-files-{ACCOUNT}"


def sqs(name: str) -> str:
    return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"


def tls_only(service: str, *resources: str) -> str:
    """A policy that refuses plain HTTP."""
    return document(
        {
            "Effect": "Deny",
            "Principal": "*",
            "Action": f"{service}:*",
            "Resource": list(resources),
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
    )


def estate() -> Stack:
    """Everything, as it should be."""
    stack = valid()
    _function(stack)
    _queues(stack)
    _data(stack)
    _http_api(stack)
    _rest_api(stack)
    _events(stack)
    stack.depend("orders-function", "environment", "api")
    return stack


def _function(stack: Stack) -> None:
    stack["orders-function"].update(
        {
            "timeout": 20,
            "reservedConcurrentExecutions": 10,
            "environment": {"variables": {"TABLE_NAME": "shop-dev-orders", "API_ID": UNKNOWN}},
            "vpcConfig": {"subnetIds": ["subnet-1", "subnet-2"], "securityGroupIds": ["sg-1"]},
            "layers": [UNKNOWN],
        }
    )
    policy = json.loads(stack["orders-policy"]["policy"])
    policy["Statement"].append(statement(INTERFACES, "*"))
    stack["orders-policy"]["policy"] = json.dumps(policy)
    stack.add(
        LAYER, "layer", {"layerName": "shop-dev-libraries", "code": "x", "compatibleArchitectures": ["arm64"]}
    )
    stack.depend("orders-function", "layers", "layer")
    of_function = {"functionName": "shop-dev-orders"}
    stack.add(ALIAS, "live", {**of_function, "name": "live", "functionVersion": UNKNOWN})
    stack.add(
        "aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig",
        "provisioned",
        {**of_function, "qualifier": "live", "provisionedConcurrentExecutions": 1},
    )
    stack.add(
        "aws:lambda/functionUrl:FunctionUrl",
        "url",
        {**of_function, "qualifier": "live", "authorizationType": "AWS_IAM"},
    )
    stack.add(
        INVOKE_CONFIG,
        "async",
        {
            **of_function,
            "qualifier": "live",
            "destinationConfig": {"onFailure": {"destination": sqs("shop-dev-dead")}},
        },
    )
    for name, more in {
        "nightly-permission": {
            "principal": "events.amazonaws.com",
            "sourceArn": f"arn:aws:events:{REGION}:{ACCOUNT}:rule/shop-dev-nightly",
        },
        "game-permission": {"principal": f"arn:aws:iam::{ACCOUNT}:role/game"},
    }.items():
        stack.add(
            PERMISSION,
            name,
            {"function": FUNCTION_ARN, "qualifier": "live", "action": "lambda:InvokeFunction", **more},
        )


def _queues(stack: Stack) -> None:
    for name, more in {
        "dead": {},
        "jobs": {
            "visibilityTimeoutSeconds": 120,
            "redrivePolicy": json.dumps({"deadLetterTargetArn": sqs("shop-dev-dead"), "maxReceiveCount": 5}),
        },
    }.items():
        physical = f"shop-dev-{name}"
        stack.add(
            QUEUE,
            name,
            {"name": physical, "sqsManagedSseEnabled": True, "tags": TAGS, **more},
            outputs={"arn": sqs(physical), "url": f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{physical}"},
        )
        stack.add(
            QUEUE_POLICY,
            f"{name}-policy",
            {"queueUrl": UNKNOWN, "policy": tls_only("sqs", sqs(physical))},
            depends={"queueUrl": name},
        )
    stack.add(
        SOURCE_MAPPING,
        "mapping",
        {
            "eventSourceArn": sqs("shop-dev-jobs"),
            "functionName": UNKNOWN,
            "functionResponseTypes": ["ReportBatchItemFailures"],
            "tags": TAGS,
        },
        depends={"functionName": "live"},
    )


def _data(stack: Stack) -> None:
    stack.add(
        "aws:dynamodb/table:Table",
        "table",
        {
            "name": "shop-dev-orders",
            "pointInTimeRecovery": {"enabled": True},
            "serverSideEncryption": {"enabled": True},
            "deletionProtectionEnabled": True,
            "tags": TAGS,
        },
    )
    bucket = {"bucket": UNKNOWN}
    stack.add(BUCKET, "files", {"bucket": BUCKET_NAME, "tags": TAGS})
    parts: dict[str, tuple[str, dict[str, Any]]] = {
        "files-block": (
            "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
            dict.fromkeys(
                ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"), True
            ),
        ),
        "files-encryption": (
            "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
            {"rules": [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms"}}]},
        ),
        "files-versioning": (
            "aws:s3/bucketVersioning:BucketVersioning",
            {"versioningConfiguration": {"status": "Enabled"}},
        ),
        "files-policy": (
            "aws:s3/bucketPolicy:BucketPolicy",
            {"policy": tls_only("s3", f"arn:aws:s3:::{BUCKET_NAME}", f"arn:aws:s3:::{BUCKET_NAME}/*")},
        ),
    }
    for name, (type_, properties) in parts.items():
        stack.add(type_, name, {**bucket, **properties}, depends={"bucket": "files"})
    stack.add(SECRET, "database", {"name": "shop-dev-database", "tags": TAGS})
    of_secret = {"secretId": UNKNOWN}
    stack.add(
        "aws:secretsmanager/secretRotation:SecretRotation",
        "database-rotation",
        of_secret,
        depends={"secretId": "database"},
    )
    stack.add("random:index/randomPassword:RandomPassword", "password", {"length": 30})
    stack.add(
        SECRET_VERSION,
        "database-value",
        {**of_secret, "secretString": secret(UNKNOWN)},
        depends={"secretId": "database", "secretString": "password"},
    )


def _http_api(stack: Stack) -> None:
    of_api = {"apiId": UNKNOWN}
    depends = {"apiId": "api"}
    stack.add(API, "api", {"name": "shop-dev-api", "protocolType": "HTTP", "tags": TAGS})
    stack.add(
        "aws:apigatewayv2/stage:Stage",
        "api-stage",
        {
            **of_api,
            "name": "$default",
            "accessLogSettings": {"destinationArn": UNKNOWN, "format": "$context.requestId"},
            "defaultRouteSettings": {"throttlingRateLimit": 10, "throttlingBurstLimit": 20},
            "tags": TAGS,
        },
        depends={**depends, "accessLogSettings": "orders-function-logs"},
    )
    stack.add(
        "aws:apigatewayv2/integration:Integration",
        "api-integration",
        {**of_api, "integrationType": "AWS_PROXY", "integrationUri": UNKNOWN},
        depends={**depends, "integrationUri": "live"},
    )
    stack.add(
        ROUTE,
        "api-route",
        {**of_api, "routeKey": "GET /orders", "authorizationType": "JWT", "authorizerId": UNKNOWN},
        depends=depends,
    )


def _rest_api(stack: Stack) -> None:
    of_api = {"restApi": UNKNOWN}
    depends = {"restApi": "rest"}
    stack.add("aws:apigateway/restApi:RestApi", "rest", {"name": "shop-dev-rest", "tags": TAGS})
    stack.add(
        "aws:apigateway/resource:Resource",
        "rest-orders",
        {**of_api, "parentId": UNKNOWN, "pathPart": "orders"},
        depends={**depends, "parentId": "rest"},
    )
    stack.add(
        "aws:apigateway/method:Method",
        "rest-method",
        {**of_api, "resourceId": UNKNOWN, "httpMethod": "POST", "authorization": "AWS_IAM"},
        depends={**depends, "resourceId": "rest-orders"},
    )
    stack.add(
        "aws:apigateway/integration:Integration",
        "rest-integration",
        {
            **of_api,
            "uri": f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{LIVE_ARN}/invocations",
        },
        depends=depends,
    )
    stack.add(
        "aws:apigateway/stage:Stage",
        "rest-stage",
        {**of_api, "stageName": "v1", "accessLogSettings": {"destinationArn": UNKNOWN}, "tags": TAGS},
        depends={**depends, "accessLogSettings": "orders-function-logs"},
    )
    stack.add(
        "aws:apigateway/methodSettings:MethodSettings",
        "rest-settings",
        {
            **of_api,
            "stageName": "v1",
            "methodPath": "*/*",
            "settings": {"throttlingRateLimit": 10, "throttlingBurstLimit": 20},
        },
        depends=depends,
    )


def _events(stack: Stack) -> None:
    ends = {"retryPolicy": {"maximumRetryAttempts": 2}, "deadLetterConfig": {"arn": sqs("shop-dev-dead")}}
    stack.add(
        "aws:cloudwatch/eventRule:EventRule",
        "nightly",
        {"name": "shop-dev-nightly", "scheduleExpression": "rate(1 day)", "state": "ENABLED", "tags": TAGS},
    )
    stack.add(EVENT_TARGET, "nightly-target", {"rule": "shop-dev-nightly", "arn": LIVE_ARN, **ends})
    stack.add(
        "aws:scheduler/schedule:Schedule",
        "hourly",
        {
            "name": "shop-dev-hourly",
            "scheduleExpression": "rate(1 hour)",
            "target": {"arn": LIVE_ARN, "roleArn": f"arn:aws:iam::{ACCOUNT}:role/scheduler", **ends},
        },
    )
