from __future__ import annotations

from typing import Any

import pytest

from components.systems.superscapes import SuperscapesArgs
from tests.settings.sample import ACCOUNT, STAGE, changed, load, mistakes

KEY = "lambda-fleet:superscapes"
SUPERSCAPES = changed(
    {
        "lambda-fleet:systems": ["superscapes"],
        f"{KEY}.region": "us-east-1",
        f"{KEY}.dashboardBackendRoleArn": f"arn:aws:iam::{ACCOUNT}:role/backend",
        f"{KEY}.databaseInstanceId": "ss-financial-dev",
    },
    STAGE,
)


def loaded(**choices: Any) -> SuperscapesArgs:
    stage = load(changed({f"{KEY}.{path}": value for path, value in choices.items()}, SUPERSCAPES))
    (args,) = stage.systems.values()
    assert isinstance(args, SuperscapesArgs)
    return args


def test_a_small_stage_takes_the_components_defaults() -> None:
    args = loaded()
    assert args.database.arn == f"arn:aws:rds:us-east-1:{ACCOUNT}:db:ss-financial-dev"
    assert args.dashboard_backend_role_arn == f"arn:aws:iam::{ACCOUNT}:role/backend"
    assert (args.idle_minutes, args.check, args.office_hours) == (60, "rate(15 minutes)", None)
    assert (args.start_rds, args.auto_stop_rds) == (SuperscapesArgs.start_rds, SuperscapesArgs.auto_stop_rds)


def test_everything_that_can_be_said_arrives() -> None:
    args = loaded(
        idleMinutes=20,
        check="rate(5 minutes)",
        officeHours="cron(0 7 ? * MON-FRI *)",
        api={"throttling": {"rateLimit": 5, "burstLimit": 10}},
        startRds={"memoryMb": 256, "functionUrl": True},
        autoStopRds={"timeoutS": 60, "logLevel": "debug"},
    )
    assert (args.idle_minutes, args.check, args.office_hours) == (
        20,
        "rate(5 minutes)",
        "cron(0 7 ? * MON-FRI *)",
    )
    assert (args.throttling.rate_limit, args.throttling.burst_limit) == (5, 10)
    assert (args.start_rds.memory_mb, args.start_rds.function_url) == (256, True)
    assert (args.auto_stop_rds.timeout_s, args.auto_stop_rds.log_level) == (60, "debug")


@pytest.mark.parametrize(
    ("path", "value", "allowed"),
    [
        ("check", "every minute", "'rate(1 hour)', 'rate(15 minutes)', or in UTC"),
        ("officeHours", "cron(0 7 * * *)", "in UTC 'cron(0 8 ? * MON-FRI *)'"),
        ("databaseInstanceId", "arn:aws:rds:us-east-1:1:db:x", "1 to 63 letters, digits and single hyphens"),
        ("dashboardBackendRoleArn", "arn:aws:iam::999988887777:role/backend", f"account {ACCOUNT}"),
        ("idleMinutes", 0, "1 or more"),
        ("idleMinute", 30, "idleMinutes"),
    ],
)
def test_a_mistake_is_told_at_its_path(path: str, value: object, allowed: str) -> None:
    (mistake,) = mistakes(changed({f"{KEY}.{path}": value}, SUPERSCAPES))
    assert mistake.path == f"{KEY}.{path}"
    assert allowed in mistake.allowed
