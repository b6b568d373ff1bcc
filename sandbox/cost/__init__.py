"""What a stage costs in a month, estimated from its resources and from how much it is said to be used."""

from __future__ import annotations

from sandbox.ownership import Resource

from .estimate import Charge, Estimate, estimate
from .prices import Price, Prices, load_prices
from .usage import Usage, Usages, parse_usage

__all__ = [
    "Charge",
    "Estimate",
    "Price",
    "Prices",
    "Resource",
    "Usage",
    "Usages",
    "estimate",
    "load_prices",
    "parse_usage",
]
