"""What keeps a bucket from becoming public."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ...clients import Aws
from ...resource import Properties, Update
from ...schema import OURS, boolean
from .setting import BucketSetting, props

_SWITCHES: Final[Mapping[str, str]] = {
    "blockPublicAcls": "BlockPublicAcls",
    "blockPublicPolicy": "BlockPublicPolicy",
    "ignorePublicAcls": "IgnorePublicAcls",
    "restrictPublicBuckets": "RestrictPublicBuckets",
}


class BucketPublicAccessBlock(BucketSetting):
    """The four switches that keep a bucket private."""

    token = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
    props = props(
        **{key: boolean(default=False) for key in _SWITCHES},
        skipDestroy=boolean(local=OURS),
    )

    def create(self, aws: Aws, inputs: Properties) -> str:
        """Set all four."""
        _set(aws, inputs)
        return self.id_of(inputs)

    def read(self, aws: Aws, id: str, known: Properties) -> Properties | None:
        """All four."""
        told = aws.client("s3").get_public_access_block(Bucket=id)["PublicAccessBlockConfiguration"]
        return {"bucket": id, **{key: told.get(name, False) for key, name in _SWITCHES.items()}}

    def update(self, aws: Aws, update: Update) -> None:
        """Set all four."""
        _set(aws, update.news)

    def delete(self, aws: Aws, id: str, state: Properties) -> None:
        """Take it away, unless the program said to leave it."""
        if not state.get("skipDestroy"):
            aws.client("s3").delete_public_access_block(Bucket=id)


def _set(aws: Aws, inputs: Properties) -> None:
    switches = {name: inputs[key] for key, name in _SWITCHES.items()}
    aws.client("s3").put_public_access_block(Bucket=inputs["bucket"], PublicAccessBlockConfiguration=switches)
