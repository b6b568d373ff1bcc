"""What a valid stage becomes."""

from __future__ import annotations

import json

import pulumi.runtime
import pytest

import settings
from bundling import Target
from components.bedrock import BedrockModel
from components.code import SignedPackage
from components.concurrency import ProvisionedConcurrency
from components.network import Network
from components.systems.typerush import TypeRushArgs
from components.triggers.api import Cors, Throttling
from components.triggers.http_api import JwtAuthorizer
from settings import Stage
from tests.settings import sample
from tests.settings.sample import ACCOUNT, REGION, SIGNED, STAGE, changed

TYPERUSH = "lambda-fleet:typerush"


def _typerush(stage: Stage) -> TypeRushArgs:
    args = stage.systems["typerush"]
    assert isinstance(args, TypeRushArgs)
    return args


def test_a_small_stage_takes_the_components_defaults() -> None:
    stage = sample.load(STAGE)
    args = _typerush(stage)
    assert stage.name == "dev"
    assert (args.scope.system, args.scope.stage) == ("typerush", "dev")
    assert (args.scope.account, args.scope.region) == (ACCOUNT, REGION)
    assert args.common.packages.target is Target.LAMBDA
    assert args.common.packages.bucket is None
    assert isinstance(args.network, Network)
    assert args.network.subnet_ids == ("subnet-0a1b2c3d4e5f6000a", "subnet-0a1b2c3d4e5f6000b")
    assert args.database.security_group_id == "sg-0a1b2c3d4e5f60002"
    assert args.model == BedrockModel.by_id(args.scope, "anthropic.claude-3-haiku-20240307-v1:0")
    assert args.record_service == TypeRushArgs.record_service
    assert args.text_service == TypeRushArgs.text_service
    assert args.api == TypeRushArgs.api
    assert (args.common.log_retention_days, args.common.protect) == (7, False)
    assert args.common.alarm_topic_arn is args.common.kms_key_arn is None
    assert args.common.code_signing_config_arn is args.common.permissions_boundary_arn is None


def test_everything_that_can_be_said_arrives() -> None:
    topic = f"arn:aws:sns:{REGION}:{ACCOUNT}:alarms"
    key = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    signing = f"arn:aws:lambda:{REGION}:{ACCOUNT}:code-signing-config:csc-0123456789abcdef0"
    boundary = f"arn:aws:iam::{ACCOUNT}:policy/fleet-boundary"
    args = _typerush(
        sample.load(
            changed(
                {
                    "lambda-fleet:packages": "machine",
                    "lambda-fleet:logRetentionDays": 90,
                    "lambda-fleet:protect": True,
                    "lambda-fleet:alarmTopicArn": topic,
                    "lambda-fleet:kmsKeyArn": key,
                    "lambda-fleet:codeSigningConfigArn": signing,
                    "lambda-fleet:permissionsBoundaryArn": boundary,
                    "lambda-fleet:codeBucket": "packages-111122223333",
                    f"{TYPERUSH}.api": {
                        "throttling": {"rateLimit": 2.5, "burstLimit": 3},
                        "authorizer": {"issuer": "https://issuer.example", "audience": ["game"]},
                        "cors": {"origins": ["https://game.example"]},
                    },
                    f"{TYPERUSH}.recordService": {
                        "runtime": "nodejs22.x",
                        "memoryMb": 1024,
                        "timeoutS": 20,
                        "ephemeralStorageMb": 1024,
                        "logLevel": "debug",
                        "reservedConcurrency": 10,
                        "provisionedConcurrency": {"min": 1, "max": 10},
                        "functionUrl": True,
                    },
                    f"{TYPERUSH}.textService": {"runtime": "python3.12", "timeoutS": 45},
                }
            )
        )
    )
    assert args.common.packages.target is Target.MACHINE
    assert args.common.packages.bucket == "packages-111122223333"
    common = args.common
    assert (common.log_retention_days, common.protect) == (90, True)
    assert (common.alarm_topic_arn, common.kms_key_arn) == (topic, key)
    assert (common.code_signing_config_arn, common.permissions_boundary_arn) == (signing, boundary)
    assert args.api.throttling == Throttling(rate_limit=2.5, burst_limit=3)
    assert args.api.authorizer == JwtAuthorizer(issuer="https://issuer.example", audience=("game",))
    assert args.api.cors == Cors(origins=("https://game.example",))
    record = args.record_service
    assert (record.runtime, record.memory_mb, record.timeout_s) == ("nodejs22.x", 1024, 20)
    assert (record.ephemeral_storage_mb, record.log_level) == (1024, "debug")
    assert record.reserved_concurrency == 10
    assert record.provisioned_concurrency == ProvisionedConcurrency(min=1, max=10)
    assert record.function_url
    assert (args.text_service.runtime, args.text_service.timeout_s) == ("python3.12", 45)
    assert args.text_service.memory_mb == TypeRushArgs.text_service.memory_mb


