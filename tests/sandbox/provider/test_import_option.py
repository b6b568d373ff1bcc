"""What somebody else has made in the embedded AWS is imported by a program, and then belongs to its stack."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sandbox.engine import Kind, in_process
from sandbox.provider import Endpoint, servicer
from sandbox.provider.clients import client
from tests.sandbox.engine.lab import Lab, done, errors, ok, ops

REGION = "us-east-1"
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
)
PROGRAM = f"""
    import json
    import pulumi_aws as aws

    trust = json.loads({TRUST!r})
    queue = aws.sqs.Queue("queue", name="made-by-hand", visibility_timeout_seconds={{timeout}},
                          opts=O(import_="{{url}}"))
    role = aws.iam.Role("role", name="made-by-hand", assume_role_policy=json.dumps(trust),
                        opts=O(import_="made-by-hand"))
    pulumi.export("arns", [queue.arn, role.arn])
"""


@pytest.fixture
def stack(tmp_path: Path, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> Lab:
    """A project whose provider is ours, on the embedded AWS."""
    for name in ("PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE", "PULUMI_DEBUG_PROVIDERS"):
        monkeypatch.delenv(name, raising=False)
    found = Lab(tmp_path)
    found.providers = lambda package, version: in_process(servicer(endpoint))
    found.write("Pulumi.dev.yaml", f"config: {{'aws:region': {REGION}}}\n")
    return found


def test_a_queue_and_a_role_are_imported_updated_and_destroyed(stack: Lab, endpoint: Endpoint) -> None:
    sqs: Any = client(endpoint, "sqs", REGION)
    iam: Any = client(endpoint, "iam", REGION)
    attributes = {"VisibilityTimeout": "45", "MaximumMessageSize": "262144"}
    url = sqs.create_queue(QueueName="made-by-hand", Attributes=attributes)["QueueUrl"]
    iam.create_role(RoleName="made-by-hand", AssumeRolePolicyDocument=TRUST)
    program = PROGRAM.replace("{url}", url)

    preview = ok(stack.preview(program.replace("{timeout}", "45")))
    assert ops(preview) == {"create": 1, "import": 2}
    result = ok(stack.up())
    assert ops(result) == {"create": 1, "import": 2}
    assert sorted(done(result, ["queue", "role"])) == [("import", "queue"), ("import", "role")]
    assert result.outputs["arns"] == [
        f"arn:aws:sqs:{REGION}:000000000000:made-by-hand",
        "arn:aws:iam::000000000000:role/made-by-hand",
    ]
    found = stack.resources()
    assert found["queue"]["id"] == found["queue"]["importID"] == url
    assert found["role"]["importID"] == "made-by-hand"
    assert ops(ok(stack.run(Kind.REFRESH))) == {"same": 3}, "it was taken in as it is"
    assert ops(ok(stack.up())) == {"same": 3}

    assert ops(ok(stack.up(program.replace("{timeout}", "60")))) == {"same": 2, "update": 1}
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])["Attributes"]
    assert attributes == {"VisibilityTimeout": "60"}

    assert ops(ok(stack.run(Kind.DESTROY))) == {"delete": 3}
    assert "made-by-hand" not in str(sqs.list_queues().get("QueueUrls"))
    assert "made-by-hand" not in [role["RoleName"] for role in iam.list_roles()["Roles"]]


def test_what_is_declared_otherwise_is_changed_in_the_same_run(stack: Lab, endpoint: Endpoint) -> None:
    sqs: Any = client(endpoint, "sqs", REGION)
    url = sqs.create_queue(QueueName="other-by-hand")["QueueUrl"]
    program = f"""
        import pulumi_aws as aws
        aws.sqs.Queue("queue", name="other-by-hand", delay_seconds=7, opts=O(import_="{url}"))
    """
    result = ok(stack.up(program))
    assert done(result, ["queue"]) == [("import", "queue"), ("update", "queue")]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["DelaySeconds"])["Attributes"]
    assert attributes == {"DelaySeconds": "7"}
    assert ops(ok(stack.up())) == {"same": 2}
    ok(stack.run(Kind.DESTROY))


def test_what_is_not_there_is_not_imported(stack: Lab) -> None:
    result = stack.up("""
        import pulumi_aws as aws
        aws.iam.Role("role", assume_role_policy="{}", opts=O(import_="nobody"))
    """)
    assert result.exit_code == 1
    assert errors(result) == ["resource 'nobody' does not exist"]
    assert not stack.resources().keys() & {"role"}
