"""``logs``."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import click

from sandbox import emulator
from sandbox.provider.clients import client

from .call import find_function
from .options import SHARED, with_options, workspace

_POLL_S = 0.3


@click.command("logs")
@with_options(*SHARED)
@click.argument("name")
@click.option("-f", "--follow", is_flag=True, help="Go on until Ctrl-C.")
@click.option("-n", "--lines", type=click.IntRange(min=0), default=100, show_default=True, help="How many.")
def logs_command(name: str, follow: bool, lines: int) -> None:
    """Print the log of function NAME (see `fleet invoke --help` for what NAME may be)."""
    place = workspace()
    function = find_function(place, name)
    aws = client(emulator.require(place.home).endpoint, "logs", function.region)
    seen: set[str] = set()
    events = list(_events(aws, function.log_group, 0))
    for event in events[len(events) - min(lines, len(events)) :]:
        _print(event)
    while follow:
        seen.update(event["eventId"] for event in events)
        since = events[-1]["timestamp"] if events else 0
        time.sleep(_POLL_S)
        events = [event for event in _events(aws, function.log_group, since) if event["eventId"] not in seen]
        for event in events:
            _print(event)


def _events(aws: Any, group: str, since: int) -> Iterator[dict[str, Any]]:
    """Events from a moment on, the oldest first."""
    found: list[dict[str, Any]] = []
    for page in aws.get_paginator("filter_log_events").paginate(logGroupName=group, startTime=since):
        found += page["events"]
    return iter(sorted(found, key=lambda event: event["timestamp"]))


def _print(event: dict[str, Any]) -> None:
    moment = datetime.fromtimestamp(event["timestamp"] / 1000, UTC)
    click.echo(f"{moment:%H:%M:%S}.{moment.microsecond // 1000:03} {event['message'].rstrip()}")
