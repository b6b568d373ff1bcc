"""Every query. What is written twice is written once: a job that runs again changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Table, and_, func, select
from sqlalchemy.dialects.postgresql import insert

from spendsense import tables
from spendsense.features import HISTORY_DAYS
from spendsense.model import Features, Persona, Recommendation, Transaction

_PAGE = 1_000


def add_transactions(connection: Connection, user: str, given: Iterable[Transaction]) -> int:
    """Store what isn't there yet, by the user's and its own id, and tell how many that were."""
    rows = [
        {
            "user_id": user,
            "id": each.id,
            "day": each.day,
            "amount": each.amount,
            "category": each.category,
            "merchant": each.merchant,
        }
        for each in given
    ]
    table = tables.transactions
    stored = connection.execute(insert(table).values(rows).on_conflict_do_nothing().returning(table.c.id))
    return len(stored.all())


def active_users(connection: Connection, day: date) -> list[str]:
    """List who has transactions in the days that the features of a day are made from."""
    return _users(connection, tables.transactions, _history(day))


def transactions_of(connection: Connection, user: str, day: date) -> tuple[list[Transaction], date]:
    """Give what a user's features of a day are made from, and the day of the user's first transaction."""
    table = tables.transactions
    wanted = select(table).where(and_(table.c.user_id == user, _history(day)))
    rows = connection.execute(wanted.order_by(table.c.day, table.c.id))
    first = connection.scalar(select(func.min(table.c.day)).where(table.c.user_id == user))
    made = [
        Transaction(id=row.id, day=row.day, amount=row.amount, category=row.category, merchant=row.merchant)
        for row in rows
    ]
    return made, first or day


def put_features(connection: Connection, user: str, day: date, features: Features) -> bool:
    """Keep a user's features of a day; False if they are what was kept already."""
    return _put(
        connection,
        tables.features,
        user,
        day,
        {
            "history_days": features.history_days,
            "spend": {name: f"{spent:.2f}" for name, spent in features.spend.items()},
            "recurring_share": features.recurring_share,
            "income_regularity": features.income_regularity,
            "savings_rate": features.savings_rate,
        },
    )


def users_with(connection: Connection, table: Table, day: date) -> list[str]:
    """List who has a row of a day."""
    return _users(connection, table, table.c.day == day)


def features_of(connection: Connection, user: str, day: date | None) -> tuple[date, Features] | None:
    """Give a user's features of a day, or the latest."""
    row = _row(connection, tables.features, user, day)
    if row is None:
        return None
    features = Features(
        history_days=row.history_days,
        spend={name: Decimal(spent) for name, spent in sorted(row.spend.items())},
        recurring_share=row.recurring_share,
        income_regularity=row.income_regularity,
        savings_rate=row.savings_rate,
    )
    return row.day, features


def put_persona(connection: Connection, user: str, day: date, persona: Persona) -> bool:
    """Keep a user's persona of a day; False if it is what was kept already."""
    return _put(connection, tables.personas, user, day, {"name": persona.name, "reason": persona.reason})


def persona_of(connection: Connection, user: str, day: date | None) -> tuple[date, Persona] | None:
    """Give a user's persona of a day, or the latest."""
    row = _row(connection, tables.personas, user, day)
    return None if row is None else (row.day, Persona(name=row.name, reason=row.reason))


def put_recommendations(
    connection: Connection, user: str, day: date, given: Iterable[Recommendation]
) -> bool:
    """Keep what is recommended to a user on a day; False if it is what was kept already."""
    content = [{"code": each.code, "text": each.text} for each in given]
    return _put(connection, tables.recommendations, user, day, {"given": content})


def recommendations_of(
    connection: Connection, user: str, day: date | None
) -> tuple[date, list[Recommendation]] | None:
    """Give what is recommended to a user on a day, or on the latest."""
    row = _row(connection, tables.recommendations, user, day)
    return None if row is None else (row.day, [Recommendation(**each) for each in row.given])


def _users(connection: Connection, table: Table, wanted: ColumnElement[bool]) -> list[str]:
    """List whose rows are wanted, page by page along the index by user and day.

    So no statement gets longer with the number of users. An index by day would be faster still, but on a
    large table that exists, the first container would have to build it within one statement's time.
    """
    user, found = table.c.user_id, list[str]()
    while True:
        after = found[-1] if found else ""
        page = select(user).where(user > after, wanted).distinct().order_by(user).limit(_PAGE)
        found += (more := connection.scalars(page).all())
        if len(more) < _PAGE:
            return found


def _history(day: date) -> ColumnElement[bool]:
    column = tables.transactions.c.day
    return and_(column > day - timedelta(HISTORY_DAYS), column <= day)


def _row(connection: Connection, table: Table, user: str, day: date | None) -> Row[Any] | None:
    wanted = select(table).where(table.c.user_id == user).order_by(table.c.day.desc()).limit(1)
    return connection.execute(wanted if day is None else wanted.where(table.c.day == day)).first()


def _put(connection: Connection, table: Table, user: str, day: date, values: Mapping[str, Any]) -> bool:
    known = _row(connection, table, user, day)
    if known is not None and all(getattr(known, name) == value for name, value in values.items()):
        return False
    put = insert(table).values(user_id=user, day=day, **values)
    connection.execute(put.on_conflict_do_update(index_elements=["user_id", "day"], set_=dict(values)))
    return True
