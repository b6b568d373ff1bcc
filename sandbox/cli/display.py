"""How a run looks: a live tree on a terminal, a line per step elsewhere, and what is said at the end."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.text import Text

from sandbox.engine.api import Outcome
from sandbox.engine.events import (
    Diagnostic,
    Event,
    Op,
    ResourceDone,
    ResourceFailed,
    ResourcePre,
    Severity,
    Step,
)
from sandbox.engine.properties import UNKNOWN, Archive, Asset, OutputValue, ResourceReference, Secret

if TYPE_CHECKING:
    from rich.live import Live

    from sandbox.engine import Result
    from sandbox.reports import Report

_LOOKS: Mapping[Op, tuple[str, str, str, str]] = {
    Op.CREATE: ("+", "green", "create", "created"),
    Op.UPDATE: ("~", "yellow", "update", "updated"),
    Op.DELETE: ("-", "red", "delete", "deleted"),
    Op.REPLACE: ("+-", "magenta", "replace", "replaced"),
    Op.CREATE_REPLACEMENT: ("++", "green", "create replacement", "created replacement"),
    Op.DELETE_REPLACED: ("--", "red", "delete replaced", "deleted replaced"),
    Op.READ: (">", "cyan", "read", "read"),
    Op.IMPORT: ("=", "green", "import", "imported"),
    Op.IMPORT_REPLACEMENT: ("=>", "magenta", "import replacement", "imported replacement"),
    Op.READ_REPLACEMENT: (">>", "cyan", "read replacement", "read replacement"),
    Op.REFRESH: (" ", "dim", "refresh", "refreshed"),
    Op.SAME: (" ", "dim", "", "unchanged"),
}
_SEVERITIES = {Severity.ERROR: "[red]error:[/] ", Severity.WARNING: "[yellow]warning:[/] "}
_OTHER = ("#", "dim", "forget", "forgotten")
_GUIDES = ("├── ", "└── ", "│   ", "    ")
_ASCII_GUIDES = ("+-- ", "`-- ", "|   ", "    ")
_WIDE = 1000
_ROOT_TYPE = "pulumi:pulumi:Stack"


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Raise it, as every write does; rich would end the thread, which may be one of the engine's."""
        raise BrokenPipeError


def console(*, stderr: bool = False, soft_wrap: bool = True) -> Console:
    """A console that writes words as they are (rich itself honours NO_COLOR and dumb terminals).

    What isn't a terminal has no width: nothing is cut off there.
    """
    return _Console(
        highlight=False, soft_wrap=soft_wrap, stderr=stderr, width=None if is_terminal() else _WIDE
    )


def looks(op: Op) -> tuple[str, str, str, str]:
    """Symbol, style, what will be done, what was done."""
    return _LOOKS.get(op, _OTHER)


def changes_anything(op: Op) -> bool:
    """Whether a step is worth a line."""
    return op not in (Op.SAME, Op.REFRESH, Op.READ)


class Lines:
    """Tells a run line by line, for logs and pipes."""

    def __init__(self, out: Console, *, preview: bool) -> None:
        self._out = out
        self._preview = preview

    def __enter__(self) -> Lines:
        return self

    def __exit__(self, *_: object) -> None:
        return

    def __call__(self, event: Event) -> None:
        """Hear of something."""
        if isinstance(event, ResourceDone) and changes_anything(event.step.op) and not self._preview:
            self._out.print(f" {row(event.step)} {_seconds(event.duration_s)}".rstrip())
        elif isinstance(event, ResourceFailed):
            self._out.print(f" [red]failed[/] {row(event.step)}")  # why was told by a diagnostic
        elif isinstance(event, Diagnostic):
            say_diagnostic(self._out, event)


