"""The formulas of the features; README.md writes them down for people."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from statistics import mean, median, pstdev

from spendsense.model import INCOME, SAVINGS, Features, Transaction

SPEND_DAYS = 30
HISTORY_DAYS = 95
"""Three monthly payments are always among so many days: two months, and up to one since the last."""

_PAYMENTS = 3
_CADENCES = ((6, 8), (13, 15), (26, 35))
"""Days between two payments that come every week, every other week, every month."""
_AMOUNT_TOLERANCE = Decimal("0.10")
_SHARE = Decimal("0.0001")


def compute(transactions: Sequence[Transaction], day: date, *, first_day: date) -> Features:
    """Compute a user's features on a day.

    transactions: of the user; what isn't of the last 95 days counts for nothing.
    first_day: of the user's first transaction.
    """
    history = [each for each in transactions if day - timedelta(HISTORY_DAYS) < each.day <= day]
    recent = [each for each in history if each.day > day - timedelta(SPEND_DAYS)]
    return Features(
        history_days=(day - first_day).days + 1,
        spend=_spend(recent),
        recurring_share=_recurring_share(history, recent),
        income_regularity=_income_regularity(history),
        savings_rate=_savings_rate(history),
    )


def _spend(transactions: Iterable[Transaction]) -> dict[str, Decimal]:
    """Sum what was spent by category. What came back in a category lowers it, but not below nothing."""
    sums: defaultdict[str, Decimal] = defaultdict(Decimal)
    for each in transactions:
        if each.category not in (INCOME, SAVINGS):
            sums[each.category] -= each.amount
    return {category: spent for category, spent in sorted(sums.items()) if spent > 0}


def _recurring_share(history: Iterable[Transaction], recent: Sequence[Transaction]) -> Decimal | None:
    total = sum(_spend(recent).values())
    if not total:
        return None
    payments: defaultdict[str, list[Transaction]] = defaultdict(list)
    for each in history:
        if each.amount < 0 and each.category != SAVINGS:
            payments[_merchant(each)].append(each)
    regular = {merchant for merchant, made in payments.items() if _recurs(_by_day(made))}
    recurring = -sum(
        each.amount
        for each in recent
        if each.amount < 0 and each.category != SAVINGS and _merchant(each) in regular
    )
    return min(Decimal(recurring) / total, Decimal(1)).quantize(_SHARE)


def _recurs(payments: Mapping[date, Decimal]) -> bool:
    """Tell whether a merchant's payments come at one pace, and of about one amount."""
    if len(payments) < _PAYMENTS:
        return False
    gaps = _gaps(payments)
    middle = median(payments.values())
    return any(all(low <= gap <= high for gap in gaps) for low, high in _CADENCES) and all(
        abs(amount - middle) <= abs(middle) * _AMOUNT_TOLERANCE for amount in payments.values()
    )


def _income_regularity(history: Iterable[Transaction]) -> Decimal | None:
    """One less the larger variation, of the days between paydays or of what was paid; 0 at least."""
    paydays = _by_day(each for each in history if each.category == INCOME)
    if len(paydays) < _PAYMENTS:
        return None
    variation = max(_variation(_gaps(paydays)), _variation([float(paid) for paid in paydays.values()]))
    return Decimal(max(0.0, 1 - variation)).quantize(_SHARE)


def _savings_rate(history: Sequence[Transaction]) -> Decimal | None:
    income = sum((each.amount for each in history if each.category == INCOME), Decimal(0))
    if not income:
        return None
    spent = sum(_spend(history).values(), Decimal(0))
    return max((income - spent) / income, Decimal(-1)).quantize(_SHARE)


def _merchant(transaction: Transaction) -> str:
    return " ".join(transaction.merchant.casefold().split())


def _by_day(transactions: Iterable[Transaction]) -> dict[date, Decimal]:
    sums: defaultdict[date, Decimal] = defaultdict(Decimal)
    for each in transactions:
        sums[each.day] += each.amount
    return dict(sorted(sums.items()))


def _gaps(days: Iterable[date]) -> list[int]:
    return [(later - earlier).days for earlier, later in pairwise(days)]


def _variation(values: Sequence[float]) -> float:
    """The coefficient of variation: the standard deviation (of the whole population) over the mean."""
    return pstdev(values) / mean(values)
