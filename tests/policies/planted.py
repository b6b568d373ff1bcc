"""One fault of each rule, planted in a valid stack: the rule finds it once, and no other finds anything."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from tests.policies.estate import LIVE_ARN, PERMISSION, SECRET_VERSION, estate
from tests.policies.stacks import (
    ACCOUNT,
    FUNCTION,
    ROLE,
    ROLE_POLICY,
    TABLE_ARN,
    TAGS,
    UNKNOWN,
    Stack,
    document,
    secret,
    statement,
    trust,
    watch,
)

Fault: TypeAlias = Callable[[Stack], None]


def _statement(action: str, resource: str, **more: Any) -> Fault:
    def plant(stack: Stack) -> None:
        policy = json.loads(stack["orders-policy"]["policy"])
        policy["Statement"].append(statement(action, resource, **more))
        stack["orders-policy"]["policy"] = json.dumps(policy)

    return plant


def _managed_policy(stack: Stack) -> None:
    stack["orders-role"]["managedPolicyArns"] = ["arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess"]


def _trust(stack: Stack) -> None:
    wide = trust({"AWS": "999999999999"})
    stack.add(ROLE, "second", {"name": "second", "assumeRolePolicy": wide, "tags": TAGS})


def _unknown(stack: Stack) -> None:
    stack.add(ROLE_POLICY, "unknown", {"name": "unknown", "role": "shop-dev-orders", "policy": UNKNOWN})


def _shared_role(stack: Stack) -> None:
    second = {**stack["orders-function"], "name": "shop-dev-second", "environment": {}, "layers": []}
    stack.add(FUNCTION, "second-function", second, depends={"role": "orders-role"})
    watch(stack, "second-function")


def _bare_role(stack: Stack) -> None:
    lambda_only = trust({"Service": "lambda.amazonaws.com"})
    stack.add(ROLE, "bare-role", {"name": "shop-dev-bare", "assumeRolePolicy": lambda_only, "tags": TAGS})
    bare = {**estate()["orders-function"], "name": "shop-dev-bare"}
    for property_ in ("environment", "layers", "vpcConfig"):
        del bare[property_]
    stack.add(FUNCTION, "bare-function", bare, depends={"role": "bare-role"})
    watch(stack, "bare-function")


def _own_role(action: str) -> Fault:
    return _statement(action, f"arn:aws:iam::{ACCOUNT}:role/shop-dev-orders")


def _changed(name: str, **properties: Any) -> Fault:
    """Give a resource other properties."""

    def plant(stack: Stack) -> None:
        stack[name].update(properties)

    return plant


def _with_variable(name: str, value: str) -> Fault:
    def plant(stack: Stack) -> None:
        stack["orders-function"]["environment"]["variables"][name] = value

    return plant


def _without(name: str, *properties: str) -> Fault:
    """Take properties off a resource; or the resource away, when none is named."""

    def plant(stack: Stack) -> None:
        for property_ in properties:
            del stack[name][property_]
        if not properties:
            del stack.resources[name]

    return plant


def _added(type_: str, name: str, **properties: Any) -> Fault:
    def plant(stack: Stack) -> None:
        stack.add(type_, name, properties)

    return plant


PLANTED: Final[Mapping[str, Fault]] = {
    "IAM-01": _statement("dynamodb:Get*", TABLE_ARN),
    "IAM-02": _statement("dynamodb:GetItem", "*"),
    "IAM-03": _managed_policy,
    "IAM-04": _statement("iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/worker"),
    "IAM-05": _statement("dynamodb:GetItem", TABLE_ARN, NotResource=TABLE_ARN),
    "IAM-06": _own_role("iam:PutRolePolicy"),
    "IAM-07": _statement("s3:PutAccountPublicAccessBlock", "*"),
    "IAM-08": _trust,
    "IAM-09": _statement("dynamodb:GetItems", TABLE_ARN),
    "IAM-10": _unknown,
    "IAM-11": _shared_role,
    "LAM-01": _changed("orders-function", architectures=["x86_64"]),
    "LAM-02": _changed("orders-function", runtime="nodejs20.x"),
    "LAM-03": _changed("orders-function", tracingConfig={"mode": "PassThrough"}),
    "LAM-04": _changed("async", qualifier="other"),
    "LAM-05": _changed("provisioned", provisionedConcurrentExecutions=11),
    "LAM-06": _with_variable("DB_PASSWORD", "hunter2"),
    "LAM-07": _changed("url", authorizationType="NONE"),
    "LAM-08": _without("nightly-permission", "sourceArn"),
    "LAM-09": _changed("orders-function", vpcConfig={"subnetIds": ["subnet-1"]}),
    "LAM-10": _without("orders-function", "codeSigningConfigArn"),
    "LAM-11": _without("orders-function", "memorySize"),
    "LAM-12": _with_variable("AWS_REGION", "eu-central-1"),
    "LAM-13": _bare_role,
    "LOG-01": _without("orders-function-logs", "retentionInDays"),
    "LOG-02": _without("orders-function-logs", "kmsKeyId"),
    "ESM-01": _without("mapping", "functionResponseTypes"),
    "ESM-02": _changed("jobs", visibilityTimeoutSeconds=119),
    "SQS-01": _changed("dead", sqsManagedSseEnabled=False),
    "SQS-02": _without("dead-policy"),
    "SQS-03": _without("jobs", "redrivePolicy"),
    "DDB-01": _without("table", "pointInTimeRecovery"),
    "DDB-02": _without("table", "serverSideEncryption"),
    "DDB-03": _without("table", "deletionProtectionEnabled"),
    "S3-01": _without("files-block"),
    "S3-02": _without("files-policy"),
    "S3-03": _without("files-encryption"),
    "S3-04": _without("files-versioning"),
    "API-01": _without("api-stage", "accessLogSettings"),
    "API-02": _changed("api-route", authorizationType="NONE"),
    "API-03": _without("api-stage", "defaultRouteSettings"),
    "API-04": _changed("api", corsConfiguration={"allowOrigins": ["*"]}),
    "EVT-01": _without("nightly-target", "deadLetterConfig"),
    "EVT-02": _changed("nightly", state="DISABLED"),
    "SEC-01": _without("database-rotation"),
    "SEC-02": _added(SECRET_VERSION, "second-value", secretId="elsewhere", secretString=secret("hunter2")),
    "SEC-03": _changed(
        "database",
        policy=document(
            {
                "Effect": "Allow",
                "Principal": "*",
                "Action": "secretsmanager:GetSecretValue",
                "Resource": "*",
            }
        ),
    ),
    "OPS-01": _without("orders-function-errors"),
    "OPS-02": _without("table", "tags"),
    "OPS-03": _added(
        PERMISSION,
        "second-permission",
        function=LIVE_ARN,
        action="lambda:InvokeFunction",
        principal=f"arn:aws:iam::{ACCOUNT}:role/game",
        statementId="x" * 101,
    ),
}
"""By the rule's id: what plants a fault of it in the estate."""


def planted(*rules: str) -> Stack:
    """The estate with the faults of these rules."""
    stack = estate()
    for rule in rules:
        PLANTED[rule](stack)
    return stack
