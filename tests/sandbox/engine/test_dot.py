"""The dependency graph in DOT: byte by byte what ``pulumi stack graph`` writes."""

from __future__ import annotations

import pytest

from sandbox.engine import Snapshot
from sandbox.engine.dot import dot
from tests.sandbox.engine.lab import Lab, ok


@pytest.fixture
def snapshot(lab: Lab) -> Snapshot:
    ok(
        lab.up(
            """
            outer = Component("outer")
            a = Thing("a", opts=O(parent=outer))
            b = Thing("b", text=a.arn, tags={"of": a.arn})
            c = Thing("c", opts=O(depends_on=[b]))
            """
        )
    )
    loaded = lab.state.load()
    assert loaded is not None
    return loaded


def test_parents_and_dependencies_are_drawn(snapshot: Snapshot) -> None:
    lines = dot(snapshot, short=True).splitlines()
    assert (lines[0], lines[-1]) == ("strict digraph {", "}")
    nodes = {line.split()[0]: line.split('"')[1] for line in lines if "[label" in line and "->" not in line}
    edges = {
        (nodes[line.split()[0]], nodes[line.split()[2]]): line.partition("[")[2]
        for line in lines
        if "->" in line
    }
    assert edges["a", "outer"] == 'color = "#AA6639"];'
    assert edges["outer", "lab-dev"] == 'color = "#AA6639"];'
    assert edges["a", "b"] == 'color = "#246C60", label = "tags, text"];'
    assert edges["b", "c"] == 'color = "#246C60"];'


def test_edges_can_be_left_out(snapshot: Snapshot) -> None:
    assert "#AA6639" not in dot(snapshot, parents=False)
    assert "#246C60" not in dot(snapshot, dependencies=False)
    assert "->" not in dot(snapshot, parents=False, dependencies=False)


def test_labels_are_urns_in_order(snapshot: Snapshot) -> None:
    lines = dot(snapshot, parents=False, dependencies=False).splitlines()[1:-1]
    urns = sorted(state.urn for state in snapshot.resources)
    assert lines == [f'    Resource{number} [label="{urn}"];' for number, urn in enumerate(urns)]
