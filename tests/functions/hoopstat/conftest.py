"""Both functions as Lambda runs them: loaded anew, on the S3 of the embedded AWS."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest

from sandbox.provider import Endpoint
from sandbox.provider.clients import client

FUNCTIONS = Path(__file__).parents[3] / "functions" / "hoopstat"

CONTEXT = SimpleNamespace(
    aws_request_id="request-1",
    function_name="hoopstat",
    memory_limit_in_mb=256,
    invoked_function_arn="arn:aws:lambda:us-east-1:000000000000:function:hoopstat:live",
)

Load = Callable[..., ModuleType]


@pytest.fixture(scope="session")
def s3(endpoint: Endpoint) -> Any:
    return client(endpoint, "s3", "us-east-1")


@pytest.fixture
def new_bucket(s3: Any) -> Callable[[], str]:
    """Make a versioned bucket."""

    def make() -> str:
        name = f"hoopstat-{uuid4().hex}"
        s3.create_bucket(Bucket=name)
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        return name

    return make


@pytest.fixture
def load(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> Iterator[Load]:
    """Import a function's main module, as a new container does."""
    before = set(sys.modules)

    def loaded(function: str, **environment: str) -> ModuleType:
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint.url)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", endpoint.access_key_id)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", endpoint.secret_access_key)
        monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        monkeypatch.delenv("SOURCE_URL", raising=False)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.syspath_prepend(str(FUNCTIONS / function))
        return importlib.import_module("main")

    yield loaded
    for name in set(sys.modules) - before:
        if name.partition(".")[0] in {"main", "ingestion", "stats"}:
            del sys.modules[name]
