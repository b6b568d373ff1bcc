"""What only a whole system shows to be impossible: told with everything else, at the key that is meant."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pulumi
import pytest

import bundling
from settings import Mistake
from tests.components.sample import bundle
from tests.settings import sample
from tests.settings.sample import ACCOUNT, OTHERS, REGION, SIGNED, STAGE, changed

FLEET = "lambda-fleet"
SECRET = f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:gold-a1B2c3"
EVERYTHING = changed(
    {
        f"{FLEET}:systems": ["typerush", *OTHERS],
        **{f"{FLEET}:{name}": said for name, said in OTHERS.items()},
    }
)


def told(changes: dict[str, Any], *, stack: str = "dev") -> dict[str, Mistake]:
    said = changed({f"{FLEET}:{path}": value for path, value in changes.items()}, EVERYTHING)
    return {mistake.path.removeprefix(f"{FLEET}:"): mistake for mistake in sample.mistakes(said, stack=stack)}


def test_everything_impossible_of_all_systems_is_told_at_once() -> None:
    profile = f"arn:aws:bedrock:{REGION}:{ACCOUNT}:inference-profile/x"
    impossible = {
        "typerush.recordService.memoryMb": 100,
        "typerush.textService.runtime": "python3.13",
        "typerush.inferenceProfile": {"arn": profile, "modelArns": []},
        "typerush.api.cors": {"origins": ["https://game.example"], "maxAgeS": 100_000},
        "payments.paymentProcessor.traffic": {"codeDeploy": {"percent": 150, "minutes": 0}},
        "payments.imageProcessor.traffic": {"heldBack": {"version": "$LATEST", "percent": 0}},
        "payments.accounts.functionUrl": True,
        "spendsense.api.origins": ["*"],
        "spendsense.apiFunction.runtime": "python3.14",
        "hoopstat.mcpServer.functionUrl": True,
    }
    stack = "a" * 30
    assert set(told(impossible, stack=stack)) == {
        f"the stack's name, {stack}",
        "typerush.recordService.memoryMb",
        "typerush.textService.runtime",
        "typerush.inferenceProfile.modelArns",
        "typerush.api.cors.maxAgeS",
        "payments.paymentProcessor.traffic.codeDeploy.percent",
        "payments.paymentProcessor.traffic.codeDeploy.minutes",
        "payments.imageProcessor.traffic.heldBack.version",
        "payments.imageProcessor.traffic.heldBack.percent",
        "payments.accounts.functionUrl",
        "spendsense.api.origins",
        "spendsense.apiFunction.runtime",
        "hoopstat.mcpServer.functionUrl",
    }


def test_a_setting_without_a_default_is_mended_before_its_system_is_judged() -> None:
    changes = {"spendsense.database.secretArn": "x", "spendsense.apiFunction.runtime": "python3.14"}
    assert set(told(changes)) == {"spendsense.database.secretArn"}


@pytest.mark.parametrize(
    ("path", "value", "found", "allowed"),
    [
        ("typerush.textService.runtime", "python3.13", "'python3.13'", "the layer text-layer is built for"),
        ("spendsense.assignPersona.runtime", "python3.12", "'python3.12'", "'python3.11'"),
        ("spendsense.api.origins", ["*"], "'*'", "the front ends' origins"),
        ("payments.accounts.functionUrl", True, "True", "False"),
        ("spendsense.apiFunction.functionUrl", True, "True", "False"),
        ("hoopstat.bronzeIngestion.deadLetters", False, "False", "True"),
        ("hoopstat.mcpServer.signedPackage", SIGNED, "given for a container image", "nothing"),
        ("hoopstat.mcpServer.secrets", {"GOLD_BUCKET": SECRET}, "'GOLD_BUCKET'", "SILVER_BUCKET are its own"),
    ],
)
def test_a_mistake_is_told_at_its_path(path: str, value: Any, found: str, allowed: str) -> None:
    mistakes = told({path: value}, stack="prod")
    assert list(mistakes) == [path]
    assert found in mistakes[path].found
    assert allowed in mistakes[path].allowed
    assert f"pulumi config set --stack prod --path '{FLEET}:{path}' VALUE" in mistakes[path].mend


def test_every_name_that_a_stacks_name_makes_too_long() -> None:
    stack = "a" * 30
    mistakes = sample.mistakes(EVERYTHING, stack=stack)
    assert {mistake.path for mistake in mistakes} == {f"the stack's name, {stack}"}
    bucket = f"the bucket name 'hoopstat-haus-{stack}-bronze-{ACCOUNT}-us-east-1' is"
    assert [mistake.found.startswith(bucket) for mistake in mistakes].count(True) == 1
    assert all(f"pulumi stack rename --stack {stack}" in mistake.mend for mistake in mistakes)


def test_what_has_no_key_is_told_of_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    def large(source: Any, target: bundling.Target, *, project: Any) -> bundling.Bundle:
        return replace(bundle(source.as_posix(), target), size_bytes=60 * 1024 * 1024)

    monkeypatch.setattr(bundling, "build", large)
    mistakes = told({"spendsense.apiFunction.functionUrl": True, "hoopstat.mcpServer.functionUrl": True})
    assert list(mistakes) == [
        "typerush",
        "spendsense.apiFunction.functionUrl",
        "spendsense",
        "payments",
        "hoopstat.mcpServer.functionUrl",
    ]
    assert mistakes["typerush"].found == "package typerush-text-layer: its size is 60.0 MB"
    assert "codeBucket" in mistakes["typerush"].mend
    assert told({"codeBucket": "packages-111122223333"}) == {}


def test_a_package_that_cannot_be_built_waits_for_settings_that_are_right(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(source: Any, target: bundling.Target, *, project: Any) -> bundling.Bundle:
        raise bundling.BundleError(f"{source} is empty")

    monkeypatch.setattr(bundling, "build", broken)
    (mistake,) = sample.mistakes(changed({f"{FLEET}:typerush.recordService.memoryMb": 100}, EVERYTHING))
    assert mistake.path.endswith("memoryMb")
    with pytest.raises(pulumi.RunError, match="text_layer is empty"):
        sample.load(STAGE)
