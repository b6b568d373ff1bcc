"""Who depends on whom among the resources of a state (pkg/resource/graph)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Sequence

from .state import ResourceState


class DependencyGraph:
    """The resources of a snapshot, in an order in which each comes after what it depends on."""

    def __init__(self, resources: Sequence[ResourceState]) -> None:
        self._resources = list(resources)
        self._index = {state: index for index, state in enumerate(self._resources)}
        self._by_urn: dict[str, list[ResourceState]] = defaultdict(list)
        self._children: dict[str, list[ResourceState]] = defaultdict(list)
        for state in self._resources:
            self._by_urn[state.urn].append(state)
            if state.parent:
                self._children[state.parent].append(state)

    def __contains__(self, state: ResourceState) -> bool:
        return state in self._index

    def depending_on(
        self, root: ResourceState, ignore: Container[str], *, children: bool = False
    ) -> list[ResourceState]:
        """All that depend on a resource, directly or not.

        :param children: by being its child, too
        """
        found: list[ResourceState] = []
        urns = {root.urn}
        for candidate in self._resources[self._index[root] + 1 :]:
            if candidate.urn in ignore:
                continue
            needs = set(candidate.dependencies) | {candidate.provider_urn, candidate.deleted_with}
            needs.update(candidate.replace_with, *candidate.property_dependencies.values())
            if children:
                needs.add(candidate.parent)
            if needs & urns:
                found.append(candidate)
                urns.add(candidate.urn)
        return found

    def dependencies_of(self, state: ResourceState) -> set[ResourceState]:
        """All that a resource depends on directly; a component stands for all that is inside it."""
        limit = self._index[state]
        found: set[ResourceState] = set()
        for urn in {*state.depends_on(), state.provider_urn} - {""}:
            for dependency in self._by_urn.get(urn, ()):
                if self._index[dependency] < limit:
                    found.add(dependency)
                    if not dependency.custom and urn != state.parent:
                        found.update(d for d in self._inside(dependency.urn) if self._index[d] < limit)
        return found

    def _inside(self, urn: str) -> Iterable[ResourceState]:
        for child in self._children.get(urn, ()):
            yield child
            yield from self._inside(child.urn)


def deletion_levels(states: Sequence[ResourceState], graph: DependencyGraph) -> list[list[ResourceState]]:
    """The states to delete in groups: each group after those that depend on it (``ScheduleDeletes``)."""
    condemned = set(states)
    level: dict[ResourceState, int] = {}

    def level_of(state: ResourceState) -> int:
        if state not in level:
            needed = graph.dependencies_of(state) & condemned
            level[state] = 1 + max((level_of(dependency) for dependency in needed), default=0)
        return level[state]

    groups: dict[int, list[ResourceState]] = defaultdict(list)
    for state in states:
        groups[level_of(state)].append(state)
    return [groups[number] for number in sorted(groups, reverse=True)]
