"""What is drawn."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """The kinds of things, which look different."""

    SERVICE = "service"
    TRIGGER = "trigger"
    CALLER = "caller"
    """a role of the stage that no service runs under"""
    DATA = "data"
    FAILURES = "failures"
    """a queue for what failed"""
    OUTSIDE = "outside"
    """what the stage uses and doesn't make"""


@dataclass(frozen=True, kw_only=True)
class Node:
    """A thing.

    :ivar system: whose picture it is in
    :ivar title: its short name
    :ivar details: lines in small print, e.g. what it is
    """

    id: str
    kind: Kind
    system: str
    title: str
    details: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Edge:
    """An arrow from what acts to what it acts on.

    :ivar labels: one a line: routes, actions, a schedule
    :ivar kind: ``"calls"`` (runs the service), ``"grant"`` (may do this) or ``"failures"``
    """

    source: str
    target: str
    kind: str
    labels: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Architecture:
    """Everything that is drawn, in a stable order."""

    stage: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]

    def plain(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)

    @property
    def systems(self) -> list[str]:
        """The systems, in alphabetical order."""
        return sorted({node.system for node in self.nodes})

    def of(self, *systems: str) -> Architecture:
        """The picture of some systems."""
        nodes = tuple(node for node in self.nodes if node.system in systems)
        ids = {node.id for node in nodes}
        edges = tuple(edge for edge in self.edges if edge.source in ids and edge.target in ids)
        return Architecture(stage=self.stage, nodes=nodes, edges=edges)
