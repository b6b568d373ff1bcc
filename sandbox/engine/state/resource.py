"""One resource in the state (``resource.State``, pkg/resource/resource_state.go)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sandbox.engine.properties import PropertyMap


@dataclass(kw_only=True, eq=False, slots=True)
class ResourceState:
    """What is known of one resource. Field by field Pulumi's ``ResourceV3``.

    Mutable, and equal only to itself, since the engine follows one resource's state through a run.

    :ivar custom: whether a provider manages it (else it is a component)
    :ivar delete: it was replaced and is still to be deleted
    :ivar provider: ``urn::id`` of its provider
    :ivar property_dependencies: input name -> the URNs that its value came from
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
    ignore_changes: list[str] = field(default_factory=list)
    hide_diff: list[str] = field(default_factory=list)
    replace_on_changes: list[str] = field(default_factory=list)
    refresh_before_update: bool = False

    @property
    def name(self) -> str:
        """The last part of the URN."""
        return self.urn.split("::", 3)[3] if self.urn.count("::") >= 3 else self.urn