class LiveTree:
    """Shows a run as a tree that grows: what is under way, what is done; of a large one, the latest of it."""

    def __init__(self, out: Console, *, preview: bool) -> None:
        self._out = out
        self._preview = preview
        self._rows: dict[str, tuple[Step, str]] = {}
        self._latest: dict[str, None] = {}
        self._live: Live | None = None

    def __enter__(self) -> LiveTree:
        from rich.live import Live

        self._live = Live(
            console=self._out, get_renderable=self._on_screen, refresh_per_second=8, transient=True
        ).__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        if self._live is not None:
            self._live.__exit__(*error)
        if not self._preview and any(changes_anything(step.op) for step, _ in self._rows.values()):
            self._out.print(self._tree(self._rows))

    def __call__(self, event: Event) -> None:
        """Hear of something."""
        if isinstance(event, ResourcePre):
            self._note(event.step, "[dim]...[/]")
        elif isinstance(event, ResourceDone):
            self._note(event.step, _seconds(event.duration_s))
        elif isinstance(event, ResourceFailed):
            self._note(event.step, "[red]failed[/]")
        elif isinstance(event, Diagnostic):
            say_diagnostic(self._out, event)

    def _note(self, step: Step, note: str) -> None:
        self._rows[step.urn] = (step, note)
        self._latest.pop(step.urn, None)
        if changes_anything(step.op):
            self._latest[step.urn] = None

    def _on_screen(self) -> Text:
        """As much as fits, with the components that it is in."""
        room = max(self._out.height - 2, 1)
        urns: set[str] = set()
        for urn in reversed(list(self._latest)):
            way = {urn}
            while (urn := self._rows[urn][0].resource.parent) in self._rows and urn not in urns:
                way.add(urn)
            if len(urns) + len(way) > room:
                break
            urns |= way
        return self._tree({urn: shown for urn, shown in list(self._rows.items()) if urn in urns})

    def _tree(self, rows: Mapping[str, tuple[Step, str]]) -> Text:
        notes = {urn: note for urn, (_, note) in rows.items()}
        return tree(self._out, (step for step, _ in rows.values()), notes=notes)


def tree(out: Console, steps: Iterable[Step], *, notes: Mapping[str, str]) -> Text:
    """Steps below the components that they belong to; those that stay the same only if one below changes.

    (Rich's own tree takes a quarter of a second for a thousand of them.)
    """
    by_urn: dict[str, Step] = {}
    for step in steps:
        if step.urn not in by_urn or changes_anything(step.op):
            by_urn[step.urn] = step
    shown = {urn for urn, step in by_urn.items() if changes_anything(step.op)}
    for urn in tuple(shown):
        while (urn := by_urn[urn].resource.parent) in by_urn and urn not in shown:
            shown.add(urn)
    below: dict[str, list[str]] = {}
    for urn, step in by_urn.items():
        if urn in shown:
            parent = step.resource.parent
            below.setdefault(parent if parent in shown else "", []).append(urn)
    branch, last_branch, line, gap = _ASCII_GUIDES if out.options.ascii_only else _GUIDES

    def rows(parent: str, guides: str) -> Iterator[str]:
        urns = below.get(parent, [])
        for urn in urns:
            own, inner = (last_branch, gap) if urn is urns[-1] else (branch, line)
            if not parent:
                own = inner = ""
            yield f"[dim]{guides}{own}[/]{row(by_urn[urn])} {notes.get(urn, '')}".rstrip()
            yield from rows(urn, guides + inner)

    return Text.from_markup("\n".join(rows("", "")), emoji=False, overflow="ellipsis")


def say_diagnostic(out: Console, event: Diagnostic) -> None:
    """Print a line of the program or of the engine."""
    if event.ephemeral:
        return
    style = _SEVERITIES.get(event.severity, "")
    where = f"[dim]{escape(event.urn.rsplit('::', 1)[-1])}:[/] " if event.urn else ""
    out.print(f"{style}{where}{escape(event.message.rstrip())}")


def say_preview(out: Console, result: Result, *, diff: bool) -> None:
    """Print what would be done, as a tree, with every property if asked."""
    steps = [step for step in result.steps if changes_anything(step.op)]
    if steps:
        shown_steps = tree(out, result.steps, notes={})
        # without styles a thousand lines take a third of the time
        out.print(shown_steps if out.is_terminal else shown_steps.plain, markup=False)
    if diff:
        for step in steps:
            say_diff(out, step)


