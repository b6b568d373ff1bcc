"""Daily, first: what is known of every user on a day."""

from __future__ import annotations

from datetime import date
from typing import Any

from spendsense import features, job, store
from sqlalchemy import Connection


def handler(event: Any, context: Any) -> dict[str, object]:
    """Compute everybody's features of the event's day, or of today."""
    return job.run("compute-features", event, context, users=store.active_users, work=_compute)


def _compute(connection: Connection, user: str, day: date) -> bool:
    transactions, first_day = store.transactions_of(connection, user, day)
    computed = features.compute(transactions, day, first_day=first_day)
    return store.put_features(connection, user, day, computed)
