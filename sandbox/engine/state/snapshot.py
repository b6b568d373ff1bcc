"""The state as a whole."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from .resource import ResourceState


class OperationType(StrEnum):
    """What was being done to a resource (``apitype.OperationType``)."""

    CREATING = "creating"
    UPDATING = "updating"
    DELETING = "deleting"
    READING = "reading"
    IMPORTING = "importing"


@dataclass(kw_only=True, eq=False)
class Operation:
    """Something that was begun and isn't known to have ended."""

    resource: ResourceState
    type: OperationType


@dataclass(kw_only=True)
class Snapshot:
    """All resources, each after what it depends on.

    :ivar pending_operations: what was under way when a run was cut off
    """

    resources: list[ResourceState] = field(default_factory=list)
    pending_operations: list[Operation] = field(default_factory=list)
