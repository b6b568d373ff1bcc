"""Brings a state's references in step with resources that have another name now."""

from __future__ import annotations

from collections.abc import Sequence

from sandbox.engine import urn as urns

from .resource import ResourceState


def without_aliases(resources: Sequence[ResourceState]) -> list[ResourceState]:
    """The resources with every earlier name, of themselves or of others, replaced by the one that holds.

    What wasn't registered yet follows its parent (``NormalizeURNReferences``, deploy/snapshot.go).
    """
    if not any(state.aliases for state in resources):
        return list(resources)
    renamed: dict[str, str] = {}
    for state in resources:
        renamed |= {alias: state.urn for alias in state.aliases if alias != state.urn}
        parent = renamed.get(state.parent, "")
        if parent and urns.qualified_type(parent) != urns.ROOT_TYPE:  # its URN says what its parent is
            old = state.urn
            renamed[old] = urns.make(
                urns.stack(old), urns.project(old), parent, urns.type_of(old), urns.name(old)
            )

    def now(urn: str) -> str:
        return renamed.get(urn, urn)

    fixed = []
    for state in resources:
        new = state.copy()
        new.urn, new.aliases = now(state.urn), []
        new.parent, new.deleted_with = now(state.parent), now(state.deleted_with)
        new.dependencies = [now(urn) for urn in state.dependencies]
        new.replace_with = [now(urn) for urn in state.replace_with]
        new.property_dependencies = {k: [now(u) for u in v] for k, v in state.property_dependencies.items()}
        if state.provider:
            provider_urn, identity = urns.split_reference(state.provider)
            new.provider = f"{now(provider_urn)}::{identity}"
        fixed.append(new)
    return fixed
