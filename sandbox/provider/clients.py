"""The AWS clients of the embedded AWS: made when first used, kept, and used by many threads."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from .endpoint import Endpoint

T = TypeVar("T")

READ_TIMEOUT_S = 120
"""How long an answer may take, on a machine that has much else to do."""

_lock = threading.Lock()
_clients: dict[tuple[Endpoint, str, str], Any] = {}
_sessions: dict[Endpoint, Any] = {}


def client(endpoint: Endpoint, service: str, region: str) -> Any:
    """A botocore client; making one costs 20 to 60 ms, so all provider resources share them."""
    with _lock:
        key = (endpoint, service, region)
        if key not in _clients:
            _clients[key] = _make(endpoint, service, region)
        return _clients[key]


def _make(endpoint: Endpoint, service: str, region: str) -> Any:
    import botocore.session
    from botocore.config import Config

    if endpoint not in _sessions:
        # Nothing of this machine's AWS configuration may reach the embedded AWS: no profile, no files.
        nothing = {name: (None, None, value, None) for name, value in _NO_FILES.items()}
        session = botocore.session.Session(session_vars=nothing)
        session.set_credentials(endpoint.access_key_id, endpoint.secret_access_key)
        _sessions[endpoint] = session
    return _sessions[endpoint].create_client(
        service,
        region_name=region,
        endpoint_url=endpoint.url,
        config=Config(
            retries={"total_max_attempts": 1},
            connect_timeout=5,
            read_timeout=READ_TIMEOUT_S,
            max_pool_connections=32,
            proxies={},
            s3={"addressing_style": "path"},
        ),
    )


_NO_FILES = {"profile": None, "config_file": os.devnull, "credentials_file": os.devnull}


@dataclass(frozen=True)
class Aws:
    """The embedded AWS as a resource's operations see it.

    :ivar region: where the resource lives
    :ivar timeout_s: how long an operation may wait for AWS
    :ivar directory: what relative paths of assets and archives start from
    :ivar images: ``<repository>:<start of the tag>`` -> the folder below ``directory`` that runs instead
    """

    endpoint: Endpoint
    region: str
    timeout_s: float = 60.0
    directory: Path = Path()
    images: Mapping[str, str] = field(default_factory=dict)

    def client(self, service: str) -> Any:
        """The botocore client of a service (its methods are AWS's operations in snake case)."""
        return client(self.endpoint, service, self.region)

    @property
    def account_id(self) -> str:
        """The account of the credentials."""
        return account_id(self.endpoint)

    @property
    def partition(self) -> str:
        """The part of an ARN after ``arn:``."""
        return partition(self.region)

    def wait(self, what: str, done: Callable[[], T | None]) -> T:
        """Ask ``done`` until it gives something; the pauses grow from 10 to 50 ms.

        :param what: for the error, e.g. ``"function shop-dev becomes Active"``
        :raises TimeoutError: the time is up
        """
        end, pause = time.monotonic() + self.timeout_s, 0.01
        while (found := done()) is None:
            if time.monotonic() + pause > end:
                raise TimeoutError(f"waited {self.timeout_s:g} s until {what}, in vain")
            time.sleep(pause)
            pause = min(pause * 2, 0.05)
        return found


@cache
def account_id(endpoint: Endpoint) -> str:
    """The account that the credentials of an endpoint belong to."""
    return str(client(endpoint, "sts", "us-east-1").get_caller_identity()["Account"])


def warm(endpoint: Endpoint) -> None:
    """Do now what the first call would have to wait for; errors are for that call to tell."""
    with suppress(Exception):
        account_id(endpoint)


def partition(region: str) -> str:
    """The AWS partition of a region."""
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"
