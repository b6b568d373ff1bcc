"""A bucket's own policy."""

from __future__ import annotations

from ...clients import Aws
from ...resource import Properties, Update
from ...schema import json_document
from .setting import BucketSetting, props


class BucketPolicy(BucketSetting):
    """A bucket's policy; at most 20 KB.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-policies.html
    """

    token = "aws:s3/bucketPolicy:BucketPolicy"
    props = props(policy=json_document(required=True, minimum=1, maximum=20_480))

    def create(self, aws: Aws, inputs: Properties) -> str:
        """Set it."""
        aws.client("s3").put_bucket_policy(Bucket=inputs["bucket"], Policy=inputs["policy"])
        return self.id_of(inputs)

    def read(self, aws: Aws, id: str, known: Properties) -> Properties | None:
        """The document."""
        return {"bucket": id, "policy": aws.client("s3").get_bucket_policy(Bucket=id)["Policy"]}

    def update(self, aws: Aws, update: Update) -> None:
        """Set it."""
        aws.client("s3").put_bucket_policy(Bucket=update.id, Policy=update.news["policy"])

    def delete(self, aws: Aws, id: str, state: Properties) -> None:
        """Take it away."""
        aws.client("s3").delete_bucket_policy(Bucket=id)
