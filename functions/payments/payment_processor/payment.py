"""Payments as they are asked for, and what is wrong with one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_CURRENCY = re.compile(r"[A-Z]{3}")
_MOST = 10**12


class BadPaymentError(Exception):
    """What was sent isn't a payment; the message says why, to whoever sent it."""


class ConflictError(Exception):
    """The id belongs to another payment already."""


@dataclass(frozen=True, kw_only=True)
class Payment:
    """A payment. amount: in the currency's minor unit (cents); currency: its ISO 4217 code."""

    payment_id: str
    amount: int
    currency: str
    customer_id: str

    @classmethod
    def parse(cls, data: Any) -> Payment:
        """Take a decoded JSON value. Raises BadPaymentError with everything that is wrong with it."""
        if not isinstance(data, dict):
            raise BadPaymentError("a payment is a JSON object")
        wrong = list(_problems(data))
        if wrong:
            raise BadPaymentError("; ".join(wrong))
        return cls(**data)

    @classmethod
    def parse_json(cls, text: str) -> Payment:
        """Take JSON. Raises BadPaymentError as `parse` does."""
        try:
            return cls.parse(json.loads(text))
        except ValueError:
            raise BadPaymentError("a payment is a JSON object") from None

    def values(self) -> dict[str, Any]:
        """The fields by their names."""
        return asdict(self)


def _problems(data: dict[str, Any]) -> Iterator[str]:
    known = Payment.__dataclass_fields__
    for name in sorted(data.keys() - known.keys()):
        yield f"{name!r} isn't part of a payment"
    for name in sorted(known.keys() - data.keys()):
        yield f"{name} is missing"
    for name in ("payment_id", "customer_id"):
        if name in data and not _matches(_ID, data[name]):
            yield f"{name} is 1 to 64 letters, digits, hyphens and underscores"
    if "currency" in data and not _matches(_CURRENCY, data["currency"]):
        yield "currency is three capital letters, as EUR"
    amount = data.get("amount", 1)
    if not isinstance(amount, int) or isinstance(amount, bool) or not 1 <= amount <= _MOST:
        yield f"amount is a whole number of the minor unit, 1 to {_MOST}"


def _matches(pattern: re.Pattern[str], value: Any) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None
