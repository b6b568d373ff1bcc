"""Options that several commands share. Those of ``fleet`` itself may stand before or after the command."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from .workspace import Workspace

F = TypeVar("F", bound=Callable[..., Any])


def _remember(ctx: click.Context, parameter: click.Parameter, value: Any) -> None:
    """Keep a value where every command of this call finds it; the one nearest to the command wins."""
    if value not in (None, (), False):
        ctx.ensure_object(dict)[parameter.name] = value


def _shared(*names: str, **settings: Any) -> Callable[[F], F]:
    return click.option(*names, expose_value=False, callback=_remember, **settings)


SHARED = (
    _shared(
        "-C",
        "--cwd",
        type=click.Path(exists=True, file_okay=False, path_type=Path),
        metavar="DIR",
        help="Folder of the program (any Pulumi program in Python); default: this one.",
    ),
    _shared("-s", "--stack", metavar="STACK", help="The stage, as in Pulumi.STACK.yaml; default: local."),
)
JSON = (_shared("-j", "--json", is_flag=True, help="Print JSON."),)
YES = (_shared("-y", "--yes", is_flag=True, help="Don't ask."),)
PACKS = (
    _shared(
        "--policy-pack",
        type=click.Path(exists=True, file_okay=False, path_type=Path),
        multiple=True,
        metavar="DIR",
        help="A folder with a PulumiPolicy.yaml, in addition to the program's own policies/ (repeatable).",
    ),
)
RUN = (
    *PACKS,
    _shared("--diff", is_flag=True, help="Show every property that changes."),
    _shared("-d", "--debug", is_flag=True, help="Also show what is said with pulumi.log.debug."),
)


TARGETS = (
    _shared(
        "-t",
        "--target",
        multiple=True,
        metavar="URN",
        help="Touch this resource only (repeatable). * is a part of a URN without colons, ** any part.",
    ),
    _shared("--target-dependents", is_flag=True, help="Touch what depends on a target as well."),
    _shared(
        "-x",
        "--exclude",
        multiple=True,
        metavar="URN",
        help="Don't touch this resource (repeatable; * and **).",
    ),
    _shared(
        "--exclude-dependents", is_flag=True, help="Don't touch what depends on what is excluded either."
    ),
)
REPLACE = (
    _shared(
        "--replace",
        multiple=True,
        metavar="URN",
        help="Replace this resource, changed or not (repeatable; * and **).",
    ),
    _shared("--target-replace", multiple=True, metavar="URN", help="Short for --target URN --replace URN."),
)
PARALLEL = (
    _shared(
        "-p",
        "--parallel",
        type=click.IntRange(min=1),
        metavar="N",
        help="Work on so many resources at once; default: 16.",
    ),
)
REFRESH = (_shared("-r", "--refresh", is_flag=True, help="Read first what is really there."),)
PREVIEW_ONLY = (_shared("--preview-only", is_flag=True, help="Only show what would be done."),)


class _ReportType(click.ParamType[tuple[str, Path]]):
    """``FORMAT=FILE``."""

    name = "report"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, Path]:
        from sandbox.reports import FORMATS

        form, _, file = str(value).partition("=")
        if form not in FORMATS or not file:
            self.fail(f"{value!r} isn't FORMAT=FILE; formats: {', '.join(FORMATS)}", param, ctx)
        path = Path(file)
        if not path.parent.is_dir():
            self.fail(f"there is no folder {str(path.parent)!r} to write {path.name!r} to", param, ctx)
        return form, path


REPORT = (
    _shared(
        "--report",
        type=_ReportType(),
        multiple=True,
        metavar="FORMAT=FILE",
        help="Write what the policy packs found: markdown, sarif or junit (repeatable).",
    ),
)


def with_options(*options: Callable[[F], F]) -> Callable[[F], F]:
    """Put options on a command, in this order."""

    def decorate(function: F) -> F:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


def chosen(name: str) -> Any:
    """What was chosen for a shared option in this call, or ``None``."""
    return (click.get_current_context().find_object(dict) or {}).get(name)


def require_consent(kind: str) -> None:
    """Make sure that somebody can be asked, before anything is started."""
    if not (chosen("yes") or chosen("preview_only") or sys.stdin.isatty()):
        raise click.UsageError(f"{kind} has to be confirmed, and this is no terminal to ask on: add --yes")


def workspace() -> Workspace:
    """The program and the stage that this call is about.

    :raises EngineError: there is no program, or no such stage
    """
    from .workspace import Workspace

    return Workspace.open(chosen("cwd") or Path.cwd(), chosen("stack"))
