"""Both functions as Lambda runs them: loaded anew, their AWS stubbed by botocore."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from types import ModuleType
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

FUNCTIONS = Path(__file__).parents[3] / "functions" / "superscapes"
INSTANCE = "ss-financial-dev"

Load = Callable[[str], ModuleType]
LogLines = Callable[[], list[dict[str, Any]]]


class LambdaContext:
    """As much of Lambda's context as the functions use."""

    aws_request_id = "request-1"


class Aws:
    """What AWS is expected to be asked, in this order for each service, and what it answers."""

    def __init__(self) -> None:
        self.clients = {name: boto3.client(name) for name in ("rds", "dynamodb")}
        self.stubs = {name: Stubber(client) for name, client in self.clients.items()}

    def describes(self, status: str) -> None:
        answer = {"DBInstances": [{"DBInstanceIdentifier": INSTANCE, "DBInstanceStatus": status}]}
        self.stubs["rds"].add_response("describe_db_instances", answer, {"DBInstanceIdentifier": INSTANCE})

    def does(self, operation: str) -> None:
        self.stubs["rds"].add_response(operation, {}, {"DBInstanceIdentifier": INSTANCE})

    def refuses(self, operation: str, code: str, service: str = "rds") -> None:
        self.stubs[service].add_client_error(operation, code, "User: arn:aws:sts::1:role is not authorized")

    def has(self, item: dict[str, Any] | None) -> None:
        self.stubs["dynamodb"].add_response(
            "get_item",
            {"Item": {"key": {"S": "last_rds_query_time"}, **item}} if item is not None else {},
            {
                "TableName": "metadata",
                "Key": {"key": {"S": "last_rds_query_time"}},
                "ConsistentRead": True,
            },
        )


def module_of(name: str) -> ModuleType:
    """Load a function's module, as a new container does."""
    path = FUNCTIONS / name / f"lambda_{name}.py"
    spec = importlib.util.spec_from_file_location(f"superscapes_{name}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> Load:
    """Load a function's module by its name."""
    monkeypatch.setenv("DB_INSTANCE_ID", INSTANCE)
    monkeypatch.setenv("METADATA_TABLE", "metadata")
    monkeypatch.setenv("IDLE_MINUTES", "60")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "example")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)

    return module_of


@pytest.fixture
def aws(load: Load) -> Iterator[Aws]:
    """Both services stubbed. A test fails if a function didn't ask all that it was expected to."""
    stubbed = Aws()
    with ExitStack() as stack:
        for stub in stubbed.stubs.values():
            stack.enter_context(stub)
        yield stubbed
        for stub in stubbed.stubs.values():
            stub.assert_no_pending_responses()


@pytest.fixture
def log_lines(capsys: pytest.CaptureFixture[str]) -> LogLines:
    """What the function has logged in this test."""
    return lambda: [json.loads(line) for line in capsys.readouterr().out.splitlines()]
