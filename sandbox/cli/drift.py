"""What a refresh found: resources that are gone, or that somebody else has changed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from sandbox.engine.events import Op, Step

from .display import difference, plain, row

if TYPE_CHECKING:
    from rich.console import Console

    from sandbox.engine import Result

_ABSENT = object()


def drift(result: Result) -> list[dict[str, Any]]:
    """Each resource that isn't what the state said, as JSON."""
    return [
        {
            "urn": step.urn,
            "change": "gone" if step.op is Op.DELETE else "changed",
            "properties": dict(_properties(step)),
        }
        for step in result.drift
    ]


def say_drift(out: Console, result: Result) -> None:
    """Print the same, a line for each property."""
    if not result.drift:
        return
    out.print("[bold]Drift[/] [dim](what is there isn't what the state said)[/]")
    for step in result.drift:
        out.print(f"  {row(step)}{' is gone' if step.op is Op.DELETE else ''}")
        if step.op is not Op.DELETE:
            for line in difference(*_sides(step)):
                out.print(f"      {line}")


def _sides(step: Step) -> tuple[dict[str, Any], dict[str, Any]]:
    """What to compare: the inputs, or, if they don't differ, the outputs."""
    assert step.old is not None  # noqa: S101 - what was read was there
    assert step.new is not None  # noqa: S101 - it is still there
    if any(difference(step.old.inputs, step.new.inputs)):
        return step.old.inputs, step.new.inputs
    return step.old.outputs, step.new.outputs


def _properties(step: Step) -> Iterator[tuple[str, dict[str, Any]]]:
    if step.op is not Op.DELETE:
        yield from _changes(*_sides(step), "")


def _changes(old: Any, new: Any, path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted({*old, *new}):
            if not key.startswith("__"):
                inner = f"{path}.{key}" if path else key
                yield from _changes(old.get(key, _ABSENT), new.get(key, _ABSENT), inner)
    elif old is _ABSENT or new is _ABSENT or old != new:
        sides = (("before", old), ("after", new))
        yield path, {name: plain(value) for name, value in sides if value is not _ABSENT}
