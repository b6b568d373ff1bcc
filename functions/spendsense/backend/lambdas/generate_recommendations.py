"""Daily, third: up to three recommendations for everybody who has a persona of the day."""

from __future__ import annotations

from datetime import date
from typing import Any

from spendsense import job, recommendations, store, tables
from spendsense.errors import JobError
from sqlalchemy import Connection


def handler(event: Any, context: Any) -> dict[str, object]:
    """Generate everybody's recommendations of the event's day, or of today."""
    return job.run("generate-recommendations", event, context, users=_users, work=_recommend)


def _users(connection: Connection, day: date) -> list[str]:
    return store.users_with(connection, tables.personas, day)


def _recommend(connection: Connection, user: str, day: date) -> bool:
    persona = store.persona_of(connection, user, day)
    features = store.features_of(connection, user, day)
    if persona is None or features is None:
        raise JobError(
            f"{user} has a persona of {day}, but no features" if persona else f"{user} has no persona"
        )
    given = recommendations.recommend(persona[1], features[1])
    return store.put_recommendations(connection, user, day, given)
