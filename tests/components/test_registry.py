from __future__ import annotations

from dataclasses import replace

import pytest

from components.naming import Names
from components.problems import InvalidArgumentsError
from components.registry import Registry, RegistryArgs
from tests.components.sample import KEY, SCOPE
from tests.mocks import ACCOUNT, REGION, Resource, declare

ORDERS = Names(scope=SCOPE, service="orders")
REGISTRY = RegistryArgs(scope=SCOPE, services=(ORDERS, Names(scope=SCOPE, service="returns")))
ARN = f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/typerush/dev"


def repository(args: RegistryArgs) -> Resource:
    (found,) = (
        each
        for each in declare(lambda: Registry("images", args)).resources
        if each.type == "awsx:ecr:Repository"
    )
    return found


def test_tags_stay_what_they_are_and_images_are_scanned() -> None:
    made = repository(REGISTRY)
    assert made.name == "images-repository"
    assert {key: value for key, value in made.inputs.items() if key != "lifecyclePolicy"} == {
        "name": "typerush/dev",
        "encryptionConfigurations": [{"encryptionType": "AES256"}],
        "forceDelete": True,
        "imageScanningConfiguration": {"scanOnPush": True},
        "imageTagMutability": "IMMUTABLE",
        "tags": {"System": "typerush", "Service": "shared", "Stage": "dev", "ManagedBy": "pulumi"},
    }


def test_what_went_live_is_kept_before_anything_is_dropped() -> None:
    """An image that two rules fit is the first one's: what is live never falls to the rules for the rest."""
    rules = repository(REGISTRY).inputs["lifecyclePolicy"]["rules"]
    assert [(rule.get("tagPrefixList"), rule.get("maximumNumberOfImages")) for rule in rules] == [
        (["live-orders-"], 10),
        (["live-returns-"], 10),
        (["orders-"], 30),
        (["returns-"], 30),
        (None, None),
    ]
    assert (rules[-1]["tagStatus"], rules[-1]["maximumAgeLimit"]) == ("untagged", 1)


def test_lambda_pulls_for_exactly_its_services() -> None:
    policy = declare(lambda: Registry("images", REGISTRY))["images-policy"]
    assert policy.policy == [
        {
            "Sid": "AllowLambdaPull",
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
            "Condition": {
                "ArnLike": {
                    "aws:SourceArn": [
                        f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:typerush-dev-orders",
                        f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:typerush-dev-returns",
                    ]
                },
                "StringEquals": {"aws:SourceAccount": ACCOUNT},
            },
        }
    ]
    assert policy.inputs["repository"] == "images-repository-name"


def test_protected_and_with_a_key_of_ones_own() -> None:
    made = repository(replace(REGISTRY, protect=True, kms_key_arn=KEY))
    assert made.protect
    assert made.inputs["forceDelete"] is False
    assert made.inputs["encryptionConfigurations"] == [{"encryptionType": "KMS", "kmsKey": KEY}]


def test_uri() -> None:
    uri = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/typerush/dev:orders-1"
    assert REGISTRY.uri("orders-1") == uri


def test_grants() -> None:
    log_in, push = REGISTRY.grant_push()
    assert (log_in.actions, log_in.resources) == (("ecr:GetAuthorizationToken",), ("*",))
    assert push.resources == (ARN,)
    assert {action for action in push.actions if "Delete" in action or "Policy" in action} == set()


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"services": ()}, "services is none"),
        ({"keep": 0}, "keep is 0; allowed: 1 to 1000 images"),
        ({"keep_live": 0}, "keep_live is 0"),
        ({"kms_key_arn": "alias/images"}, "kms_key_arn"),
    ],
)
def test_refusals(change: dict[str, object], fault: str) -> None:
    with pytest.raises(InvalidArgumentsError) as refusal:
        Registry("images", replace(REGISTRY, **change))  # type: ignore[arg-type]
    assert fault in str(refusal.value)
