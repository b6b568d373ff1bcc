from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from types import ModuleType

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from tests.functions.superscapes.conftest import FUNCTIONS, Aws, LambdaContext, Load, LogLines, module_of

NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
SCHEDULED = json.loads((FUNCTIONS / "auto_stop_rds/events/health.json").read_text())


@pytest.fixture
def auto_stop(load: Load, aws: Aws, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    module = load("auto_stop_rds")

    class Clock(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            del tz
            return NOW

    monkeypatch.setattr(module, "datetime", Clock)
    monkeypatch.setattr(module, "_client", aws.clients.__getitem__)
    return module


def call(module: ModuleType) -> dict[str, str]:
    answer = module.lambda_handler(SCHEDULED, LambdaContext())
    assert answer["statusCode"] == 200
    body: dict[str, str] = json.loads(answer["body"])
    return body


def used(aws: Aws, when: str) -> None:
    aws.has({"value": {"S": when}})


def test_without_an_item_nothing_is_stopped(auto_stop: ModuleType, aws: Aws) -> None:
    aws.has(None)
    assert call(auto_stop) == {"message": "No activity data found"}


@pytest.mark.parametrize(
    "when",
    [
        "2026-01-31T10:59:59+00:00",
        "2026-01-31T10:59:59Z",
        "2026-01-31T10:59:59",
        "2026-01-31T10:59:59.999999",
        "2026-01-31 10:59:59",
        "2026-01-31T12:59:59+02:00",
        "2026-01-30",
    ],
)
def test_an_idle_instance_is_stopped(auto_stop: ModuleType, aws: Aws, when: str) -> None:
    used(aws, when)
    aws.describes("available")
    aws.does("stop_db_instance")
    assert call(auto_stop) == {"message": "RDS stopped due to inactivity", "last_activity": when}


@pytest.mark.parametrize(
    "when",
    [
        "2026-01-31T11:00:00Z",  # idle for exactly as long as it may
        "2026-01-31T11:30:00",
        "2026-01-31T13:30:00+02:00",
        "2026-01-31T12:00:04Z",  # the backend's clock is ahead by a moment
    ],
)
def test_a_busy_instance_is_left_running(auto_stop: ModuleType, aws: Aws, when: str) -> None:
    used(aws, when)
    assert call(auto_stop) == {"message": "RDS still active", "last_activity": when}


def test_how_long_it_may_be_idle_is_chosen(
    auto_stop: ModuleType, aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IDLE_MINUTES", "30")
    used(aws, "2026-01-31T11:29:00Z")
    aws.describes("available")
    aws.does("stop_db_instance")
    assert call(auto_stop)["message"] == "RDS stopped due to inactivity"


@pytest.mark.parametrize("status", ["stopped", "stopping", "starting", "modifying"])
def test_what_is_not_available_is_left_alone(auto_stop: ModuleType, aws: Aws, status: str) -> None:
    used(aws, "2026-01-31T01:00:00Z")
    aws.describes(status)
    assert call(auto_stop)["message"] == f"RDS left alone: it is {status}"


def test_somebody_else_stops_it_at_the_same_time(auto_stop: ModuleType, aws: Aws) -> None:
    used(aws, "2026-01-31T01:00:00Z")
    aws.describes("available")
    aws.refuses("stop_db_instance", "InvalidDBInstanceState")
    assert call(auto_stop)["message"] == "RDS left alone: it is no longer available"


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ({"S": "yesterday"}, "'yesterday' in the item last_rds_query_time isn't an ISO 8601 time"),
        ({"S": ""}, "isn't an ISO 8601 time"),
        ({"S": "1769860800"}, "isn't an ISO 8601 time"),
        ({"S": "2026-02-30T00:00:00Z"}, "isn't an ISO 8601 time"),
        ({"S": "2026-01-31T12:00:06Z"}, "lies in the future"),
        ({"S": "2026-01-31T12:30:00"}, "lies in the future"),
        ({"S": "2026-01-31T12:00:00-01:00"}, "lies in the future"),
        ({"N": "1769860800"}, "has no text in its attribute value"),
        (None, "has no text in its attribute value"),
    ],
)
def test_a_broken_time_is_an_error_and_stops_nothing(
    auto_stop: ModuleType, aws: Aws, log_lines: LogLines, value: dict[str, str] | None, fault: str
) -> None:
    aws.has({"value": value} if value else {})
    with pytest.raises(auto_stop.ActivityError, match=fault):
        call(auto_stop)
    (line,) = log_lines()
    assert line["level"] == "ERROR"
    assert fault in line["message"]
    assert line["message"].endswith("; the database is left as it is")


def test_a_missing_permission_is_named_in_the_log_and_raised(
    auto_stop: ModuleType, aws: Aws, log_lines: LogLines
) -> None:
    aws.refuses("get_item", "AccessDeniedException", service="dynamodb")
    with pytest.raises(ClientError):
        call(auto_stop)
    used(aws, "2026-01-31T01:00:00Z")
    aws.describes("available")
    aws.refuses("stop_db_instance", "AccessDenied")
    with pytest.raises(ClientError):
        call(auto_stop)
    told = [line["message"] for line in log_lines()]
    assert [message.partition(" ")[0] for message in told] == ["dynamodb:GetItem", "rds:StopDBInstance"]
    assert all("is denied to the function's role; the database is left as it is" in each for each in told)


def test_what_is_done_is_logged(auto_stop: ModuleType, aws: Aws, log_lines: LogLines) -> None:
    used(aws, "2026-01-31T11:30:00Z")
    call(auto_stop)
    (line,) = log_lines()
    assert (line["level"], line["message"], line["last_activity"], line["requestId"]) == (
        "INFO",
        "RDS still active",
        "2026-01-31T11:30:00Z",
        "request-1",
    )


ZONES = st.one_of(st.none(), st.integers(-14 * 60, 14 * 60).map(lambda m: timezone(timedelta(minutes=m))))


@given(minutes=st.integers(0, 10_000), zone=ZONES)
def test_every_zone_gives_the_same_time(minutes: int, zone: timezone | None) -> None:
    """Whatever zone a time is written in, or none, it is the same moment."""
    moment = NOW - timedelta(minutes=minutes)
    written = (moment.astimezone(zone) if zone else moment.replace(tzinfo=None)).isoformat()
    assert module_of("auto_stop_rds")._time(written, NOW) == moment
