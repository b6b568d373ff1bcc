"""Every mistake that a stage can have: its path, what was found, what is allowed, how to mend it."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest

from settings import SettingsError
from tests.settings import sample
from tests.settings.sample import ACCOUNT, REGION, REMOVED, STAGE, changed

FLEET = "lambda-fleet"
GAME = f"{FLEET}:typerush"
RECORD = f"{GAME}.recordService"
OTHER = "999900001111"

# change, its value, and what is said: found, allowed
SINGLE: list[tuple[str, Any, str, str]] = [
    # the account and the region
    ("aws:region", "mars", "'mars'", "the name of an AWS region"),
    ("aws:allowedAccountIds", REMOVED, "nothing", "a list of the one account"),
    ("aws:allowedAccountIds", [], "0 accounts", "exactly one"),
    ("aws:allowedAccountIds", [ACCOUNT, OTHER], "2 accounts", "exactly one"),
    ("aws:allowedAccountIds", ACCOUNT, f"'{ACCOUNT}' (text)", "a list"),
    # all systems
    (f"{FLEET}:systems", REMOVED, "nothing", "a list of the systems to deploy"),
    (f"{FLEET}:systems", "typerush", "'typerush' (text)", "a list"),
    (
        f"{FLEET}:systems",
        ["typerush", "tiperush"],
        "['typerush', 'tiperush']",
        "each of these once: typerush",
    ),
    (f"{FLEET}:systems", ["typerush", "typerush"], "['typerush', 'typerush']", "each of these once"),
    (f"{FLEET}:packages", "lamda", "'lamda'", "one of lambda, machine"),
    (f"{FLEET}:logRetentionDays", 8, "8", "one of 1, 3, 5, 7, 14, 30"),
    (f"{FLEET}:logRetentionDays", "a week", "'a week' (text)", "a whole number"),
    (f"{FLEET}:protect", "maybe", "'maybe' (text)", "true or false"),
    (f"{FLEET}:codeBucket", "Packages_", "'Packages_'", "a bucket's name"),
    (f"{FLEET}:typerush", "everything", "'everything' (text)", "a map of settings"),
    (f"{FLEET}:protekt", "true", "a key that nothing reads", "protect"),
    # ARNs: of another service, of another account, of another region
    (f"{FLEET}:alarmTopicArn", f"arn:aws:sqs:{REGION}:{ACCOUNT}:alarms", "arn:aws:sqs", "arn:aws:sns"),
    (f"{FLEET}:alarmTopicArn", f"arn:aws:sns:{REGION}:{OTHER}:alarms", f"of account {OTHER}", ACCOUNT),
    (f"{FLEET}:alarmTopicArn", f"arn:aws:sns:us-east-1:{ACCOUNT}:alarms", "us-east-1", REGION),
    (f"{FLEET}:kmsKeyArn", f"arn:aws:kms:{REGION}:{ACCOUNT}:alias/fleet", "alias/fleet", ":key/"),
    (f"{FLEET}:kmsKeyArn", f"arn:aws:kms:us-west-2:{ACCOUNT}:key/1234abcd", "us-west-2", REGION),
    (f"{FLEET}:permissionsBoundaryArn", f"arn:aws:iam::{OTHER}:policy/x", f"of account {OTHER}", ACCOUNT),
    (f"{FLEET}:permissionsBoundaryArn", f"arn:aws:iam::{ACCOUNT}:role/x", ":role/x", ":policy/"),
    (f"{FLEET}:codeSigningConfigArn", "csc-1", "'csc-1'", "code-signing-config:csc-"),
    (f"{GAME}.database.secretArn", f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/x", "arn:aws:ssm", "secret:"),
    (f"{GAME}.database.secretArn", f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:x", ":x'", "AbCdEf"),
    (
        f"{GAME}.database.secretArn",
        f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:x-a1B2c3",
        "eu-west-1",
        f"in {REGION}",
    ),
    (
        f"{GAME}.database.secretArn",
        f"arn:aws:secretsmanager:{REGION}:{OTHER}:secret:x-a1B2c3",
        f"of account {OTHER}",
        f"account {ACCOUNT}",
    ),
    (f"{GAME}.gameServiceRoleArn", f"arn:aws:iam::{ACCOUNT}:user/game", "user/game", ":role/"),
    (f"{GAME}.gameServiceRoleArn", f"arn:aws:iam::{ACCOUNT}:role/*", "role/*", ":role/"),
    (f"{GAME}.gameServiceRoleArn", f"arn:aws:iam::{OTHER}:role/game", f"of account {OTHER}", ACCOUNT),
    (f"{GAME}.gameServiceRoleArn", REMOVED, "nothing", "the ARN of the role"),
    # TypeRush: where it is
    (f"{GAME}.region", "Singapore", "'Singapore'", "the name of an AWS region"),
    (f"{GAME}.network", REMOVED, "nothing", "vpcId, subnetIds, securityGroupId"),
    (f"{GAME}.network", ["vpc-1"], "a list", "a map of settings"),
    (f"{GAME}.network.vpcId", "vpc-1", "'vpc-1'", "'vpc-' and 8 or 17 hexadecimal digits"),
    (f"{GAME}.network.vpcId", 17, "17", "text"),
    (f"{GAME}.network.securityGroupId", "default", "'default'", "'sg-'"),
    (f"{GAME}.network.subnetIds", ["subnet-0a1b2c3d"], "subnet-0a1b2c3d", "2 to 16 subnets"),
    (f"{GAME}.network.subnetIds", ["subnet-0a1b2c3d"] * 2, "subnet-0a1b2c3d", "each once"),
    (f"{GAME}.network.subnetIds", ["subnet-0a1b2c3d", "net-2"], "'net-2'", "'subnet-' and 8 or 17"),
    (f"{GAME}.network.subnetIds", "subnet-0a1b2c3d", "'subnet-0a1b2c3d' (text)", "a list"),
    (f"{GAME}.network.subnetId", "subnet-0a1b2c3d", "a key that nothing reads", "subnetIds"),
    (f"{GAME}.database.securityGroupId", "sg-xyz", "'sg-xyz'", "'sg-'"),
    # the model
    (f"{GAME}.model", "haiku", "'haiku'", "'<provider>.<model>'"),
    (
        f"{GAME}.inferenceProfile",
        {"arn": f"arn:aws:bedrock:{REGION}:{ACCOUNT}:inference-profile/x", "modelArns": []},
        "empty",
        "the model's ARN in each region",
    ),
    (f"{GAME}.model", REMOVED, "nothing, and no inferenceProfile", "one of the two"),
    # the API
    (f"{GAME}.api.throttling.rateLimit", 0, "0.0", "more than 0"),
    (f"{GAME}.api.throttling.burstLimit", -1, "-1", "more than 0"),
    (f"{GAME}.api.throttling.burstLimit", 1.5, "1.5", "a whole number"),
    (f"{GAME}.api.authorizer", {"issuer": "https://x"}, "nothing", "the audiences"),
    (f"{GAME}.api.cors", {"origins": ["https://x"], "methods": ["FOO"]}, "'FOO'", "GET, POST, PUT"),
    (f"{GAME}.api.cors", {"origins": ["https://x"], "headers": [""]}, "''", "names of HTTP headers"),
    (f"{GAME}.api.cors", {"origins": []}, "empty", "at least one origin"),
    (f"{GAME}.api.cors", {"origins": ["https://x"], "maxAgeS": 86_401}, "86401", "-1 to 86400 seconds"),
    (f"{GAME}.api.existingExecutionArn", f"arn:aws:execute-api:{REGION}:{ACCOUNT}:x/*", "x/*", "execute-api"),
    # services
    (f"{RECORD}.memoryMb", 100, "100", "128 to 10240 MB"),
    (f"{RECORD}.memoryMb", 10_241, "10241", "128 to 10240 MB"),
    (f"{RECORD}.memoryMb", "512", "'512' (text)", "a whole number"),
    (f"{RECORD}.memoryMb", True, "true", "a whole number"),
    (f"{RECORD}.timeoutS", 901, "901", "1 to 900 seconds"),
    (f"{RECORD}.timeoutS", 0, "0", "1 to 900 seconds"),
    (f"{RECORD}.ephemeralStorageMb", 511, "511", "512 to 10240 MB"),
    (f"{RECORD}.ephemeralStorageMb", 20_000, "20000", "512 to 10240 MB"),
    (f"{RECORD}.logLevel", "loud", "'loud'", "TRACE, DEBUG, INFO"),
    (f"{RECORD}.runtime", "nodejs25.x", "'nodejs25.x'", "nodejs24.x"),
    (f"{RECORD}.runtime", "python3.12", "'python3.12'", "nodejs22.x"),
    (f"{GAME}.textService.runtime", "nodejs24.x", "'nodejs24.x'", "python3.12"),
    (f"{RECORD}.reservedConcurrency", -1, "-1", "0 or more"),
    (f"{RECORD}.provisionedConcurrency", {"min": 3, "max": 2}, "min 3, max 2", "1 <= min <= max"),
    (f"{RECORD}.provisionedConcurrency", {"min": 0, "max": 0}, "min 0, max 0", "1 <= min <= max"),
    (f"{RECORD}.provisionedConcurrency", 1, "1", "a map of settings"),
    (f"{RECORD}.traffic", {"codeDeploy": {"percent": 100}}, "100", "1 to 99 %"),
    (f"{RECORD}.traffic", {"codeDeploy": {"minutes": 2_881}}, "2881", "1 to 2880 minutes"),
    (f"{RECORD}.traffic", {"heldBack": {"version": "7", "percent": 0}}, "0", "1 to 99 %"),
    (f"{RECORD}.traffic", {"heldBack": {"version": "live", "percent": 9}}, "'live'", "a published version"),
    (f"{RECORD}.functionUrl", "yes", "'yes' (text)", "true or false"),
    (f"{RECORD}.memory", 512, "a key that nothing reads", "memoryMb, timeoutS"),
]


@pytest.mark.parametrize(
    ("path", "value", "found", "allowed"), SINGLE, ids=[f"{case[0]}={case[1]!r:.40}" for case in SINGLE]
)
def test_a_single_mistake_is_told_at_its_path(path: str, value: Any, found: str, allowed: str) -> None:
    told = sample.mistakes(changed({path: value}))
    assert [mistake.path.startswith(path) for mistake in told] == [True], told
    assert found in told[0].found
    assert allowed in told[0].allowed
    assert "pulumi config" in told[0].mend
    assert told[0].path in told[0].mend


def test_mistakes_in_lists_and_maps_have_the_whole_path() -> None:
    config = changed(
        {
            "aws:allowedAccountIds": [111122223333],
            f"{GAME}.api.authorizer": {"issuer": "http://x", "audience": []},
            f"{GAME}.model": REMOVED,
            f"{GAME}.inferenceProfile": {
                "arn": f"arn:aws:bedrock:{REGION}:{ACCOUNT}:inference-profile/x",
                "modelArns": [f"arn:aws:bedrock:{REGION}::foundation-model/a.b", "haiku"],
            },
        }
    )
    assert [mistake.path for mistake in sample.mistakes(config)] == [
        "aws:allowedAccountIds[0]",
        f"{GAME}.inferenceProfile.modelArns[1]",
        f"{GAME}.api.authorizer.issuer",
        f"{GAME}.api.authorizer.audience",
    ]


def test_settings_of_the_default_provider_that_no_system_gets() -> None:
    config = changed({"aws:profile": "production", "aws:secretKey": SECRET, "aws:allowedAccountId": ACCOUNT})
    account, profile, key = sample.mistakes(config, secrets=["aws:secretKey"])
    assert [each.path for each in (account, profile, key)] == [
        "aws:allowedAccountId",
        "aws:profile",
        "aws:secretKey",
    ]
    assert profile.allowed == "aws:region, aws:allowedAccountIds"
    assert "AWS_PROFILE" in profile.mend
    assert "pulumi config rm --stack dev aws:profile" in profile.mend
    assert account.mend.startswith("Did you mean allowedAccountIds?")
    assert SECRET not in f"{key}{profile}"


def test_an_account_in_digits_is_to_be_quoted() -> None:
    (mistake,) = sample.mistakes(changed({"aws:allowedAccountIds": [111122223333]}))
    assert (mistake.found, mistake.allowed) == ("111122223333", "text")
    assert mistake.mend.startswith("Quote it in YAML.")


def test_provisioned_above_reserved() -> None:
    (mistake,) = sample.mistakes(
        changed({RECORD: {"reservedConcurrency": 2, "provisionedConcurrency": {"min": 1, "max": 3}}})
    )
    assert mistake.path == f"{RECORD}.provisionedConcurrency"
    assert mistake.found == "3 of 2 reserved"
    assert mistake.mend.startswith("Raise reservedConcurrency or lower provisionedConcurrency.")


def test_provisioned_above_reserved_is_told_beside_other_mistakes_of_the_service() -> None:
    wanted = {"memoryMb": 100, "reservedConcurrency": 2, "provisionedConcurrency": {"min": 4, "max": 3}}
    told = {mistake.path: mistake for mistake in sample.mistakes(changed({RECORD: wanted}))}
    assert set(told) == {f"{RECORD}.memoryMb", f"{RECORD}.provisionedConcurrency"}
    assert told[f"{RECORD}.provisionedConcurrency"].found == "min 4, max 3; 3 of 2 reserved"


@pytest.mark.parametrize(
    ("traffic", "found"),
    [
        ({}, "nothing, and no heldBack"),
        ({"heldBack": {"version": "7", "percent": 9}, "codeDeploy": {}}, "heldBack beside codeDeploy"),
    ],
)
def test_traffic_moves_in_one_way(traffic: dict[str, Any], found: str) -> None:
    (mistake,) = sample.mistakes(changed({f"{RECORD}.traffic": traffic}))
    assert (mistake.path, mistake.found) == (f"{RECORD}.traffic.codeDeploy", found)
    assert f"--path '{RECORD}.traffic.codeDeploy' VALUE" in mistake.mend


def test_a_key_that_is_written_as_the_program_does_is_told_as_it_is_written() -> None:
    (mistake,) = sample.mistakes(changed({f"{RECORD}.memory_mb": 512}))
    assert mistake.path == f"{RECORD}.memory_mb"
    assert mistake.mend.startswith("Did you mean memoryMb?")


def test_a_model_beside_an_inference_profile() -> None:
    profile = {
        "arn": f"arn:aws:bedrock:{REGION}:{ACCOUNT}:inference-profile/x",
        "modelArns": ["arn:aws:bedrock:eu-west-1::foundation-model/a.b"],
    }
    (mistake,) = sample.mistakes(changed({f"{GAME}.inferenceProfile": profile}))
    assert mistake.path == f"{GAME}.model"
    assert mistake.found == "'anthropic.claude-3-haiku-20240307-v1:0' beside an inferenceProfile"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("throttling", {"rateLimit": 100, "burstLimit": 200}),
        ("authorizer", {"issuer": "https://x", "audience": ["y"]}),
        ("cors", {"origins": ["https://x"]}),
    ],
)
def test_an_existing_api_keeps_its_own(key: str, value: Any) -> None:
    api = {key: value, "existingExecutionArn": f"arn:aws:execute-api:{REGION}:{ACCOUNT}:a1b2c3d4e5"}
    (mistake,) = sample.mistakes(changed({f"{GAME}.api": api}))
    assert mistake.path == f"{GAME}.api.existingExecutionArn"
    assert mistake.found.endswith(f"beside {key}")


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        (f"{FLEET}:logRetentionDay", "logRetentionDays"),
        (f"{GAME}.reccordService", "recordService"),
        (f"{GAME}.network.vpcid", "vpcId"),
        (f"{RECORD}.memoryMB", "memoryMb"),
        (f"{RECORD}.timeout", "timeoutS"),
    ],
)
def test_an_unknown_key_asks_what_was_meant(wrong: str, right: str) -> None:
    (mistake,) = sample.mistakes(changed({wrong: "value"}))
    assert mistake.path == wrong
    assert mistake.mend == (
        f"Did you mean {right}? Rename it in Pulumi.dev.yaml, "
        f"or: pulumi config rm --stack dev --path '{wrong}'"
    )


def test_an_unknown_key_that_resembles_nothing() -> None:
    (mistake,) = sample.mistakes(changed({f"{FLEET}:zzz": "value"}))
    assert mistake.mend.startswith("Rename it in Pulumi.dev.yaml")


def test_a_runtime_that_was_mistyped_asks_what_was_meant() -> None:
    (mistake,) = sample.mistakes(changed({f"{RECORD}.runtime": "nodejs24"}))
    assert mistake.mend.startswith("Did you mean nodejs24.x?")


def test_a_system_that_is_deployed_needs_its_settings() -> None:
    absents: tuple[Any, ...] = (REMOVED, {})
    for absent in absents:
        told = sample.mistakes(changed({GAME: absent}))
        assert {mistake.path for mistake in told} == {
            f"{GAME}.{key}" for key in ("region", "network", "database", "gameServiceRoleArn", "model")
        }


def test_settings_of_a_system_that_is_not_deployed_are_checked_too() -> None:
    config = changed({f"{FLEET}:systems": [], f"{RECORD}.memoryMb": 100})
    assert [mistake.path for mistake in sample.mistakes(config)] == [f"{RECORD}.memoryMb"]


@pytest.mark.parametrize(
    ("stack", "found"),
    [
        ("a" * 41, "the function name 'typerush-" + "a" * 41 + "-record-service' is 65 characters long"),
        ("Dev", "stage is 'Dev'"),
        ("dev_1", "stage is 'dev_1'"),
    ],
)
def test_a_stacks_name_that_makes_impossible_names(stack: str, found: str) -> None:
    (mistake,) = sample.mistakes(STAGE, stack=stack)
    assert mistake.path == f"the stack's name, {stack}"
    assert mistake.found == found
    assert f"pulumi stack rename --stack {stack}" in mistake.mend


def test_the_longest_stack_name_that_fits() -> None:
    assert sample.load(STAGE, stack="a" * 40).name == "a" * 40


def test_all_mistakes_of_a_stage_are_told_at_once() -> None:
    config = changed(
        {
            "aws:region": "mars",
            "aws:allowedAccountIds": [],
            f"{FLEET}:packages": "lamda",
            f"{FLEET}:protekt": "true",
            f"{GAME}.network.subnetIds": ["subnet-1"],
            f"{GAME}.database.secretArn": "secret",
            f"{RECORD}.memoryMb": 100,
            f"{GAME}.textService.timeoutS": 901,
            f"{GAME}.textService.memory": 1,
        }
    )
    told = sample.mistakes(config, stack="b" * 41)
    assert [mistake.path for mistake in told] == [
        f"the stack's name, {'b' * 41}",
        "aws:region",
        "aws:allowedAccountIds",
        f"{FLEET}:packages",
        f"{FLEET}:protekt",
        f"{GAME}.network.subnetIds",
        f"{GAME}.database.secretArn",
        f"{RECORD}.memoryMb",
        f"{GAME}.textService.timeoutS",
        f"{GAME}.textService.memory",
    ]


def test_the_message_says_everything_and_pulumi_prints_no_traceback() -> None:
    with pytest.raises(SettingsError) as refused:
        sample.load(changed({f"{RECORD}.memoryMb": 100}))
    assert isinstance(refused.value, pulumi.RunError)
    assert str(refused.value) == (
        "stage dev: a setting can't be used:\n"
        "  lambda-fleet:typerush.recordService.memoryMb\n"
        "    found:   100\n"
        "    allowed: 128 to 10240 MB\n"
        "    mend:    Edit Pulumi.dev.yaml, or: pulumi config set --stack dev --path "
        "'lambda-fleet:typerush.recordService.memoryMb' VALUE"
    )


SECRET = "pa55word-that-nobody-may-see"


@pytest.mark.parametrize("key", [f"{FLEET}:codeBucket", f"{FLEET}:logRetentionDays", f"{FLEET}:unknown"])
def test_an_encrypted_setting_is_refused_without_showing_it(key: str) -> None:
    (mistake,) = sample.mistakes(changed({key: SECRET}), secrets=[key])
    assert mistake.path == key
    assert mistake.found == "encrypted"
    assert "--plaintext" in mistake.mend
    assert SECRET not in str(mistake)


def test_a_secret_inside_a_map_hides_the_whole_map() -> None:
    (mistake,) = sample.mistakes(changed({f"{GAME}.network.vpcId": SECRET}), secrets=[GAME])
    assert mistake.path == GAME
    assert SECRET not in str(mistake)


def test_secrets_of_others_are_none_of_our_business() -> None:
    assert sample.load(changed({"other:password": SECRET}), secrets=["other:password"])
