"""The picture: Graphviz's layout (a port of it that comes as a wheel), written as SVG."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
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
_WIDE: Final = 32
"""Characters of a line of actions."""
_LOOKS: Final = {
    Kind.SERVICE: ("box", "rounded,filled", "#fff3e0", "#e07b00"),
    Kind.TRIGGER: ("box", "filled", "#ede7f6", "#5e35b1"),
    Kind.CALLER: ("box", "rounded,filled", "#eceff1", "#607d8b"),
    Kind.DATA: ("cylinder", "filled", "#e3f2fd", "#1565c0"),
    Kind.FAILURES: ("cylinder", "filled", "#fdecea", "#b3261e"),
    Kind.OUTSIDE: ("box", "rounded,filled,dashed", "#ffffff", "#607d8b"),
}
"""(shape, style, fill, line) of each kind of thing."""
_LINES: Final = {
    "calls": ("#5e35b1", "solid"),
    "grant": ("#1565c0", "solid"),
    "failures": ("#b3261e", "dashed"),
}


_MEANS: Final = {
    "calls": ("&#8594; calls or feeds", "calls"),
    "grant": ("&#8594; may do this", "may use"),
    "failures": ("&#8674; what failed", "sends what failed to"),
}
"""What an arrow means, in the legend and in words."""
_DARK: Final = {
    "#fff3e0": "#3d2b10",
    "#e07b00": "#ffb74d",
    "#ede7f6": "#2d2545",
    "#5e35b1": "#b39ddb",
    "#e3f2fd": "#122c44",
    "#1565c0": "#64b5f6",
    "#fdecea": "#431c19",
    "#b3261e": "#ef8a80",
    "#eceff1": "#2b343a",
    "#607d8b": "#90a4ae",
    "#ffffff": "#1c2227",
    "#455a64": "#b0bec5",
    "#fcfcfc": "#161b20",
    "#999999": "#5c6770",
    "white": "#101418",
}
"""Each color on a dark page."""
_FRAME: Final = ("#999999", "#fcfcfc")
"""Line and ground of a frame; labels stand on the ground too, so that lines don't strike them out."""
_STYLE: Final = (
    f"<style>.arch .edge text{{paint-order:stroke;stroke:{_FRAME[1]};stroke-width:3px}}"
    "@media (prefers-color-scheme:dark){.arch text:not([fill]){fill:#eceff1}"
    f".arch .edge text{{stroke:{_DARK[_FRAME[1]]}}}"
    + "".join(
        f'.arch [fill="{light}"]{{fill:{dark}}}.arch [stroke="{light}"]{{stroke:{dark}}}'
        for light, dark in _DARK.items()
    )
    + "}</style>"
)
_OPENING: Final = re.compile(r"(<svg[^>]*)>", re.DOTALL)
_TITLES: Final = re.compile(r"<title>[^<]*</title>\n?")
"""Graphviz's own, which browsers show as tips: "n0" and the like."""


class DrawingError(SandboxError):
    """The picture can't be drawn."""


def draw(architecture: Architecture, *, title: str = "") -> str:
    """The picture as an SVG document, light or dark as its reader's machine is.

    :raises DrawingError: Graphviz isn't there, or doesn't take what it is given
    """
    named = title or f"Architecture of stage {architecture.stage}: {', '.join(architecture.systems)}"
    told = f"<title>{escape(named)}</title>\n<desc>{escape(description(architecture))}</desc>\n{_STYLE}"
    svg = _TITLES.sub("", _svg(dot(architecture, title=title)))
    return _OPENING.sub(lambda opening: f'{opening[1]} class="arch" role="img">\n{told}', svg, count=1)


def description(architecture: Architecture) -> str:
    """The picture in words, for those who don't see it."""
    titles = {node.id: node.title for node in architecture.nodes}
    return " ".join(
        f"{titles[edge.source]} {_MEANS[edge.kind][1]} {titles[edge.target]}"
        + (f": {', '.join(filter(None, edge.labels))}." if any(edge.labels) else ".")
        for edge in architecture.edges
    )


def dot(architecture: Architecture, *, title: str = "") -> str:
    """The picture in Graphviz's language."""
    return "\n".join(_dot(architecture, title))


def _dot(architecture: Architecture, title: str) -> Iterator[str]:
    yield "digraph architecture {"
    yield f'graph [rankdir=LR, fontname="{_FONT}", fontsize=20, nodesep=0.35, ranksep=1.1, pad=0.3'
    yield f", newrank=false, labelloc=b, label={_legend(title)}, bgcolor=white]"
    yield f'node [fontname="{_FONT}", fontsize=12]'
    yield f'edge [fontname="{_FONT}", fontsize=10, arrowsize=0.8]'
    names = {node.id: f"n{number}" for number, node in enumerate(architecture.nodes)}
    for number, system in enumerate(architecture.systems):
        yield f"subgraph cluster_{number} {{"
        yield f"label={_quoted(f' {system}')}; labelloc=t; labeljust=l; style=rounded; margin=20"
        yield f'color="{_FRAME[0]}"; bgcolor="{_FRAME[1]}"'
        yield from (_node(names[node.id], node) for node in architecture.nodes if node.system == system)
        yield "}"
    yield from (_edge(names, edge) for edge in architecture.edges)
    yield "}"


def _legend(title: str) -> str:
    arrows = "".join(
        f'<td cellpadding="8"><font color="{_LINES[kind][0]}" point-size="12">{arrow}</font></td>'
        for kind, (arrow, _) in _MEANS.items()
    )
    heading = f'<tr><td colspan="4">{escape(title)}</td></tr>' if title else ""
    return (
        f'<<table border="0" cellspacing="10">{heading}<tr>{arrows}<td cellpadding="8"><font color="#455a64" '
        'point-size="12">'
        "dashed frame: made elsewhere</font></td></tr></table>>"
    )


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
    if edge.kind != "calls":
        shown = _in_lines(sorted(shown))
    if len(shown) > _LABELS:
        shown = [*shown[: _LABELS - 1], f"and {len(shown) - _LABELS + 1} more"]
    # Left-aligned lines, with a blank in front so that they don't touch the arrow.
    label = "".join(f" {each}\\l" for each in map(_escaped, shown))
    attributes = f'color="{color}", fontcolor="{color}", style={style}, label="{label}"'
    return f"{names[edge.source]} -> {names[edge.target]} [{attributes}]"


def _in_lines(actions: Sequence[str]) -> list[str]:
    lines = [""]
    for number, action in enumerate(actions):
        piece = action + ("," if number < len(actions) - 1 else "")
        if lines[-1] and len(lines[-1]) + len(piece) >= _WIDE:
            lines.append("")
        lines[-1] = f"{lines[-1]} {piece}".strip()
    return [line for line in lines if line]


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
