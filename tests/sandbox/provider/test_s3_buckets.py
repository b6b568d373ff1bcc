from __future__ import annotations

import json
from typing import Any

import pytest

from sandbox.provider import Endpoint
from sandbox.provider.clients import client
from sandbox.provider.values import UNKNOWN, PropertyMap
from tests.sandbox.provider.client import Client, RefusedError
from tests.sandbox.provider.walk import kept, refused, replaced, walk

BUCKET = "aws:s3/bucket:Bucket"
ENCRYPTION = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
OWNERSHIP = "aws:s3/bucketOwnershipControls:BucketOwnershipControls"
POLICY = "aws:s3/bucketPolicy:BucketPolicy"
PUBLIC_ACCESS = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
VERSIONING = "aws:s3/bucketVersioning:BucketVersioning"
KEY = "arn:aws:kms:us-east-1:000000000000:key/00000000-0000-0000-0000-000000000000"
MONTH = {"days": 30, "storageClass": "STANDARD_IA"}


@pytest.fixture(scope="module")
def s3(endpoint: Endpoint) -> Any:
    return client(endpoint, "s3", "us-east-1")


@pytest.fixture(scope="module")
def bucket(s3: Any) -> str:
    s3.create_bucket(Bucket="test-settings")
    return "test-settings"


def _policy(bucket: str, sid: str) -> str:
    deny = {
        "Sid": sid,
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [deny]})


def _rules(**more: Any) -> PropertyMap:
    rule = {"id": "tiers", "status": "Enabled", "filter": {"prefix": "raw/"}, "transitions": [MONTH], **more}
    return {"rules": [rule]}


def _encrypted(**default: Any) -> PropertyMap:
    return {"rules": [{"applyServerSideEncryptionByDefault": default, "bucketKeyEnabled": True}]}


def test_a_life(live: Client) -> None:
    base: PropertyMap = {"bucket": "test-life"}
    made = walk(
        live,
        BUCKET,
        base,
        base | {"tags": {"System": "shop"}},
        base | {"tags": {"System": "other"}, "forceDestroy": True},
        base | {"forceDestroy": True},
    )
    assert made.id == "test-life"
    assert made.outputs["arn"] == "arn:aws:s3:::test-life"
    assert made.outputs["bucketRegionalDomainName"] == "test-life.s3.us-east-1.amazonaws.com"


def test_in_another_region(live: Client, endpoint: Endpoint) -> None:
    inputs = {"bucket": "test-elsewhere", "region": "eu-west-1"}
    made = live.create(BUCKET, inputs)
    kept(live, made, inputs)
    assert made.outputs["bucketRegion"] == "eu-west-1"
    live.delete(made)


def test_what_is_there_already_is_not_taken(live: Client, bucket: str) -> None:
    with pytest.raises(RefusedError, match="test-settings exists already outside this stack's state"):
        live.create(BUCKET, {"bucket": bucket})


def test_what_is_in_it_goes_only_by_force(live: Client, s3: Any) -> None:
    inputs: PropertyMap = {"bucket": "test-full"}
    made = live.create(BUCKET, inputs)
    s3.put_bucket_versioning(Bucket="test-full", VersioningConfiguration={"Status": "Enabled"})
    for _ in range(2):
        s3.put_object(Bucket="test-full", Key="a", Body=b"")
    s3.delete_object(Bucket="test-full", Key="a")
    with pytest.raises(RefusedError, match="isn't empty: empty it, or set forceDestroy"):
        live.delete(made)
    live.delete(live.update(made, inputs | {"forceDestroy": True}))
    assert live.read(made).id == ""


@pytest.mark.parametrize(
    ("type", "states"),
    [
        (POLICY, [{"policy": _policy("test-settings", "One")}, {"policy": _policy("test-settings", "Two")}]),
        (
            PUBLIC_ACCESS,
            [
                {"blockPublicAcls": True},
                {
                    "blockPublicAcls": True,
                    "blockPublicPolicy": True,
                    "ignorePublicAcls": True,
                    "restrictPublicBuckets": True,
                },
                {},
            ],
        ),
        (
            OWNERSHIP,
            [
                {"rule": {"objectOwnership": "BucketOwnerEnforced"}},
                {"rule": {"objectOwnership": "ObjectWriter"}},
            ],
        ),
        (
            LIFECYCLE,
            [
                _rules(),
                _rules(transitions=[MONTH, {"days": 180, "storageClass": "GLACIER_IR"}]),
                _rules(
                    filter={},
                    expiration={"days": 400},
                    noncurrentVersionExpiration={"noncurrentDays": 30, "newerNoncurrentVersions": 3},
                    noncurrentVersionTransitions=[{"noncurrentDays": 31, "storageClass": "ONEZONE_IA"}],
                    abortIncompleteMultipartUpload={"daysAfterInitiation": 7},
                ),
                {
                    "rules": [
                        {"id": "a", "status": "Disabled", "expiration": {"expiredObjectDeleteMarker": True}},
                        *_rules()["rules"],
                    ]
                },
            ],
        ),
    ],
)
def test_the_life_of_a_setting(live: Client, bucket: str, type: str, states: list[PropertyMap]) -> None:
    made = walk(live, type, *({"bucket": bucket, **state} for state in states))
    assert made.id == bucket


