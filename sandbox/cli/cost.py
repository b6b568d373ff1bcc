"""``cost``: what a stage costs in a month."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from .options import JSON, SHARED, chosen, with_options

if TYPE_CHECKING:
    from sandbox.cost import Estimate
    from sandbox.engine import Result, StackConfig


@click.command("cost")
@with_options(*SHARED, *JSON)
@click.option("--lines", is_flag=True, help="Show every charge, with its quantity and its price.")
def cost_command(lines: bool) -> int:
    """Estimate what a stage costs in a month: each of its services, and all.

    The stage is previewed, so nothing has to be deployed; what is deployed here is compared with it. How much
    it is used says its configuration, under fleet-cost:usage: calls and so on in a month, by default, by
    system, and by SYSTEM/SERVICE. The prices are AWS's list prices of one region and date, without the free
    tier; data transfer isn't among them.
    """
    from .deploy import previewed

    config, result = previewed()
    if result.exit_code:
        for diagnostic in result.diagnostics:
            click.echo(f"{diagnostic.severity}: {diagnostic.message}", err=True)
        return result.exit_code
    now, before = estimates(result, config)
    if chosen("json"):
        click.echo(json.dumps(_plain(now, before), indent=2))
    else:
        _say(now, before, lines=lines)
    return 0


def estimates(result: Result, config: StackConfig) -> tuple[Estimate, Estimate | None]:
    """What a preview's stage will cost, and what it costs as it is deployed (``None``: it isn't).

    :raises UsageError: the configuration's figures make no sense
    """
    from sandbox.cost import estimate, load_prices, parse_usage

    from .planned import deployed, planned

    usages, prices, before = parse_usage(config.values), load_prices(), deployed(result)
    return (
        estimate(planned(result), usages, prices),
        estimate(before, usages, prices) if before else None,
    )


def warm() -> None:
    """Load what a preview ends with, while it waits for the program."""
    from sandbox.cost import load_prices

    load_prices()


def short(now: Estimate, before: Estimate | None) -> str:
    """The estimate in a line."""
    text = f"about {now.usd:,.2f} USD a month"
    if before is None:
        return text
    change = now.usd - before.usd
    return f"{text} ({change:+,.2f})" if abs(change) >= _CENT / 2 else f"{text} (unchanged)"


_CENT = 0.01


def _plain(now: Estimate, before: Estimate | None) -> dict[str, Any]:
    from sandbox.cost import load_prices

    prices = load_prices()
    earlier = before.by_service() if before else {}
    return {
        "currency": "USD",
        "period": "month",
        "prices": {"date": prices.date.isoformat(), "region": prices.region},
        "total": round(now.usd, 6),
        "change": None if before is None else round(now.usd - before.usd, 6),
        "services": [
            {
                "system": system,
                "service": service,
                "usd": round(usd, 6),
                "change": None if before is None else round(usd - earlier.get((system, service), 0.0), 6),
            }
            for (system, service), usd in now.by_service().items()
        ],
        "charges": [
            {
                "system": each.system,
                "service": each.service,
                "resource": each.resource,
                "what": each.what,
                "quantity": each.quantity,
                "unit": each.price.unit,
                "price": each.key,
                "usd": round(each.usd, 6),
            }
            for each in now.charges
        ],
        "unpriced": list(now.unpriced),
    }


def _say(now: Estimate, before: Estimate | None, *, lines: bool) -> None:
    from rich.table import Table

    from sandbox.cost import load_prices

    from .display import console

    out = console()
    table = Table("system", "service", box=None, pad_edge=False)
    table.add_column("USD a month", justify="right")
    if before is not None:
        table.add_column("change", justify="right")
    earlier = before.by_service() if before else {}
    for (system, service), usd in now.by_service().items():
        cells = [f"{usd:,.4f}"]
        if before is not None:
            cells.append(f"{usd - earlier.get((system, service), 0.0):+,.4f}")
        table.add_row(system, service, *cells)
    total = [f"{now.usd:,.4f}"] + ([f"{now.usd - before.usd:+,.4f}"] if before is not None else [])
    table.add_row("[bold]all[/]", "", *total)
    out.print(table)
    if lines:
        _say_lines(now)
    prices = load_prices()
    out.print(
        f"List prices of {prices.region} on {prices.date}, without the free tier and data transfer; other "
        "regions differ. Usage: fleet-cost:usage in the stage's configuration.",
        style="dim",
    )
    if now.unpriced:
        out.print(f"Not estimated: {', '.join(now.unpriced)}", style="dim")


def _say_lines(now: Estimate) -> None:
    from rich.table import Table

    from .display import console

    table = Table("service", "resource", "what", box=None, pad_edge=False)
    table.add_column("quantity", justify="right")
    table.add_column("unit")
    table.add_column("USD", justify="right")
    for each in sorted(now.charges, key=lambda charge: -charge.usd):
        row = (f"{each.system} {each.service}", each.resource, each.what)
        table.add_row(*row, f"{each.quantity:,.6g}", each.price.unit, f"{each.usd:,.4f}")
    console().print(table)
