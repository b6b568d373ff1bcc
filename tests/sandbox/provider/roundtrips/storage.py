"""Buckets, objects, tables, queues, repositories and user pools."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from sandbox.provider.values import PropertyMap

from .drawing import Draw
from .values import FALSE, KEYS, POLICIES, TRUE, documents, keep_one, named, one_of, some_of, without
from .world import ACCOUNT, World

_CONTENTS = ("content", "contentBase64", "source")
_CLASSES = one_of("STANDARD_IA", "GLACIER", "INTELLIGENT_TIERING")
_ACTIONS = ("expiration", "noncurrentVersionExpiration", "abortIncompleteMultipartUpload", "transitions")


def _bucket(world: World) -> Draw:
    del world
    return Draw(given={"bucket": named("trip-b")})


def _encryption(world: World) -> Draw:
    def fit(inputs: PropertyMap) -> PropertyMap:
        for rule in inputs["rules"]:
            default = rule.get("applyServerSideEncryptionByDefault", {})
            if default.get("sseAlgorithm") == "AES256":
                default.pop("kmsMasterKeyId", None)
        return inputs

    return Draw(
        given={
            "bucket": st.just(world.bucket),
            "rules[].applyServerSideEncryptionByDefault.kmsMasterKeyId": KEYS,
        },
        fit=fit,
        stays="a bucket is encrypted in any case",
    )


def _lifecycle(world: World) -> Draw:
    def fit(inputs: PropertyMap) -> PropertyMap:
        for index, rule in enumerate(inputs["rules"]):
            rule["id"] = f"rule-{index}"
            if not any(rule.get(action) for action in _ACTIONS):
                rule["expiration"] = {"days": 7}
            expiration = rule.get("expiration", {})
            if "days" in expiration:
                expiration.pop("expiredObjectDeleteMarker", None)
            elif "expiration" in rule:
                rule["expiration"] = {"expiredObjectDeleteMarker": True}
        return inputs

    days = st.integers(30, 400)
    return Draw(
        given={
            "bucket": st.just(world.bucket),
            "rules[].abortIncompleteMultipartUpload": st.integers(1, 9).map(
                lambda n: {"daysAfterInitiation": n}
            ),
            "rules[].filter.prefix": one_of("raw/", "a b/"),
            "rules[].id": st.just(""),
            "rules[].noncurrentVersionTransitions[].noncurrentDays": days,
            "rules[].noncurrentVersionTransitions[].storageClass": _CLASSES,
            "rules[].transitions[].days": days,
            "rules[].transitions[].storageClass": _CLASSES,
        },
        fit=fit,
    )


def _object(world: World) -> Draw:
    def content(inputs: PropertyMap) -> bytes:
        if "source" in inputs:
            return Path(inputs["source"].path).read_bytes()
        if "contentBase64" in inputs:
            return base64.b64decode(inputs["contentBase64"])
        return str(inputs.get("content", "")).encode()

    def fit(inputs: PropertyMap) -> PropertyMap:
        inputs = keep_one(inputs, *_CONTENTS)
        if "etag" in inputs:
            inputs["etag"] = hashlib.md5(content(inputs)).hexdigest()  # noqa: S324 -- S3's
        if inputs.get("serverSideEncryption") == "AES256":
            inputs.pop("kmsKeyId", None)
        return inputs

    return Draw(
        given={
            "bucket": st.just(world.bucket),
            "cacheControl": one_of("no-cache", "max-age=60"),
            "contentBase64": one_of("b25l", "dHdv"),
            "contentDisposition": one_of("inline", 'attachment; filename="a b.txt"'),
            "contentEncoding": one_of("identity", "gzip"),
            "contentLanguage": one_of("en", "de-CH"),
            "contentType": one_of("text/plain", "text/html; charset=utf-8"),
            "key": one_of("a.txt", "a/b c.txt", "é/1+1.txt"),
            "kmsKeyId": KEYS,
            "metadata": st.dictionaries(one_of("made-by", "level"), one_of("shop", "a b"), max_size=2),
            "serverSideEncryption": one_of("AES256", "aws:kms"),
            "source": one_of(*world.assets),
            "storageClass": one_of("STANDARD", "STANDARD_IA", "ONEZONE_IA"),
            "websiteRedirect": one_of("/other", "https://a.test/b"),
        },
        fit=fit,
    )


def _of_bucket(**given: Any) -> Callable[[World], Draw]:
    return lambda world: Draw(given={"bucket": st.just(world.bucket), **given})


def _versioning(world: World) -> Draw:
    # "Disabled" is what no bucket that was versioned once can be again: test_s3_buckets has it.
    status = {"versioningConfiguration.status": one_of("Enabled", "Suspended")}
    return Draw(given={"bucket": st.just(world.bucket), **status}, stays="S3 can't forget it")


_TYPES = {"id": "S", "at": "N", "level": "S", "pick": "B"}


def _table(world: World) -> Draw:
    del world

    def fit(inputs: PropertyMap) -> PropertyMap:
        paid = inputs.get("billingMode") != "PAY_PER_REQUEST"
        if "rangeKey" not in inputs:
            inputs.pop("localSecondaryIndexes", None)
        indexes: dict[str, list[Any]] = {
            kind: [each | {"name": f"{kind[:5]}-{n}"} for n, each in enumerate(inputs[kind])]
            for kind in ("globalSecondaryIndexes", "localSecondaryIndexes")
            if kind in inputs
        }
        for index in (each for every in indexes.values() for each in every):
            if index["projectionType"] == "INCLUDE":
                index["nonKeyAttributes"] = index.get("nonKeyAttributes") or ["text"]
            else:
                index.pop("nonKeyAttributes", None)
        for owner in (inputs, *indexes.get("globalSecondaryIndexes", ())):
            for key in ("readCapacity", "writeCapacity"):
                if paid:
                    owner[key] = owner.get(key, 1)
                else:
                    owner.pop(key, None)
        inputs |= indexes
        if paid:
            inputs.pop("onDemandThroughput", None)
        if inputs.get("streamEnabled") or "streamViewType" in inputs:
            inputs["streamEnabled"] = True
            inputs.setdefault("streamViewType", "KEYS_ONLY")
        if not inputs.get("serverSideEncryption", {}).get("enabled"):
            inputs.get("serverSideEncryption", {}).pop("kmsKeyArn", None)
        keys = {
            owner[key]
            for owner in (inputs, *(each for every in indexes.values() for each in every))
            for key in ("hashKey", "rangeKey")
            if key in owner
        }
        inputs["attributes"] = [{"name": name, "type": _TYPES[name]} for name in sorted(keys)]
        return inputs

    capacity = st.integers(1, 20)
    others = some_of("text", "author")
    limits = one_of({"maxReadRequestUnits": 10}, {"maxReadRequestUnits": 1, "maxWriteRequestUnits": 2})
    return Draw(
        given={
            "attributes": st.just([]),
            "globalSecondaryIndexes[].hashKey": one_of("level", "pick"),
            "globalSecondaryIndexes[].name": st.just(""),
            "globalSecondaryIndexes[].nonKeyAttributes": others,
            "globalSecondaryIndexes[].rangeKey": st.just("at"),
            "globalSecondaryIndexes[].readCapacity": capacity,
            "globalSecondaryIndexes[].writeCapacity": capacity,
            "hashKey": st.just("id"),
            "localSecondaryIndexes[].name": st.just(""),
            "localSecondaryIndexes[].nonKeyAttributes": others,
            "localSecondaryIndexes[].rangeKey": one_of("level", "pick"),
            "name": named("trip-t"),
            "onDemandThroughput": limits,
            "rangeKey": st.just("at"),
            "readCapacity": capacity,
            "serverSideEncryption.kmsKeyArn": KEYS,
            # AWS changes the attribute only after it was off.
            "ttl": one_of({"attributeName": "until", "enabled": True}, {"enabled": False}),
            "writeCapacity": capacity,
        },
        fit=fit,
        unlocked={"deletionProtectionEnabled": False},
    )


_FIFO = ("contentBasedDeduplication", "deduplicationScope", "fifoThroughputLimit")


def _queue(world: World) -> Draw:
    def fit(inputs: PropertyMap) -> PropertyMap:
        fifo = bool(inputs.get("fifoQueue"))
        if not fifo:
            inputs = without(inputs, *_FIFO)
        elif inputs.get("fifoThroughputLimit") == "perMessageGroupId":
            inputs["deduplicationScope"] = "messageGroup"
        inputs["name"] = inputs["name"].removesuffix(".fifo") + (".fifo" if fifo else "")
        if "redrivePolicy" in inputs:
            redrive = json.loads(inputs["redrivePolicy"]) | {"deadLetterTargetArn": world.dead_letters[fifo]}
            inputs["redrivePolicy"] = json.dumps(redrive)
        if inputs.get("sqsManagedSseEnabled"):
            inputs = keep_one(inputs, "kmsMasterKeyId", "sqsManagedSseEnabled")
        return inputs if "kmsMasterKeyId" in inputs else without(inputs, "kmsDataKeyReusePeriodSeconds")

    allowed = f"arn:aws:sqs:us-east-1:{ACCOUNT}:trip-owned"
    return Draw(
        given={
            "kmsMasterKeyId": one_of("alias/aws/sqs", f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1"),
            "name": named("trip-q"),
            "policy": POLICIES,
            "redriveAllowPolicy": documents(
                {"redrivePermission": "denyAll"},
                {"redrivePermission": "byQueue", "sourceQueueArns": [allowed]},
            ),
            "redrivePolicy": documents({"maxReceiveCount": 3}, {"maxReceiveCount": 5}),
        },
        always=("name",),
        fit=fit,
    )


def _queue_policy(world: World) -> Draw:
    return Draw(given={"policy": POLICIES, "queueUrl": st.just(world.queue.id)})


def _repository(world: World) -> Draw:
    del world

    def fit(inputs: PropertyMap) -> PropertyMap:
        for each in inputs.get("encryptionConfigurations", ()):
            if each.get("encryptionType", "AES256") == "AES256":
                each.pop("kmsKey", None)
        return inputs

    return Draw(given={"encryptionConfigurations[].kmsKey": KEYS, "name": named("trip/r")}, fit=fit)


def _expiry(days: int) -> dict[str, Any]:
    selection = {
        "tagStatus": "any",
        "countType": "sinceImagePushed",
        "countUnit": "days",
        "countNumber": days,
    }
    return {"rules": [{"rulePriority": 1, "selection": selection, "action": {"type": "expire"}}]}


def _images(world: World) -> Draw:
    return Draw(given={"policy": documents(_expiry(1), _expiry(30)), "repository": st.just(world.repository)})


def _pool(world: World) -> Draw:
    del world
    first, second = (
        {"name": name, "priority": n} for n, name in enumerate(("verified_email", "verified_phone_number"), 1)
    )
    return Draw(
        given={
            "accountRecoverySetting": one_of([first], [second | {"priority": 1}], [first, second]).map(
                lambda found: {"recoveryMechanisms": found}
            ),
            "name": named("trip-u"),
            "passwordPolicy": st.fixed_dictionaries(
                {"minimumLength": st.integers(6, 99)},
                optional={
                    **{
                        f"require{kind}": st.booleans()
                        for kind in ("Lowercase", "Numbers", "Symbols", "Uppercase")
                    },
                    "temporaryPasswordValidityDays": st.integers(1, 365),
                },
            ),
        },
        fit=lambda inputs: keep_one(inputs, "aliasAttributes", "usernameAttributes"),
        unlocked={"deletionProtection": "INACTIVE"},
    )


def _pool_client(world: World) -> Draw:
    attributes = some_of("email", "name", "custom:level")
    urls = some_of("https://a.test/back", "https://b.test")
    few = st.integers(1, 10)
    return Draw(
        given={
            "accessTokenValidity": few,
            "allowedOauthScopes": some_of("openid", "email", "api/read"),
            "callbackUrls": urls,
            "idTokenValidity": few,
            "logoutUrls": urls,
            "name": named("trip-c"),
            "readAttributes": attributes,
            "refreshTokenValidity": few,
            "supportedIdentityProviders": some_of("COGNITO", "Google"),
            "userPoolId": st.just(world.pool.id),
            "writeAttributes": attributes,
        }
    )


CASES: Mapping[str, Callable[[World], Draw]] = {
    "aws:cognito/userPool:UserPool": _pool,
    "aws:cognito/userPoolClient:UserPoolClient": _pool_client,
    "aws:dynamodb/table:Table": _table,
    "aws:ecr/lifecyclePolicy:LifecyclePolicy": _images,
    "aws:ecr/repository:Repository": _repository,
    "aws:ecr/repositoryPolicy:RepositoryPolicy": _images,
    "aws:s3/bucket:Bucket": _bucket,
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": _lifecycle,
    "aws:s3/bucketNotification:BucketNotification": lambda world: Draw(
        given={"bucket": st.just(world.bucket), "eventbridge": TRUE}, always=("eventbridge",)
    ),
    "aws:s3/bucketObjectv2:BucketObjectv2": _object,
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": _of_bucket(),
    "aws:s3/bucketPolicy:BucketPolicy": _of_bucket(policy=POLICIES),
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": _of_bucket(skipDestroy=FALSE),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": _encryption,
    "aws:s3/bucketVersioning:BucketVersioning": _versioning,
    "aws:sqs/queue:Queue": _queue,
    "aws:sqs/queuePolicy:QueuePolicy": _queue_policy,
}
