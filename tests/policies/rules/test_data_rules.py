"""DDB-01 to DDB-03, S3-01 to S3-04: tables and buckets."""

from __future__ import annotations

from typing import Any

import pytest

from policies.rule import Rule
from policies.rules.buckets import S3_01, S3_02, S3_03, S3_04
from policies.rules.tables import DDB_01, DDB_02, DDB_03
from tests.policies.estate import BUCKET, BUCKET_NAME, estate, tls_only
from tests.policies.stacks import UNKNOWN, Stack, document, found, statement

CANT = "can't be known at this preview"
POLICY = "aws:s3/bucketPolicy:BucketPolicy"


@pytest.mark.parametrize(
    ("rule", "name"),
    [
        (DDB_01, "pointInTimeRecovery.enabled"),
        (DDB_02, "serverSideEncryption.enabled"),
        (DDB_03, "deletionProtectionEnabled"),
    ],
    ids=lambda value: getattr(value, "id", ""),
)
@pytest.mark.parametrize(("value", "says"), [(None, "isn't given"), (False, "is false"), (UNKNOWN, CANT)])
def test_tables(rule: Rule[Any], name: str, value: object, says: str) -> None:
    stack = estate()
    top, _, inner = name.partition(".")
    stack["table"][top] = {inner: value} if inner else value
    assert found(stack, rule) == [(rule.id, "table", name, f"{name} {says}")]
    stack["table"][top] = {inner: "true"} if inner else "true"  # as Pulumi takes it, too
    assert found(stack, rule) == []


def test_a_block_that_is_unknown() -> None:
    stack = estate()
    stack["table"]["pointInTimeRecovery"] = UNKNOWN
    assert len(found(stack, DDB_01)) == 1


def _bucket(**parts: dict[str, Any]) -> Stack:
    stack = estate()
    for name, properties in parts.items():
        stack[name.replace("_", "-")].update(properties)
    return stack


@pytest.mark.parametrize("flag", ["blockPublicAcls", "restrictPublicBuckets"])
@pytest.mark.parametrize("value", [False, None, UNKNOWN])
def test_a_block_that_is_not_whole(flag: str, value: object) -> None:
    stack = _bucket(files_block={flag: value})
    assert found(stack, S3_01) == [("S3-01", "files", "publicAccessBlock", f"not set: {flag}")]


def test_no_block() -> None:
    stack = estate()
    properties = stack.resources.pop("files-block").properties
    assert found(stack, S3_01) == [("S3-01", "files", "publicAccessBlock", "nothing blocks public access")]
    stack.add("aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock", "account", properties)
    assert found(stack, S3_01) == []


@pytest.mark.parametrize(("acl", "says"), [("public-read", "is public-read"), (UNKNOWN, CANT)])
def test_public_acls(acl: str, says: str) -> None:
    assert found(_bucket(files={"acl": acl}), S3_01) == [("S3-01", "files", "acl", f"acl {says}")]
    stack = estate()
    stack.add("aws:s3/bucketAcl:BucketAcl", "acl", {"bucket": BUCKET_NAME, "acl": acl})
    assert found(stack, S3_01) == [("S3-01", "files", "acl", f"acl {says}")]
    stack["acl"]["acl"] = "private"
    assert found(stack, S3_01) == []


OBJECTS = f"arn:aws:s3:::{BUCKET_NAME}/*"


@pytest.mark.parametrize("bucket", [BUCKET_NAME, "a-bucket-of-another-stack"])
def test_a_policy_that_allows_anybody(bucket: str) -> None:
    stack = estate()
    policy = document(statement("s3:GetObject", OBJECTS, Principal="*"))
    stack.add(POLICY, "open", {"bucket": bucket, "policy": policy})
    assert found(stack, S3_01) == [
        ("S3-01", "open", "policy statement 1", "resource policy (policy), statement 1: it allows anybody")
    ]


def test_a_policy_that_says_who_anybody_is() -> None:
    stack = estate()
    organization = {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}
    policy = document(statement("s3:GetObject", OBJECTS, Principal="*", Condition=organization))
    stack.add(POLICY, "open", {"bucket": BUCKET_NAME, "policy": policy})
    assert found(stack, S3_01) == []


@pytest.mark.parametrize(
    "policy",
    [
        tls_only("s3", f"arn:aws:s3:::{BUCKET_NAME}"),
        tls_only("s3", OBJECTS),
        tls_only("s3", "arn:aws:s3:::other", "arn:aws:s3:::other/*"),
        document(),
    ],
)
def test_plain_http_on_all_of_a_bucket(policy: str) -> None:
    stack = _bucket(files_policy={"policy": policy})
    assert found(stack, S3_02) == [("S3-02", "files", "policy", "plain HTTP isn't refused")]


def test_a_bucket_policy_that_cannot_be_known() -> None:
    stack = _bucket(files_policy={"policy": UNKNOWN})
    assert [finding[3] for finding in found(stack, S3_02)] == [
        f"whether its policy refuses plain HTTP {CANT}"
    ]


def test_encryption() -> None:
    stack = _bucket(files_encryption={"rules": UNKNOWN})
    assert [finding[3] for finding in found(stack, S3_03)] == [f"its encryption {CANT}"]
    del stack.resources["files-encryption"]
    assert found(stack, S3_03) == [("S3-03", "files", "encryption", "its encryption isn't declared")]
    stack["files"]["serverSideEncryptionConfiguration"] = {"rule": {}}
    assert found(stack, S3_03) == []


@pytest.mark.parametrize(("status", "says"), [("Suspended", "is off"), (None, "is off"), (UNKNOWN, CANT)])
def test_versioning(status: object, says: str) -> None:
    stack = _bucket(files_versioning={"versioningConfiguration": {"status": status}})
    assert found(stack, S3_04) == [("S3-04", "files", "versioning", f"its versioning {says}")]
    assert found(stack, S3_04, content={"rules": {"S3-04": {"buckets": ["other-*"]}}}) == []
    stack["files"]["versioning"] = {"enabled": True}
    assert found(stack, S3_04) == []


def test_the_older_bucket_s_lists() -> None:
    stack = estate()
    bucket = {
        "bucket": "older-bucket",
        "versionings": [{"enabled": True}],
        "serverSideEncryptionConfigurations": [{"rules": []}],
    }
    stack.add("aws:s3/bucketV2:BucketV2", "older", bucket)
    assert found(stack, S3_03, S3_04) == []


def test_a_bucket_is_found_by_its_arn_and_name() -> None:
    stack = estate()
    for name in ("files-block", "files-encryption", "files-versioning", "files-policy"):
        stack.depend(name, "bucket")
        stack[name]["bucket"] = BUCKET_NAME
    assert found(stack, S3_01, S3_02, S3_03, S3_04) == []
    stack.add(BUCKET, "second", {"bucket": "second"})
    assert {finding[0] for finding in found(stack, S3_01, S3_02, S3_03, S3_04)} == {
        "S3-01",
        "S3-02",
        "S3-03",
        "S3-04",
    }
