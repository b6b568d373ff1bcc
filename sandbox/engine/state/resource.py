"""One resource in the state (``resource.State``, pkg/resource/resource_state.go)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sandbox.engine import urn as urns
from sandbox.engine.properties import PropertyMap


@dataclass(kw_only=True, eq=False, slots=True)
class ResourceState:
    """What is known of one resource. Field by field Pulumi's ``ResourceV3``.

    Mutable, and equal only to itself, since the engine follows one resource's state through a run.

    :ivar custom: whether a provider manages it (else it is a component)
    :ivar delete: it was replaced and is still to be deleted
    :ivar provider: ``urn::id`` of its provider
    :ivar property_dependencies: input name -> the URNs that its value came from
    :ivar pending_replacement: it was deleted to be replaced, and its replacement doesn't exist yet
    :ivar custom_timeouts: create, update, delete, read -> seconds
    """

    urn: str
    type: str
    custom: bool
    id: str = ""
    inputs: PropertyMap = field(default_factory=dict)
    outputs: PropertyMap = field(default_factory=dict)
    parent: str = ""
    protect: bool = False
    taint: bool = False
    external: bool = False
    delete: bool = False
    dependencies: list[str] = field(default_factory=list)
    init_errors: list[str] = field(default_factory=list)
    provider: str = ""
    property_dependencies: dict[str, list[str]] = field(default_factory=dict)
    pending_replacement: bool = False
    additional_secret_outputs: list[str] = field(default_factory=list)
    aliases: list[str] = field(default_factory=list)
    custom_timeouts: dict[str, float] = field(default_factory=dict)
    import_id: str = ""
    retain_on_delete: bool = False
    deleted_with: str = ""
    replace_with: list[str] = field(default_factory=list)
    created: datetime | None = None
    modified: datetime | None = None
    source_position: str = ""
    stack_trace: list[str] = field(default_factory=list)
    ignore_changes: list[str] = field(default_factory=list)
    hide_diff: list[str] = field(default_factory=list)
    replace_on_changes: list[str] = field(default_factory=list)
    replacement_trigger: Any = None
    refresh_before_update: bool = False
    view_of: str = ""
    resource_hooks: dict[str, list[str]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The last part of the URN."""
        return urns.name(self.urn)

    @property
    def is_provider(self) -> bool:
        """Whether it is a provider."""
        return urns.is_provider(self.type)

    @property
    def provider_urn(self) -> str:
        """The URN of its provider, or ``""``."""
        return urns.split_reference(self.provider)[0] if self.provider else ""

    def depends_on(self) -> Iterator[str]:
        """The URNs of all that it needs: parent, dependencies, provider's excepted."""
        if self.parent:
            yield self.parent
        yield from self.dependencies
        for found in self.property_dependencies.values():
            yield from found
        if self.deleted_with:
            yield self.deleted_with
        yield from self.replace_with

    def copy(self) -> ResourceState:
        """Another state with the same content (property maps are copied, their values shared)."""
        other = object.__new__(ResourceState)  # copy.copy takes three times as long
        for name in self.__slots__:
            setattr(other, name, getattr(self, name))
        other.inputs = dict(self.inputs)
        other.outputs = dict(self.outputs)
        return other
