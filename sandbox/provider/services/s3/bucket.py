"""Buckets. What the real provider has deprecated inside of them has resources of its own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from ...check import Failure
from ...clients import Aws
from ...errors import ProviderError, code_of
from ...resource import Properties, ResourceType, Update
from ...schema import OURS, boolean, string
from ...settings import Settings
from .. import given, tag_list, tag_map

_NAME: Final = re.compile(r"(?!.*\.\.)(?!\d+\.\d+\.\d+\.\d+$)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_HOME: Final = "us-east-1"
"""The one region that CreateBucket doesn't take as a location."""
_ZONES: Final[Mapping[str, str]] = {
    "ap-northeast-1": "Z2M4EHUR26P7ZW",
    "ap-southeast-1": "Z3O0J2DXBE1FTB",
    "ap-southeast-2": "Z1WCIGYICN2BYD",
    "eu-central-1": "Z21DNDUVLTQW6Q",
    "eu-west-1": "Z1BKCTXD74EZPE",
    "us-east-1": "Z3AQBSTGFYJSTF",
    "us-east-2": "Z2O1EMRO9K5GLX",
    "us-west-1": "Z2F56UZL2M1ACD",
    "us-west-2": "Z3BJ6K6RIION7M",
}
"""Where a region's S3 endpoints are in Route 53: https://docs.aws.amazon.com/general/latest/gr/s3.html"""
_AT_ONCE: Final = 1_000
"""https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html"""


class Bucket(ResourceType):
    """A bucket. Its id is its name.

    Names: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
    """

    token = "aws:s3/bucket:Bucket"
    service = "s3"
    props = {
        "bucket": string(replaces=True),
        "forceDestroy": boolean(default=False, local=OURS),
        "objectLockEnabled": boolean(settled=True, replaces=True),
    }
    outputs = (
        "arn",
        "bucketDomainName",
        "bucketRegion",
        "bucketRegionalDomainName",
        "hostedZoneId",
        "websiteDomain",
        "websiteEndpoint",
    )
    autoname = "bucket"
    autoname_limit = 63
    identity = ("bucket",)
    tagged = True
    tagged_at_once = False

    def check(self, inputs: Properties, settings: Settings) -> Iterable[Failure]:
        """The name is one that S3 takes."""
        name = inputs.get("bucket")
        if isinstance(name, str) and not _NAME.fullmatch(name):
            yield Failure(
                path="bucket",
                reason=f'"{name}" ({len(name)} characters) isn\'t allowed; allowed: 3 to 63 lower-case '
                "letters, digits, dots and hyphens, a letter or a digit first and last",
            )

    def id_of(self, inputs: Properties) -> str:
        """Its name."""
        return str(inputs["bucket"])

    def create(self, aws: Aws, inputs: Properties) -> str:
        """Make the bucket, unless there is one: in us-east-1 S3 answers a second time as if it made it."""
        s3, name = aws.client("s3"), self.id_of(inputs)
        if _is_there(s3, name):
            raise ProviderError(
                f"a bucket {name} exists already outside this stack's state: import it, delete it, or give "
                "this one another name"
            )
        location = None if aws.region == _HOME else {"LocationConstraint": aws.region}
        lock = inputs.get("objectLockEnabled") or None
        s3.create_bucket(
            Bucket=name, **given(CreateBucketConfiguration=location, ObjectLockEnabledForBucket=lock)
        )
        return name

    def finish(self, aws: Aws, id: str, inputs: Properties) -> None:
        """Set its tags."""
        _tag(aws, id, inputs.get("tagsAll") or {})

    def read(self, aws: Aws, id: str, known: Properties) -> Properties | None:
        """Where it is, and its tags."""
        s3 = aws.client("s3")
        region = s3.get_bucket_location(Bucket=id).get("LocationConstraint") or _HOME
        domain = "amazonaws.com.cn" if aws.partition == "aws-cn" else "amazonaws.com"
        return {
            "bucket": id,
            "arn": f"arn:{aws.partition}:s3:::{id}",
            "bucketDomainName": f"{id}.s3.{domain}",
            "bucketRegion": region,
            "bucketRegionalDomainName": f"{id}.s3.{region}.{domain}",
            "hostedZoneId": _ZONES.get(region, ""),
            "websiteDomain": "",
            "websiteEndpoint": "",
            "objectLockEnabled": _locked(s3, id),
            "tagsAll": _tags(s3, id),
        }

    def update(self, aws: Aws, update: Update) -> None:
        """Set its tags; everything else replaces, or is for us to know."""
        if any(update.tags()):
            _tag(aws, update.id, update.news.get("tagsAll") or {})

    def delete(self, aws: Aws, id: str, state: Properties) -> None:
        """Delete it: an empty one, or with forceDestroy every version of what is in it first."""
        s3 = aws.client("s3")
        if state.get("forceDestroy"):
            _empty(s3, id)
        try:
            s3.delete_bucket(Bucket=id)
        except Exception as error:
            if code_of(error) != "BucketNotEmpty":
                raise
            raise ProviderError(
                f"the bucket {id} isn't empty: empty it, or set forceDestroy and deploy that first"
            ) from None


def _is_there(s3: Any, name: str) -> bool:
    try:
        s3.head_bucket(Bucket=name)
    except Exception as error:
        if code_of(error) in {"404", "NoSuchBucket"}:
            return False
        raise
    return True


def _locked(s3: Any, name: str) -> bool:
    try:
        s3.get_object_lock_configuration(Bucket=name)
    except Exception as error:
        if code_of(error) != "ObjectLockConfigurationNotFoundError":
            raise
        return False
    return True


def _tags(s3: Any, name: str) -> dict[str, str]:
    try:
        return tag_map(s3.get_bucket_tagging(Bucket=name)["TagSet"])
    except Exception as error:
        if code_of(error) != "NoSuchTagSet":
            raise
        return {}


def _tag(aws: Aws, name: str, tags: dict[str, str]) -> None:
    s3 = aws.client("s3")
    if tags:
        s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": tag_list(tags)})
    else:
        s3.delete_bucket_tagging(Bucket=name)


def _empty(s3: Any, name: str) -> None:
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=name):
        found = [
            {"Key": each["Key"], "VersionId": each["VersionId"]}
            for each in (*page.get("Versions", ()), *page.get("DeleteMarkers", ()))
        ]
        for start in range(0, len(found), _AT_ONCE):
            objects = {"Objects": found[start : start + _AT_ONCE], "Quiet": True}
            s3.delete_objects(Bucket=name, Delete=objects)
