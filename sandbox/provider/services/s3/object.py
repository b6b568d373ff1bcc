"""Objects. Object locks, ACLs and bucket keys aren't here: the embedded AWS doesn't tell them back."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import urlencode

from ...archives import content, zipped
from ...check import Failure
from ...clients import Aws
from ...resource import Properties, ResourceType, Update
from ...schema import CONTENT, OURS, arn, boolean, file, map_of, string
from ...settings import Settings
from ...values import Archive
from .. import given, tag_list, tag_map

_CONTENTS: Final = ("source", "content", "contentBase64")
_HEADERS: Final[Mapping[str, str]] = {
    "cacheControl": "CacheControl",
    "contentDisposition": "ContentDisposition",
    "contentEncoding": "ContentEncoding",
    "contentLanguage": "ContentLanguage",
    "contentType": "ContentType",
    "kmsKeyId": "SSEKMSKeyId",
    "metadata": "Metadata",
    "serverSideEncryption": "ServerSideEncryption",
    "storageClass": "StorageClass",
    "websiteRedirect": "WebsiteRedirectLocation",
}
"""Our inputs by the names that PutObject takes and HeadObject gives."""
_CHECKSUMS: Final = ("Crc32", "Crc32c", "Crc64nvme", "Sha1", "Sha256")
_ENCRYPTION: Final = frozenset({"kmsKeyId", "serverSideEncryption"})
_MOST_TAGS: Final = 10
"""https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html"""


class BucketObjectv2(ResourceType):
    """An object in a bucket. Its id is ``BUCKET/KEY``.

    Nothing notices that its content changed elsewhere, as with the real provider: compare ``etag``.
    """

    token = "aws:s3/bucketObjectv2:BucketObjectv2"
    service = "s3"
    props = {
        "bucket": string(required=True, replaces=True, minimum=1),
        "cacheControl": string(),
        # The others need botocore's C extension.
        "checksumAlgorithm": string(
            local="AWS tells the checksum, not that it was asked for", values=("CRC32", "SHA1", "SHA256")
        ),
        "content": string(local=CONTENT),
        "contentBase64": string(local=CONTENT),
        "contentDisposition": string(),
        "contentEncoding": string(),
        "contentLanguage": string(),
        "contentType": string(settled=True),
        "etag": string(settled=True),
        "forceDestroy": boolean(default=False, local=OURS),
        # The real provider takes the resource's name when there is none; programs of the sandbox say it.
        "key": string(required=True, replaces=True, minimum=1, maximum=1_024),
        "kmsKeyId": arn(settled=True),
        "metadata": map_of(string()),
        "serverSideEncryption": string(settled=True, shape="ServerSideEncryption"),
        "source": file(),
        "sourceHash": string(local=OURS),
        "storageClass": string(settled=True, shape="StorageClass"),
        "websiteRedirect": string(),
    }
    outputs = ("arn", *(f"checksum{name}" for name in _CHECKSUMS), "versionId")
    tagged = True
    most_tags = _MOST_TAGS

    def check(self, inputs: Properties, settings: Settings) -> Iterable[Failure]:
        """One content; lower-case metadata; a key only for encryption by KMS; ten tags."""
        del settings
        contents = [key for key in _CONTENTS if key in inputs]
        if len(contents) > 1:
            yield Failure(path=contents[1], reason=f"found {' and '.join(contents)}; give one of them")
        encoded = inputs.get("contentBase64")
        if isinstance(encoded, str) and not _is_base64(encoded):
            yield Failure(
                path="contentBase64", reason="isn't base64; give e.g. base64.b64encode(...).decode()"
            )
        yield from _details(inputs)

    def unsettled(self, changed: frozenset[str], news: Properties) -> Iterable[str]:
        """Another content or header is another object: AWS computes all of it again."""
        if changed - {"tags", "tagsAll", "forceDestroy"}:
            yield from (f"checksum{name}" for name in _CHECKSUMS)
            yield "versionId"
            yield from {"etag"} - news.keys()
        if changed & _ENCRYPTION:
            yield from _ENCRYPTION - news.keys()

    def id_of(self, inputs: Properties) -> str:
        """Its bucket and its key."""
        return f"{inputs['bucket']}/{inputs['key']}"

    def imported_by(self) -> str:
        """Its id, or its URL."""
        return "[s3://]<bucket>/<key>"

    def create(self, aws: Aws, inputs: Properties) -> str:
        """Put the object."""
        self._put(aws, inputs)
        return self.id_of(inputs)

    def read(self, aws: Aws, id: str, known: Properties) -> Properties | None:
        """The object's headers and tags."""
        del known
        where = _where(id)
        s3 = aws.client("s3")
        told = s3.head_object(**where, ChecksumMode="ENABLED")
        return {
            "id": f"{where['Bucket']}/{where['Key']}",
            "bucket": where["Bucket"],
            "key": where["Key"],
            "arn": f"arn:{aws.partition}:s3:::{where['Bucket']}/{where['Key']}",
            "etag": told["ETag"].strip('"'),
            "versionId": told.get("VersionId", ""),
            **{f"checksum{name}": told.get(f"Checksum{name.upper()}", "") for name in _CHECKSUMS},
            **{key: told.get(name) or None for key, name in _HEADERS.items()},
            "storageClass": told.get("StorageClass", "STANDARD"),
            "tagsAll": tag_map(s3.get_object_tagging(**where)["TagSet"]),
        }

    def update(self, aws: Aws, update: Update) -> None:
        """Put it again, unless only its tags changed."""
        if update.changed - {"tags", "tagsAll", "forceDestroy"}:
            self._put(aws, _kept(update) | update.news)
        if any(update.tags()):  # the embedded AWS keeps the tags of an object that is put again without any
            tags = {"TagSet": tag_list(update.news.get("tagsAll"))}
            aws.client("s3").put_object_tagging(**_where(update.id), Tagging=tags)

    def delete(self, aws: Aws, id: str, state: Properties) -> None:
        """Delete the object, in a versioned bucket with all its versions."""
        s3, where = aws.client("s3"), _where(id)
        if not state.get("versionId"):
            s3.delete_object(**where)
            return
        pages = s3.get_paginator("list_object_versions").paginate(Bucket=where["Bucket"], Prefix=where["Key"])
        for page in pages:
            for version in (*page.get("Versions", ()), *page.get("DeleteMarkers", ())):
                if version["Key"] == where["Key"]:
                    s3.delete_object(**where, VersionId=version["VersionId"])

    @staticmethod
    def _put(aws: Aws, inputs: Properties) -> None:
        encryption = "aws:kms" if inputs.get("kmsKeyId") else None
        if str(inputs.get("serverSideEncryption", "")).startswith("aws:kms") and not inputs.get("kmsKeyId"):
            # AWS takes its own key then; the embedded AWS wants to be told.
            own = f"arn:{aws.partition}:kms:{aws.region}:{aws.account_id}:alias/aws/s3"
            inputs = inputs | {"kmsKeyId": own}
        request = given(
            Bucket=inputs["bucket"],
            Key=inputs["key"],
            Body=_body(aws, inputs),
            ChecksumAlgorithm=inputs.get("checksumAlgorithm"),
            Tagging=urlencode(inputs.get("tagsAll") or {}) or None,
            **({"ServerSideEncryption": encryption} if "serverSideEncryption" not in inputs else {}),
            **{name: inputs.get(key) for key, name in _HEADERS.items() if key in inputs},
        )
        aws.client("s3").put_object(**request)


