"""What the tests of SpendSense's functions share."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

BACKEND = Path(__file__).parents[3] / "functions" / "spendsense" / "backend"
DAY = date(2026, 6, 30)

# Users computed by hand; README.md has the formulas.
Rows = tuple[tuple[str, str, str, str], ...]
ADA: Rows = (
    *((f"2026-0{month}-01", "3000.00", "income", "Employer") for month in (4, 5, 6)),
    *((f"2026-0{month}-02", "-1000.00", "housing", "Landlord") for month in (4, 5, 6)),
    *((f"2026-0{month}-10", "-50.00", "health", "Gym") for month in (4, 5, 6)),
    ("2026-05-10", "-300.00", "groceries", "Market"),
    ("2026-06-05", "-200.00", "groceries", "Market"),
    ("2026-06-20", "-150.00", "groceries", "market "),
    ("2026-06-21", "50.00", "groceries", "Market"),  # brought something back
    ("2026-06-15", "-100.00", "dining", "Pizzeria"),
    ("2026-06-16", "-500.00", "savings", "Own account"),
)
BOB: Rows = (
    ("2026-05-01", "-100.00", "groceries", "Market"),
    ("2026-06-01", "1000.00", "income", "Employer"),
    ("2026-06-10", "-900.00", "shopping", "Shoes"),
    ("2026-06-12", "-300.00", "dining", "Pizzeria"),
)
CLEO: Rows = (("2026-06-20", "-10.00", "dining", "Pizzeria"),)
DAN: Rows = (
    ("2026-04-10", "500.00", "income", "Client"),
    ("2026-04-20", "2000.00", "income", "Client"),
    ("2026-06-20", "1000.00", "income", "Client"),
    ("2026-06-10", "-100.00", "groceries", "Market"),
)
EVE: Rows = (
    *((f"2026-0{month}-01", "2000.00", "income", "Employer") for month in (4, 5, 6)),
    *((f"2026-0{month}-17", "-1500.00", "travel", f"Trip {month}") for month in (4, 5, 6)),
)
FAY: Rows = (
    *((f"2026-0{month}-01", "2000.00", "income", "Employer") for month in (4, 5, 6)),
    *((f"2026-0{month}-17", "-1900.00", "travel", f"Trip {month}") for month in (4, 5, 6)),
)
GUS: Rows = (("2026-05-01", "-100.00", "groceries", "Market"),)


def transactions(model: Any, rows: Rows) -> list[Any]:
    return [
        model.Transaction(
            id=str(number),
            day=date.fromisoformat(day),
            amount=Decimal(amount),
            category=category,
            merchant=merchant,
        )
        for number, (day, amount, category, merchant) in enumerate(rows)
    ]


def body(user: str, rows: Rows) -> dict[str, Any]:
    """As it is posted."""
    return {
        "user_id": user,
        "transactions": [
            {"id": f"{user}-{n}", "date": day, "amount": amount, "category": category, "merchant": merchant}
            for n, (day, amount, category, merchant) in enumerate(rows)
        ],
    }


@dataclass
class Secrets:
    """As much of Secrets Manager as the functions use."""

    database: dict[str, Any]
    cognito: dict[str, Any]
    asked: list[str] = field(default_factory=list)
    on_call: Callable[[], None] = lambda: None

    def get_secret_value(self, *, SecretId: str) -> dict[str, str]:  # noqa: N803 - AWS's name
        self.asked.append(SecretId)
        self.on_call()
        return {"SecretString": json.dumps(getattr(self, SecretId))}


def context() -> Any:
    return SimpleNamespace(aws_request_id="request-1", get_remaining_time_in_millis=lambda: 30_000)
