"""A state's dependency graph in DOT, as ``pulumi stack graph`` writes it (pkg/graph/dotconv)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from .state import ResourceState, Snapshot

_DEPENDENCY: Final = "#246C60"
_PARENT: Final = "#AA6639"


def dot(snapshot: Snapshot, *, parents: bool = True, dependencies: bool = True, short: bool = False) -> str:
    """The graph: an edge from each resource to those that depend on it, and one to its parent.

    :param parents: with the edges to parents
    :param dependencies: with the edges of dependencies, which name the properties that they come from
    :param short: label resources with their names instead of their URNs
    """
    states = {state.urn: state for state in snapshot.resources}
    numbers: dict[str, str] = {}

    def node(urn: str) -> str:
        return numbers.setdefault(urn, f"Resource{len(numbers)}")

    targets: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for state in snapshot.resources:
        if dependencies:
            for urn in state.dependencies:
                if urn in states:
                    label = ", ".join(_because(state, urn))
                    named = f', label = "{_quoted(label)}"' if label else ""
                    targets[urn].append((state.urn, f'color = "{_DEPENDENCY}"{named}'))
        if parents and state.parent in states:
            targets[state.urn].append((state.parent, f'color = "{_PARENT}"'))
    lines = ["strict digraph {"]
    for urn in sorted(states):
        name = node(urn)
        lines.append(f'    {name} [label="{_quoted(states[urn].name if short else urn)}"];')
        lines += (f"    {name} -> {node(other)} [{attributes}];" for other, attributes in targets[urn])
    return "\n".join([*lines, "}\n"])


def _because(state: ResourceState, urn: str) -> Iterator[str]:
    for key in sorted(state.property_dependencies):
        for found in state.property_dependencies[key]:
            if found == urn:
                yield key


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
