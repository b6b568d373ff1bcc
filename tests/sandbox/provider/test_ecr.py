from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.provider import Endpoint
from sandbox.provider.clients import client
from tests.sandbox.provider.client import Client, RefusedError
from tests.sandbox.provider.walk import refused, replaced, walk

REPOSITORY = "aws:ecr/repository:Repository"
POLICY = "aws:ecr/repositoryPolicy:RepositoryPolicy"
LIFECYCLE = "aws:ecr/lifecyclePolicy:LifecyclePolicy"
BASE: dict[str, Any] = {"name": "shop/dev-api"}


def document(days: int) -> str:
    selection = {
        "tagStatus": "any",
        "countType": "sinceImagePushed",
        "countUnit": "days",
        "countNumber": days,
    }
    return json.dumps({"rules": [{"rulePriority": 1, "selection": selection, "action": {"type": "expire"}}]})


@pytest.fixture
def repository(endpoint: Endpoint) -> Iterator[str]:
    ecr = client(endpoint, "ecr", "us-east-1")
    ecr.create_repository(repositoryName="shop-owned")
    yield "shop-owned"
    ecr.delete_repository(repositoryName="shop-owned", force=True)


def test_the_life_of_a_repository(live: Client) -> None:
    made = walk(
        live,
        REPOSITORY,
        BASE,
        BASE | {"imageTagMutability": "IMMUTABLE", "imageScanningConfiguration": {"scanOnPush": True}},
        BASE | {"imageScanningConfiguration": {"scanOnPush": False}, "tags": {"System": "shop"}},
        BASE | {"tags": {"Stage": "dev"}},
    )
    assert made.id == "shop/dev-api"
    assert made.outputs["arn"] == "arn:aws:ecr:us-east-1:000000000000:repository/shop/dev-api"
    assert made.outputs["registryId"] == "000000000000"
    assert str(made.outputs["repositoryUrl"]).endswith("/shop/dev-api")


def test_a_repository_encrypted_with_a_key(live: Client) -> None:
    key = "arn:aws:kms:us-east-1:000000000000:key/one"
    encrypted = {"encryptionConfigurations": [{"encryptionType": "KMS", "kmsKey": key}]}
    walk(live, REPOSITORY, BASE | encrypted, BASE | encrypted | {"imageTagMutability": "IMMUTABLE"})


def test_images_keep_a_repository_alive_unless_it_may_go(live: Client, endpoint: Endpoint) -> None:
    made = live.create(REPOSITORY, BASE)
    client(endpoint, "ecr", "us-east-1").put_image(repositoryName=made.id, imageManifest="{}", imageTag="a")
    with pytest.raises(RefusedError, match="RepositoryNotEmptyException"):
        live.delete(made)
    live.delete(live.update(made, BASE | {"forceDelete": True}))
    assert live.read(made).id == ""


def test_what_replaces_a_repository(offline: Client) -> None:
    changes: dict[str, Any] = {
        "name": "other",
        "encryptionConfigurations": [{"encryptionType": "KMS"}],
        "imageTagMutability": "IMMUTABLE",
        "imageScanningConfiguration": {"scanOnPush": True},
        "region": "eu-west-1",
    }
    assert replaced(offline, REPOSITORY, BASE, **changes) == {"name", "encryptionConfigurations", "region"}


def test_a_replaced_repository_of_the_same_name_is_deleted_first(offline: Client) -> None:
    made = offline.create(REPOSITORY, BASE, preview=True)
    diff = offline.diff(made, BASE | {"encryptionConfigurations": [{"encryptionType": "KMS"}]})
    assert diff.deleteBeforeReplace


@pytest.mark.parametrize(
    ("change", "path", "reason"),
    [
        ({"name": "Shop"}, "name", "allowed: lower-case letters and digits"),
        ({"imageTagMutability": "FIXED"}, "imageTagMutability", "allowed: MUTABLE, IMMUTABLE"),
        ({"imageScanningConfiguration": {}}, "imageScanningConfiguration.scanOnPush", "missing"),
        (
            {"encryptionConfigurations": [{"kmsKey": "arn"}]},
            "encryptionConfigurations[0].kmsKey",
            'only encryptionType "KMS"',
        ),
    ],
)
def test_refusals(offline: Client, change: dict[str, Any], path: str, reason: str) -> None:
    found = refused(offline, REPOSITORY, BASE | change)
    assert list(found) == [path]
    assert reason in found[path]


def test_the_life_of_a_repositorys_policy(live: Client, repository: str) -> None:
    base = {"repository": repository}
    walk(live, POLICY, base | {"policy": document(1)}, base | {"policy": document(2)})


def test_the_life_of_a_lifecycle_policy(live: Client, repository: str) -> None:
    made = walk(live, LIFECYCLE, {"repository": repository, "policy": document(1)})
    assert (made.id, made.outputs["registryId"]) == (repository, "000000000000")


def test_what_replaces_a_policy(offline: Client) -> None:
    base = {"repository": "one", "policy": document(1)}
    changes = {"repository": "two", "policy": document(2)}
    assert replaced(offline, LIFECYCLE, base, **changes) == {"repository", "policy"}
    assert replaced(offline, POLICY, base, **changes) == {"repository"}
