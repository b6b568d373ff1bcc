"""Who depends on whom among the resources of a state."""

from __future__ import annotations

from sandbox.engine.graph import DependencyGraph, deletion_levels
from sandbox.engine.state import ResourceState


def urn(name: str) -> str:
    return f"urn:pulumi:dev::lab::test:index:Thing::{name}"


def thing(name: str, *needs: str, parent: str = "", custom: bool = True) -> ResourceState:
    return ResourceState(
        urn=urn(name),
        type="test:index:Thing",
        custom=custom,
        parent=urn(parent) if parent else "",
        dependencies=[urn(need) for need in needs],
    )


def names(states: list[ResourceState]) -> list[str]:
    return [state.name for state in states]


def test_what_is_deleted_first_depends_on_what_is_deleted_after_it() -> None:
    states = [thing("a"), thing("b", "a"), thing("other"), thing("c", "b", "a")]
    levels = deletion_levels(states, DependencyGraph(states))
    assert [names(level) for level in levels] == [["c"], ["b"], ["a", "other"]]


def test_only_what_is_deleted_has_a_place_in_the_order() -> None:
    states = [thing("a"), thing("b", "a"), thing("c", "b")]
    levels = deletion_levels([states[0], states[2]], DependencyGraph(states))
    assert [names(level) for level in levels] == [["a", "c"]]


def test_what_depends_on_a_component_goes_before_all_that_is_inside_it() -> None:
    states = [thing("group", custom=False), thing("inner", parent="group"), thing("user", "group")]
    levels = deletion_levels(states, DependencyGraph(states))
    assert [names(level) for level in levels] == [["user"], ["inner"], ["group"]]


def test_a_chain_may_be_long() -> None:
    states = [thing("0"), *(thing(f"{number}", f"{number - 1}") for number in range(1, 5_000))]
    graph = DependencyGraph(states)
    assert [names(level) for level in deletion_levels(states, graph)][:2] == [["4999"], ["4998"]]
    assert len(graph.depending_on(states[0], ignore=())) == 4_999


def test_dependents_are_found_through_others_and_come_in_order() -> None:
    states = [thing("a"), thing("b", "a"), thing("other"), thing("c", "other"), thing("d", "b", "c")]
    graph = DependencyGraph(states)
    assert names(graph.depending_on(states[0], ignore=())) == ["b", "d"]
    assert names(graph.depending_on(states[0], ignore={urn("b")})) == []


def test_children_are_dependents_only_when_asked_for() -> None:
    states = [thing("group", custom=False), thing("inner", parent="group"), thing("user", "inner")]
    graph = DependencyGraph(states)
    assert graph.depending_on(states[0], ignore=()) == []
    assert names(graph.depending_on(states[0], ignore=(), children=True)) == ["inner", "user"]
