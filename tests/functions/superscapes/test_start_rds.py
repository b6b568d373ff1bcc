from __future__ import annotations

import json
from types import ModuleType
from typing import Any

import pytest
from botocore.exceptions import ConnectTimeoutError

from tests.functions.superscapes.conftest import FUNCTIONS, INSTANCE, Aws, LambdaContext, Load, LogLines

HTTP = json.loads((FUNCTIONS / "start_rds/events/http-start.json").read_text())
SCHEDULED = json.loads((FUNCTIONS / "start_rds/events/office-hours.json").read_text())


@pytest.fixture
def start_rds(load: Load, aws: Aws, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    module = load("start_rds")
    monkeypatch.setattr(module, "_rds", lambda: aws.clients["rds"])
    return module


def call(module: ModuleType, event: Any = None) -> tuple[int, dict[str, str]]:
    answer = module.lambda_handler(event, LambdaContext())
    assert answer["headers"]["content-type"] == "application/json"
    return answer["statusCode"], json.loads(answer["body"])


@pytest.mark.parametrize("event", [{}, HTTP, SCHEDULED, None])
def test_a_stopped_instance_is_started(start_rds: ModuleType, aws: Aws, event: Any) -> None:
    aws.describes("stopped")
    aws.does("start_db_instance")
    assert call(start_rds, event) == (
        200,
        {"message": "RDS instance starting", "instance_id": INSTANCE},
    )


@pytest.mark.parametrize("status", ["available", "starting", "stopping", "backing-up", "modifying"])
def test_any_other_status_is_told(start_rds: ModuleType, aws: Aws, status: str) -> None:
    aws.describes(status)
    assert call(start_rds) == (200, {"message": f"RDS already {status}", "instance_id": INSTANCE})


def test_two_that_start_it_at_once_both_get_an_answer(start_rds: ModuleType, aws: Aws) -> None:
    aws.describes("stopped")
    aws.refuses("start_db_instance", "InvalidDBInstanceState")
    aws.describes("starting")
    assert call(start_rds) == (200, {"message": "RDS already starting", "instance_id": INSTANCE})


@pytest.mark.parametrize("code", ["DBInstanceNotFound", "DBInstanceNotFoundFault"])
def test_no_such_instance(start_rds: ModuleType, aws: Aws, log_lines: LogLines, code: str) -> None:
    aws.refuses("describe_db_instances", code)
    assert call(start_rds) == (404, {"error": "RDS instance not found", "instance_id": INSTANCE})
    (line,) = log_lines()
    assert (line["level"], line["message"]) == (
        "ERROR",
        "rds:DescribeDBInstances: there is no such instance",
    )


def test_a_missing_permission_is_named_in_the_log_only(
    start_rds: ModuleType, aws: Aws, log_lines: LogLines
) -> None:
    aws.describes("stopped")
    aws.refuses("start_db_instance", "AccessDenied")
    assert call(start_rds, HTTP) == (500, {"error": "internal error", "instance_id": INSTANCE})
    (line,) = log_lines()
    assert line["message"] == "rds:StartDBInstance is denied to the function's role"
    assert (line["level"], line["requestId"], line["instance_id"]) == ("ERROR", "request-1", INSTANCE)


def test_another_error_of_rds(start_rds: ModuleType, aws: Aws, log_lines: LogLines) -> None:
    aws.refuses("describe_db_instances", "Throttling")
    assert call(start_rds) == (500, {"error": "internal error", "instance_id": INSTANCE})
    assert log_lines()[0]["message"] == "rds:DescribeDBInstances failed"


def test_rds_cannot_be_reached(
    start_rds: ModuleType, log_lines: LogLines, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(_instance: str) -> str:
        raise ConnectTimeoutError(endpoint_url="https://rds.us-east-1.amazonaws.com")

    monkeypatch.setattr(start_rds, "_status", unreachable)
    assert call(start_rds) == (500, {"error": "internal error", "instance_id": INSTANCE})
    assert log_lines()[0]["message"] == "RDS can't be reached"


def test_a_schedule_is_told_of_failures_by_an_error(start_rds: ModuleType, aws: Aws) -> None:
    """It reads no answers: only what is raised is tried again, kept as a dead letter, and counted."""
    aws.refuses("describe_db_instances", "AccessDenied")
    with pytest.raises(start_rds.FailedError, match="internal error"):
        call(start_rds, SCHEDULED)


def test_what_is_done_is_logged_as_lambda_reads_it(
    start_rds: ModuleType, aws: Aws, log_lines: LogLines
) -> None:
    aws.describes("available")
    call(start_rds)
    (line,) = log_lines()
    assert line.keys() == {"timestamp", "level", "message", "requestId", "instance_id"}
    assert (line["level"], line["message"]) == ("INFO", "RDS already available")


def test_an_answer_comes_before_an_http_api_gives_up(load: Load) -> None:
    config = load("start_rds")._rds().meta.config
    attempts = config.retries["total_max_attempts"]
    longest = 3 * (attempts * (config.connect_timeout + config.read_timeout) + 1)  # a second between attempts
    assert longest < 25
