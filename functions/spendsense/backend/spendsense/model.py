"""What the formulas work on and what they give."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

INCOME, SAVINGS = "income", "savings"
CATEGORIES = (
    *(INCOME, SAVINGS),
    *("housing", "utilities", "groceries", "dining", "transport", "health", "education"),
    *("entertainment", "shopping", "subscriptions", "travel", "other"),
)


@dataclass(frozen=True, kw_only=True)
class Transaction:
    """Money that came in (amount above 0) or went out (below 0); `savings` is money moved aside."""

    id: str
    day: date
    amount: Decimal
    category: str
    merchant: str


@dataclass(frozen=True, kw_only=True)
class Features:
    """What is known of a user on a day. A share or a rate is None where there is nothing to make it from.

    history_days: from the first transaction to the day, both counted.
    spend: in the last 30 days, by category; recurring_share: of that spend, 0 to 1.
    income_regularity: 0 to 1; savings_rate: -1 to 1; both over the last 95 days.
    """

    history_days: int
    spend: Mapping[str, Decimal]
    recurring_share: Decimal | None
    income_regularity: Decimal | None
    savings_rate: Decimal | None

    @property
    def total_spend(self) -> Decimal:
        """The spend of the last 30 days, of all categories."""
        return sum(self.spend.values(), Decimal(0))


@dataclass(frozen=True, kw_only=True)
class Persona:
    """What kind of spender a user is, and why."""

    name: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Recommendation:
    """Something to do: its code, and the sentence that the user reads."""

    code: str
    text: str
