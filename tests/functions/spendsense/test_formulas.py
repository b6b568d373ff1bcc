from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.functions.spendsense.backend import ADA, BOB, CLEO, DAN, DAY, EVE, FAY, GUS, Rows, transactions

Load = Callable[[str], Any]


def features(load: Load, rows: Rows, day: date = DAY) -> Any:
    given = transactions(load("spendsense.model"), rows)
    first = min(each.day for each in given)
    return load("spendsense.features").compute(given, day, first_day=first)


def money(**spend: str) -> dict[str, Decimal]:
    return {name: Decimal(amount) for name, amount in spend.items()}


def test_ada_by_hand(load: Load) -> None:
    ada = features(load, ADA)
    assert ada.history_days == 91
    # 1000 + 50 + (200 + 150 - 50) + 100; money moved aside is no spend
    assert ada.spend == money(dining="100", groceries="300", health="50", housing="1000")
    assert ada.total_spend == Decimal(1450)
    assert ada.recurring_share == Decimal("0.7241")  # (1000 + 50) / 1450
    assert ada.income_regularity == Decimal("0.9836")  # gaps 30 and 31: 1 - 0.5 / 30.5
    assert ada.savings_rate == Decimal("0.5722")  # (9000 - 3850) / 9000


def test_bob_by_hand(load: Load) -> None:
    bob = features(load, BOB)
    assert bob.history_days == 61
    assert bob.spend == money(dining="300", shopping="900")
    assert bob.recurring_share == 0
    assert bob.income_regularity is None  # one payday
    assert bob.savings_rate == Decimal("-0.3")  # (1000 - 1300) / 1000


def test_dan_by_hand(load: Load) -> None:
    dan = features(load, DAN)
    assert dan.income_regularity == Decimal("0.2817")  # gaps 10 and 61: 1 - 25.5 / 35.5
    assert dan.savings_rate == Decimal("0.9714")  # 3400 / 3500


def test_nothing_to_make_it_from(load: Load) -> None:
    gus = features(load, GUS, date(2026, 7, 1))
    assert (gus.spend, gus.total_spend) == ({}, 0)
    assert (gus.recurring_share, gus.income_regularity, gus.savings_rate) == (None, None, None)


def test_the_windows_ends(load: Load) -> None:
    rows: Rows = (
        ("2026-06-01", "-1.00", "dining", "in"),  # the 30th day back, the 30th counted
        ("2026-05-31", "-2.00", "dining", "out"),
        ("2026-07-01", "-4.00", "dining", "tomorrow"),
    )
    assert features(load, rows).spend == money(dining="1")
    oldest = DAY - timedelta(94)
    income: Rows = (
        (str(oldest), "100.00", "income", "in"),
        (str(oldest - timedelta(1)), "1.00", "income", "out"),
    )
    spent: Rows = (("2026-06-30", "-50.00", "dining", "x"),)
    assert features(load, income + spent).savings_rate == Decimal("0.5")


@pytest.mark.parametrize(
    ("days", "amounts", "recurs"),
    [
        ((0, 7, 14), (10, 10, 10), True),
        ((0, 14, 28), (10, 11, 9), True),  # within 10 % of the middle one
        ((0, 14, 28), (10, 11.01, 10), False),
        ((0, 30, 61), (10, 10, 10), True),
        ((0, 30), (10, 10), False),
        ((0, 7, 37), (10, 10, 10), False),  # at two paces
        ((0, 0, 0), (10, 10, 10), False),
    ],
)
def test_what_recurs(load: Load, days: tuple[int, ...], amounts: tuple[float, ...], recurs: bool) -> None:
    last = max(days)
    rows = tuple(
        (str(DAY - timedelta(last - day)), f"{-amount:.2f}", "other", "Shop")
        for day, amount in zip(days, amounts, strict=True)
    )
    assert features(load, rows).recurring_share == int(recurs)


