"""What comes in: up to 500 transactions of one user, all of which are kept or none."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator
from spendsense.model import CATEGORIES, INCOME, Transaction

# The last cent that the database's NUMERIC(12, 2) holds.
_MOST = Decimal("9999999999.99")
_OLDEST = date(1970, 1, 1)

Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.@:-]{1,64}$")]


class Given(BaseModel):
    """One transaction: money that came in has an amount above 0, money that went out one below."""

    model_config = ConfigDict(extra="forbid")

    id: Id | None = None
    date: date
    amount: Annotated[Decimal, Field(ge=-_MOST, le=_MOST, decimal_places=2, allow_inf_nan=False)]
    category: Literal[CATEGORIES]  # type: ignore[valid-type]
    merchant: Annotated[
        str, Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f]*[^\s\x00-\x1f][^\x00-\x1f]*$")
    ]

    @model_validator(mode="after")
    def _possible(self) -> Given:
        if self.amount == 0:
            raise ValueError("the amount is 0: above 0 for what came in, below for what went out")
        if self.category == INCOME and self.amount < 0:
            raise ValueError("income with an amount below 0: give the category that it was spent in")
        # Tomorrow (UTC) is today already where the user may be.
        if not _OLDEST <= self.date <= datetime.now(UTC).date() + timedelta(1):
            raise ValueError("the date is before 1970 or after today")
        return self


class Batch(BaseModel):
    """The body of a call."""

    model_config = ConfigDict(extra="forbid")

    user_id: Id
    transactions: Annotated[list[Given], Field(min_length=1, max_length=500)]

    @model_validator(mode="after")
    def _each_once(self) -> Batch:
        ids = [each.id for each in self.transactions if each.id is not None]
        if len(set(ids)) < len(ids):
            raise ValueError("an id is there twice")
        return self

    def given(self) -> list[Transaction]:
        """Make the transactions; those without an id get one."""
        return [
            Transaction(
                id=each.id or str(uuid.uuid4()),
                day=each.date,
                amount=each.amount,
                category=each.category,
                merchant=each.merchant.strip(),
            )
            for each in self.transactions
        ]
