"""The stack's state: what the engine knows of the resources that exist."""

from __future__ import annotations

from .resource import ResourceState
from .snapshot import Operation, OperationType, Snapshot
from .store import StateStore

__all__ = ["Operation", "OperationType", "ResourceState", "Snapshot", "StateStore"]
