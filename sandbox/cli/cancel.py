"""``cancel``: stops a run that goes on somewhere else on this machine."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from .options import JSON, SHARED, YES, chosen, require_consent, with_options, workspace

if TYPE_CHECKING:
    from sandbox.engine.state.holder import Holder

_WAIT_S = 150.0
"""An answer of the embedded AWS may take 120 s."""


@click.command("cancel")
@with_options(*SHARED, *YES, *JSON)
@click.option(
    "--wait", "wait_s", type=click.FloatRange(0), default=_WAIT_S, metavar="SECONDS", show_default=True,
    help="So long to wait for its end.",
)  # fmt: skip
def cancel_command(wait_s: float) -> int:
    """Ask the run that holds a stage to stop, and wait until it has.

    It ends as after Ctrl-C: what is under way ends, nothing new begins, what was done is saved. A second
    `fleet cancel` is a second Ctrl-C: it doesn't wait for what is under way, and the next run looks what
    became of it. A lock ends with its process, so there is never one that nobody holds.
    """
    place = workspace()
    holder = place.store.holder()
    if holder is None:
        _tell(None, stopped=False, text=f"Nothing to cancel: no run holds stage {place.stack!r}.")
        return 0
    require_consent("cancel")
    if not chosen("yes"):
        click.confirm(
            f"Stop {holder}, which has held stage {place.stack!r} since {holder.since}?", abort=True
        )
    if not chosen("json"):
        click.echo(f"Asking {holder} to stop; it has held stage {place.stack!r} since {holder.since}.")
    stopped = holder.stop(wait_s=wait_s)
    text = "It has stopped. What was done is saved."
    if not stopped:
        text = (
            f"It hasn't stopped within {wait_s:g} s: it waits for what is under way. After another"
            " `fleet cancel` it doesn't."
        )
    _tell(holder, stopped=stopped, text=text)
    return 0 if stopped else 1


def _tell(holder: Holder | None, *, stopped: bool, text: str) -> None:
    if not chosen("json"):
        click.echo(text)
        return
    found = None
    if holder is not None:
        names = ("pid", "host", "since", "command")
        found = {name: getattr(holder, name) for name in names}
    click.echo(json.dumps({"holder": found, "stopped": stopped}, indent=2))
