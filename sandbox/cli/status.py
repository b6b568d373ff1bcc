"""``status``, ``surroundings`` and ``down``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from sandbox import emulator, postgres, surroundings
from sandbox.errors import SandboxError
from sandbox.home import Home

if TYPE_CHECKING:
    from .workspace import Workspace

from .options import JSON, SHARED, chosen, with_options, workspace


@click.command("status")
@with_options(*SHARED, *JSON)
def status_command() -> None:
    """Show what runs on this machine, and what the stages have deployed."""
    place = workspace()
    found = _status(place)
    if chosen("json"):
        click.echo(json.dumps(found, indent=2))
        return
    from rich.table import Table

    from .display import console

    out = console()
    aws, database = found["emulator"], found["postgres"]
    out.print(f"[bold]embedded AWS[/]  {_running(aws)}")
    out.print(f"[bold]PostgreSQL[/]    {_running(database)}")
    for stack in found["stacks"]:
        out.print(f"[bold]stage {stack['name']}[/]   {stack['resources']} resources{_note(stack)}")
        table = Table(box=None, show_header=False, padding=(0, 2))
        for function in stack["functions"]:
            table.add_row("", function["name"], function["state"], ", ".join(function["triggers"]))
        if stack["functions"]:
            console(soft_wrap=False).print(table)


@click.command("surroundings")
@with_options(*SHARED, *JSON)
def surroundings_command() -> None:
    """Make the stage's surroundings (surroundings.yaml) if they aren't there, and print their ids.

    Passwords are never printed: they are in the secret, in the embedded AWS.
    """
    place = workspace()
    if not place.declares_surroundings:
        raise SandboxError(f"{surroundings.FILE} has nothing for stage {place.stack!r}")
    made = surroundings.ensure(place.project.root, place.stack, place.home, thorough=True)
    if chosen("json"):
        click.echo(json.dumps({"ids": made.ids, "config": made.config}, indent=2))
        return
    for kind, things in made.ids.items():
        for name, ids in things.items():
            click.echo(f"{kind}.{name}")
            for key, value in ids.items():
                click.echo(f"  {key}: {value if isinstance(value, str) else json.dumps(value)}")
    click.echo("config")
    for path, value in made.config.items():
        click.echo(f"  {path}: {value if isinstance(value, str) else json.dumps(value)}")


@click.command("down")
@with_options(*SHARED, *JSON)
def down_command() -> None:
    """Stop the embedded AWS (what is deployed there is gone) and PostgreSQL (its data stay)."""
    from pathlib import Path

    from sandbox.engine.project import Project

    home = Home.of(Project.load(chosen("cwd") or Path.cwd()).root)
    stopped = {"emulator": emulator.stop(home), "postgres": postgres.stop(home)}
    if chosen("json"):
        click.echo(json.dumps({"stopped": stopped}, indent=2))
        return
    for key, name in (("emulator", "the embedded AWS"), ("postgres", "PostgreSQL")):
        click.echo(f"{name}: {'stopped' if stopped[key] else 'was not running'}")


def _status(place: Workspace) -> dict[str, Any]:
    from .workspace import states

    home = place.home
    aws, database = emulator.find(home), postgres.find(home)
    return {
        "emulator": {"pid": aws.pid, "url": aws.endpoint.url, "version": aws.version} if aws else None,
        "postgres": {"pid": database.pid, "host": postgres.HOST, "port": database.port} if database else None,
        "stacks": [_stack(home, name, place.project.root) for name in states(place.project, home)],
    }


def _stack(home: Home, name: str, project: Any) -> dict[str, Any]:
    from sandbox.engine.registry import is_default
    from sandbox.functions import deployed

    from .workspace import Workspace

    place = Workspace.open(project, name)
    snapshot = place.store.load()
    # As a run counts them: components too, but not the providers that nobody declared.
    resources = [r for r in snapshot.resources if not is_default(r.urn)] if snapshot is not None else []
    aws = emulator.find(home)
    here = aws is not None and place.deployed_to() == aws.instance
    return {
        "name": name,
        "resources": len(resources),
        "deployed": here,
        "functions": [
            {
                "name": function.name,
                "arn": function.arn,
                "triggers": list(function.triggers),
                "state": _state(aws, function) if aws and here else "gone",
            }
            for function in deployed(resources)
        ],
    }


def _state(aws: emulator.Emulator, function: Any) -> str:
    from botocore.exceptions import ClientError

    from sandbox.provider.clients import client

    lambda_ = client(aws.endpoint, "lambda", function.region)
    try:
        return str(lambda_.get_function_configuration(FunctionName=function.arn).get("State", "unknown"))
    except ClientError as error:
        return f"gone ({error.response['Error']['Code']})"


def _running(found: dict[str, Any] | None) -> str:
    if found is None:
        return "[dim]not running[/]"
    return "[green]running[/] " + ", ".join(f"{key} {value}" for key, value in found.items())


def _note(stack: dict[str, Any]) -> str:
    if stack["deployed"] or not stack["resources"]:
        return ""
    return f" [yellow](the embedded AWS that had them is gone: `fleet up --stack {stack['name']}`)[/]"
