"""The pictures on a page that needs nothing beside itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from typing import Final

from .drawing import draw
from .model import Architecture, Edge, Kind

_STYLE: Final = """
body { font: 16px/1.5 Helvetica, Arial, sans-serif; margin: 2rem auto; max-width: 110rem; padding: 0 1rem;
  color: #263238; background: #fff; color-scheme: light dark }
h1, h2 { line-height: 1.2 }
nav a { margin-right: 1.2rem; white-space: nowrap }
figure { margin: 1rem 0; overflow-x: auto; border: 1px solid #cfd8dc; border-radius: 6px; padding: .5rem }
figure svg { max-width: 100%; min-width: 55rem; height: auto }
table { border-collapse: collapse }
td, th { text-align: left; padding: .2rem 1rem .2rem 0; vertical-align: top }
@media (prefers-color-scheme: dark) { body { color: #eceff1; background: #101418 } a { color: #64b5f6 }
  figure { border-color: #37474f } }
"""


def page(architecture: Architecture) -> str:
    """An HTML document with a picture and a table of services for each system."""
    return "\n".join(_lines(architecture)) + "\n"


def _lines(architecture: Architecture) -> Iterator[str]:
    title = f"Architecture of stage {escape(architecture.stage)}"
    yield '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>"
    links = "".join(f'<a href="#{_id(name)}">{escape(name)}</a>' for name in architecture.systems)
    yield f"<nav>{links}</nav>"
    for name in architecture.systems:
        system = architecture.of(name)
        yield f'<section id="{_id(name)}">\n<h2>{escape(name)}</h2>'
        yield f"<figure>{_inline(draw(system))}</figure>"
        yield from _services(system)
        yield "</section>"
    yield "</body>\n</html>"


def _services(system: Architecture) -> Iterator[str]:
    """The same in words: services, and roles that may do something without being one."""
    titles = {node.id: node.title for node in system.nodes}
    grantees = {edge.source for edge in system.edges if edge.kind == "grant"}
    yield "<table>\n<tr><th scope=col>who</th><th scope=col>what</th>"
    yield "<th scope=col>run by</th><th scope=col>may</th></tr>"
    for node in system.nodes:
        role = node.kind in (Kind.CALLER, Kind.OUTSIDE) and node.id in grantees
        if node.kind is Kind.SERVICE or role:
            callers = [
                _told(titles[edge.source], edge)
                for edge in system.edges
                if edge.target == node.id and edge.kind == "calls"
            ]
            grants = [
                _told(titles[edge.target], edge)
                for edge in system.edges
                if edge.source == node.id and edge.kind != "calls"
            ]
            cells = ("<br>".join(map(escape, cell)) for cell in (node.details, sorted(callers), grants))
            row = "".join(f"<td>{cell}</td>" for cell in cells)
            yield f"<tr><th scope=row>{escape(node.title)}</th>{row}</tr>"
    yield "</table>"


def _told(title: str, edge: Edge) -> str:
    labels = [label for label in edge.labels if label]
    return f"{title}: {', '.join(labels)}" if labels else title


def _id(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9-]+", "-", name)


def _inline(svg: str) -> str:
    """The picture without what only a document of its own has, and without ids that another has too."""
    inner = svg[svg.index("<svg") :]
    return re.sub(r' id="[^"]*"', "", inner)
