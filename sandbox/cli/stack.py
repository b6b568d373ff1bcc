"""``stack output``, ``stack export``, ``stack import``, ``stack ls`` and ``stack graph``."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
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
    path = name.split(".") if name else []
    if name in outputs:
        path = [name]
    for part in path:
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


@stack_command.command("import")
@with_options(*SHARED, *JSON)
@click.option(
    "--file", type=click.Path(dir_okay=False, path_type=Path), help="Read from a file; default: from stdin."
)
@click.option(
    "-f", "--force", is_flag=True, help="Take it even if it is another stage's, or doesn't fit together."
)
def import_(file: Path | None, force: bool) -> None:
    """Make an exported state the stage's own: what `fleet stack export` or `pulumi stack export` printed.

    No resource is touched. The state before stays beside the new one as STAGE.json.bak. Secrets keep the
    passphrase that they were encrypted with (PULUMI_CONFIG_PASSPHRASE has to be set to it, if it isn't the
    sandbox's own); those that were exported with --show-secrets are encrypted.
    """
    from sandbox.engine.state.imported import import_state

    place = workspace()
    source = str(file) if file is not None else "the input"
    try:
        text = (file.read_bytes() if file is not None else sys.stdin.buffer.read()).decode()
    except OSError as error:
        raise click.UsageError(f"{source} can't be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise click.UsageError(f"{source} isn't text in UTF-8") from None
    done = import_state(text, place.store_to_fill(), source=source, force=force)
    for warning in done.warnings:
        click.echo(f"warning: {warning}", err=True)
    if chosen("json"):
        click.echo(json.dumps(asdict(done), indent=2))
    else:
        click.echo(f"{place.stack}: {done.resources} resources taken in; there were {done.before}.")


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
    help="Write to a file, as its name ends: .svg, .html (a page with a picture for each system) or .dot. "
    "With {system} in its name: one file for each.",
)
@click.option(
    "--format", "form", type=click.Choice(["svg", "html", "dot"]), help="Draw this, whatever the file's name."
)
@click.option("--system", "systems", multiple=True, metavar="NAME", help="Draw this system (repeatable).")
@click.option("--ignore-parent-edges", is_flag=True, help="DOT without what is inside what.")
@click.option("--ignore-dependency-edges", is_flag=True, help="DOT without what depends on what.")
@click.option("--short-node-name", is_flag=True, help="DOT with names instead of URNs.")
def graph(
    file: Path | None,
    form: str | None,
    systems: tuple[str, ...],
    ignore_parent_edges: bool,
    ignore_dependency_edges: bool,
    short_node_name: bool,
) -> int:
    """Draw the stage's architecture: its systems, services, triggers and data, and who may do what.

    The stage is previewed, so nothing has to be deployed and no account is needed. All is read from the
    resources (policies, permissions, routes, events), so any Pulumi program can be drawn. With --json: what
    would be drawn.

    A .dot file is what `pulumi stack graph` writes: every resource of the stage's state, with its parent and
    what depends on it.
    """
    from sandbox.architecture import draw, page, read

    from .deploy import previewed
    from .planned import planned

    form = form or (file.suffix.removeprefix(".").lower() if file and not chosen("json") else "svg")
    if form not in ("svg", "html", "dot"):
        raise click.UsageError(
            f"--file {file}: the name has to end in .svg, .html or .dot, or --format has to say it"
        )
    edges = {"parents": not ignore_parent_edges, "dependencies": not ignore_dependency_edges}
    if form == "dot":
        if systems or chosen("json") or (file is not None and _EACH in file.name):
            raise click.UsageError("DOT shows the resources of the whole state: no --system, no --json")
        return _write_dot(file, short=short_node_name, **edges)
    if short_node_name or not all(edges.values()):
        raise click.UsageError(
            "--ignore-parent-edges, --ignore-dependency-edges and --short-node-name are for DOT"
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


def _write_dot(file: Path | None, *, parents: bool, dependencies: bool, short: bool) -> int:
    from sandbox.engine.dot import dot

    text = dot(workspace().state(), parents=parents, dependencies=dependencies, short=short)
    if file is None:
        click.echo(text, nl=False)
    else:
        file.write_text(text, encoding="utf-8")
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
