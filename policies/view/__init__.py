"""Resources as rules see them: plain values, converted once at the border."""

from policies.view.graph import Graph
from policies.view.resource import Block, MalformedError, Resource
from policies.view.values import UNKNOWN, Opaque, Secret, Unknown, Value, plain

__all__ = [
    "UNKNOWN",
    "Block",
    "Graph",
    "MalformedError",
    "Opaque",
    "Resource",
    "Secret",
    "Unknown",
    "Value",
    "plain",
]