def say_diff(out: Console, step: Step) -> None:
    """Print a step's properties, old and new."""
    out.print(row(step))
    taken_in = step.op in (Op.IMPORT, Op.IMPORT_REPLACEMENT)  # its old state is what there is
    old = step.old.inputs if step.old is not None and not taken_in else {}
    new = step.new.inputs if step.new is not None else {}
    for line in difference(old, new, forced=frozenset(step.keys)):
        out.print(f"    {line}")


def difference(old: Any, new: Any, path: str = "", *, forced: frozenset[str] = frozenset()) -> Iterator[str]:
    """The properties that differ, each on a line with its path."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in [*old, *(key for key in new if key not in old)]:
            if key.startswith("__"):
                continue
            inner = f"{path}.{key}" if path else key
            gone = object()
            before, after = old.get(key, gone), new.get(key, gone)
            if after is gone:
                yield f"[red]- {escape(inner)}: {escape(shown(before))}[/]"
            elif before is gone:
                yield f"[green]+ {escape(inner)}: {escape(shown(after))}[/]"
            else:
                yield from difference(before, after, inner, forced=forced)
    elif old != new:
        why = " [magenta](replaces)[/]" if path.partition(".")[0] in forced else ""
        yield f"[yellow]~ {escape(path)}: {escape(shown(old))} => {escape(shown(new))}[/]{why}"


def say_end(out: Console, result: Result, *, preview: bool, report: Report) -> None:
    """Print outputs, policies and the count."""
    ended_well = result.outcome is Outcome.SUCCEEDED
    if result.outputs and ended_well and not preview:
        out.print("[bold]Outputs[/]")
        for name, value in sorted(result.outputs.items()):
            out.print(f"  {escape(name)}: {escape(shown(value, indent=2))}")
    if preview or report.findings:
        from sandbox.reports.console import say

        say(out, report)
    counts = [
        f"{count} {'to ' + looks(op)[2] if preview else looks(op)[3]}"
        for op, count in result.changes.items()
        if op is not Op.SAME and count
    ]
    counts.append(f"{result.changes.get(Op.SAME, 0)} unchanged")
    what = ", ".join(counts) if result.changed or not ended_well else f"nothing to do ({counts[-1]})"
    out.print(f"[bold]Resources[/] {what} [dim]in {result.duration_s:.1f} s[/]")
    if result.advice:
        console(stderr=True).print(escape(result.advice))


def plain(value: Any) -> Any:
    """A property value as JSON for people: secrets hidden, what isn't known yet said to be so."""
    if isinstance(value, Secret):
        return "[secret]"
    if value is UNKNOWN:
        return "(known after up)"
    if isinstance(value, OutputValue):
        return plain(getattr(value, "element", UNKNOWN))
    if isinstance(value, Asset | Archive):
        kind = "archive" if isinstance(value, Archive) else "asset"
        digest = str(getattr(value, "hash", "") or "")[:12]
        return f"({kind} {getattr(value, 'path', '') or ''} {digest})".replace("  ", " ")
    if isinstance(value, ResourceReference):
        return value.urn
    if isinstance(value, Mapping):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    return value


def shown(value: Any, *, indent: int | None = None) -> str:
    """A property value on a line (or, indented, on several)."""
    simple = plain(value)
    if isinstance(simple, str):
        return simple
    text = json.dumps(simple, indent=indent, ensure_ascii=False)
    return text.replace("\n", "\n  ") if indent else text


def is_terminal() -> bool:
    """Whether somebody watches."""
    return sys.stdout.isatty()


def row(step: Step) -> str:
    """A step on a line: what is done, to which resource, and why."""
    symbol, style, _, _ = looks(step.op)
    resource = step.resource
    name = resource.name
    kind = "" if resource.type == _ROOT_TYPE else f"{resource.type} "
    why = f" [dim]\\[{escape(', '.join(step.diffs))}][/]" if step.diffs and step.op is Op.UPDATE else ""
    keys = f" [magenta]\\[{escape(', '.join(step.keys))}][/]" if step.keys else ""
    return f"[{style}]{symbol:<2}[/] [dim]{escape(kind)}[/]{escape(name)}{why}{keys}"


def _seconds(duration_s: float) -> str:
    return f"[dim]{duration_s:.1f} s[/]" if duration_s >= 0.05 else ""
