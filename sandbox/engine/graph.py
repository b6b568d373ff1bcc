"""Who depends on whom among the resources of a state (pkg/resource/graph)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from functools import cached_property

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

    @cached_property
    def _dependents(self) -> Mapping[str, list[ResourceState]]:
        """By URN, those that need it directly, their parents excepted."""
        found: dict[str, list[ResourceState]] = defaultdict(list)
        for state in self._resources:
            needs = {*state.dependencies, *state.replace_with, state.provider_urn, state.deleted_with}
            for urn in needs.union(*state.property_dependencies.values()):
                found[urn].append(state)
        return found

    def __contains__(self, state: ResourceState) -> bool:
        return state in self._index

    def in_order(self, states: Iterable[ResourceState]) -> list[ResourceState]:
        """The states, each after what it depends on."""
        return sorted(states, key=self._index.__getitem__)

    def depending_on(
        self, root: ResourceState, ignore: Container[str], *, children: bool = False
    ) -> list[ResourceState]:
        """All that depend on a resource, directly or not, in order.

        :param children: by being its child, too
        """
        found: set[ResourceState] = set()
        left = [root]
        while left:
            state = left.pop()
            nearest = [*self._dependents.get(state.urn, ())]
            if children:
                nearest += self._children.get(state.urn, ())
            for dependent in nearest:
                later = self._index[dependent] > self._index[state]
                if later and dependent not in found and dependent.urn not in ignore:
                    found.add(dependent)
                    left.append(dependent)
        return self.in_order(found)

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
    level: dict[ResourceState, int] = dict.fromkeys(states, 0)
    for state in graph.in_order(states):
        needed = (level[found] for found in graph.dependencies_of(state) if found in level)
        level[state] = 1 + max(needed, default=0)
    groups: dict[int, list[ResourceState]] = defaultdict(list)
    for state in states:
        groups[level[state]].append(state)
    return [groups[number] for number in sorted(groups, reverse=True)]
