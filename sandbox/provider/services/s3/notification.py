"""Whether a bucket tells EventBridge of what happens in it. Other receivers aren't here."""

from __future__ import annotations

from collections.abc import Iterable

from ...check import Failure
from ...clients import Aws
from ...resource import Properties
from ...schema import boolean
from ...settings import Settings
from .setting import BucketSetting, props


class BucketNotification(BucketSetting):
    """Whom a bucket tells; deleting it tells nobody.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketNotificationConfiguration.html
    """

    token = "aws:s3/bucketNotification:BucketNotification"
    props = props(eventbridge=boolean(default=False))

    def check(self, inputs: Properties, settings: Settings) -> Iterable[Failure]:
        """Somebody is told."""
        del settings
        if inputs["eventbridge"] is False:
            yield Failure(
                path="eventbridge", reason="nobody is told of anything: set it, or leave it all out"
            )

    def create(self, aws: Aws, inputs: Properties) -> str:
        """Tell EventBridge."""
        _set(aws, inputs["bucket"], eventbridge=True)
        return self.id_of(inputs)

    def read(self, aws: Aws, id: str, known: Properties) -> Properties | None:
        """Whether EventBridge is told; a bucket that tells nobody has no notification."""
        del known
        told = aws.client("s3").get_bucket_notification_configuration(Bucket=id)
        return {"bucket": id, "eventbridge": True} if "EventBridgeConfiguration" in told else None

    def delete(self, aws: Aws, id: str, state: Properties) -> None:
        """Tell nobody."""
        del state
        _set(aws, id, eventbridge=False)


def _set(aws: Aws, bucket: str, *, eventbridge: bool) -> None:
    aws.client("s3").put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}} if eventbridge else {}
    )
