"""The order of a state's resources: each after what it depends on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from .resource import ResourceState

T = TypeVar("T")


def ordered(states: Sequence[ResourceState]) -> list[ResourceState]:
    """Resources, each after what it depends on, and otherwise as they were.

    What doesn't take part in a run may depend on what the run has moved behind it.
    """
    return _ordered(
        states,
        names=lambda state: (state.urn, f"{state.urn}::{state.id}"),
        needs=lambda state: (*state.depends_on(), state.provider),
    )


def ordered_entries(entries: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The same for resources as the checkpoint writes them."""
    return _ordered(
        entries, names=lambda entry: (entry["urn"], f"{entry['urn']}::{entry.get('id')}"), needs=_needs
    )


def _needs(entry: Mapping[str, Any]) -> Iterable[str]:
    for key in ("parent", "provider", "deletedWith"):
        yield entry.get(key) or ""
    yield from entry.get("dependencies") or ()
    yield from entry.get("replaceWith") or ()
    for found in (entry.get("propertyDependencies") or {}).values():
        yield from found or ()


def _ordered(
    entries: Sequence[T], *, names: Callable[[T], Iterable[str]], needs: Callable[[T], Iterable[str]]
) -> list[T]:
    by_name: dict[str, list[int]] = defaultdict(list)
    for index, entry in enumerate(entries):
        for name in names(entry):
            by_name[name].append(index)
    placed: set[str] = set()
    done: set[int] = set()
    result: list[T] = []
    for start in range(len(entries)):
        waiting = [start]
        opened: set[int] = set()
        while waiting:
            index = waiting[-1]
            if index in done:
                waiting.pop()
                continue
            opened.add(index)
            unmet = (need for need in needs(entries[index]) if need not in placed)
            missing = [i for need in unmet for i in by_name.get(need, ()) if i not in opened]
            if missing:
                waiting.append(missing[0])
                continue
            waiting.pop()
            done.add(index)
            placed.update(names(entries[index]))
            result.append(entries[index])
    return result
