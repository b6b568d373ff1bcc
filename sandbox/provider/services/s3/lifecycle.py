"""What becomes of a bucket's objects as they grow old. Filters here are by prefix."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from ...check import Failure
from ...clients import Aws
from ...resource import Properties, Update
from ...schema import boolean, integer, list_of, object_of, set_of, string
from ...settings import Settings
from .. import given
from .setting import BucketSetting, props

_MOST_RULES: Final = 1_000
"""https://docs.aws.amazon.com/AmazonS3/latest/userguide/how-to-set-lifecycle-configuration-intro.html"""
_INFREQUENT: Final = ("STANDARD_IA", "ONEZONE_IA")
_LEAST_DAYS: Final = 30
"""Before objects may go to the classes for infrequent access.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html"""
_ACTIONS: Final = (
    "abortIncompleteMultipartUpload",
    "expiration",
    "noncurrentVersionExpiration",
    "noncurrentVersionTransitions",
    "transitions",
)


class BucketLifecycleConfiguration(BucketSetting):
    """A bucket's lifecycle rules."""

    token = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
    props = props(
        rules=list_of(
            object_of(
                {
                    "abortIncompleteMultipartUpload": object_of({"daysAfterInitiation": integer(minimum=1)}),
                    "expiration": object_of(
                        {
                            "days": integer(minimum=1),
                            "expiredObjectDeleteMarker": boolean(settled=True),
                        }
                    ),
                    "filter": object_of({"prefix": string()}),
                    "id": string(required=True, minimum=1, maximum=255),
                    "noncurrentVersionExpiration": object_of(
                        {
                            "newerNoncurrentVersions": integer(minimum=1, maximum=100),
                            "noncurrentDays": integer(required=True, minimum=1),
                        }
                    ),
                    "noncurrentVersionTransitions": set_of(
                        object_of(
                            {
                                "newerNoncurrentVersions": integer(minimum=1, maximum=100),
                                "noncurrentDays": integer(required=True, minimum=0),
                                "storageClass": string(required=True, shape="TransitionStorageClass"),
                            }
                        )
                    ),
                    "status": string(required=True, shape="ExpirationStatus"),
                    "transitions": set_of(
                        object_of(
                            {
                                "days": integer(required=True, minimum=0),
                                "storageClass": string(required=True, shape="TransitionStorageClass"),
                            }
                        )
                    ),
                }
            ),
            required=True,
            minimum=1,
            maximum=_MOST_RULES,
        ),
    )

    def check(self, inputs: Properties, settings: Settings) -> Iterable[Failure]:
        """Each rule does something, has an id of its own, and moves nothing before S3 allows it."""
        rules = [rule for rule in inputs["rules"] if isinstance(rule, dict)] if _listed(inputs) else []
        ids = [rule["id"] for rule in rules]
        for index, rule in enumerate(rules):
            if ids.count(rule["id"]) > 1:
                yield Failure(
                    path=f"rules[{index}].id", reason=f'"{rule["id"]}" is there twice; give another'
                )
            if not any(rule.get(action) for action in _ACTIONS):
                yield Failure(path=f"rules[{index}]", reason=f"does nothing; give {', '.join(_ACTIONS)}")
            yield from _too_early(index, rule)

    def create(self, aws: Aws, inputs: Properties) -> str:
        """Set the rules."""
        _set(aws, inputs)
        return self.id_of(inputs)

    def read(self, aws: Aws, id: str, known: Properties) -> Properties | None:
        """The rules."""
        told = aws.client("s3").get_bucket_lifecycle_configuration(Bucket=id)
        return {"bucket": id, "rules": [_told(rule) for rule in told["Rules"]]}

    def update(self, aws: Aws, update: Update) -> None:
        """Set all rules anew."""
        _set(aws, update.news)

    def delete(self, aws: Aws, id: str, state: Properties) -> None:
        """Take the rules away."""
        aws.client("s3").delete_bucket_lifecycle(Bucket=id)


def _listed(inputs: Properties) -> bool:
    return isinstance(inputs.get("rules"), list)


def _too_early(index: int, rule: Mapping[str, Any]) -> Iterable[Failure]:
    for key, days in (("transitions", "days"), ("noncurrentVersionTransitions", "noncurrentDays")):
        for place, each in enumerate(rule.get(key) or ()):
            if each["storageClass"] in _INFREQUENT and each[days] < _LEAST_DAYS:
                yield Failure(
                    path=f"rules[{index}].{key}[{place}].{days}",
                    reason=f"{each[days]} isn't allowed; objects go to {each['storageClass']} after "
                    f"{_LEAST_DAYS} days at the earliest",
                )


def _set(aws: Aws, inputs: Properties) -> None:
    rules = [_asked(rule) for rule in inputs["rules"]]
    aws.client("s3").put_bucket_lifecycle_configuration(
        Bucket=inputs["bucket"], LifecycleConfiguration={"Rules": rules}
    )


def _asked(rule: Mapping[str, Any]) -> dict[str, Any]:
    return given(
        ID=rule["id"],
        Status=rule["status"],
        Filter={"Prefix": (rule.get("filter") or {}).get("prefix", "")},
        Transitions=_pascal_list(rule.get("transitions")),
        NoncurrentVersionTransitions=_pascal_list(rule.get("noncurrentVersionTransitions")),
        Expiration=_pascal(rule.get("expiration")),
        NoncurrentVersionExpiration=_pascal(rule.get("noncurrentVersionExpiration")),
        AbortIncompleteMultipartUpload=_pascal(rule.get("abortIncompleteMultipartUpload")),
    )


def _told(rule: Mapping[str, Any]) -> Properties:
    prefix = rule.get("Filter", {}).get("Prefix")
    return given(
        id=rule["ID"],
        status=rule["Status"],
        filter={"prefix": prefix} if prefix else None,
        transitions=_camel_list(rule.get("Transitions")),
        noncurrentVersionTransitions=_camel_list(rule.get("NoncurrentVersionTransitions")),
        expiration=_camel(rule.get("Expiration")),
        noncurrentVersionExpiration=_camel(rule.get("NoncurrentVersionExpiration")),
        abortIncompleteMultipartUpload=_camel(rule.get("AbortIncompleteMultipartUpload")),
    )


def _pascal(value: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return {key[0].upper() + key[1:]: item for key, item in value.items()} if value else None


def _camel(value: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return {key[0].lower() + key[1:]: item for key, item in value.items()} if value else None


def _pascal_list(values: Iterable[Mapping[str, Any]] | None) -> list[dict[str, Any] | None] | None:
    return [_pascal(value) for value in values] if values else None


def _camel_list(values: Iterable[Mapping[str, Any]] | None) -> list[dict[str, Any] | None] | None:
    return [_camel(value) for value in values] if values else None
