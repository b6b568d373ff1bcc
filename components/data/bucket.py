"""Buckets of S3: private, encrypted, versioned, over TLS only."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import pulumi
import pulumi_aws as aws

from components import limits
from components.arns import Shape
from components.component import Component
from components.grants import Grant
from components.naming import Kind, Scope
from components.problems import Problem, refuse

StorageClass = Literal["STANDARD_IA", "INTELLIGENT_TIERING", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE"]

_UNFINISHED_UPLOADS_DAYS = 7


@dataclass(frozen=True, kw_only=True)
class Move:
    """Objects go to a cheaper class when they are so many days old."""

    after_days: int
    to: StorageClass


@dataclass(frozen=True, kw_only=True)
class Lifecycle:
    """What becomes of the objects below a prefix as they grow old.

    name: unique in the bucket. expire_after_days: when they are deleted; never when None.
    """

    name: str
    prefix: str = ""
    moves: tuple[Move, ...] = ()
    expire_after_days: int | None = None


@dataclass(frozen=True, kw_only=True)
class BucketArgs:
    """A bucket.

    what: its short name; the physical one is `<system>-<stage>-<what>-<account>-<region>`, since all
    accounts share one space of names.
    versioned: keep what is overwritten or deleted, for `old_versions_days` days.
    lifecycle: what becomes of objects as they grow old.
    events: tell EventBridge of every object that is made or deleted.
    kms_key_arn: a key of one's own, instead of the one that S3 manages.
    protect: keep it from being deleted. Without it, the bucket goes with all that is in it.
    """

    scope: Scope
    what: str
    versioned: bool = True
    old_versions_days: int = 90
    lifecycle: tuple[Lifecycle, ...] = ()
    events: bool = False
    kms_key_arn: str | None = None
    protect: bool = False

    @property
    def name(self) -> str:
        """The bucket's physical name."""
        return self.scope.name(self.what, self.scope.account, self.scope.region)

    @property
    def arn(self) -> str:
        """The bucket's ARN."""
        return f"arn:{self.scope.partition}:s3:::{self.name}"

    def grant_read(self, prefix: str = "") -> tuple[Grant, ...]:
        """Let a service read the objects below a prefix whose keys it knows."""
        return self._of_objects("Read", ("s3:GetObject",), prefix, "Decrypt", ("kms:Decrypt",))

    def grant_put(self, prefix: str = "") -> tuple[Grant, ...]:
        """Let a service store objects below a prefix; with a key of one's own, uploads in parts as well.

        https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuAndPermissions.html
        """
        keys = ("kms:Decrypt", "kms:GenerateDataKey")
        return self._of_objects("Put", ("s3:PutObject",), prefix, "Encrypt", keys)

    def grant_list(self) -> tuple[Grant, ...]:
        """Let a service see which objects there are; a missing one is then a 404 to it, not a 403."""
        return (Grant(sid=self._sid("List"), actions=("s3:ListBucket",), resources=(self.arn,)),)

    def problems(self) -> Iterator[Problem]:
        """Say what is impossible about the bucket."""
        where = f"bucket {self.what}"
        yield from Kind.BUCKET.problems(where, self.name)
        yield from Shape.KMS_KEY.problems(where, "kms_key_arn", self.kms_key_arn, region=self.scope.region)
        yield from self._lifecycle_problems(where)

    def _lifecycle_problems(self, where: str) -> Iterator[Problem]:
        names = [rule.name for rule in self.lifecycle]
        for name in sorted({name for name in names if names.count(name) > 1 or name == _HOUSEKEEPING}):
            yield Problem(
                where=where,
                what=f"the lifecycle {name!r}",
                got="there already",
                allowed="each name once",
                mend="Give the second one another name.",
            )
        for rule in self.lifecycle:
            if not rule.moves and rule.expire_after_days is None:
                yield Problem(
                    where=where,
                    what=f"the lifecycle {rule.name!r}",
                    got="without moves and expire_after_days",
                    allowed="one of them at least",
                )
            last = 0
            for move in rule.moves:
                least = max(last, limits.BUCKET_INFREQUENT_DAYS if move.to == "STANDARD_IA" else 0)
                if move.after_days < least:
                    yield Problem(
                        where=where,
                        what=f"after_days of {move.to} in the lifecycle {rule.name!r}",
                        got=str(move.after_days),
                        allowed=f"{least} or more",
                    )
                last = move.after_days + 1
            if rule.expire_after_days is not None and rule.expire_after_days < max(last, 1):
                yield Problem(
                    where=where,
                    what=f"expire_after_days in the lifecycle {rule.name!r}",
                    got=str(rule.expire_after_days),
                    allowed=f"{max(last, 1)} or more: after the last move",
                )
        if self.old_versions_days < 1:
            yield Problem(
                where=where, what="old_versions_days", got=str(self.old_versions_days), allowed="1 or more"
            )

    def _of_objects(
        self, verb: str, actions: tuple[str, ...], prefix: str, key_verb: str, key_actions: tuple[str, ...]
    ) -> tuple[Grant, ...]:
        # Two prefixes of a bucket are two statements of one role.
        below = "".join(part.capitalize() for part in prefix.replace("-", "/").split("/") if part.isalnum())
        sid = self._sid(verb) + below
        objects = Grant(sid=sid, actions=actions, resources=(f"{self.arn}/{prefix}*",))
        if self.kms_key_arn is None:
            return (objects,)
        key = Grant(sid=self._sid(key_verb) + below, actions=key_actions, resources=(self.kms_key_arn,))
        return objects, key

    def _sid(self, verb: str) -> str:
        return verb + "".join(word.capitalize() for word in self.what.split("-"))


