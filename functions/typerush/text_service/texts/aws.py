"""Clients with bounded waiting, and errors that name the action."""

from __future__ import annotations

import time
from typing import Any, Literal

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

# What a client raises, whether AWS answered or not.
ERRORS = (ClientError, BotoCoreError)

# What a call to DynamoDB takes at worst: two attempts, each with these two waits, and the pause between them.
CONNECT_S = 1.0
READ_S = 1.0
ATTEMPTS = 2
TABLE_CALL_S = ATTEMPTS * (CONNECT_S + READ_S) + 1.0


class Deadline:
    """The moment by which an answer must be there, on the monotonic clock."""

    def __init__(self, seconds: float) -> None:
        self._at = time.monotonic() + seconds

    def left_s(self) -> float:
        """Give what is left, in seconds; negative when it has passed."""
        return self._at - time.monotonic()


def client(
    service: Literal["dynamodb", "bedrock-runtime"], *, read_s: float = READ_S, attempts: int = ATTEMPTS
) -> Any:
    """Make a client. read_s: how long it waits for each answer; attempts: how often it asks at most."""
    return boto3.client(
        service,
        config=Config(
            connect_timeout=CONNECT_S,
            read_timeout=read_s,
            retries={"total_max_attempts": attempts, "mode": "standard"},
        ),
    )


def why(action: str, resource: str, error: Exception) -> str:
    """Say for the log which action failed on what; a denial says so."""
    answer: Any = getattr(error, "response", None) or {}  # only what AWS itself answered has one
    if answer.get("Error", {}).get("Code") in {"AccessDenied", "AccessDeniedException"}:
        return f"{action} on {resource} is denied to the function's role: {error}"
    return f"{action} on {resource} failed: {error}"
