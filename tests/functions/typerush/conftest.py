"""text-service as Lambda runs it: its folder on the path, `main` loaded anew, its AWS stubbed by botocore."""

from __future__ import annotations

import importlib.util
import io
import json
import socket
import sys
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import boto3
import pytest

from tests.functions.typerush.text_service import MODEL, SERVICE, Aws, Invoke, LambdaContext


@pytest.fixture
def texts_path(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The service's package `texts` can be imported; what was imported is forgotten afterwards."""
    monkeypatch.syspath_prepend(str(SERVICE))
    yield
    for name in [name for name in sys.modules if name == "texts" or name.startswith("texts.")]:
        del sys.modules[name]


@pytest.fixture
def main(texts_path: None, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.setenv("DYNAMODB_TABLE_NAME", "texts")
    monkeypatch.setenv("BEDROCK_MODEL_ID", MODEL)
    monkeypatch.setenv("LOG_LEVEL", "INFO")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "example")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "ap-southeast-1")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    spec = importlib.util.spec_from_file_location("text_service_main", SERVICE / "main.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def aws(main: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    """Both clients stubbed. A test fails if the service didn't ask all that it was expected to."""
    stubbed = Aws({"dynamodb": boto3.client("dynamodb"), "bedrock-runtime": boto3.client("bedrock-runtime")})

    def client(service: str, *, read_s: float = 0, **_: object) -> Any:
        if service == "bedrock-runtime":
            stubbed.model_waits_s.append(read_s)
        return stubbed.clients[service]

    monkeypatch.setattr(main.aws, "client", client)
    for stub in stubbed.stubs.values():
        stub.activate()
    yield stubbed
    stubbed.done()


@pytest.fixture
def invoke(main: ModuleType) -> Invoke:
    """Calls the handler and gives status and body; all that it answers has the shape of an HTTP answer."""

    def call(event: Any, remaining_s: float = 60.0) -> tuple[int, dict[str, Any]]:
        answer = main.lambda_handler(event, LambdaContext(remaining_s))
        assert answer["headers"]["content-type"] == "application/json"
        return answer["statusCode"], json.loads(answer["body"])

    return call


@pytest.fixture
def log_lines(main: ModuleType) -> Callable[[], list[dict[str, Any]]]:
    """What the service has logged in this test."""
    written = io.StringIO()
    main.log.handlers[0].setStream(written)
    return lambda: [json.loads(line) for line in written.getvalue().splitlines()]


@pytest.fixture
def silent_endpoint() -> Iterator[str]:
    """A server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


@pytest.fixture
def closed_endpoint() -> Iterator[str]:
    """An address that refuses connections: bound, so that nobody else gets it, and not listening."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{unused.getsockname()[1]}"
