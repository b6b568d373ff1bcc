"""Layers."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Iterator
from typing import Any

from ...archives import zipped
from ...check import Failure
from ...clients import Aws
from ...errors import ProviderError
from ...resource import Properties, ResourceType
from ...schema import CONTENT, OURS, archive, boolean, set_of, string
from ...settings import Settings
from .. import given


class LayerVersion(ResourceType):
    """A version of a layer. Its id is its ARN. Every change makes a new version."""

    token = "aws:lambda/layerVersion:LayerVersion"
    service = "lambda"
    props = {
        "code": archive(replaces=True),
        "compatibleArchitectures": set_of(
            string(shape="Architecture"), replaces=True, shape="CompatibleArchitectures"
        ),
        "compatibleRuntimes": set_of(string(shape="Runtime"), replaces=True, shape="CompatibleRuntimes"),
        "description": string(replaces=True, shape="Description"),
        "layerName": string(required=True, replaces=True, shape="LayerName"),
        "licenseInfo": string(replaces=True, shape="LicenseInfo"),
        "s3Bucket": string(replaces=True, local=CONTENT, shape="S3Bucket"),
        "s3Key": string(replaces=True, local=CONTENT, shape="S3Key"),
        "s3ObjectVersion": string(replaces=True, local=CONTENT, shape="S3ObjectVersion"),
        "skipDestroy": boolean(default=False, local=OURS),
        "sourceCodeHash": string(replaces=True, local=OURS, settled=True),
    }
    outputs = (
        "arn",
        "codeSha256",
        "createdDate",
        "layerArn",
        "signingJobArn",
        "signingProfileVersionArn",
        "sourceCodeSize",
        "version",
    )

    def imported_by(self) -> str:
        """Its ARN."""
        return "<arn>"

    def check(self, inputs: Properties, settings: Settings) -> Iterable[Failure]:
        """One source of the code."""
        sources = [key for key in ("code", "s3Bucket") if key in inputs]
        if len(sources) != 1:
            found = ", ".join(sources) or "none of them"
            yield Failure(path="code", reason=f"give exactly one of code and s3Bucket; found: {found}")
        if "s3Bucket" in inputs and "s3Key" not in inputs:
            yield Failure(path="s3Key", reason="missing; s3Bucket needs it")

    def find(self, aws: Aws, inputs: Properties, owner: str) -> Iterator[str]:
        """Look through the layer's versions: layers have no tags, so the content tells."""
        del owner
        code = zipped(inputs["code"], aws.directory) if "code" in inputs else None
        wanted = base64.b64encode(hashlib.sha256(code).digest()).decode() if code is not None else None
        listing = aws.client("lambda").get_paginator("list_layer_versions")
        for page in listing.paginate(LayerName=inputs["layerName"]):
            for each in page["LayerVersions"]:
                told = self.read(aws, each["LayerVersionArn"], inputs)
                if told and wanted in (None, told["codeSha256"]):
                    yield str(each["LayerVersionArn"])

    def create(self, aws: Aws, inputs: Properties) -> str:
        """Publish the version."""
        content: dict[str, Any] = given(
            S3Bucket=inputs.get("s3Bucket"),
            S3Key=inputs.get("s3Key"),
            S3ObjectVersion=inputs.get("s3ObjectVersion"),
        )
        if "code" in inputs:
            content = {"ZipFile": zipped(inputs["code"], aws.directory)}
        made = aws.client("lambda").publish_layer_version(
            **given(
                LayerName=inputs["layerName"],
                Content=content,
                Description=inputs.get("description"),
                LicenseInfo=inputs.get("licenseInfo"),
                CompatibleRuntimes=inputs.get("compatibleRuntimes"),
                CompatibleArchitectures=inputs.get("compatibleArchitectures"),
            )
        )
        return str(made["LayerVersionArn"])

    def read(self, aws: Aws, id: str, known: Properties) -> Properties | None:
        """The version as AWS describes it."""
        name, version = _parts(id)
        found = aws.client("lambda").get_layer_version(LayerName=name, VersionNumber=version)
        content = found["Content"]
        return {
            "arn": found["LayerVersionArn"],
            "codeSha256": content["CodeSha256"],
            "compatibleArchitectures": found.get("CompatibleArchitectures") or None,
            "compatibleRuntimes": found.get("CompatibleRuntimes") or None,
            "createdDate": found["CreatedDate"],
            "description": found.get("Description"),
            "layerArn": found["LayerArn"],
            "layerName": name,
            "licenseInfo": found.get("LicenseInfo"),
            "signingJobArn": content.get("SigningJobArn", ""),
            "signingProfileVersionArn": content.get("SigningProfileVersionArn", ""),
            "sourceCodeSize": content["CodeSize"],
            "version": str(version),
        }

    def delete(self, aws: Aws, id: str, state: Properties) -> None:
        """Delete this version, unless the program said to leave it."""
        if not state.get("skipDestroy"):
            name, version = _parts(id)
            aws.client("lambda").delete_layer_version(LayerName=name, VersionNumber=version)


def _parts(id: str) -> tuple[str, int]:
    """Name and version in a layer version's ARN."""
    found = re.fullmatch(r"arn:.+:layer:([^:]+):(\d+)", id)
    if found is None:
        raise ProviderError(f"\"{id}\" isn't the ARN of a layer's version, which ends in layer:NAME:VERSION")
    return found[1], int(found[2])
