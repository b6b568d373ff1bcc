"""Whether a bucket keeps what is overwritten."""

from __future__ import annotations

from ...clients import Aws
from ...errors import ProviderError
from ...resource import Properties, Update
from ...schema import object_of, string
from ...values import UNKNOWN
from .setting import BucketSetting, props


class BucketVersioning(BucketSetting):
    """A bucket's versioning. Deleting it suspends it: S3 can't forget that a bucket was versioned."""

    token = "aws:s3/bucketVersioning:BucketVersioning"
    props = props(
        versioningConfiguration=object_of(
            {"status": string(required=True, values=("Enabled", "Suspended", "Disabled"))}, required=True
        ),
    )

    def check_change(self, olds: Properties, news: Properties) -> None:
        """A bucket that was versioned once can't be as if it never was."""
        old, new = (each["versioningConfiguration"] for each in (olds, news))
        if new is not UNKNOWN and new["status"] == "Disabled" != old["status"]:
            raise ProviderError(
                f"versioningConfiguration.status: {old['status']} isn't changed to Disabled: a bucket that "
                'was versioned once can\'t be as if it never was; give "Suspended"'
            )

    def create(self, aws: Aws, inputs: Properties) -> str:
        """Set it; "Disabled" is what a new bucket is."""
        _set(aws, inputs["bucket"], inputs["versioningConfiguration"]["status"])
        return self.id_of(inputs)

    def read(self, aws: Aws, id: str, known: Properties) -> Properties | None:
        """The status."""
        status = aws.client("s3").get_bucket_versioning(Bucket=id).get("Status", "Disabled")
        return {"bucket": id, "versioningConfiguration": {"status": status}}

    def update(self, aws: Aws, update: Update) -> None:
        """Set it."""
        _set(aws, update.id, update.news["versioningConfiguration"]["status"])

    def delete(self, aws: Aws, id: str, state: Properties) -> None:
        """Suspend it."""
        if state["versioningConfiguration"]["status"] != "Disabled":
            _set(aws, id, "Suspended")


def _set(aws: Aws, bucket: str, status: str) -> None:
    if status != "Disabled":
        aws.client("s3").put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": status})