def _kept(update: Update) -> Properties:
    """What AWS chose and the program doesn't say stays as it is, of encryption all or nothing."""
    stays = {"contentType", "storageClass"} | (set() if _ENCRYPTION & update.news.keys() else _ENCRYPTION)
    return {key: update.olds[key] for key in stays if update.olds.get(key)}


def _details(inputs: Properties) -> Iterator[Failure]:
    metadata = inputs.get("metadata")
    for key in metadata if isinstance(metadata, dict) else ():
        if key != key.lower():
            yield Failure(
                path=f"metadata.{key}", reason=f'"{key}" isn\'t lower case; S3 keeps lower-case keys only'
            )
    if inputs.get("kmsKeyId") and inputs.get("serverSideEncryption") == "AES256":
        yield Failure(
            path="kmsKeyId", reason='serverSideEncryption "AES256" has no key: say "aws:kms", or leave one'
        )
    tags = inputs.get("tagsAll")
    if isinstance(tags, dict) and len(tags) > _MOST_TAGS:
        yield Failure(
            path="tags",
            reason=f"{len(tags)} with the provider's default ones; allowed on an object: {_MOST_TAGS}",
        )


def _is_base64(text: str) -> bool:
    try:
        base64.b64decode(text, validate=True)
    except binascii.Error:
        return False
    return True


def _body(aws: Aws, inputs: Properties) -> bytes:
    if source := inputs.get("source"):
        return (
            zipped(source, aws.directory) if isinstance(source, Archive) else content(source, aws.directory)
        )
    if encoded := inputs.get("contentBase64"):
        return base64.b64decode(encoded)
    return str(inputs.get("content", "")).encode()


def _where(id: str) -> dict[str, Any]:
    bucket, _, key = id.removeprefix("s3://").partition("/")
    return {"Bucket": bucket, "Key": key}
