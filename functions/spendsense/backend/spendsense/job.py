"""What the three daily jobs have in common."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Connection

from spendsense.database import Database
from spendsense.errors import JobError, UnavailableError
from spendsense.log import begin, fields, log, set_up

Users = Callable[[Connection, date], list[str]]
Work = Callable[[Connection, str, date], bool]

database = Database()


def run(name: str, event: Any, context: Any, *, users: Users, work: Work) -> dict[str, object]:
    """Do a job for every user of a day, each in a transaction of its own, and say how many.

    users: for whom; work: what is done for one, and whether that changed anything.
    One user's fault stops nobody else, but the job fails in the end, so that it is tried again and seen.

    Raises JobError for an event without a usable day, or when somebody's work failed; UnavailableError
    when the database is gone; TimedOutError when it takes too long to say who the users are.
    """
    set_up()
    begin(context.aws_request_id)
    day = _day(event)
    log.info("job starts", extra=fields(job=name, date=day.isoformat()))
    counts = {"users": 0, "written": 0, "unchanged": 0, "failed": 0}
    with database.begin() as connection:
        found = users(connection, day)
    for user in found:
        counts["users"] += 1
        try:
            with database.begin() as connection:
                written = work(connection, user, day)
        except UnavailableError:
            log.exception(
                "job ends: the database is gone", extra=fields(job=name, date=day.isoformat(), **counts)
            )
            raise
        except Exception:
            counts["failed"] += 1
            log.exception("a user's turn failed", extra=fields(job=name, user=user))
        else:
            counts["written" if written else "unchanged"] += 1
    log.info("job ends", extra=fields(job=name, date=day.isoformat(), **counts))
    if counts["failed"]:
        raise JobError(f"{name} for {day}: {counts['failed']} of {counts['users']} users failed")
    return {"job": name, "date": day.isoformat(), **counts}


def _day(event: Any) -> date:
    """The day that an event names, or that its schedule made it on (a retry can be later), or today (UTC)."""
    known = event if isinstance(event, dict) else {}
    given = known.get("date")
    try:
        if given is not None:
            return date.fromisoformat(given)
        made = known.get("time")
        return datetime.fromisoformat(made).date() if made else datetime.now(UTC).date()
    except (TypeError, ValueError):
        found = f"date is {given!r}" if given is not None else f"time is {known.get('time')!r}"
        raise JobError(f"the event's {found}; it has to be a day, as '2026-11-21'") from None
