"""The project's own files: every stage can be used, and the declared defaults are the program's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from components.systems.typerush import TypeRushArgs
from settings.fleet import FleetSettings
from settings.parsing import keys
from tests.settings import sample

ROOT = Path(__file__).parents[2]
FLEET = "lambda-fleet"

# As the sandbox's surroundings give them.
GIVEN = {
    "superscapes.dashboardBackendRoleArn": "arn:aws:iam::000000000000:role/dashboard-backend",
    "superscapes.databaseInstanceId": "ss-financial-local",
    "payments.network.vpcId": "vpc-0123456789abcdef0",
    "payments.network.subnetIds": ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"],
    "payments.network.securityGroupId": "sg-0123456789abcdef0",
    "spendsense.network.vpcId": "vpc-0123456789abcdef0",
    "spendsense.network.subnetIds": ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"],
    "spendsense.network.securityGroupId": "sg-0123456789abcdef0",
    "spendsense.database.secretArn": "arn:aws:secretsmanager:us-east-1:000000000000:secret:money-a1B2c3",
    "spendsense.database.securityGroupId": "sg-0123456789abcdef1",
    "spendsense.cognito.userPoolArn": "arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_AbC",
    "spendsense.cognito.secretArn": "arn:aws:secretsmanager:us-east-1:000000000000:secret:users-a1B2c3",
    "typerush.network.vpcId": "vpc-0123456789abcdef0",
    "typerush.network.subnetIds": ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"],
    "typerush.network.securityGroupId": "sg-0123456789abcdef0",
    "typerush.database.secretArn": "arn:aws:secretsmanager:ap-southeast-1:000000000000:secret:game-a1B2c3",
    "typerush.database.securityGroupId": "sg-0123456789abcdef1",
    "typerush.gameServiceRoleArn": "arn:aws:iam::000000000000:role/typerush-local-game-service",
}


def _read(name: str) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))
    return content


def _declared() -> dict[str, dict[str, Any]]:
    declared: dict[str, dict[str, Any]] = _read("Pulumi.yaml")["config"]
    return declared


def _stage(name: str) -> dict[str, Any]:
    """Give a stage as Pulumi gives it to the program: with the project's defaults."""
    defaults = {
        f"{FLEET}:{key}": entry["default"] for key, entry in _declared().items() if "default" in entry
    }
    config: dict[str, Any] = defaults | _read(f"Pulumi.{name}.yaml")["config"]
    if name == "local":
        config = sample.changed({f"{FLEET}:{path}": value for path, value in GIVEN.items()}, config)
    return config


@pytest.mark.parametrize("path", sorted(ROOT.glob("Pulumi.*.yaml")), ids=lambda path: path.name)
def test_every_stage_loads(path: Path) -> None:
    name = path.name.split(".")[1]
    stage = sample.load(_stage(name), stack=name)
    assert stage.name == name
    assert list(stage.systems) == ["typerush", "superscapes", "spendsense", "payments", "hoopstat"]


def test_local_lacks_only_what_the_sandbox_gives() -> None:
    config = _read("Pulumi.local.yaml")["config"]
    told = sample.mistakes(config, stack="local")
    assert [mistake.path for mistake in told] == [
        *(f"{FLEET}:typerush.{key}" for key in ("network", "database", "gameServiceRoleArn")),
        *(f"{FLEET}:superscapes.{key}" for key in ("dashboardBackendRoleArn", "databaseInstanceId")),
        *(f"{FLEET}:spendsense.{key}" for key in ("network", "database", "cognito")),
        f"{FLEET}:payments.network",
    ]
    given = _read("surroundings.yaml")["stacks"]["local"]["config"]
    assert set(given) == {f"{FLEET}:{path}" for path in GIVEN}


def test_the_stages_differ_where_they_should() -> None:
    stages = [sample.load(_stage(name), stack=name).systems["typerush"] for name in ("local", "dev", "prod")]
    local, dev, prod = (args for args in stages if isinstance(args, TypeRushArgs))
    assert len({args.scope.account for args in (local, dev, prod)}) == 3
    assert [args.common.packages.target.value for args in (local, dev, prod)] == [
        "machine",
        "lambda",
        "lambda",
    ]
    assert [args.common.log_retention_days for args in (local, dev, prod)] == [7, 7, 90]
    assert [args.common.protect for args in (local, dev, prod)] == [False, False, True]
    assert [args.common.alarm_topic_arn is not None for args in (local, dev, prod)] == [False, True, True]
    assert [args.api.authorizer is not None for args in (local, dev, prod)] == [False, False, True]
    assert [args.record_service.function_url for args in (local, dev, prod)] == [True, False, False]
    provisioned = [args.record_service.provisioned_concurrency for args in (local, dev, prod)]
    assert [wanted and (wanted.min, wanted.max) for wanted in provisioned] == [None, None, (1, 1)]
    assert all(args.text_service.provisioned_concurrency is None for args in (local, dev, prod))


def test_every_key_is_declared_and_described() -> None:
    declared = _declared()
    assert list(declared) == keys(FleetSettings)
    assert all(entry["type"] and entry["description"] for entry in declared.values())


def test_declared_defaults_are_the_programs() -> None:
    for field in FleetSettings.model_fields.values():
        entry = _declared()[field.alias or ""]
        if field.is_required():
            assert "default" not in entry
        else:
            assert entry["default"] == (field.default if field.default is not None else entry["default"])
            # None is written as the empty value of the key's type.
            assert field.default is not None or entry["default"] in ("", {})


def test_the_project_has_an_interpreter_of_its_own() -> None:
    assert _read("Pulumi.yaml")["runtime"]["options"]["virtualenv"] == ".venv"


def test_no_file_holds_a_real_account() -> None:
    documented = {"000000000000", "111122223333", "444455556666"}
    for name in ("local", "dev", "prod"):
        assert set(_stage(name)["aws:allowedAccountIds"]) <= documented
