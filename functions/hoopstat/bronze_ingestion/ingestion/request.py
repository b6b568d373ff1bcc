"""What an event asks for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from ingestion.errors import BadRequestError, fault

BOX_SCORES = "box-scores"
_DATASET = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_FIELDS = ("date", "dataset", "records")


@dataclass(frozen=True, kw_only=True)
class Request:
    """A day of a dataset: its records, or where they are; neither where the schedule has no source.

    date: `2026-11-01`.
    """

    dataset: str
    date: str
    records: list[Any] | None = None
    source_url: str | None = None


def read(event: Any, *, source_url: str | None) -> Request | None:
    """Read an event: one with a date, or the schedule's, which means the day before; None asks for health.

    source_url: where the records of a day are whose event brings none.
    Raises BadRequestError for anything else.
    """
    if not isinstance(event, dict):
        raise fault("the event", event, "a JSON object with date and records")
    if event == {"action": "health"}:
        return None
    if event.get("source") == "aws.events":
        yesterday = _day("time", str(event.get("time"))[:10]) - timedelta(days=1)
        return Request(dataset=BOX_SCORES, date=yesterday.isoformat(), source_url=source_url)
    for field in event:
        if field not in _FIELDS:
            raise BadRequestError(f"{field} is no field of an event; allowed: {', '.join(_FIELDS)}")
    day = _day("date", event.get("date"))
    dataset = event.get("dataset", BOX_SCORES)
    if not isinstance(dataset, str) or not _DATASET.fullmatch(dataset):
        raise fault("dataset", dataset, "lower-case words joined by hyphens, as 'box-scores'")
    records = event.get("records")
    if records is None and source_url is not None:
        return Request(dataset=dataset, date=day.isoformat(), source_url=source_url)
    if not isinstance(records, list):
        raise fault("records", records, "a list of objects")
    return Request(dataset=dataset, date=day.isoformat(), records=records)


def _day(field: str, text: object) -> date:
    try:
        return datetime.strptime(str(text), "%Y-%m-%d").date()  # noqa: DTZ007 - a day has no time zone
    except ValueError:
        raise fault(field, text, "a day as '2026-11-01'") from None
