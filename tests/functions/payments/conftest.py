"""Payments' functions as Lambda runs them: the folder on the path, `handler` loaded anew, a real AWS."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import uuid4

import boto3
import pytest

from sandbox.provider.endpoint import Endpoint

FUNCTIONS = Path(__file__).parents[3] / "functions" / "payments"
REGION = "eu-west-1"

Load = Callable[..., ModuleType]


class LambdaContext:
    """As much of Lambda's context as Powertools uses."""

    function_name = "payments"
    memory_limit_in_mb = 512
    aws_request_id = "request-1"

    def __init__(
        self, remaining_s: float = 30.0, *, arn: str = "arn:aws:lambda:eu-west-1:000000000000:f"
    ) -> None:
        self.invoked_function_arn = arn
        self._remaining_s = remaining_s

    def get_remaining_time_in_millis(self) -> int:
        return int(self._remaining_s * 1000)


@pytest.fixture
def aws(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Any]:
    """Clients of the embedded AWS, where the functions' own clients go, too."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint.url)
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", endpoint.access_key_id)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", endpoint.secret_access_key)
    make: Any = boto3.client
    return lambda service: make(service)


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> Iterator[Load]:
    """Import the handler of a function's folder, with its environment; all of it is forgotten afterwards."""
    before = set(sys.modules)

    def load(folder: str, **environment: str) -> ModuleType:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", folder)
        monkeypatch.syspath_prepend(str(FUNCTIONS / folder))
        return importlib.import_module("handler")

    yield load
    for name in set(sys.modules) - before:
        file = getattr(sys.modules[name], "__file__", None) or ""
        if Path(file).is_relative_to(FUNCTIONS):
            del sys.modules[name]


@pytest.fixture
def name() -> str:
    """A name that nothing else has."""
    return f"t-{uuid4().hex[:12]}"


def http(method: str, path: str, *, body: str | None = None, **query: str) -> dict[str, Any]:
    """An HTTP API's event, payload 2.0."""
    about = {
        "method": method,
        "path": path,
        "protocol": "HTTP/1.1",
        "sourceIp": "192.0.2.1",
        "userAgent": "test",
    }
    return {
        "version": "2.0",
        "routeKey": f"{method} {path}",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {},
        **({"queryStringParameters": query} if query else {}),
        "requestContext": {"http": about, "stage": "$default", "requestId": "r"},
        **({} if body is None else {"body": body}),
        "isBase64Encoded": False,
    }


def app_table(aws: Callable[[str], Any], name: str) -> None:
    """The table of all entities, with its index."""
    text = "S"
    names = ("PK", "SK", "GSI1PK", "GSI1SK")
    keys = [
        {"AttributeName": each, "KeyType": kind}
        for each, kind in zip(names, ("HASH", "RANGE") * 2, strict=True)
    ]
    aws("dynamodb").create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": each, "AttributeType": text} for each in names],
        KeySchema=keys[:2],
        GlobalSecondaryIndexes=[
            {"IndexName": "GSI1", "KeySchema": keys[2:], "Projection": {"ProjectionType": "ALL"}}
        ],
    )
