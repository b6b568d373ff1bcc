"""What AWS refuses at creation and the embedded AWS takes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sandbox.provider import Endpoint
from sandbox.provider.clients import client as aws_client
from tests.sandbox.provider.client import Client, RefusedError
from tests.sandbox.provider.graphs import FUNCTION, ROLE, ROLE_POLICY, TRUST, function_inputs, package, policy

QUEUE = "arn:aws:sqs:us-east-1:000000000000:failed"
NEEDS: list[tuple[dict[str, Any], tuple[str, ...]]] = [
    ({"deadLetterConfig": {"targetArn": QUEUE}}, ("sqs:SendMessage",)),
    ({"deadLetterConfig": {"targetArn": QUEUE.replace("sqs", "sns")}}, ("sns:Publish",)),
    (
        {"vpcConfig": {"subnetIds": ["subnet-1"], "securityGroupIds": ["sg-1"]}},
        (
            "ec2:CreateNetworkInterface",
            "ec2:DescribeNetworkInterfaces",
            "ec2:DescribeSubnets",
            "ec2:DeleteNetworkInterface",
            "ec2:AssignPrivateIpAddresses",
            "ec2:UnassignPrivateIpAddresses",
        ),
    ),
    ({"tracingConfig": {"mode": "Active"}}, ("xray:PutTraceSegments", "xray:PutTelemetryRecords")),
]


@pytest.mark.parametrize(("more", "actions"), NEEDS, ids=["queue", "topic", "network", "tracing"])
def test_each_action_is_asked_for(
    live: Client, tmp_path: Path, endpoint: Endpoint, more: dict[str, Any], actions: tuple[str, ...]
) -> None:
    name = f"needs-{actions[0].replace(':', '-')}"
    owner = live.create(ROLE, {"name": name, "assumeRolePolicy": TRUST})
    inputs = function_inputs(owner.outputs["arn"], package(tmp_path), name=name, **more)
    for missing in actions:
        others = [each for each in actions if each != missing] or ["logs:PutLogEvents"]
        grant = live.create(ROLE_POLICY, {"role": name, "name": "may", "policy": policy(*others)})
        call = missing.partition(":")[2]
        message = f"does not have permissions to call {call} on .*\nallow {missing} in a policy"
        with pytest.raises(RefusedError, match=message):
            live.create(FUNCTION, inputs)
        live.delete(grant)
    listed = aws_client(endpoint, "lambda", "us-east-1").list_functions()["Functions"]
    assert name not in [each["FunctionName"] for each in listed]


def test_a_deny_for_the_functions_code_is_no_obstacle(live: Client, tmp_path: Path) -> None:
    """As AWS advises for functions in a network: Lambda may, the function's code may not."""
    owner = live.create(ROLE, {"name": "denying", "assumeRolePolicy": TRUST, "path": "/teams/shop/"})
    actions = NEEDS[2][1]
    statements = [
        {"Effect": "Allow", "Action": list(actions), "Resource": "*"},
        {
            "Effect": "Deny",
            "Action": list(actions),
            "Resource": "*",
            "Condition": {
                "ArnEquals": {
                    "lambda:SourceFunctionArn": "arn:aws:lambda:us-east-1:000000000000:function:denying"
                }
            },
        },
    ]
    document = {"Version": "2012-10-17", "Statement": statements}
    live.create(ROLE_POLICY, {"role": "denying", "name": "may", "policy": document})
    inputs = function_inputs(owner.outputs["arn"], package(tmp_path), name="denying", **NEEDS[2][0])
    live.create(FUNCTION, inputs)


def test_an_update_asks_again(live: Client, tmp_path: Path) -> None:
    owner = live.create(ROLE, {"name": "later", "assumeRolePolicy": TRUST})
    inputs = function_inputs(owner.outputs["arn"], package(tmp_path), name="later")
    made = live.create(FUNCTION, inputs)
    with pytest.raises(
        RefusedError, match=r"updating .* \(later\): AWS refuses this .*call SendMessage on SQS"
    ):
        live.update(made, inputs | NEEDS[0][0])


@pytest.mark.parametrize(
    ("trust", "found"),
    [
        (None, "there is no such role"),
        (TRUST.replace("lambda.", "ec2."), "its trust policy doesn't allow sts:AssumeRole to lambda"),
        (TRUST.replace('"Allow"', '"Deny"'), "its trust policy doesn't allow"),
    ],
    ids=["missing", "of another service", "denied"],
)
def test_lambda_must_be_able_to_assume_the_role(
    live: Client, tmp_path: Path, trust: str | None, found: str
) -> None:
    name = "untrusting"
    if trust:
        owner = live.create(ROLE, {"name": name, "assumeRolePolicy": trust})
    inputs = function_inputs(f"arn:aws:iam::000000000000:role/{name}", package(tmp_path), name=name)
    with pytest.raises(RefusedError, match=f"cannot be assumed by Lambda.\n.*role/{name}: {found}"):
        live.create(FUNCTION, inputs)
    if trust:
        live.delete(owner)
