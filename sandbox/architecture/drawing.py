"""The picture: Graphviz's layout (a port of it that comes as a wheel), written as SVG."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Final

from sandbox.errors import SandboxError

from .model import Architecture, Edge, Kind, Node

_PROGRAM: Final = "graphviz-pure"
_TIMEOUT_S: Final = 60
_FONT: Final = "Helvetica"
_FONTS: Final = "Helvetica, Arial, Arimo, 'Liberation Sans', sans-serif"
"""Of the same widths, for machines that don't have the first."""
_WIDER_INCHES: Final = 0.011
_LABELS: Final = 8
"""The most lines that an arrow's label has; the rest is counted."""
_LOOKS: Final = {
    Kind.SERVICE: ("box", "rounded,filled", "#fff3e0", "#e07b00"),
    Kind.TRIGGER: ("box", "filled", "#ede7f6", "#5e35b1"),
    Kind.DATA: ("cylinder", "filled", "#e3f2fd", "#1565c0"),
    Kind.FAILURES: ("cylinder", "filled", "#fdecea", "#b3261e"),
    Kind.OUTSIDE: ("box", "rounded,dashed", "#ffffff", "#607d8b"),
}
"""(shape, style, fill, line) of each kind of thing."""
_LINES: Final = {
    "calls": ("#5e35b1", "solid"),
    "grant": ("#1565c0", "solid"),
    "failures": ("#b3261e", "dashed"),
}


class DrawingError(SandboxError):
    """The picture can't be drawn."""


def draw(architecture: Architecture, *, title: str = "") -> str:
    """The picture as an SVG document.

    :raises DrawingError: Graphviz isn't there, or doesn't take what it is given
    """
    return _svg(dot(architecture, title=title))


def dot(architecture: Architecture, *, title: str = "") -> str:
    """The picture in Graphviz's language."""
    return "\n".join(_dot(architecture, title))


def _dot(architecture: Architecture, title: str) -> Iterator[str]:
    yield "digraph architecture {"
    yield f'graph [rankdir=LR, fontname="{_FONT}", fontsize=20, nodesep=0.35, ranksep=1.1, pad=0.3'
    yield f", newrank=false, labelloc=t, label={_quoted(title)}, bgcolor=white]"
    yield f'node [fontname="{_FONT}", fontsize=12]'
    yield f'edge [fontname="{_FONT}", fontsize=10, arrowsize=0.8]'
    names = {node.id: f"n{number}" for number, node in enumerate(architecture.nodes)}
    for number, system in enumerate(architecture.systems):
        yield f"subgraph cluster_{number} {{"
        yield f"label={_quoted(system)}; labeljust=l; style=rounded; color=gray60; bgcolor=gray99; margin=20"
        yield from (_node(names[node.id], node) for node in architecture.nodes if node.system == system)
        yield "}"
    yield from (_edge(names, edge) for edge in architecture.edges)
    yield "}"


def _node(name: str, node: Node) -> str:
    shape, style, fill, line = _LOOKS[node.kind]
    details = "".join(
        f'<br/><font point-size="10" color="#455a64">{escape(detail)}</font>' for detail in node.details
    )
    label = f"<<b>{escape(node.title)}</b>{details}>"
    # Room for a machine's font that is wider than the one of the layout.
    margin = f"{0.15 + len(node.title) * _WIDER_INCHES:.2f},0.1"
    attributes = (
        f'shape={shape}, style="{style}", fillcolor="{fill}", color="{line}", penwidth=1.4, margin="{margin}"'
    )
    return f"{name} [label={label}, tooltip={_quoted(node.title)}, {attributes}]"


def _edge(names: dict[str, str], edge: Edge) -> str:
    color, style = _LINES[edge.kind]
    shown = [label for label in edge.labels if label]
    if len(shown) > _LABELS:
        shown = [*shown[: _LABELS - 1], f"and {len(shown) - _LABELS + 1} more"]
    # Left-aligned lines, with a blank in front so that they don't touch the arrow.
    label = "".join(f" {each}\\l" for each in map(_escaped, shown))
    attributes = f'color="{color}", fontcolor="{color}", style={style}, label="{label}"'
    return f"{names[edge.source]} -> {names[edge.target]} [{attributes}]"


def _quoted(text: str) -> str:
    return f'"{_escaped(text)}"'


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _svg(source: str) -> str:
    program = shutil.which(_PROGRAM, path=str(Path(sys.executable).parent)) or shutil.which(_PROGRAM)
    if program is None:
        raise DrawingError(f"{_PROGRAM} isn't installed in this environment: run `make setup`")
    try:
        done = subprocess.run(
            [program, "-Tsvg"], input=source, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired:
        raise DrawingError(f"{_PROGRAM} took more than {_TIMEOUT_S} s") from None
    if done.returncode:
        raise DrawingError(f"{_PROGRAM}: {done.stderr.strip()}")
    return _NODE.sub(_centered, done.stdout).replace(f'"{_FONT},sans-Serif"', f'"{_FONTS}"')


_NODE: Final = re.compile(r'<g id="[^"]*" class="node">.*?</g>', re.DOTALL)
_OUTLINE: Final = re.compile(r'<(?:path|polygon)[^>]* (?:d|points)="([^"]*)"')
_X: Final = re.compile(r"(-?[\d.]+),-?[\d.]+")
_START: Final = re.compile(r'text-anchor="start" x="[^"]*"')


def _centered(node: re.Match[str]) -> str:
    """A node whose texts are centered: Graphviz lets them begin where they would with its own font."""
    outline = _OUTLINE.search(node[0])
    if outline is None:
        return node[0]
    across = [float(x) for x in _X.findall(outline[1])]
    middle = (min(across) + max(across)) / 2
    return _START.sub(f'text-anchor="middle" x="{middle:.2f}"', node[0])
