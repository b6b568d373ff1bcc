"""What a program wants: one registration, and its way back to the program."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from .properties import PropertyMap, Value
from .state import ResourceState


@dataclass(frozen=True, kw_only=True)
class Alias:
    """Another name that a resource had: a whole URN, or what differs from its present one."""

    urn: str = ""
    name: str = ""
    type: str = ""
    stack: str = ""
    project: str = ""
    parent: str = ""
    no_parent: bool = False


@dataclass(kw_only=True)
class Goal:
    """A resource as the program declares it (``resource.Goal``).

    :ivar import_id: take in what exists by this id, rather than create it
    :ivar protect: ``None`` if the program doesn't say
    :ivar delete_before_replace: ``None``: as the provider says
    """

    type: str
    name: str
    custom: bool
    properties: PropertyMap = field(default_factory=dict)
    parent: str = ""
    import_id: str = ""
    protect: bool | None = None
    dependencies: list[str] = field(default_factory=list)
    provider: str = ""
    property_dependencies: dict[str, list[str]] = field(default_factory=dict)
    delete_before_replace: bool | None = None
    ignore_changes: list[str] = field(default_factory=list)
    additional_secret_outputs: list[str] = field(default_factory=list)
    aliases: list[Alias] = field(default_factory=list)
    custom_timeouts: dict[str, float] = field(default_factory=dict)
    replace_on_changes: list[str] = field(default_factory=list)
    replacement_trigger: Value = None
    retain_on_delete: bool | None = None
    deleted_with: str = ""
    replace_with: list[str] = field(default_factory=list)
    hide_diff: list[str] = field(default_factory=list)
    resource_hooks: dict[str, list[str]] = field(default_factory=dict)
    source_position: str = ""
    stack_trace: list[str] = field(default_factory=list)


@dataclass(kw_only=True)
class ReadGoal:
    """A resource that exists and is only read."""

    type: str
    name: str
    id: str
    properties: PropertyMap
    parent: str = ""
    dependencies: list[str] = field(default_factory=list)
    provider: str = ""
    additional_secret_outputs: list[str] = field(default_factory=list)
    source_position: str = ""
    stack_trace: list[str] = field(default_factory=list)


class Registration:
    """One call of the program that waits for its resource.

    :ivar imported: the state of what was taken in, if the resource is an import and that has succeeded
    """

    def __init__(self) -> None:
        self.imported: ResourceState | None = None
        self.state: ResourceState | None = None
        self.unknown = False
        """its outputs aren't known: it wasn't made, because it doesn't take part in the run"""
        self._done = threading.Event()

    def done(self, state: ResourceState) -> None:
        """Answer the program."""
        self.state = state
        self._done.set()

    @property
    def is_done(self) -> bool:
        """Whether it has an answer."""
        return self._done.is_set()
