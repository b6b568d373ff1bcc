"""The bronze bucket: one object per dataset and day."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from ingestion.day import Day

_EXISTS = "PreconditionFailed"


class Bronze:
    """Keeps days. The same day again writes nothing; another content is a new version of its object."""

    def __init__(self, *, bucket: str) -> None:
        self.bucket = bucket
        self._s3 = boto3.client(
            "s3", config=Config(connect_timeout=5, read_timeout=20, retries={"total_max_attempts": 3})
        )

    def keep(self, day: Day) -> dict[str, Any]:
        """Store a day, what is bad of it first, so that nothing is lost when the rest fails.

        A day of which nothing is good leaves what is there alone.
        """
        told: dict[str, Any] = {
            "dataset": day.dataset,
            "date": day.date,
            "records": len(day.records),
            "rejected": len(day.rejected),
            "duplicates": day.duplicates,
        }
        if day.rejected:
            told["rejectedKey"] = self._keep_rejected(day)
        if not day.records:
            return {**told, "status": "nothing good"}
        key = f"raw/{day.dataset}/date={day.date}/records.jsonl.gz"
        checksum = _checksum(day.content)
        return {**told, "key": key, "sha256": checksum, "status": self._store(key, day.content, checksum)}

    def _keep_rejected(self, day: Day) -> str:
        # Named by its content, so that nothing takes another's place.
        content = day.rejected_content
        name = hashlib.sha256(content).hexdigest()[:16]
        key = f"rejected/{day.dataset}/date={day.date}/{name}.jsonl.gz"
        self._put(key, content, _checksum(content), IfNoneMatch="*")
        return key

    def _store(self, key: str, content: bytes, checksum: str) -> str:
        if self._put(key, content, checksum, IfNoneMatch="*"):
            return "written"
        there = self._s3.head_object(Bucket=self.bucket, Key=key, ChecksumMode="ENABLED")
        if there.get("ChecksumSHA256") == checksum:
            return "unchanged"
        # Unless somebody else has changed it since: then this fails, and the next try compares again.
        if not self._put(key, content, checksum, IfMatch=there["ETag"]):
            raise RuntimeError(f"{key} changed while it was replaced")
        return "replaced"

    def _put(self, key: str, content: bytes, checksum: str, **condition: str) -> bool:
        try:
            self._s3.put_object(
                Bucket=self.bucket,
                Key=key,
                Body=content,
                ContentType="application/x-ndjson",
                ContentEncoding="gzip",
                ChecksumSHA256=checksum,
                **condition,
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != _EXISTS:
                raise
            return False
        return True


def _checksum(content: bytes) -> str:
    return base64.b64encode(hashlib.sha256(content).digest()).decode()
