"""A stage's architecture, drawn from its graph: systems, services, triggers, data, and who may do what."""

from __future__ import annotations

from .drawing import draw
from .model import Architecture, Edge, Kind, Node
from .pages import page
from .read import read

__all__ = ["Architecture", "Edge", "Kind", "Node", "draw", "page", "read"]
