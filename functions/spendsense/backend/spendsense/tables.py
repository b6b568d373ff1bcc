"""The tables. They are made where they are missing when a container first connects."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Date, Index, Integer, MetaData, Numeric, String, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

metadata = MetaData()

transactions = Table(
    "transactions",
    metadata,
    Column("user_id", String(64), primary_key=True),
    Column("id", String(64), primary_key=True),
    Column("day", Date, nullable=False),
    Column("amount", Numeric(12, 2), CheckConstraint("amount <> 0"), nullable=False),
    Column("category", String(32), nullable=False),
    Column("merchant", String(100), nullable=False),
    Index("transactions_by_day", "user_id", "day"),
)

features = Table(
    "features",
    metadata,
    Column("user_id", String(64), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("history_days", Integer, nullable=False),
    Column("spend", JSONB, nullable=False),  # category -> amount as text
    Column("recurring_share", Numeric(5, 4)),
    Column("income_regularity", Numeric(5, 4)),
    Column("savings_rate", Numeric(5, 4)),
)

personas = Table(
    "personas",
    metadata,
    Column("user_id", String(64), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("name", String(32), nullable=False),
    Column("reason", Text, nullable=False),
)

recommendations = Table(
    "recommendations",
    metadata,
    Column("user_id", String(64), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("given", JSONB, nullable=False),  # a list of {code, text}, the first the most important
)
