"""How a bucket encrypts what is put into it without saying how."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from ...check import Failure
from ...clients import Aws
from ...resource import Properties, Update
from ...schema import boolean, list_of, object_of, string
from ...settings import Settings
from .. import given
from .setting import BucketSetting, props

_ALGORITHMS: Final = ("AES256", "aws:kms", "aws:kms:dsse")


class BucketServerSideEncryptionConfiguration(BucketSetting):
    """A bucket's encryption. Deleting it gives the bucket S3's own (AES256), which every bucket has."""

    token = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
    props = props(
        rules=list_of(
            object_of(
                {
                    "applyServerSideEncryptionByDefault": object_of(
                        {
                            "kmsMasterKeyId": string(minimum=1),
                            "sseAlgorithm": string(required=True, values=_ALGORITHMS),
                        }
                    ),
                    "bucketKeyEnabled": boolean(),
                }
            ),
            required=True,
            minimum=1,
            maximum=1,
        ),
    )

    def check(self, inputs: Properties, settings: Settings) -> Iterable[Failure]:
        """A key only for encryption by KMS."""
        rules = inputs.get("rules")
        for index, rule in enumerate(rules if isinstance(rules, list) else ()):
            default = rule.get("applyServerSideEncryptionByDefault") if isinstance(rule, dict) else None
            if not isinstance(default, dict) or not default.get("kmsMasterKeyId"):
                continue
            if default.get("sseAlgorithm") == "AES256":
                yield Failure(
                    path=f"rules[{index}].applyServerSideEncryptionByDefault.kmsMasterKeyId",
                    reason='sseAlgorithm "AES256" has no key: say "aws:kms", or leave the key out',
                )

    def create(self, aws: Aws, inputs: Properties) -> str:
        """Set it."""
        _set(aws, inputs)
        return self.id_of(inputs)

    def finish(self, aws: Aws, id: str, inputs: Properties) -> None:
        """Set it again: what a run that was cut off finds may be S3's own, which every bucket has."""
        del id
        _set(aws, inputs)

    def read(self, aws: Aws, id: str, known: Properties) -> Properties | None:
        """The one rule."""
        told = aws.client("s3").get_bucket_encryption(Bucket=id)["ServerSideEncryptionConfiguration"]
        return {"bucket": id, "rules": [_rule(each) for each in told["Rules"]]}

    def update(self, aws: Aws, update: Update) -> None:
        """Set it."""
        _set(aws, update.news)

    def delete(self, aws: Aws, id: str, state: Properties) -> None:
        """Go back to S3's own."""
        aws.client("s3").delete_bucket_encryption(Bucket=id)


def _set(aws: Aws, inputs: Properties) -> None:
    rules = []
    for rule in inputs["rules"]:
        default = rule.get("applyServerSideEncryptionByDefault")
        rules.append(
            given(
                ApplyServerSideEncryptionByDefault=given(
                    SSEAlgorithm=default["sseAlgorithm"], KMSMasterKeyID=default.get("kmsMasterKeyId")
                )
                if default
                else None,
                BucketKeyEnabled=rule.get("bucketKeyEnabled"),
            )
        )
    aws.client("s3").put_bucket_encryption(
        Bucket=inputs["bucket"], ServerSideEncryptionConfiguration={"Rules": rules}
    )


def _rule(told: Mapping[str, Any]) -> Properties:
    default = told.get("ApplyServerSideEncryptionByDefault")
    found: Properties = {"bucketKeyEnabled": told.get("BucketKeyEnabled", False)}
    if default:
        found["applyServerSideEncryptionByDefault"] = given(
            sseAlgorithm=default["SSEAlgorithm"], kmsMasterKeyId=default.get("KMSMasterKeyID")
        )
    return found
