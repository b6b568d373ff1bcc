"""image-processor: a thumbnail of each picture that is uploaded."""

from __future__ import annotations

import os
from contextlib import closing
from typing import Any, Final

import boto3
import thumbnail
from aws_lambda_powertools import Logger, Tracer, single_metric
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.config import Config

logger = Logger(service="image-processor")
tracer = Tracer(service="image-processor")

_BUCKET: Final = os.environ["UPLOADS_BUCKET"]
_UPLOADS: Final = "uploads/"
_THUMBNAILS: Final = "thumbnails/"
_LARGEST_BYTES: Final = 25 * 1024 * 1024

_s3: Any = boto3.client(
    "s3",
    config=Config(connect_timeout=2, read_timeout=10, retries={"total_max_attempts": 2, "mode": "standard"}),
)


class BadEventError(Exception):
    """The event isn't one of a picture that was uploaded."""


@logger.inject_lambda_context
@tracer.capture_lambda_handler(capture_response=False)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Make the thumbnail of the picture in EventBridge's event. What fails, fails: Lambda keeps the event."""
    del context
    if event == {"action": "health"}:
        return {"status": "ok"}
    key = _uploaded(event)
    made = _THUMBNAILS + key.removeprefix(_UPLOADS)
    found = _s3.get_object(Bucket=_BUCKET, Key=key)
    with closing(found["Body"]) as body:
        if found["ContentLength"] > _LARGEST_BYTES:
            raise thumbnail.NotAPictureError(f"{found['ContentLength']} bytes, at most {_LARGEST_BYTES}")
        small, content_type = thumbnail.make(body.read())
    _s3.put_object(Bucket=_BUCKET, Key=made, Body=small, ContentType=content_type)
    with single_metric(name="ThumbnailsMade", unit=MetricUnit.Count, value=1, namespace="Payments") as metric:
        metric.add_dimension(name="service", value="image-processor")
        logger.info("made a thumbnail", key=key, thumbnail=made, bytes=len(small))
    return {"thumbnail": made}


def _uploaded(event: dict[str, Any]) -> str:
    """The key of what was uploaded: of our bucket, and not a thumbnail."""
    try:
        bucket, key = event["detail"]["bucket"]["name"], event["detail"]["object"]["key"]
    except (KeyError, TypeError):
        raise BadEventError("not an event of S3 through EventBridge") from None
    if bucket != _BUCKET or not isinstance(key, str) or not key.startswith(_UPLOADS):
        raise BadEventError(f"{key!r} of {bucket!r} isn't below {_UPLOADS} of the uploads bucket")
    return key
