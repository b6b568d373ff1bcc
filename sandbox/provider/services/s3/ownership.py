"""Who owns a bucket's objects, and whether access lists count."""

from __future__ import annotations

from ...clients import Aws
from ...resource import Properties, Update
from ...schema import object_of, string
from .setting import BucketSetting, props


class BucketOwnershipControls(BucketSetting):
    """A bucket's ownership; `BucketOwnerEnforced` turns access lists off."""

    token = "aws:s3/bucketOwnershipControls:BucketOwnershipControls"
    props = props(
        rule=object_of({"objectOwnership": string(required=True, shape="ObjectOwnership")}, required=True)
    )

    def create(self, aws: Aws, inputs: Properties) -> str:
        """Set it."""
        _set(aws, inputs)
        return self.id_of(inputs)

    def read(self, aws: Aws, id: str, known: Properties) -> Properties | None:
        """The one rule."""
        (rule,) = aws.client("s3").get_bucket_ownership_controls(Bucket=id)["OwnershipControls"]["Rules"]
        return {"bucket": id, "rule": {"objectOwnership": rule["ObjectOwnership"]}}

    def update(self, aws: Aws, update: Update) -> None:
        """Set it."""
        _set(aws, update.news)

    def delete(self, aws: Aws, id: str, state: Properties) -> None:
        """Take it away."""
        aws.client("s3").delete_bucket_ownership_controls(Bucket=id)


def _set(aws: Aws, inputs: Properties) -> None:
    rules = [{"ObjectOwnership": inputs["rule"]["objectOwnership"]}]
    aws.client("s3").put_bucket_ownership_controls(
        Bucket=inputs["bucket"], OwnershipControls={"Rules": rules}
    )
