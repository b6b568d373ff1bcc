"""``invoke``, ``send`` and ``try``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sandbox import emulator
from sandbox.errors import SandboxError

from .options import JSON, SHARED, chosen, with_options, workspace

if TYPE_CHECKING:
    from sandbox.functions import Answer, DeployedFunction

    from .workspace import Workspace

_TAIL = click.option("--tail", is_flag=True, help="Print the end of its log, to stderr.")
_ANSWER_WIDTH = 60


@click.command("invoke")
@with_options(*SHARED, *JSON)
@click.argument("name")
@click.argument("payload", required=False, default="{}")
@_TAIL
def invoke_command(name: str, payload: str, tail: bool) -> int:
    """Call function NAME with PAYLOAD and print its answer: JSON, with or without --json.

    NAME is the service's name (record-service), the physical name, or the end of one. PAYLOAD is JSON, @FILE,
    or - for stdin; without it, an empty object. Exit code 1: the function ended with an error.
    """
    place = workspace()
    function = find_function(place, name)
    return _told(_call(place, function, _payload(payload)), tail=tail)


@click.command("send")
@with_options(*SHARED, *JSON)
@click.argument("name")
@click.argument("event", required=False, default="health")
@click.option("--async", "asynchronous", is_flag=True, help="Don't wait: as a queue of Lambda's calls it.")
@_TAIL
def send_command(name: str, event: str, asynchronous: bool, tail: bool) -> int:
    """Send function NAME a test event, functions/SYSTEM/SERVICE/events/EVENT.json (default: health).

    Prints the answer as JSON, with or without --json; nothing with --async, which waits for none.
    """
    from sandbox.functions import events

    place = workspace()
    function = find_function(place, name)
    known = events(place.project.root, function)
    if event not in known:
        names = ", ".join(known) or "none"
        raise click.UsageError(f"{function.service} has no test event {event!r}; there are: {names}")
    answer = _call(place, function, known[event].read_bytes(), asynchronous=asynchronous)
    if asynchronous and not answer.error:
        click.echo(f"accepted; its log: fleet logs {function.service}", err=True)
        return 0
    return _told(answer, tail=tail)


@click.command("try")
@with_options(*SHARED, *JSON)
def try_command() -> int:
    """Call every function of the stage with its test event health, cold and then warm, and print a table.

    Exit code 1: one of them didn't answer well.
    """
    from sandbox.functions import events, recycle

    place = workspace()
    functions = _functions(place)
    running = emulator.require(place.home)
    rows: list[dict[str, Any]] = []
    for function in functions:
        event = events(place.project.root, function).get("health")
        content = event.read_bytes() if event else b"{}"
        recycle(place.home, running.pid, function)
        cold = _call(place, function, content)
        warm = _call(place, function, content)
        rows.append(
            {
                "function": function.name,
                "triggers": list(function.triggers),
                "ok": cold.ok and warm.ok,
                "answer": warm.payload,
                "coldSeconds": round(cold.duration_s, 3),
                "warmSeconds": round(warm.duration_s, 3),
            }
        )
    if chosen("json"):
        click.echo(json.dumps(rows, indent=2, ensure_ascii=False))
    else:
        _table(rows)
    return 0 if all(row["ok"] for row in rows) else 1


def _table(rows: list[dict[str, Any]]) -> None:
    from rich.markup import escape
    from rich.table import Table

    from .display import console

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("function", "trigger", "answer"):
        table.add_column(column, overflow="fold")
    for column in ("cold", "warm"):
        table.add_column(column, justify="right", no_wrap=True)
    for row in rows:
        text = _brief(row["answer"])
        short = text if len(text) <= _ANSWER_WIDTH or not row["ok"] else f"{text[: _ANSWER_WIDTH - 3]}..."
        table.add_row(
            row["function"],
            ", ".join(row["triggers"]) or "-",
            f"[{'green' if row['ok'] else 'red'}]{escape(short)}[/]",
            f"{row['coldSeconds'] * 1000:.0f} ms",
            f"{row['warmSeconds'] * 1000:.0f} ms",
        )
    console(soft_wrap=False).print(table)


def _brief(answer: Any) -> str:
    """An answer in a line; of an HTTP answer the status and the body."""
    if isinstance(answer, dict) and {"statusCode", "body"} <= answer.keys():
        return f"{answer['statusCode']} {answer['body']}"
    return json.dumps(answer, ensure_ascii=False)


def _functions(place: Workspace) -> list[DeployedFunction]:
    """The stage's functions, in an emulator that has them.

    :raises SandboxError: it has none, or the emulator that had them is gone
    """
    from sandbox.functions import deployed

    again = f"`fleet up --stack {place.stack}` deploys it, if it is a stage of the sandbox"
    snapshot = place.store.load()
    functions = deployed(snapshot.resources) if snapshot is not None else []
    if not functions:
        raise SandboxError(f"stage {place.stack!r} has no function deployed; {again}")
    running = emulator.require(place.home)
    if place.deployed_to() != running.instance:
        raise SandboxError(
            f"the embedded AWS was started anew since stage {place.stack!r} was deployed; {again}"
        )
    return functions


def find_function(place: Workspace, name: str) -> DeployedFunction:
    """The function that NAME means; see :func:`sandbox.functions.find`."""
    from sandbox.functions import find

    return find(name, _functions(place))


def _call(
    place: Workspace, function: DeployedFunction, payload: bytes, *, asynchronous: bool = False
) -> Answer:
    from sandbox.functions import invoke

    endpoint = emulator.require(place.home).endpoint
    return invoke(endpoint, function, payload, asynchronous=asynchronous)


def _told(answer: Answer, *, tail: bool) -> int:
    if tail:
        click.echo(answer.log.rstrip(), err=True)
    click.echo(json.dumps(answer.payload, indent=2, ensure_ascii=False))
    if answer.error:
        click.echo(f"the function ended with an error ({answer.error})", err=True)
    return 1 if answer.error else 0


def _payload(text: str) -> bytes:
    try:
        if text == "-":
            text = sys.stdin.read()
        elif text.startswith("@"):
            text = Path(text[1:]).read_text()
        json.loads(text)
    except OSError as error:
        raise click.UsageError(f"PAYLOAD: {error.filename} can't be read: {error.strerror}") from None
    except ValueError as error:
        raise click.UsageError(
            f'PAYLOAD isn\'t JSON: {error}; give JSON (as \'{{"action": "health"}}\'), @FILE, or - for stdin'
        ) from None
    return text.encode()