def test_a_system_of_another_region_has_its_own_topic_key_and_bucket() -> None:
    def arns(region: str) -> dict[str, str]:
        return {
            "alarmTopicArn": f"arn:aws:sns:{region}:{ACCOUNT}:alarms",
            "kmsKeyArn": f"arn:aws:kms:{region}:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab",
            "codeSigningConfigArn": f"arn:aws:lambda:{region}:{ACCOUNT}:code-signing-config:csc-0123456789a",
            "codeBucket": f"packages-{region}",
        }

    shared = {f"lambda-fleet:{key}": arn for key, arn in arns("us-east-1").items()}
    own = {f"{TYPERUSH}.{key}": arn for key, arn in arns(REGION).items()}
    common = _typerush(sample.load(changed(shared | own))).common
    assert {
        "alarmTopicArn": common.alarm_topic_arn,
        "kmsKeyArn": common.kms_key_arn,
        "codeSigningConfigArn": common.code_signing_config_arn,
        "codeBucket": common.packages.bucket,
    } == arns(REGION)
    told = sample.mistakes(changed(shared))
    assert [mistake.path for mistake in told] == [path for path in shared if "Bucket" not in path]


def test_signed_code_and_a_secret_under_a_key_of_ones_own() -> None:
    key = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    args = _typerush(
        sample.load(
            changed(
                {
                    f"{TYPERUSH}.textService.signedPackage": SIGNED,
                    f"{TYPERUSH}.signedTextLayer": SIGNED,
                    f"{TYPERUSH}.database.secretKmsKeyArn": key,
                }
            )
        )
    )
    assert args.text_service.signed_package == args.signed_text_layer == SignedPackage(**SIGNED)
    assert args.text_service.code("functions/x/y", args.common.packages).bundle is None
    assert args.database.secret.kms_key_arn == key


def test_an_existing_api_takes_the_place_of_ours() -> None:
    arn = f"arn:aws:execute-api:{REGION}:{ACCOUNT}:a1b2c3d4e5"
    stage = sample.load(changed({f"{TYPERUSH}.api.existingExecutionArn": arn}))
    assert _typerush(stage).api.existing_execution_arn == arn


def test_an_inference_profile_takes_the_place_of_a_model() -> None:
    arn = f"arn:aws:bedrock:{REGION}:{ACCOUNT}:inference-profile/apac.anthropic.claude-3-haiku-20240307-v1:0"
    models = [
        f"arn:aws:bedrock:{region}::foundation-model/anthropic.claude-3-haiku-20240307-v1:0"
        for region in (REGION, "ap-northeast-1")
    ]
    stage = sample.load(
        changed(
            {
                f"{TYPERUSH}.model": sample.REMOVED,
                f"{TYPERUSH}.inferenceProfile": {"arn": arn, "modelArns": models},
            }
        )
    )
    assert _typerush(stage).model == BedrockModel.by_profile(arn=arn, model_arns=tuple(models))


def test_a_system_that_is_not_listed_is_left_out() -> None:
    assert sample.load(changed({"lambda-fleet:systems": []})).systems == {}


def test_a_system_that_is_not_listed_needs_no_settings() -> None:
    # An empty map is what Pulumi.yaml's default makes of a key that a stage doesn't have.
    assert sample.load(changed({"lambda-fleet:systems": [], TYPERUSH: {}})).systems == {}
    config = changed({"lambda-fleet:systems": [], TYPERUSH: sample.REMOVED})
    assert sample.load(config).systems == {}


def test_empty_text_and_null_say_nothing() -> None:
    stage = sample.load(
        changed({"lambda-fleet:alarmTopicArn": "", f"{TYPERUSH}.recordService": {"memoryMb": None}})
    )
    assert _typerush(stage).common.alarm_topic_arn is None
    assert _typerush(stage).record_service.memory_mb == 512


def test_settings_of_others_are_none_of_our_business() -> None:
    assert sample.load(changed({"other:key": "value"})).systems


def test_the_default_providers_region_may_be_left_out() -> None:
    assert _typerush(sample.load(changed({"aws:region": sample.REMOVED}))).scope.region == REGION


def test_configuration_is_also_read_from_the_language_hosts_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sample.load(STAGE)
    pulumi.runtime.set_all_config({}, [])
    config = {key: sample.as_text(value) for key, value in STAGE.items()}
    monkeypatch.setenv("PULUMI_CONFIG", json.dumps(config))
    assert settings.load().systems
    monkeypatch.setenv("PULUMI_CONFIG", json.dumps(config | {"lambda-fleet:protekt": "true"}))
    with pytest.raises(settings.SettingsError, match="lambda-fleet:protekt"):
        settings.load()
