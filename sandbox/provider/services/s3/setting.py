"""What all settings of a bucket have in common: each is the only one of its kind, so its id is the bucket."""

from __future__ import annotations

from ...resource import Properties, ResourceType
from ...schema import Prop, string

BUCKET = string(required=True, replaces=True, minimum=1, maximum=63)


class BucketSetting(ResourceType):
    """A setting of a bucket, with the bucket's name for its id."""

    service = "s3"

    def id_of(self, inputs: Properties) -> str:
        """Its bucket's name."""
        return str(inputs["bucket"])


def props(**more: Prop) -> dict[str, Prop]:
    """The inputs of a setting: the bucket, and more."""
    return {"bucket": BUCKET, **more}
