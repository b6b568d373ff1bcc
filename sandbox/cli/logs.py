"""``logs``."""

from __future__ import annotations

import json
import time
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import click

from sandbox import emulator
from sandbox.provider.clients import client

from .call import find_function
from .options import JSON, SHARED, chosen, with_options, workspace

_POLL_S = 0.3


@click.command("logs")
@with_options(*SHARED, *JSON)
@click.argument("name")
@click.option("-f", "--follow", is_flag=True, help="Go on until Ctrl-C.")
@click.option("-n", "--lines", type=click.IntRange(min=0), default=100, show_default=True, help="How many.")
def logs_command(name: str, follow: bool, lines: int) -> None:
    """Print the log of function NAME (see `fleet invoke --help` for what NAME may be).

    With --json, each event is an object on a line of its own: timestamp (ms since 1970), stream, message.
    """
    place = workspace()
    function = find_function(place, name)
    aws = client(emulator.require(place.home).endpoint, "logs", function.region)
    events = _events(aws, function.log_group, 0)
    for event in events[len(events) - min(lines, len(events)) :]:
        _print(event)
    while follow:
        seen = Counter(map(_identity, events))
        time.sleep(_POLL_S)
        events = _events(aws, function.log_group, events[-1]["timestamp"] if events else 0)
        for event in events:
            if seen[_identity(event)]:
                seen[_identity(event)] -= 1
            else:
                _print(event)


def _events(aws: Any, group: str, since: int) -> list[dict[str, Any]]:
    """Events from a moment on, the oldest first; none if nothing was ever logged."""
    found: list[dict[str, Any]] = []
    try:
        for page in aws.get_paginator("filter_log_events").paginate(logGroupName=group, startTime=since):
            found += page["events"]
    except aws.exceptions.ResourceNotFoundException:
        return []
    return sorted(found, key=lambda event: event["timestamp"])


def _identity(event: dict[str, Any]) -> tuple[object, ...]:
    """What tells events apart; ministack gives those of functions no ``eventId``."""
    return event["logStreamName"], event["timestamp"], event["message"]


def _print(event: dict[str, Any]) -> None:
    if chosen("json"):
        found = {
            "timestamp": event["timestamp"],
            "stream": event["logStreamName"],
            "message": event["message"].rstrip("\n"),
        }
        click.echo(json.dumps(found, ensure_ascii=False))
        return
    moment = datetime.fromtimestamp(event["timestamp"] / 1000, UTC)
    click.echo(f"{moment:%H:%M:%S}.{moment.microsecond // 1000:03} {event['message'].rstrip()}")
