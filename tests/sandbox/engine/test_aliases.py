"""A resource that has moved is the same resource, whatever its alias says of what it was.

The cases are those of pkg/engine/lifecycletest/alias_test.go.
"""

from __future__ import annotations

import pytest

from tests.sandbox.engine.lab import Lab, done, errors, ok, ops

URN = "urn:pulumi:dev::lab::"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param('Thing("a")', 'Thing("b", O(aliases=[pulumi.Alias(name="a")]))', id="name"),
        pytest.param(
            'Other("a")', 'Thing("a", O(aliases=[pulumi.Alias(type_="test:index:Other")]))', id="type"
        ),
        pytest.param(
            'Thing("a", O(parent=c))', 'Thing("a", O(aliases=[pulumi.Alias(parent=c)]))', id="parent"
        ),
        pytest.param(
            'Thing("a", O(parent=c))',
            f'Thing("a", O(aliases=[pulumi.Alias(parent="{URN}lab:index:Component::c")]))',
            id="parent's URN",
        ),
        pytest.param(
            'Thing("a")', 'Thing("a", O(parent=c, aliases=[pulumi.Alias(parent=None)]))', id="no parent"
        ),
        pytest.param(
            'Thing("a")',
            'Thing("a", O(parent=c, aliases=[pulumi.Alias(parent=pulumi.ROOT_STACK_RESOURCE)]))',
            id="the stack",
        ),
        pytest.param('Thing("a")', f'Thing("b", O(aliases=["{URN}test:index:Thing::a"]))', id="URN"),
        pytest.param(
            'Other("a", O(parent=c))',
            """
            old = pulumi.create_urn("a", "test:index:Other", c)
            Thing("b", O(parent=d, aliases=["urn:pulumi:dev::lab::nothing:at:All::x", old]))
            """,
            id="URN made of parts",
        ),
        pytest.param(
            'Other("a", O(parent=c))',
            'Thing("b", O(aliases=[pulumi.Alias(name="a", type_="test:index:Other", parent=c)]))',
            id="all at once",
        ),
        pytest.param(
            'Component("e", O(parent=c)); Thing("e-a", O(parent=Component("e2", O(parent=c))))',
            """
            Component("e", O(parent=d, aliases=[pulumi.Alias(parent=c)]))
            inner = Component("e2", O(parent=d, aliases=[pulumi.Alias(parent=c)]))
            Thing("e-a", O(parent=inner))
            """,
            id="the parent's alias",
        ),
        pytest.param(
            'Thing("x-a", O(parent=Component("x")))',
            'Thing("y-a", O(parent=Component("y", O(aliases=[pulumi.Alias(name="x")]))))',
            id="the parent's alias, and a name made of its name",
        ),
        pytest.param(
            'Thing("old", O(parent=Component("x")))',
            """
            y = Component("y", O(aliases=[pulumi.Alias(name="x")]))
            Thing("new", O(parent=y, aliases=[pulumi.Alias(name="old")]))
            """,
            id="the parent's alias and its own",
        ),
        pytest.param(
            'Thing("x-y-a", O(parent=Component("x-y", O(parent=Component("x")))))',
            """
            z = Component("z", O(aliases=[pulumi.Alias(name="x")]))
            Thing("z-y-a", O(parent=Component("z-y", O(parent=z))))
            """,
            id="a chain",
        ),
        pytest.param(
            'x = Component("x"); Thing("a", O(parent=x))',
            """
            x = Component("x", O(parent=d, aliases=[pulumi.Alias(parent=None)]))
            Thing("a", O(parent=d, aliases=[pulumi.Alias(parent=x)]))
            """,
            id="a parent that has moved itself",
        ),
    ],
)
def test_what_has_moved_is_the_same(lab: Lab, before: str, after: str) -> None:
    head = """
class Other(pulumi.CustomResource):
    def __init__(self, name, opts=None, **props):
        super().__init__("test:index:Other", name, props, opts)

c, d = Component("c"), Component("d")
"""
    from textwrap import dedent

    ok(lab.up(head + dedent(before)))
    made = dict(lab.provider.things)
    for preview in (True, False, False):
        result = ok(lab.up(head + dedent(after), preview=preview))
        assert set(ops(result)) == {"same"}, done(result)
    assert lab.provider.things == made
    urns = [entry["urn"] for entry in lab.resources().values()]
    assert len(urns) == len(set(urns)) == ops(result)["same"] + 1
    assert not any("aliases" in entry for entry in lab.resources().values())


