"""bronze-ingestion: one object for each day, nothing twice, nothing lost."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.functions.hoopstat.conftest import CONTEXT, FUNCTIONS, Load

DAY = json.loads((FUNCTIONS / "bronze_ingestion" / "events" / "day.json").read_text())
GOOD = DAY["records"][1::-1]  # in the order of their lines
KEY = "raw/box-scores/date=2026-11-01/records.jsonl.gz"


class Ingestion:
    """The function, and the bucket that it writes to."""

    def __init__(self, handler: Callable[[Any, Any], dict[str, Any]], s3: Any, bucket: str) -> None:
        self._handler = handler
        self.s3 = s3
        self.bucket = bucket

    def __call__(self, event: Any) -> tuple[int, dict[str, Any]]:
        answer = self._handler(event, CONTEXT)
        return answer["statusCode"], json.loads(answer["body"])

    def versions(self, prefix: str = "") -> list[str]:
        listed = self.s3.list_object_versions(Bucket=self.bucket, Prefix=prefix)
        return [each["Key"] for each in listed.get("Versions", [])]

    def lines(self, key: str) -> list[Any]:
        content = self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()
        return [json.loads(line) for line in gzip.decompress(content).splitlines()]


@pytest.fixture
def ingest(load: Load, s3: Any, new_bucket: Callable[[], str]) -> Ingestion:
    bucket = new_bucket()
    return Ingestion(load("bronze_ingestion", BRONZE_BUCKET=bucket).lambda_handler, s3, bucket)


def test_a_day_is_one_object_with_a_checksum(ingest: Ingestion) -> None:
    status, told = ingest(DAY)
    assert (status, told["status"], told["key"]) == (200, "written", KEY)
    assert (told["records"], told["rejected"], told["duplicates"]) == (2, 1, 0)
    assert ingest.lines(KEY) == GOOD
    found = ingest.s3.get_object(Bucket=ingest.bucket, Key=KEY, ChecksumMode="ENABLED")
    digest = base64.b64encode(hashlib.sha256(found["Body"].read()).digest()).decode()
    assert found["ChecksumSHA256"] == told["sha256"] == digest
    assert (found["ContentType"], found["ContentEncoding"]) == ("application/x-ndjson", "gzip")


def test_the_same_day_again_changes_nothing(ingest: Ingestion) -> None:
    ingest(DAY)
    before = ingest.versions()
    status, told = ingest({**DAY, "records": DAY["records"][::-1] + GOOD})
    assert (status, told["status"], told["duplicates"]) == (200, "unchanged", 2)
    assert ingest.versions() == before


def test_a_corrected_day_is_a_new_version(ingest: Ingestion) -> None:
    ingest(DAY)
    corrected = [{**GOOD[0], "points": 33}]
    assert ingest({**DAY, "records": corrected})[1]["status"] == "replaced"
    assert ingest.lines(KEY) == corrected
    assert ingest.versions("raw/") == [KEY, KEY]


def test_bad_records_are_kept_aside_with_the_reason(ingest: Ingestion) -> None:
    bad: list[Any] = [
        "text",
        None,
        {"game_id": ""},
        {"game_id": True},
        {"game_id": 1, "date": "2026-10-31"},
        {"game_id": 1, "points": float("nan")},
    ]
    _, told = ingest({**DAY, "records": [*GOOD, *bad]})
    assert (told["records"], told["rejected"]) == (2, 6)
    kept = ingest.lines(told["rejectedKey"])
    assert told["rejectedKey"].startswith("rejected/box-scores/date=2026-11-01/")
    assert {each["reason"] for each in kept} == {
        "not an object",
        "game_id is missing, or neither text nor a number",
        "of another date",
        "a number that JSON does not know",
    }
    assert "text" in [each["record"] for each in kept]


def test_other_bad_records_do_not_take_the_place_of_the_first(ingest: Ingestion) -> None:
    ingest({**DAY, "records": ["one"]})
    ingest({**DAY, "records": ["two"]})
    ingest({**DAY, "records": ["two"]})
    keys = ingest.versions("rejected/")
    assert len(keys) == 2
    assert sorted(line["record"] for key in keys for line in ingest.lines(key)) == ["one", "two"]


def test_a_day_without_anything_good_leaves_what_is_there(ingest: Ingestion) -> None:
    ingest(DAY)
    assert ingest({**DAY, "records": ["bad"]})[1]["status"] == "nothing good"
    assert ingest.lines(KEY) == GOOD


def test_datasets_are_apart(ingest: Ingestion) -> None:
    _, told = ingest({**DAY, "dataset": "play-by-play"})
    assert told["key"] == "raw/play-by-play/date=2026-11-01/records.jsonl.gz"


def test_health(ingest: Ingestion) -> None:
    assert ingest({"action": "health"}) == (200, {"status": "ok", "bucket": ingest.bucket})
    assert ingest.versions() == []


@pytest.mark.parametrize(
    ("event", "fault"),
    [
        ([], "the event is []"),
        ({}, "date is None; allowed: a day as '2026-11-01'"),
        ({"date": "2026-02-30", "records": []}, "date is '2026-02-30'"),
        ({"date": "x" * 100, "records": []}, "..."),
        ({"date": "2026-11-01"}, "records is None; allowed: a list of objects"),
        ({"date": "2026-11-01", "records": {}}, "records is {}"),
        ({"date": "2026-11-01", "records": [], "dataset": "../secrets"}, "dataset is '../secrets'"),
        ({"date": "2026-11-01", "record": []}, "record is no field of an event"),
        ({"source": "aws.events", "time": "soon"}, "time is 'soon'"),
    ],
)
def test_a_bad_event_is_refused_and_nothing_written(
    ingest: Ingestion, caplog: pytest.LogCaptureFixture, event: Any, fault: str
) -> None:
    status, body = ingest(event)
    assert status == 400
    assert fault in body["error"]
    assert ingest.versions() == []
    (line,) = caplog.records
    assert (line.name, line.message) == ("bronze-ingestion", "refused")
    assert vars(line)["reason"] == body["error"]


def test_the_schedule_without_a_source_says_so(ingest: Ingestion, caplog: pytest.LogCaptureFixture) -> None:
    event = json.loads((FUNCTIONS / "bronze_ingestion" / "events" / "scheduled.json").read_text())
    assert ingest(event) == (
        200,
        {"dataset": "box-scores", "date": "2026-11-01", "status": "no source"},
    )
    (line,) = caplog.records
    assert line.levelname == "WARNING"


def test_a_fault_is_raised_so_that_it_is_tried_again(load: Load, s3: Any) -> None:
    ingest = Ingestion(load("bronze_ingestion", BRONZE_BUCKET="hoopstat-none").lambda_handler, s3, "")
    with pytest.raises(ClientError, match="NoSuchBucket"):
        ingest(DAY)


class Answer:
    """An answer of the source."""

    def __init__(self, content: bytes, status: int = 200) -> None:
        self.status = status
        self._content = content

    def read(self, most: int) -> bytes:
        return self._content[:most]

    def release_conn(self) -> None:
        """Nothing is held."""


@pytest.fixture
def source(
    load: Load, s3: Any, new_bucket: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> Callable[[Answer], Ingestion]:
    """The function with a source that gives an answer."""

    def with_answer(answer: Answer) -> Ingestion:
        bucket, url = new_bucket(), "https://stats.example/days/{date}.json"
        main = load("bronze_ingestion", BRONZE_BUCKET=bucket, SOURCE_URL=url)
        import ingestion.source  # type: ignore[import-not-found]  # the function's own

        def request(method: str, target: str, **rest: Any) -> Answer:
            assert (method, target) == ("GET", "https://stats.example/days/2026-11-01.json")
            return answer

        monkeypatch.setattr(ingestion.source._http, "request", request)
        return Ingestion(main.lambda_handler, s3, bucket)

    return with_answer


def test_the_schedule_ingests_the_day_before_from_its_source(source: Callable[[Answer], Ingestion]) -> None:
    ingest = source(Answer(json.dumps(GOOD).encode()))
    status, told = ingest({"source": "aws.events", "time": "2026-11-02T09:30:00Z"})
    assert (status, told["status"]) == (200, "written")
    assert ingest.lines(KEY) == GOOD


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (Answer(b"", 503), "the source answered 503"),
        (Answer(b"<html>"), "isn't JSON"),
        (Answer(b"{}"), "isn't a list"),
        (Answer(b" " * (64 * 1024 * 1024 + 1)), "is over"),
    ],
)
def test_a_source_that_fails_is_a_fault(
    source: Callable[[Answer], Ingestion], answer: Answer, fault: str
) -> None:
    with pytest.raises(Exception, match=fault):
        source(answer)({"date": "2026-11-01"})


def test_a_source_has_to_be_reached_over_tls(load: Load, s3: Any, new_bucket: Callable[[], str]) -> None:
    main = load("bronze_ingestion", BRONZE_BUCKET=new_bucket(), SOURCE_URL="http://stats.example")
    with pytest.raises(Exception, match="isn't an https URL"):
        main.lambda_handler({"date": "2026-11-01"}, CONTEXT)
