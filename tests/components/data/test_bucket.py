from __future__ import annotations

from dataclasses import replace

import pytest

from components.data.bucket import Bucket, BucketArgs, Lifecycle, Move
from components.problems import InvalidArgumentsError
from tests.components.sample import KEY, SCOPE
from tests.mocks import declare

NAME = "typerush-dev-photos-123456789012-ap-southeast-1"
ARN = f"arn:aws:s3:::{NAME}"
PHOTOS = BucketArgs(scope=SCOPE, what="photos")
COLD = Lifecycle(name="cold", moves=(Move(after_days=30, to="STANDARD_IA"),))


def test_a_bucket_is_private_encrypted_versioned_and_over_tls_only() -> None:
    graph = declare(lambda: Bucket("photos", PHOTOS))
    assert graph["photos-bucket"].inputs == {
        "bucket": NAME,
        "forceDestroy": True,
        "tags": {"System": "typerush", "Service": "shared", "Stage": "dev", "ManagedBy": "pulumi"},
    }
    assert graph["photos-public-access-block"].inputs == {
        "bucket": NAME,
        "blockPublicAcls": True,
        "blockPublicPolicy": True,
        "ignorePublicAcls": True,
        "restrictPublicBuckets": True,
    }
    assert graph["photos-ownership"].inputs["rule"] == {"objectOwnership": "BucketOwnerEnforced"}
    assert graph["photos-encryption"].inputs["rules"] == [
        {"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}, "bucketKeyEnabled": False}
    ]
    assert graph["photos-versioning"].inputs["versioningConfiguration"] == {"status": "Enabled"}
    assert graph["photos-policy"].policy == [
        {
            "Sid": "DenyInsecureTransport",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [ARN, f"{ARN}/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
    ]


def test_everything_about_it_hangs_on_the_bucket() -> None:
    graph = declare(lambda: Bucket("photos", replace(PHOTOS, events=True)))
    settings = {each.name for each in graph.resources if each.custom} - {"photos-bucket"}
    assert len(settings) == 7
    for setting in settings:
        assert graph[setting].property_dependencies["bucket"] == {"photos-bucket"}


def test_lifecycle() -> None:
    rules = (
        replace(COLD, prefix="raw/", moves=(*COLD.moves, Move(after_days=180, to="GLACIER_IR"))),
        Lifecycle(name="gone", prefix="rejected/", expire_after_days=365),
    )
    graph = declare(lambda: Bucket("photos", replace(PHOTOS, lifecycle=rules, old_versions_days=30)))
    assert graph["photos-lifecycle"].inputs["rules"] == [
        {
            "id": "housekeeping",
            "status": "Enabled",
            "filter": {"prefix": ""},
            "abortIncompleteMultipartUpload": {"daysAfterInitiation": 7},
            "noncurrentVersionExpiration": {"noncurrentDays": 30},
        },
        {
            "id": "cold",
            "status": "Enabled",
            "filter": {"prefix": "raw/"},
            "transitions": [
                {"days": 30, "storageClass": "STANDARD_IA"},
                {"days": 180, "storageClass": "GLACIER_IR"},
            ],
        },
        {
            "id": "gone",
            "status": "Enabled",
            "filter": {"prefix": "rejected/"},
            "transitions": [],
            "expiration": {"days": 365},
        },
    ]


def test_without_versions_there_are_no_old_ones() -> None:
    graph = declare(lambda: Bucket("photos", replace(PHOTOS, versioned=False)))
    assert not graph.of("BucketVersioning")
    assert "noncurrentVersionExpiration" not in graph["photos-lifecycle"].inputs["rules"][0]


def test_protected_it_stays_with_what_is_in_it() -> None:
    bucket = declare(lambda: Bucket("photos", replace(PHOTOS, protect=True)))["photos-bucket"]
    assert bucket.protect
    assert bucket.inputs["forceDestroy"] is False


def test_a_key_of_ones_own() -> None:
    graph = declare(lambda: Bucket("photos", replace(PHOTOS, kms_key_arn=KEY)))
    assert graph["photos-encryption"].inputs["rules"] == [
        {
            "applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": KEY},
            "bucketKeyEnabled": True,
        }
    ]


def test_events_go_to_eventbridge() -> None:
    graph = declare(lambda: Bucket("photos", replace(PHOTOS, events=True)))
    assert graph["photos-events"].inputs == {"bucket": NAME, "eventbridge": True}
    assert not declare(lambda: Bucket("photos", PHOTOS)).of("BucketNotification")


def test_grants() -> None:
    (read,), (put,), (listing,) = PHOTOS.grant_read(), PHOTOS.grant_put("raw/"), PHOTOS.grant_list()
    assert (read.sid, read.actions, read.resources) == ("ReadPhotos", ("s3:GetObject",), (f"{ARN}/*",))
    assert (put.sid, put.actions, put.resources) == ("PutPhotosRaw", ("s3:PutObject",), (f"{ARN}/raw/*",))
    assert (listing.actions, listing.resources) == (("s3:ListBucket",), (ARN,))


def test_grants_with_a_key_of_ones_own() -> None:
    keyed = replace(PHOTOS, kms_key_arn=KEY)
    (_, decrypt), (_, encrypt) = keyed.grant_read(), keyed.grant_put()
    assert (decrypt.actions, decrypt.resources) == (("kms:Decrypt",), (KEY,))
    assert (encrypt.actions, encrypt.resources) == (("kms:Decrypt", "kms:GenerateDataKey"), (KEY,))


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"what": "p" * 30}, "71 characters long; allowed: at most 63"),
        ({"lifecycle": (COLD, COLD)}, "'cold' is there already"),
        ({"lifecycle": (replace(COLD, name="housekeeping"),)}, "'housekeeping' is there already"),
        ({"lifecycle": (Lifecycle(name="idle"),)}, "without moves and expire_after_days"),
        (
            {"lifecycle": (replace(COLD, moves=(Move(after_days=7, to="STANDARD_IA"),)),)},
            "after_days of STANDARD_IA in the lifecycle 'cold' is 7; allowed: 30 or more",
        ),
        (
            {"lifecycle": (replace(COLD, moves=(*COLD.moves, Move(after_days=30, to="GLACIER"))),)},
            "after_days of GLACIER in the lifecycle 'cold' is 30; allowed: 31 or more",
        ),
        (
            {"lifecycle": (replace(COLD, expire_after_days=30),)},
            "expire_after_days in the lifecycle 'cold' is 30; allowed: 31 or more",
        ),
        ({"old_versions_days": 0}, "old_versions_days is 0; allowed: 1 or more"),
        ({"kms_key_arn": "alias/photos"}, "kms_key_arn"),
    ],
)
def test_refusals(change: dict[str, object], fault: str) -> None:
    with pytest.raises(InvalidArgumentsError) as refusal:
        Bucket("photos", replace(PHOTOS, **change))  # type: ignore[arg-type]
    assert fault in str(refusal.value)
