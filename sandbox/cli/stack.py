"""``stack output``, ``stack export``, ``stack ls`` and ``stack graph``."""

from __future__ import annotations

import json
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .options import JSON, SHARED, chosen, with_options, workspace

if TYPE_CHECKING:
    from sandbox.architecture import Architecture

_EACH = "{system}"
"""In a file's name: a file for each system."""

_SHOW_SECRETS = click.option("--show-secrets", is_flag=True, help="Print secrets in the clear.")


@click.group("stack")
@with_options(*SHARED)
def stack_command() -> None:
    """Outputs, state and list of stacks."""


@stack_command.command("output")
@with_options(*SHARED, *JSON)
@click.argument("name", required=False)
@_SHOW_SECRETS
def output(name: str | None, show_secrets: bool) -> None:
    """Print the stage's outputs, or the one called NAME (a path works too: typerush.apiUrl)."""
    from .display import shown

    place = workspace()
    outputs = place.store.outputs()
    found: Any = outputs
    for part in name.split(".") if name else ():
        inner = _open(found) if show_secrets else found
        if not isinstance(inner, dict) or part not in inner:
            known = list(inner) if isinstance(inner, dict) else []
            close = get_close_matches(part, known, n=1)
            hint = f" Did you mean {close[0]!r}?" if close else ""
            raise click.UsageError(
                f"stage {place.stack!r} has no output {name!r}; "
                f"there are: {', '.join(known) or 'none'}.{hint}"
            )
        found = inner[part]
    if show_secrets:
        found = _open(found)
    if chosen("json"):
        from .display import plain

        click.echo(json.dumps(plain(found), indent=2, ensure_ascii=False))
    elif name:
        click.echo(shown(found))
    else:
        for key, value in sorted(found.items()):
            click.echo(f"{key}: {shown(value, indent=2)}")


@stack_command.command("export")
@with_options(*SHARED, *JSON)
@click.option("--file", type=click.Path(dir_okay=False, path_type=Path), help="Write to a file.")
@_SHOW_SECRETS
def export(file: Path | None, show_secrets: bool) -> None:
    """Print the stage's state as `pulumi stack import` takes it: JSON, with or without --json."""
    text = json.dumps(workspace().store.export(show_secrets=show_secrets), indent=4)
    if file is None:
        click.echo(text)
    else:
        file.write_text(text + "\n")


@stack_command.command("ls")
@with_options(*SHARED, *JSON)
def ls() -> None:
    """List the program's stages: those with a Pulumi.STAGE.yaml, and those with a state here."""
    from .workspace import known_stacks, states

    place = workspace()
    here = states(place.project, place.home)
    found = [{"name": name, "deployed": name in here} for name in known_stacks(place.project, place.home)]
    if chosen("json"):
        click.echo(json.dumps(found, indent=2))
    else:
        for entry in found:
            click.echo(f"{entry['name']}{'  (has a state here)' if entry['deployed'] else ''}")


@stack_command.command("graph")
@with_options(*SHARED, *JSON)
@click.option(
    "--file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write to a file, as its name ends: .svg, or .html (a page with a picture for each system). With "
    "{system} in its name: one file for each.",
)
@click.option(
    "--format", "form", type=click.Choice(["svg", "html"]), help="Draw this, whatever the file's name."
)
@click.option("--system", "systems", multiple=True, metavar="NAME", help="Draw this system (repeatable).")
def graph(file: Path | None, form: str | None, systems: tuple[str, ...]) -> int:
    """Draw the stage's architecture: its systems, services, triggers and data, and who may do what.

    The stage is previewed, so nothing has to be deployed and no account is needed. All is read from the
    resources (policies, permissions, routes, events), so any Pulumi program can be drawn. With --json: what
    would be drawn.
    """
    from sandbox.architecture import draw, page, read

    from .deploy import previewed
    from .planned import planned

    form = form or (file.suffix.removeprefix(".").lower() if file and not chosen("json") else "svg")
    if form not in ("svg", "html"):
        raise click.UsageError(
            f"--file {file}: the name has to end in .svg or .html, or --format has to say it"
        )
    config, result = previewed()
    if result.exit_code:
        for diagnostic in result.diagnostics:
            click.echo(f"{diagnostic.severity}: {diagnostic.message}", err=True)
        return result.exit_code
    found = read(planned(result), stage=config.stack)
    for system in systems:
        if system not in found.systems:
            close = get_close_matches(system, found.systems, n=1)
            hint = f" Did you mean {close[0]!r}?" if close else ""
            raise click.UsageError(
                f"stage {config.stack!r} has no system {system!r}; "
                f"it has: {', '.join(found.systems) or 'none'}.{hint}"
            )
    shown = found.of(*systems) if systems else found

    def drawn(what: Architecture) -> str:
        if chosen("json"):
            return json.dumps(what.plain(), indent=2, ensure_ascii=False) + "\n"
        return page(what) if form == "html" else draw(what)

    if file is None:
        click.echo(drawn(shown), nl=False)
    elif _EACH in file.name:
        for system in shown.systems:
            one = file.with_name(file.name.replace(_EACH, system))
            one.write_text(drawn(shown.of(system)), encoding="utf-8")
    else:
        file.write_text(drawn(shown), encoding="utf-8")
    return 0


def _open(value: Any) -> Any:
    """A value with its secrets in the clear."""
    from sandbox.engine.properties import Secret

    if isinstance(value, Secret):
        return _open(value.element)
    if isinstance(value, dict):
        return {key: _open(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_open(inner) for inner in value]
    return value