def test_a_monthly_payment_recurs_whatever_the_day(load: Load) -> None:
    months = [date(2026 + n // 12, n % 12 + 1, 1) for n in range(13)]
    rows = tuple((str(day), "-10.00", "housing", "Landlord") for day in months)
    found = {features(load, rows, DAY + timedelta(n)).recurring_share for n in range(180)}
    assert found <= {Decimal(1), None}  # on a 31st, the payment of the 1st is 31 days ago


def test_the_savings_rate_ends_at_minus_one(load: Load) -> None:
    rows: Rows = (("2026-06-01", "0.01", "income", "x"), ("2026-06-02", "-9999999999.99", "travel", "x"))
    assert features(load, rows).savings_rate == -1


@pytest.mark.parametrize(
    ("rows", "name", "reason", "codes"),
    [
        (
            ADA,
            "fixed_costs",
            "72 % of the spend is recurring, 60 % or more",
            ["review_recurring", "save_on_payday"],
        ),
        (BOB, "overspender", "spends 30 % more than comes in", ["limit_top_category", "build_buffer"]),
        (CLEO, "newcomer", "11 of the 30 days that it takes to know somebody", ["add_history"]),
        (
            DAN,
            "variable_income",
            "income regularity 28 %, below 60 %",
            ["level_income", "limit_top_category"],
        ),
        (EVE, "saver", "keeps 25 % of the income, 20 % or more", ["invest_surplus"]),
        (
            FAY,
            "balanced",
            "keeps 5 % of a regular income",
            ["save_on_payday", "limit_top_category", "build_buffer"],
        ),
        (GUS, "variable_income", "no income in the last 95 days", ["level_income", "build_buffer"]),
    ],
)
def test_personas_and_recommendations(
    load: Load, rows: Rows, name: str, reason: str, codes: list[str]
) -> None:
    known = features(load, rows)
    persona = load("spendsense.personas").assign(known)
    assert (persona.name, persona.reason) == (name, reason)
    given = load("spendsense.recommendations").recommend(persona, known)
    assert [each.code for each in given] == codes
    assert len(given) <= 3


def test_what_bob_reads(load: Load) -> None:
    known = features(load, BOB)
    persona = load("spendsense.personas").assign(known)
    assert [each.text for each in load("spendsense.recommendations").recommend(persona, known)] == [
        "Set a limit for shopping: 900.00 in 30 days, 75 % of all spend.",
        "Build a buffer of one month's spend: 1200.00.",
    ]


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"history_days": 29}, "newcomer"),
        ({"history_days": 30}, "balanced"),
        ({"savings_rate": Decimal("-0.0001")}, "overspender"),
        ({"savings_rate": Decimal(0)}, "balanced"),
        ({"income_regularity": Decimal("0.5999")}, "variable_income"),
        ({"income_regularity": Decimal("0.6")}, "balanced"),
        ({"recurring_share": Decimal("0.5999")}, "balanced"),
        ({"recurring_share": Decimal("0.6")}, "fixed_costs"),
        ({"savings_rate": Decimal("0.1999")}, "balanced"),
        ({"savings_rate": Decimal("0.2")}, "saver"),
    ],
)
def test_thresholds(load: Load, changes: dict[str, Any], name: str) -> None:
    model, personas = load("spendsense.model"), load("spendsense.personas")
    usual = {
        "history_days": 90,
        "spend": {},
        "recurring_share": Decimal("0.5"),
        "income_regularity": Decimal(1),
        "savings_rate": Decimal("0.1"),
    }
    assert personas.assign(model.Features(**{**usual, **changes})).name == name


def test_every_persona_has_something_to_recommend(load: Load) -> None:
    module = load("spendsense.recommendations")
    assert set(module._ORDER) == set(load("spendsense.personas").PERSONAS)
    assert {code for codes in module._ORDER.values() for code in codes} == set(module._SAYS)
