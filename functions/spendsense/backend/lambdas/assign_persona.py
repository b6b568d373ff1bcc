"""Daily, second: a persona for everybody who has features of the day."""

from __future__ import annotations

from datetime import date
from typing import Any

from spendsense import job, personas, store, tables
from spendsense.errors import JobError
from sqlalchemy import Connection


def handler(event: Any, context: Any) -> dict[str, object]:
    """Assign everybody's persona of the event's day, or of today."""
    return job.run("assign-persona", event, context, users=_users, work=_assign)


def _users(connection: Connection, day: date) -> list[str]:
    return store.users_with(connection, tables.features, day)


def _assign(connection: Connection, user: str, day: date) -> bool:
    known = store.features_of(connection, user, day)
    if known is None:
        raise JobError(f"{user} has no features of {day}")
    return store.put_persona(connection, user, day, personas.assign(known[1]))
