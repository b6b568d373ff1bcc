from __future__ import annotations

from tests.sandbox.provider.client import Client
from tests.sandbox.provider.walk import refused, walk

NOTIFICATION = "aws:s3/bucketNotification:BucketNotification"


def test_a_life(live: Client) -> None:
    bucket = live.create("aws:s3/bucket:Bucket", {"bucket": "telling"})
    base = {"bucket": bucket.id}
    walk(live, NOTIFICATION, base | {"eventbridge": True})
    live.delete(bucket)


def test_refusals(offline: Client) -> None:
    assert "nobody is told" in refused(offline, NOTIFICATION, {"bucket": "b"})["eventbridge"]
    assert list(refused(offline, NOTIFICATION, {"bucket": "b", "eventbridge": True, "queues": []})) == [
        "queues"
    ]