def test_a_renamed_stack_and_project_keep_their_resources(lab: Lab) -> None:
    program = 'a = Thing("a"); Thing("b", text=a.arn)'
    ok(lab.up(program))
    path = lab.state.path
    path.write_text(path.read_text().replace("dev::lab", "was::other").replace("lab-dev", "other-was"))
    aliased = """
        old = pulumi.Alias(stack="was", project="other")
        a = Thing("a", O(aliases=[old])); Thing("b", O(aliases=[old]), text=a.arn)
    """
    result = ok(lab.up(aliased))
    assert ops(result) == {"create": 1, "delete": 1, "same": 2}, "the stack itself is another one"
    assert {entry["urn"].split("::")[0] for entry in lab.resources().values()} == {"urn:pulumi:dev"}
    assert list(lab.provider.things) == ["a-1", "b-1"]
    assert ops(ok(lab.up(program))) == {"same": 3}


def test_an_alias_of_what_is_still_there_is_an_error_in_either_order(lab: Lab) -> None:
    ok(lab.up('Thing("a")'))
    alias = 'Thing("b", O(aliases=[pulumi.Alias(name="a")]), after=a)'
    result = lab.up(f'a = Thing("a").arn; {alias}')
    old = f"{URN}test:index:Thing::a"
    new = f"{URN}test:index:Thing::b"
    assert errors(result)[0] == (
        f"Duplicate resource alias '{old}' applied to resource with URN '{new}'"
        f" conflicting with resource with URN '{new}'"
    )
    assert set(lab.resources()) == {"lab-dev", "default", "a"}
    result = lab.up('b = Thing("b", O(aliases=[pulumi.Alias(name="a")])); Thing("a", after=b.arn)')
    assert errors(result)[0] == (
        f"Duplicate resource URN '{old}' conflicting with alias on resource with URN '{new}'"
    )
    assert set(lab.resources()) == {"lab-dev", "default", "b"}


def test_a_resource_of_its_own_name_comes_before_one_of_an_alias(lab: Lab) -> None:
    ok(lab.up('a = Thing("a"); Thing("b", O(parent=a)); Thing("b")'))
    result = ok(lab.up('a = Thing("a"); Thing("b", O(aliases=[pulumi.Alias(parent=a)]))'))
    assert ops(result) == {"delete": 1, "same": 3}
    (gone,) = (step.urn for step in result.steps if step.op == "delete")
    assert gone == f"{URN}test:index:Thing$test:index:Thing::b"


def test_a_program_that_fails_in_the_middle_of_a_move_leaves_nothing_behind_its_parent(lab: Lab) -> None:
    """What wasn't registered any more follows its parent, so that the next run finds it."""
    ok(lab.up('x = Component("x"); y = Component("y", O(parent=x)); Thing("z", O(parent=y), text="t")'))
    moved = 'y = Component("y", O(aliases=[pulumi.Alias(parent="' + URN + 'lab:index:Component::x")]))'
    result = lab.up(f"{moved}; Output.all(y.urn).apply(lambda _: 1 / 0)")
    assert result.exit_code == 1
    found = lab.resources()
    assert found["y"]["urn"] == f"{URN}lab:index:Component::y"
    assert found["z"]["urn"] == f"{URN}lab:index:Component$test:index:Thing::z"
    assert found["z"]["parent"] == found["y"]["urn"]
    assert "x" in found
    result = ok(lab.up(f'{moved}; Thing("z", O(parent=y), text="t")'))
    assert ops(result) == {"delete": 1, "same": 3}
    assert list(lab.provider.things) == ["z-1"]


def test_a_provider_that_has_moved_keeps_its_resources(lab: Lab) -> None:
    ok(lab.up('p = Provider("p", region="us"); a = Thing("a", O(provider=p)); Thing("b", text=a.arn)'))
    program = """
        p = Provider("q", O(aliases=[pulumi.Alias(name="p")]), region="us")
        a = Thing("a2", O(provider=p, aliases=[pulumi.Alias(name="a")]))
        Thing("b", text=a.arn)
    """
    assert ops(ok(lab.up(program))) == {"same": 4}
    found = lab.resources()
    assert found["a2"]["provider"].startswith(f"{URN}pulumi:providers:test::q::")
    assert found["b"]["propertyDependencies"] == {"text": [found["a2"]["urn"]]}
    assert ops(ok(lab.up())) == {"same": 4}
