"""Whose each resource of a stage is: of which system, and of which of its services.

Read from any program's graph: a service is the component around a function (or the function alone); a system
is what the tag ``System`` says, or else the outermost component.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

SHARED: Final = "shared"
"""The service of what belongs to a system, and to no single one of its services: so the tag may say, too."""
FUNCTION: Final = "aws:lambda/function:Function"


@dataclass(frozen=True, kw_only=True)
class Resource:
    """A resource: what the program asked for, without secrets; what isn't known yet isn't there.

    :ivar depends: input -> the URNs that its value came from
    """

    urn: str
    type: str
    parent: str
    inputs: Mapping[str, Any]
    depends: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Its name in the program."""
        return self.urn.rpartition("::")[2]

    @property
    def tags(self) -> Mapping[str, str]:
        """Those that it has, and those that its provider gives it."""
        return {**(self.inputs.get("tags") or {}), **(self.inputs.get("tagsAll") or {})}


@dataclass(frozen=True)
class Owner:
    """A system, and one of its services or :data:`SHARED`."""

    system: str
    service: str


class Owners:
    """The owners of some resources."""

    def __init__(self, resources: Sequence[Resource]) -> None:
        self._by_urn = {resource.urn: resource for resource in resources}
        self._services = {
            resource.parent if self._is_component(resource.parent) else resource.urn: Owner(
                resource.tags.get("System") or self._outermost(resource),
                resource.tags.get("Service") or str(resource.inputs.get("name") or resource.name),
            )
            for resource in resources
            if resource.type == FUNCTION
        }
        self._systems = {
            self._outermost(resource): resource.tags["System"]
            for resource in resources
            if "System" in resource.tags
        }

    def of(self, resource: Resource) -> Owner:
        """The owner of one of the resources."""
        for each in self._ancestors(resource):
            if each.urn in self._services:
                return self._services[each.urn]
        outermost = self._outermost(resource)
        system = resource.tags.get("System") or self._systems.get(outermost) or outermost
        return Owner(system, resource.tags.get("Service") or SHARED)

    def _is_component(self, urn: str) -> bool:
        found = self._by_urn.get(urn)
        return found is not None and not found.type.startswith(("aws:", "pulumi:"))

    def _ancestors(self, resource: Resource) -> Iterator[Resource]:
        found: Resource | None = resource
        while found is not None:
            yield found
            found = self._by_urn.get(found.parent)

    def _outermost(self, resource: Resource) -> str:
        own = [each for each in self._ancestors(resource) if each.type != "pulumi:pulumi:Stack"]
        return own[-1].name
