"""The state as a whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .resource import ResourceState


@dataclass(kw_only=True)
class Snapshot:
    """All resources in an order in which each comes after what it depends on.

    :ivar pending_operations: what was under way when a run was cut off
    """

    resources: list[ResourceState]
    pending_operations: list[Any]
