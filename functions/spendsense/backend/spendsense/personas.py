"""The personas and their rules, tried from the first to the last; README.md has them as a table."""

from __future__ import annotations

from decimal import Decimal

from spendsense.model import Features, Persona

NEWCOMER = "newcomer"
OVERSPENDER = "overspender"
VARIABLE_INCOME = "variable_income"
FIXED_COSTS = "fixed_costs"
SAVER = "saver"
BALANCED = "balanced"
PERSONAS = (NEWCOMER, OVERSPENDER, VARIABLE_INCOME, FIXED_COSTS, SAVER, BALANCED)

KNOWN_AFTER_DAYS = 30
REGULAR_FROM = Decimal("0.6")
FIXED_FROM = Decimal("0.6")
SAVING_FROM = Decimal("0.2")


def assign(features: Features) -> Persona:
    """Give the first persona whose rule holds, with the reason in the user's own numbers."""
    saved, regular, fixed = features.savings_rate, features.income_regularity, features.recurring_share
    if features.history_days < KNOWN_AFTER_DAYS:
        return Persona(
            name=NEWCOMER,
            reason=f"{features.history_days} of the {KNOWN_AFTER_DAYS} days that it takes to know somebody",
        )
    if saved is None:
        return Persona(name=VARIABLE_INCOME, reason="no income in the last 95 days")
    if saved < 0:
        return Persona(name=OVERSPENDER, reason=f"spends {percent(-saved)} more than comes in")
    if regular is not None and regular < REGULAR_FROM:
        return Persona(
            name=VARIABLE_INCOME,
            reason=f"income regularity {percent(regular)}, below {percent(REGULAR_FROM)}",
        )
    if fixed is not None and fixed >= FIXED_FROM:
        return Persona(
            name=FIXED_COSTS,
            reason=f"{percent(fixed)} of the spend is recurring, {percent(FIXED_FROM)} or more",
        )
    if saved >= SAVING_FROM:
        return Persona(
            name=SAVER, reason=f"keeps {percent(saved)} of the income, {percent(SAVING_FROM)} or more"
        )
    return Persona(name=BALANCED, reason=f"keeps {percent(saved)} of a regular income")


def percent(share: Decimal) -> str:
    """Write a share as people read it (`34 %`)."""
    return f"{share * 100:.0f} %"
