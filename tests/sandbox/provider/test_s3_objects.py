from __future__ import annotations

import base64
import hashlib
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from sandbox.engine.properties import Archive, Asset
from sandbox.provider import Endpoint
from sandbox.provider.clients import client
from sandbox.provider.values import UNKNOWN
from tests.sandbox.provider.client import Client, RefusedError
from tests.sandbox.provider.walk import kept, refused, replaced, walk

OBJECT = "aws:s3/bucketObjectv2:BucketObjectv2"
KEY = "arn:aws:kms:us-east-1:000000000000:key/00000000-0000-0000-0000-000000000000"


@pytest.fixture(scope="module")
def s3(endpoint: Endpoint) -> Any:
    return client(endpoint, "s3", "us-east-1")


@pytest.fixture(scope="module")
def bucket(s3: Any) -> str:
    s3.create_bucket(Bucket="test-objects")
    return "test-objects"


def test_a_life(live: Client, bucket: str) -> None:
    base = {"bucket": bucket, "key": "a/life.txt", "content": "one"}
    made = walk(
        live,
        OBJECT,
        base,
        base | {"content": "two", "tags": {"System": "shop"}},
        base | {"content": "two", "tags": {"System": "other", "Team": "web"}},
        base
        | {
            "cacheControl": "no-cache",
            "contentDisposition": "inline",
            "contentEncoding": "identity",
            "contentLanguage": "en",
            "contentType": "text/plain",
            "metadata": {"made-by": "shop"},
            "storageClass": "STANDARD_IA",
            "websiteRedirect": "/other",
        },
        base | {"serverSideEncryption": "AES256"},
        base | {"kmsKeyId": KEY},
        base | {"checksumAlgorithm": "SHA256", "sourceHash": "1"},
    )
    assert made.id == f"{bucket}/a/life.txt"
    assert made.outputs["arn"] == f"arn:aws:s3:::{bucket}/a/life.txt"
    digest = hashlib.sha256(b"one").digest()
    assert made.outputs["checksumSha256"] == base64.b64encode(digest).decode()


def test_its_content(live: Client, s3: Any, bucket: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"\x00file")
    folder = Archive(assets={"a.txt": Asset(text="a", hash="1")}, hash="2")
    contents: dict[str, dict[str, Any]] = {
        "file": {"source": Asset(path=str(tmp_path / "file"), hash="3")},
        "text": {"source": Asset(text="text", hash="4")},
        "base64": {"contentBase64": base64.b64encode(b"\x00base64").decode()},
        "nothing": {},
        "folder": {"source": folder},
    }
    stored = {}
    for key, content in contents.items():
        inputs = {"bucket": bucket, "key": key, **content}
        made = live.create(OBJECT, inputs)
        kept(live, made, inputs)
        stored[key] = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    with zipfile.ZipFile(BytesIO(stored.pop("folder"))) as packed:
        assert packed.read("a.txt") == b"a"
    assert stored == {"file": b"\x00file", "text": b"text", "base64": b"\x00base64", "nothing": b""}


def test_another_content_is_another_object(live: Client, bucket: str) -> None:
    inputs = {"bucket": bucket, "key": "other", "source": Asset(text="a", hash="1")}
    made = live.create(OBJECT, inputs)
    assert not live.diff(made, inputs).detailedDiff
    news = inputs | {"source": Asset(text="b", hash="2")}
    previewed = live.update(made, news, preview=True).outputs
    assert {previewed[key] for key in ("etag", "versionId", "checksumSha256")} == {UNKNOWN}
    assert live.update(made, news).outputs["etag"] == hashlib.md5(b"b", usedforsecurity=False).hexdigest()


def test_all_versions_are_deleted(live: Client, s3: Any) -> None:
    bucket = "test-versions"
    s3.create_bucket(Bucket=bucket)
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    inputs = {"bucket": bucket, "key": "a", "content": "1"}
    made = live.create(OBJECT, inputs)
    live.create(OBJECT, inputs | {"key": "ab"})
    made = live.update(made, inputs | {"content": "2"})
    assert made.outputs["versionId"]
    live.delete(made)
    left = [each["Key"] for each in s3.list_object_versions(Bucket=bucket)["Versions"]]
    assert left == ["ab"]
    assert live.read(made).id == ""


def test_import_by_url(live: Client, bucket: str) -> None:
    live.create(OBJECT, {"bucket": bucket, "key": "imported", "content": "1"})
    assert live.imported(OBJECT, f"s3://{bucket}/imported").id == f"{bucket}/imported"


def test_no_bucket(live: Client) -> None:
    with pytest.raises(RefusedError, match="NoSuchBucket"):
        live.create(OBJECT, {"bucket": "test-none", "key": "a"})


def test_what_replaces(offline: Client) -> None:
    base = {"bucket": "shop", "key": "a", "content": "1"}
    changes: dict[str, Any] = {
        "bucket": "other",
        "key": "b",
        "content": "2",
        "contentType": "text/plain",
        "storageClass": "GLACIER",
        "region": "eu-west-1",
    }
    assert replaced(offline, OBJECT, base, **changes) == {"bucket", "key", "region"}


def test_preview(offline: Client) -> None:
    source = Asset(path="build/shop.zip", hash="1")
    outputs = offline.create(OBJECT, {"bucket": "shop", "key": "a", "source": source}, preview=True).outputs
    unknown = ("arn", "contentType", "etag", "serverSideEncryption", "storageClass", "versionId")
    assert {outputs[key] for key in unknown} == {UNKNOWN}
    assert (outputs["bucket"], outputs["key"], outputs["source"]) == ("shop", "a", source)


@pytest.mark.parametrize(
    ("change", "path", "reason"),
    [
        (
            {"content": "a", "contentBase64": "YQ=="},
            "contentBase64",
            "found content and contentBase64; give one",
        ),
        ({"contentBase64": "?"}, "contentBase64", "isn't base64"),
        ({"metadata": {"MadeBy": "me"}}, "metadata.MadeBy", "S3 keeps lower-case keys only"),
        ({"kmsKeyId": KEY, "serverSideEncryption": "AES256"}, "kmsKeyId", '"AES256" has no key'),
        (
            {"tags": {str(n): "" for n in range(11)}},
            "tags",
            "11 with the provider's default ones; allowed on an object",
        ),
        ({"storageClass": "COLD"}, "storageClass", "allowed: STANDARD"),
        ({"key": "k" * 1_025}, "key", "1025 characters isn't allowed; allowed: 1 to 1024 characters"),
        ({"source": "shop.zip"}, "source", "give an asset or an archive"),
        ({"acl": "private"}, "acl", "the sandbox doesn't support this property"),
    ],
)
def test_refusals(offline: Client, change: dict[str, Any], path: str, reason: str) -> None:
    found = refused(offline, OBJECT, {"bucket": "shop", "key": "a"} | change)
    assert list(found) == [path]
    assert reason in found[path]
