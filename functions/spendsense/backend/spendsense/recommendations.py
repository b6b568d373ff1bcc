"""What is recommended: per persona an order, per recommendation when it applies and what it says."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal

from spendsense.model import Features, Persona, Recommendation
from spendsense.personas import (
    BALANCED,
    FIXED_COSTS,
    NEWCOMER,
    OVERSPENDER,
    SAVER,
    VARIABLE_INCOME,
    percent,
)

MOST = 3
RECURRING_FROM = Decimal("0.3")
TOP_CATEGORY_FROM = Decimal("0.25")
BUFFER_BELOW = Decimal("0.1")
# What nobody cuts by deciding to.
_NEEDS = ("housing", "utilities", "health", "education")


def recommend(persona: Persona, features: Features) -> tuple[Recommendation, ...]:
    """Give up to three recommendations: of the persona's, in its order, those that apply."""
    return tuple(_applying(persona, features))[:MOST]


def _applying(persona: Persona, features: Features) -> Iterator[Recommendation]:
    for code in _ORDER[persona.name]:
        text = _SAYS[code](features)
        if text is not None:
            yield Recommendation(code=code, text=text)


def _limit_top_category(features: Features) -> str | None:
    wants = {name: spent for name, spent in features.spend.items() if name not in _NEEDS}
    if not wants:
        return None
    # The largest; of equal ones, the first by name.
    name = min(wants, key=lambda category: (-wants[category], category))
    share = wants[name] / features.total_spend
    if share < TOP_CATEGORY_FROM:
        return None
    return f"Set a limit for {name}: {wants[name]:.2f} in 30 days, {percent(share)} of all spend."


def _review_recurring(features: Features) -> str | None:
    share = features.recurring_share
    if share is None or share < RECURRING_FROM:
        return None
    return f"Go through what is paid again and again: {percent(share)} of the spend of 30 days."


def _build_buffer(features: Features) -> str | None:
    rate = features.savings_rate
    if rate is not None and rate >= BUFFER_BELOW:
        return None
    return f"Build a buffer of one month's spend: {features.total_spend:.2f}."


_SAYS: Mapping[str, Callable[[Features], str | None]] = {
    "add_history": lambda features: (
        f"Add the transactions of the last three months: {features.history_days} days are there."
    ),
    "limit_top_category": _limit_top_category,
    "review_recurring": _review_recurring,
    "build_buffer": _build_buffer,
    "level_income": lambda _: (
        "Pay yourself one fixed amount a month, and leave the rest of good months for bad ones."
    ),
    "save_on_payday": lambda _: "Move a fixed part of the income aside on payday.",
    "invest_surplus": lambda _: "Put what stays over to work: fees first, then risk, then term.",
}

_ORDER: Mapping[str, tuple[str, ...]] = {
    NEWCOMER: ("add_history",),
    OVERSPENDER: ("limit_top_category", "review_recurring", "build_buffer"),
    VARIABLE_INCOME: ("level_income", "build_buffer", "limit_top_category"),
    FIXED_COSTS: ("review_recurring", "build_buffer", "save_on_payday"),
    SAVER: ("invest_surplus", "review_recurring"),
    BALANCED: ("save_on_payday", "limit_top_category", "build_buffer"),
}