_HOUSEKEEPING = "housekeeping"


class Bucket(Component):
    """A private bucket. Access lists are off; policies and grants alone decide."""

    def __init__(self, name: str, args: BucketArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        refuse(args.problems())
        super().__init__("fleet:components:Bucket", name, opts)
        self.args = args
        self.bucket = self._bucket()
        block = self._keep_private()
        self._encrypt()
        self._keep_versions()
        self._set_policy(block)
        self._grow_old()
        if args.events:
            aws.s3.BucketNotification(
                self.child("events"), bucket=self.bucket.bucket, eventbridge=True, opts=self.inside()
            )
        self.finish({"name": args.name, "arn": args.arn})

    def _bucket(self) -> aws.s3.Bucket:
        return aws.s3.Bucket(
            self.child("bucket"),
            bucket=self.args.name,
            force_destroy=not self.args.protect,
            tags=self.args.scope.tags(),
            opts=self.inside(protect=self.args.protect or None),
        )

    def _keep_private(self) -> aws.s3.BucketPublicAccessBlock:
        aws.s3.BucketOwnershipControls(
            self.child("ownership"),
            bucket=self.bucket.bucket,
            rule={"object_ownership": "BucketOwnerEnforced"},
            opts=self.inside(),
        )
        return aws.s3.BucketPublicAccessBlock(
            self.child("public-access-block"),
            bucket=self.bucket.bucket,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=self.inside(),
        )

    def _encrypt(self) -> None:
        key = self.args.kms_key_arn
        aws.s3.BucketServerSideEncryptionConfiguration(
            self.child("encryption"),
            bucket=self.bucket.bucket,
            rules=[
                {
                    "apply_server_side_encryption_by_default": {
                        "sse_algorithm": "aws:kms" if key else "AES256",
                        "kms_master_key_id": key,
                    },
                    # One call of KMS for many objects.
                    "bucket_key_enabled": key is not None,
                }
            ],
            opts=self.inside(),
        )

    def _keep_versions(self) -> None:
        if self.args.versioned:
            aws.s3.BucketVersioning(
                self.child("versioning"),
                bucket=self.bucket.bucket,
                versioning_configuration={"status": "Enabled"},
                opts=self.inside(),
            )

    def _set_policy(self, block: aws.s3.BucketPublicAccessBlock) -> None:
        deny = {
            "Sid": "DenyInsecureTransport",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [self.args.arn, f"{self.args.arn}/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
        aws.s3.BucketPolicy(
            self.child("policy"),
            bucket=self.bucket.bucket,
            policy=json.dumps({"Version": "2012-10-17", "Statement": [deny]}),
            # S3 refuses one while it is at work on the other.
            opts=self.inside(depends_on=[block]),
        )

    def _grow_old(self) -> None:
        housekeeping: aws.s3.BucketLifecycleConfigurationRuleArgsDict = {
            "id": _HOUSEKEEPING,
            "status": "Enabled",
            "filter": {"prefix": ""},
            "abort_incomplete_multipart_upload": {"days_after_initiation": _UNFINISHED_UPLOADS_DAYS},
        }
        if self.args.versioned:
            housekeeping["noncurrent_version_expiration"] = {"noncurrent_days": self.args.old_versions_days}
        aws.s3.BucketLifecycleConfiguration(
            self.child("lifecycle"),
            bucket=self.bucket.bucket,
            rules=[housekeeping, *(_rule(rule) for rule in self.args.lifecycle)],
            opts=self.inside(),
        )


def _rule(rule: Lifecycle) -> aws.s3.BucketLifecycleConfigurationRuleArgsDict:
    return {
        "id": rule.name,
        "status": "Enabled",
        "filter": {"prefix": rule.prefix},
        "transitions": [{"days": move.after_days, "storage_class": move.to} for move in rule.moves],
        "expiration": {"days": rule.expire_after_days} if rule.expire_after_days else None,
    }
