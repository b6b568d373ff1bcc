"""Every Lambda type made, read, changed and deleted in the embedded AWS."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from sandbox.provider import Endpoint
from sandbox.provider.clients import client as aws_client
from tests.sandbox.provider.client import Client, Made, RefusedError
from tests.sandbox.provider.graphs import ALIAS, FUNCTION, function_inputs, package, role

ARN = "arn:aws:lambda:us-east-1:000000000000:function"


def settled(live: Client, made: Made) -> Made:
    """Read it back: nothing may have drifted."""
    seen = live.read(made)
    assert seen.id == made.id
    assert seen.outputs == made.outputs
    assert seen.inputs == made.inputs
    return seen


def gone(live: Client, made: Made) -> None:
    live.delete(made)
    assert live.read(made).id == ""
    live.delete(made)


@pytest.fixture
def network(endpoint: Endpoint) -> dict[str, Any]:
    ec2 = aws_client(endpoint, "ec2", "us-east-1")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{index}.0/24")["Subnet"]["SubnetId"]
        for index in range(2)
    ]
    group = ec2.create_security_group(GroupName="shop", Description="shop", VpcId=vpc)["GroupId"]
    return {"vpcId": vpc, "subnetIds": subnets, "securityGroupIds": [group]}


NETWORK_ACTIONS = tuple(
    f"ec2:{name}"
    for name in (
        "CreateNetworkInterface",
        "DescribeNetworkInterfaces",
        "DescribeSubnets",
        "DeleteNetworkInterface",
        "AssignPrivateIpAddresses",
        "UnassignPrivateIpAddresses",
    )
)


@pytest.fixture
def function(live: Client, tmp_path: Path, request: pytest.FixtureRequest) -> Made:
    # Not named for the test: the embedded AWS takes "concurrency" in a path for the operation.
    name = f"shop-{hashlib.sha256(request.node.name.encode()).hexdigest()[:8]}"
    made = role(live, f"{name}-role")
    inputs = function_inputs(made.outputs["arn"], package(tmp_path), name=name, publish=True)
    return live.create(FUNCTION, inputs)


def test_a_function_with_everything(
    live: Client, tmp_path: Path, network: dict[str, Any], endpoint: Endpoint
) -> None:
    live.configure(defaultTags={"tags": {"Stage": "test"}})
    sqs = aws_client(endpoint, "sqs", "us-east-1")
    url = sqs.create_queue(QueueName="everything-dlq")["QueueUrl"]
    queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    actions = (*NETWORK_ACTIONS, "sqs:SendMessage", "xray:PutTraceSegments", "xray:PutTelemetryRecords")
    owner = role(live, "everything-role", *actions)
    layer = live.create(
        "aws:lambda/layerVersion:LayerVersion",
        {"layerName": "everything-layer", "code": package(tmp_path, "layer")},
    )
    inputs = function_inputs(
        owner.outputs["arn"],
        package(tmp_path),
        name="everything",
        publish=True,
        architectures=["arm64"],
        deadLetterConfig={"targetArn": queue},
        description="All of it",
        environment={"variables": {"LOG_LEVEL": "info", "TABLE": "texts"}},
        ephemeralStorage={"size": 1024},
        layers=[layer.outputs["arn"]],
        loggingConfig={
            "logFormat": "JSON",
            "applicationLogLevel": "INFO",
            "logGroup": "/aws/lambda/everything",
        },
        memorySize=512,
        reservedConcurrentExecutions=5,
        tags={"System": "shop"},
        timeout=30,
        tracingConfig={"mode": "Active"},
        vpcConfig={key: network[key] for key in ("subnetIds", "securityGroupIds")},
    )
    made = live.create(FUNCTION, inputs)
    assert made.id == "everything"
    out = made.outputs
    assert out["arn"] == f"{ARN}:everything"
    assert out["version"] == "1"
    assert out["qualifiedArn"] == f"{ARN}:everything:1"
    assert out["invokeArn"] == (
        f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{ARN}:everything/invocations"
    )
    assert out["vpcConfig"] == {
        "ipv6AllowedForDualStack": False,
        **network,
    }
    assert out["tagsAll"] == {"Stage": "test", "System": "shop"}
    assert out["code"] == inputs["code"]
    assert not live.diff(settled(live, made), inputs).diffs
    assert list(live.diff(live.imported(FUNCTION, "everything"), inputs).diffs) == ["code", "publish"]

    changed = inputs | {
        "environment": {"variables": {"LOG_LEVEL": "debug"}},
        "memorySize": 1024,
        "tags": {"a": "b"},
    }
    for key in ("deadLetterConfig", "layers", "vpcConfig", "description", "reservedConcurrentExecutions"):
        del changed[key]
    made = live.update(made, changed)
    assert made.outputs["version"] == "2"
    assert made.outputs["memorySize"] == 1024
    assert made.outputs["reservedConcurrentExecutions"] == -1
    assert made.outputs["tagsAll"] == {"Stage": "test", "a": "b"}
    assert not {"deadLetterConfig", "layers", "vpcConfig", "description"} & made.outputs.keys()
    assert not live.diff(settled(live, made), changed).diffs

    before = made.outputs["codeSha256"]
    changed["code"] = package(tmp_path, "good-bye")
    made = live.update(made, changed)
    assert made.outputs["version"] == "3"
    assert made.outputs["codeSha256"] != before
    settled(live, made)
    invoked = aws_client(endpoint, "lambda", "us-east-1").invoke(FunctionName="everything")
    assert invoked["Payload"].read() == b'"good-bye"'
    gone(live, made)


def test_a_tag_alone_makes_no_version(live: Client, function: Made) -> None:
    given = {key: value for key, value in function.inputs.items() if key not in {"__defaults", "tagsAll"}}
    made = live.update(function, given | {"tags": {"a": "b"}})
    assert made.outputs["version"] == function.outputs["version"] == "1"
    settled(live, made)


def test_alias(live: Client, function: Made, tmp_path: Path) -> None:
    name = function.id
    inputs = {"functionName": name, "name": "live", "functionVersion": "1", "description": "What runs"}
    made = live.create(ALIAS, inputs)
    assert made.id == made.outputs["arn"] == f"{ARN}:{name}:live"
    assert made.outputs["invokeArn"].endswith(f"{name}:live/invocations")
    settled(live, made)
    imported = live.imported(ALIAS, f"{name}/live")
    assert imported.id == made.id
    assert not live.diff(imported, inputs).diffs
    assert not live.diff(made, inputs | {"functionName": function.outputs["arn"]}).diffs

    given = {key: value for key, value in function.inputs.items() if key not in {"__defaults", "tagsAll"}}
    second = live.update(function, given | {"code": package(tmp_path, "second")})
    weighted = inputs | {
        "functionVersion": second.outputs["version"],
        "routingConfig": {"additionalVersionWeights": {"1": 0.25}},
    }
    made = live.update(made, weighted)
    assert made.outputs["functionVersion"] == "2"
    settled(live, made)
    made = live.update(made, inputs | {"functionVersion": "2"})
    assert "routingConfig" not in made.outputs
    settled(live, made)
    gone(live, made)


@pytest.mark.parametrize(
    "more",
    [
        {
            "principal": "apigateway.amazonaws.com",
            "sourceArn": "arn:aws:execute-api:us-east-1:000000000000:abc/*/*",
        },
        {"principal": "s3.amazonaws.com", "sourceArn": "arn:aws:s3:::b", "sourceAccount": "000000000000"},
        {"principal": "arn:aws:iam::000000000000:role/caller"},
        {
            "principal": "arn:aws:iam::000000000000:role/caller",
            "action": "lambda:InvokeFunctionUrl",
            "functionUrlAuthType": "AWS_IAM",
        },
        {"principal": "arn:aws:iam::000000000000:role/caller", "invokedViaFunctionUrl": True},
        {"principal": "*", "principalOrgId": "o-abcdefghij"},
    ],
    ids=["service", "account", "role", "url", "via-url", "organization"],
)
def test_permission(live: Client, function: Made, more: dict[str, Any]) -> None:
    live.create(ALIAS, {"functionName": function.id, "name": "live", "functionVersion": "1"})
    inputs = {
        "action": "lambda:InvokeFunction",
        "function": function.id,
        "qualifier": "live",
        "statementId": "AllowCaller",
        **more,
    }
    made = live.create("aws:lambda/permission:Permission", inputs)
    assert made.id == "AllowCaller"
    settled(live, made)
    imported = live.imported(made.type, f"{function.id}:live/AllowCaller")
    assert not live.diff(imported, inputs).diffs
    gone(live, made)


def test_function_url(live: Client, function: Made) -> None:
    url = "aws:lambda/functionUrl:FunctionUrl"
    inputs = {"functionName": function.id, "qualifier": "live", "authorizationType": "AWS_IAM"}
    with pytest.raises(RefusedError, match="ResourceNotFoundException"):
        live.create(url, inputs)
    live.create(ALIAS, {"functionName": function.id, "name": "live", "functionVersion": "1"})
    made = live.create(url, inputs)
    assert made.id == f"{function.id}/live"
    assert made.outputs["functionUrl"].startswith("http")
    settled(live, made)
    changed = inputs | {
        "invokeMode": "RESPONSE_STREAM",
        "cors": {"allowOrigins": ["https://shop.example"], "allowMethods": ["GET"], "maxAge": 60},
    }
    made = live.update(made, changed)
    settled(live, made)
    made = live.update(made, inputs)
    assert "cors" not in made.outputs
    settled(live, made)
    gone(live, made)


def test_public_function_url(live: Client, function: Made, endpoint: Endpoint) -> None:
    inputs = {"functionName": function.id, "authorizationType": "NONE"}
    made = live.create("aws:lambda/functionUrl:FunctionUrl", inputs)
    assert made.id == function.id
    settled(live, made)
    policy = aws_client(endpoint, "lambda", "us-east-1").get_policy(FunctionName=function.id)["Policy"]
    assert "FunctionURLAllowPublicAccess" in policy
    assert "FunctionURLInvokeAllowPublicAccess" in policy
    gone(live, made)


def test_layer_version(live: Client, tmp_path: Path) -> None:
    layer = "aws:lambda/layerVersion:LayerVersion"
    inputs = {
        "layerName": "texts",
        "code": package(tmp_path, "texts"),
        "compatibleArchitectures": ["arm64"],
        "compatibleRuntimes": ["python3.12"],
        "description": "What it needs",
        "licenseInfo": "MIT",
    }
    made = live.create(layer, inputs)
    assert made.id == made.outputs["arn"] == "arn:aws:lambda:us-east-1:000000000000:layer:texts:1"
    assert made.outputs["layerArn"] == "arn:aws:lambda:us-east-1:000000000000:layer:texts"
    settled(live, made)
    assert list(live.diff(made, inputs | {"code": package(tmp_path, "more")}).replaces) == ["code"]
    second = live.create(layer, inputs | {"code": package(tmp_path, "more")})
    assert second.outputs["version"] == "2"
    gone(live, made)
    settled(live, second)
    gone(live, second)


def test_provisioned_concurrency(live: Client, function: Made) -> None:
    kind = "aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig"
    given = {key: value for key, value in function.inputs.items() if key not in {"__defaults", "tagsAll"}}
    live.update(function, given | {"reservedConcurrentExecutions": 3})
    live.create(ALIAS, {"functionName": function.id, "name": "live", "functionVersion": "1"})
    inputs = {"functionName": function.id, "qualifier": "live", "provisionedConcurrentExecutions": 2}
    made = live.create(kind, inputs)
    assert made.id == f"{function.id},live"
    settled(live, made)
    with pytest.raises(RefusedError, match="4 provisioned, 3 reserved"):
        live.update(made, inputs | {"provisionedConcurrentExecutions": 4})
    made = live.update(made, inputs | {"provisionedConcurrentExecutions": 1})
    settled(live, made)
    gone(live, made)


def test_function_event_invoke_config(live: Client, function: Made, endpoint: Endpoint) -> None:
    kind = "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig"
    aws_client(endpoint, "sqs", "us-east-1").create_queue(QueueName="failed-dlq")
    queue = "arn:aws:sqs:us-east-1:000000000000:failed-dlq"
    live.create(ALIAS, {"functionName": function.id, "name": "live", "functionVersion": "1"})
    inputs = {
        "functionName": function.id,
        "qualifier": "live",
        "maximumRetryAttempts": 0,
        "maximumEventAgeInSeconds": 3600,
        "destinationConfig": {"onFailure": {"destination": queue}},
    }
    with pytest.raises(RefusedError, match="does not have permissions to call SendMessage on SQS"):
        live.create(kind, inputs)
    live.create(
        "aws:iam/rolePolicy:RolePolicy",
        {
            "role": function.inputs["role"].rpartition("/")[2],
            "name": "send",
            "policy": {
                "Version": "2012-10-17",
                "Statement": [{"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": queue}],
            },
        },
    )
    made = live.create(kind, inputs)
    assert made.id == f"{function.id}:live"
    settled(live, made)
    made = live.update(made, {"functionName": function.id, "qualifier": "live", "maximumRetryAttempts": 1})
    settled(live, made)
    gone(live, made)
