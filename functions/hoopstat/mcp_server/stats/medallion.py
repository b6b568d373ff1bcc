"""The silver and the gold bucket, read only.

Silver holds `<dataset>/season=<season>/...`; gold one JSON object for each key, `<table>/<key>.json`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

_TIME_S = 13.0
"""For how long the calls of one question are begun: the last may take 11 s, and an answer comes within 25."""
_MOST_BYTES = 4 * 1024 * 1024
"""Of an object: Lambda's answers end at 6 MB."""
_MISSING = ("NoSuchKey", "404")


class UnavailableError(Exception):
    """S3 doesn't answer, or not in time, or doesn't let this function read. For the log, not for callers."""


class TooLargeError(Exception):
    """An object is larger than an answer can be."""


class Medallion:
    """Reads what the pipeline has made."""

    def __init__(self, *, silver: str, gold: str) -> None:
        self._silver = silver
        self._gold = gold
        self._s3 = boto3.client(
            "s3", config=Config(connect_timeout=1, read_timeout=4, retries={"total_max_attempts": 2})
        )

    def check(self) -> None:
        """See whether both buckets answer. Raises UnavailableError."""
        for bucket in (self._silver, self._gold):
            self._call("list_objects_v2", Bucket=bucket, MaxKeys=1)

    def contents(self) -> tuple[dict[str, list[str]], list[str]]:
        """Name silver's datasets, each with its seasons, and gold's tables. Raises UnavailableError."""
        end = time.monotonic() + _TIME_S
        return self._datasets(end), list(self._folders(self._gold, "", end))

    def row(self, table: str, key: str) -> Any | None:
        """Read one key of a gold table; None when it isn't there. Raises UnavailableError, TooLargeError."""
        try:
            found = self._call("get_object", Bucket=self._gold, Key=f"{table}/{key}.json")
        except UnavailableError as error:
            if isinstance(error.__cause__, ClientError) and _code(error.__cause__) in _MISSING:
                return None
            raise
        with closing(found["Body"]) as body:
            if found["ContentLength"] > _MOST_BYTES:
                raise TooLargeError(f"{found['ContentLength']} bytes; at most {_MOST_BYTES} can be answered")
            try:
                return json.loads(body.read())
            except (ValueError, BotoCoreError) as error:
                raise UnavailableError(f"{table}/{key}.json can't be read: {error}") from error

    def _datasets(self, end: float) -> dict[str, list[str]]:
        return {
            dataset: [
                folder.removeprefix("season=")
                for folder in self._folders(self._silver, f"{dataset}/", end)
                if folder.startswith("season=")
            ]
            for dataset in self._folders(self._silver, "", end)
        }

    def _folders(self, bucket: str, prefix: str, end: float) -> Iterator[str]:
        more: dict[str, str] = {}
        while True:
            if time.monotonic() > end:
                raise UnavailableError(f"listing took over {_TIME_S} s, up to {bucket}/{prefix}")
            page = self._call("list_objects_v2", Bucket=bucket, Prefix=prefix, Delimiter="/", **more)
            for each in page.get("CommonPrefixes", ()):
                yield each["Prefix"].removeprefix(prefix).rstrip("/")
            if not page.get("IsTruncated"):
                return
            more = {"ContinuationToken": page["NextContinuationToken"]}

    def _call(self, operation: str, **request: Any) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = getattr(self._s3, operation)(**request)
        except (BotoCoreError, ClientError) as error:
            raise UnavailableError(f"{operation} of {request['Bucket']}: {error}") from error
        return answer


def _code(error: ClientError) -> str:
    return str(error.response["Error"]["Code"])
