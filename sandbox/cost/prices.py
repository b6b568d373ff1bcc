"""The table of prices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

_FILE: Final = Path(__file__).with_name("prices.yaml")


@dataclass(frozen=True, kw_only=True)
class Price:
    """What something costs.

    :ivar usd: in US dollars for one ``unit``
    :ivar page: where AWS says it
    :ivar checked: the figure was looked up on the table's date
    """

    usd: float
    unit: str
    page: str
    checked: bool


@dataclass(frozen=True, kw_only=True)
class Prices:
    """All prices, of one region, as they were on a date.

    :ivar free: types of resources that cost nothing by themselves
    """

    date: date
    region: str
    by_key: Mapping[str, Price]
    free: frozenset[str]


@cache
def load_prices() -> Prices:
    """Read the table."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml's needs a tenth of the time
    content: Any = yaml.load(_FILE.read_text(encoding="utf-8"), Loader=loader)  # noqa: S506 - a safe loader
    return Prices(
        date=content["date"],
        region=content["region"],
        free=frozenset(content["free"]),
        by_key={
            key: Price(
                usd=row["usd"] / row.get("per", 1),
                unit=row["unit"],
                page=row["page"],
                checked=row.get("checked", False),
            )
            for key, row in content["prices"].items()
        },
    )