def test_encryption(live: Client, bucket: str, s3: Any) -> None:
    inputs = {"bucket": bucket, **_encrypted(sseAlgorithm="AES256")}
    made = live.create(ENCRYPTION, inputs)
    kept(live, made, inputs)
    inputs = {"bucket": bucket, **_encrypted(sseAlgorithm="aws:kms", kmsMasterKeyId=KEY)}
    made = live.update(made, inputs)
    kept(live, made, inputs)
    assert live.imported(ENCRYPTION, bucket).inputs["rules"] == inputs["rules"]
    live.delete(made)
    (rule,) = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"


def test_versioning(live: Client, s3: Any) -> None:
    name = "test-versioned"
    s3.create_bucket(Bucket=name)
    never = {"bucket": name, "versioningConfiguration": {"status": "Disabled"}}
    made = live.create(VERSIONING, never)
    kept(live, made, never)
    inputs = {"bucket": name, "versioningConfiguration": {"status": "Enabled"}}
    made = live.update(made, inputs)
    kept(live, made, inputs)
    assert live.imported(VERSIONING, name).inputs == inputs
    live.delete(made)
    assert s3.get_bucket_versioning(Bucket=name)["Status"] == "Suspended"


@pytest.mark.parametrize(
    ("type", "rest"),
    [
        (BUCKET, {}),
        (POLICY, {"policy": "{}"}),
        (VERSIONING, {"versioningConfiguration": {"status": "Enabled"}}),
        (ENCRYPTION, _encrypted(sseAlgorithm="AES256")),
        (LIFECYCLE, _rules()),
        (OWNERSHIP, {"rule": {"objectOwnership": "ObjectWriter"}}),
        (PUBLIC_ACCESS, {}),
    ],
)
def test_another_name_is_another_bucket(offline: Client, type: str, rest: PropertyMap) -> None:
    base = {"bucket": "shop", **rest}
    assert replaced(offline, type, base, bucket="other", region="eu-west-1") == {"bucket", "region"}


def test_a_bucket_is_versioned_for_ever(offline: Client) -> None:
    base = {"bucket": "shop", "versioningConfiguration": {"status": "Enabled"}}
    assert replaced(offline, VERSIONING, base, versioningConfiguration={"status": "Suspended"}) == set()
    assert replaced(offline, VERSIONING, base, versioningConfiguration=UNKNOWN) == set()
    with pytest.raises(RefusedError, match=r"Enabled isn't changed to Disabled: .*give \"Suspended\""):
        replaced(offline, VERSIONING, base, versioningConfiguration={"status": "Disabled"})


def test_preview(offline: Client) -> None:
    outputs = offline.create(BUCKET, {"bucket": "shop"}, preview=True).outputs
    assert outputs["bucket"] == "shop"
    assert outputs["arn"] is UNKNOWN


@pytest.mark.parametrize(
    ("type", "inputs", "path", "reason"),
    [
        (BUCKET, {"bucket": "Shop"}, "bucket", "allowed: 3 to 63 lower-case"),
        (BUCKET, {"bucket": "b" * 64}, "bucket", "(64 characters) isn't allowed"),
        (BUCKET, {"bucket": "shop", "acl": "private"}, "acl", "the sandbox doesn't support this property"),
        (
            ENCRYPTION,
            {"bucket": "shop", **_encrypted(sseAlgorithm="AES256", kmsMasterKeyId=KEY)},
            "rules[0].applyServerSideEncryptionByDefault.kmsMasterKeyId",
            '"AES256" has no key',
        ),
        (
            LIFECYCLE,
            {"bucket": "shop", **_rules(transitions=[{"days": 7, "storageClass": "STANDARD_IA"}])},
            "rules[0].transitions[0].days",
            "after 30 days at the earliest",
        ),
        (LIFECYCLE, {"bucket": "shop", **_rules(transitions=[])}, "rules[0]", "does nothing; give "),
        (
            LIFECYCLE,
            {"bucket": "shop", "rules": 2 * _rules()["rules"]},
            "rules[1].id",
            '"tiers" is there twice; give another',
        ),
    ],
)
def test_refusals(offline: Client, type: str, inputs: PropertyMap, path: str, reason: str) -> None:
    found = refused(offline, type, inputs)
    assert path in found
    assert reason in found[path]
