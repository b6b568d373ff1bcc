"""Runs about some of the resources: --target, --exclude, --replace (as Pulumi's target_test.go has it)."""

from __future__ import annotations

import pytest

from sandbox.engine import Kind
from sandbox.engine.state.imported import integrity
from sandbox.engine.targets import Targets, UrnSet
from tests.sandbox.engine.lab import Lab, done, errors, ok, ops

A = "urn:pulumi:dev::lab::test:index:Thing::a"
B = "urn:pulumi:dev::lab::test:index:Thing::b"
C = "urn:pulumi:dev::lab::test:index:Thing::c"

CHAIN = """
    a = Thing("a", text="{0}")
    b = Thing("b", text="{0}", source=a.arn)
    c = Thing("c", text="{0}", opts=O(depends_on=[b]))
    pulumi.export("arn", a.arn)
    """


def only(*urns: str, dependents: bool = False) -> Targets:
    return Targets(only=urns, dependents=dependents)


def exclude(*urns: str, dependents: bool = False) -> Targets:
    return Targets(exclude=urns, exclude_dependents=dependents)


def texts(lab: Lab) -> dict[str, str]:
    return {
        name: entry["inputs"]["text"]
        for name, entry in sorted(lab.resources().items())
        if "text" in entry.get("inputs", {})
    }


def in_order(lab: Lab) -> None:
    """Make sure that the state on disk fits together: each resource after what it depends on."""
    snapshot = lab.state.load()
    assert snapshot is not None
    assert list(integrity(snapshot.resources)) == []


@pytest.mark.parametrize(
    ("text", "urn", "expected"),
    [
        (A, A, True),
        (A, B, False),
        ("**", A, True),
        ("**::a", A, True),
        ("**::a", f"{A}a", False),
        ("urn:pulumi:dev::lab::test:index:*::a", A, True),
        ("urn:pulumi:*::a", A, False),
        ("**:Thing::?", A, False),
        ("**test.index**", A, False),
    ],
)
def test_a_star_is_anything_without_colons_and_two_are_anything(text: str, urn: str, expected: bool) -> None:
    assert (urn in UrnSet([text])) is expected


# --- up --------------------------------------------------------------------------------------------------


def test_what_is_not_targeted_stays_as_it_is(lab: Lab) -> None:
    ok(lab.up(CHAIN.format("old")))
    lab.provider.calls.clear()
    result = ok(lab.up(CHAIN.format("new"), targets=only(B)))
    assert ops(result) == {"same": 3, "update": 1}
    assert texts(lab) == {"a": "old", "b": "new", "c": "old"}
    assert lab.provider.named("Check") == ["b"]
    assert lab.provider.named("Update") == ["b"]
    in_order(lab)


def test_the_outputs_of_the_stack_stay(lab: Lab) -> None:
    first = ok(lab.up(CHAIN.format("old")))
    result = ok(lab.up(CHAIN.format("new"), targets=only(C)))
    assert result.outputs == first.outputs == {"arn": "arn:test:a-1"}
    assert lab.state.outputs() == {"arn": "arn:test:a-1"}


def test_a_preview_of_targets_is_what_happens(lab: Lab) -> None:
    ok(lab.up(CHAIN.format("old")))
    assert ops(ok(lab.preview(CHAIN.format("new"), targets=only(B)))) == {"same": 3, "update": 1}
    assert texts(lab) == {"a": "old", "b": "old", "c": "old"}


def test_dependents_are_targets_on_request(lab: Lab) -> None:
    ok(lab.up(CHAIN.format("old")))
    ok(lab.up(CHAIN.format("new"), targets=only(B, dependents=True)))
    assert texts(lab) == {"a": "old", "b": "new", "c": "new"}


def test_children_and_what_a_provider_made_are_dependents(lab: Lab) -> None:
    program = """
        outer = Component("outer")
        inner = Thing("inner", text="{0}", opts=O(parent=outer))
        given = Provider("given")
        made = Thing("made", text="{0}", opts=O(provider=given))
        other = Thing("other", text="{0}")
        """
    ok(lab.up(program.format("old")))
    ok(lab.up(program.format("new"), targets=only("**::outer", dependents=True)))
    assert texts(lab) == {"inner": "new", "made": "old", "other": "old"}
    ok(lab.up(program.format("new"), targets=only("**::given", dependents=True)))
    assert texts(lab) == {"inner": "new", "made": "new", "other": "old"}


def test_what_is_not_targeted_and_not_there_is_not_made(lab: Lab) -> None:
    result = ok(lab.up(CHAIN.format("new"), targets=only(A)))
    assert ops(result) == {"create": 2, "same": 2}
    assert list(texts(lab)) == ["a"]
    assert lab.provider.named("Create") == ["a"]
    assert lab.provider.named("Check") == ["a"]
    assert texts(lab) == {"a": "new"}
    assert ops(ok(lab.up())) == {"create": 2, "same": 2}


def test_the_program_hears_that_outputs_of_what_is_not_made_are_unknown(lab: Lab) -> None:
    result = ok(
        lab.up(
            """
            a = Thing("a")
            b = Thing("b")
            a.arn.apply(lambda arn: print("never", arn))
            b.arn.apply(lambda arn: print("made", arn))
            """,
            targets=only(B),
        )
    )
    said = [d.message for d in result.diagnostics]
    assert "made arn:test:b-1" in said
    assert not [line for line in said if "never" in line]


@pytest.mark.parametrize("preview", [True, False])
@pytest.mark.parametrize(
    "how",
    [
        "source=a.arn",
        "opts=O(depends_on=[a])",
        "opts=O(parent=a)",
        "opts=O(deleted_with=a)",
        "opts=O(replace_with=[a])",
    ],
)
def test_a_target_that_needs_what_is_not_made_is_an_error(lab: Lab, how: str, preview: bool) -> None:
    result = lab.up(f'a = Thing("a")\nThing("b", {how})', targets=only("**::b"), preview=preview)
    assert result.exit_code == 1
    (told,) = errors(result)
    assert f"it depends on '{A}', which isn't there yet" in told
    assert f"--target '{A}'" in told
    assert lab.provider.named("Create") == []


def test_every_missing_dependency_is_told_by_a_preview(lab: Lab) -> None:
    result = lab.preview(
        """
        a = Thing("a")
        b = Thing("b", source=a.arn)
        c = Thing("c")
        d = Thing("d", source=c.arn)
        """,
        targets=only("**::b", "**::d"),
    )
    assert len(errors(result)) == 2


def test_an_unmade_resource_may_need_another_that_is_not_made(lab: Lab) -> None:
    ok(
        lab.up(
            """
            a = Thing("a")
            b = Thing("b", source=a.arn)
            c = Component("c")
            c.register_outputs({"arn": b.arn})
            d = Thing("d")
            """,
            targets=only("**::d"),
        )
    )
    assert {"d", "lab-dev"} <= set(lab.resources())
    assert not {"a", "b", "c"} & set(lab.resources())


def test_providers_and_the_stack_always_take_part(lab: Lab) -> None:
    ok(
        lab.up(
            """
            given = Provider("given", region="x")
            a = Thing("a", opts=O(provider=given))
            b = Thing("b")
            """,
            targets=only("**::a"),
        )
    )
    assert {"given", "a", "lab-dev"} <= set(lab.resources())
    assert "b" not in lab.resources()


def test_what_the_program_dropped_is_deleted_only_as_a_target(lab: Lab) -> None:
    ok(lab.up('a = Thing("a")\nb = Thing("b")\nc = Thing("c")'))
    result = ok(lab.up('c = Thing("c", text="new")', targets=only(C, B)))
    assert ops(result) == {"delete": 1, "same": 2, "update": 1}
    assert {"a", "c"} <= set(lab.resources())
    assert "b" not in lab.resources()
    in_order(lab)


def test_what_depends_on_a_dropped_target_has_to_be_a_target_too(lab: Lab) -> None:
    ok(lab.up(CHAIN.format("old")))
    result = lab.up('pulumi.export("x", 1)', targets=only(B))
    assert result.exit_code == 1
    (told,) = errors(result)
    assert "--target-dependents" in told
    assert list(texts(lab)) == ["a", "b", "c"]
    ok(lab.up('pulumi.export("x", 1)', targets=only(B, dependents=True)))
    assert list(texts(lab)) == ["a"]


def test_dependencies_that_the_program_dropped_stay_before_what_needs_them(lab: Lab) -> None:
    """Neither the dropped resource nor what needed it is a target (TestUntargetedDependencyChains...)."""
    ok(
        lab.up(
            """
            a = Thing("a")
            b = Thing("b", opts=O(depends_on=[a]))
            c = Thing("c", opts=O(parent=b, deleted_with=a))
            target = Thing("target")
            """
        )
    )
    ok(
        lab.up(
            """
            b = Thing("b")
            c = Thing("c", opts=O(parent=b))
            target = Thing("target", text="new")
            """,
            targets=only("**::target"),
        )
    )
    assert set(lab.resources()) >= {"a", "b", "c", "target"}
    assert lab.resources()["b"]["dependencies"] == [A]
    in_order(lab)


def test_a_dropped_dependency_that_comes_back_later_in_the_program_is_updated(lab: Lab) -> None:
    """Pulumi takes it for a duplicate, or loses its new inputs (#24303)."""
    ok(lab.up('a = Thing("a", text="old")\nmarker = Thing("marker", opts=O(depends_on=[a]))'))
    ok(
        lab.up(
            """
            marker = Thing("marker")
            a = Thing("a", text=marker.arn.apply(lambda _: "new"))
            """,
            targets=only(A),
        )
    )
    assert lab.resources()["a"]["inputs"]["text"] == "new"


def test_a_resource_with_an_alias_that_is_no_target_keeps_its_old_name(lab: Lab) -> None:
    ok(lab.up('a = Thing("a")\nb = Thing("b", opts=O(parent=a))\nc = Thing("c")'))
    ok(
        lab.up(
            """
            renamed = Thing("renamed", opts=O(aliases=[pulumi.Alias(name="a")]))
            b = Thing("b", opts=O(parent=renamed))
            c = Thing("c", text="new")
            """,
            targets=only(C),
        )
    )
    assert {"a", "b", "c"} <= set(lab.resources())
    assert "renamed" not in lab.resources()
    in_order(lab)


def test_a_provider_that_is_gone_from_the_program_is_an_error_for_what_is_no_target(lab: Lab) -> None:
    ok(lab.up('given = Provider("given")\na = Thing("a", opts=O(provider=given))\nb = Thing("b")'))
    result = lab.up('a = Thing("a")\nb = Thing("b", text="new")', targets=only(B))
    assert result.exit_code == 1
    assert "isn't the program's any more" in errors(result)[0]


def test_an_unrelated_provider_is_not_even_started(lab: Lab) -> None:
    ok(lab.up('given = Provider("given")\na = Thing("a", opts=O(provider=given))\nb = Thing("b")'))
    lab.provider.calls.clear()
    ok(lab.up('b = Thing("b", text="new")', targets=only(B)))
    assert "given" not in [name for _, name in lab.provider.calls]
    assert {"given", "a", "b"} <= set(lab.resources())


def test_a_misspelled_target_is_an_error(lab: Lab) -> None:
    ok(lab.up(CHAIN.format("old")))
    result = lab.up(CHAIN.format("new"), targets=only(f"{A}x"))
    assert result.exit_code == 1
    (told,) = errors(result)
    assert f"the stack has no resource '{A}x' (--target)" in told
    assert f"Did you mean '{A}'?" in told
    assert texts(lab) == {"a": "old", "b": "old", "c": "old"}


def test_a_pattern_that_matches_nothing_is_a_warning(lab: Lab) -> None:
    result = ok(lab.up(CHAIN.format("old"), targets=only("**::nothing")))
    assert "no resource of the stack matches '**::nothing' (--target)" in [
        d.message for d in result.diagnostics
    ]


SEVERAL = """
    a1 = Thing("a1", text="{0}")
    a2 = Thing("a2", text="{0}")
    c = Component("c")
    k1 = Thing("k1", O(parent=c), text="{0}")
    k2 = Thing("k2", O(parent=c), text=a1.arn)
    b = Thing("b", text="{0}")
    """


@pytest.mark.parametrize(
    ("pattern", "matched"),
    [
        ("**", {"a1", "a2", "b", "k1"}),
        ("*", set()),
        ("***::a1", {"a1"}),
        ("**::a*", {"a1", "a2"}),
        ("**::a[12]", set()),
        ("urn:pulumi:dev::lab::*:*:Thing::a*", {"a1", "a2"}),
        ("**$test:*:Thing::*", {"k1"}),
        ("**pulumi:Stack**", set()),
    ],
)
@pytest.mark.parametrize("option", ["target", "exclude"])
def test_a_pattern_may_match_several(lab: Lab, option: str, pattern: str, matched: set[str]) -> None:
    ok(lab.up(SEVERAL.format("old")))
    targets = only(pattern) if option == "target" else exclude(pattern)
    ok(lab.up(SEVERAL.format("new"), targets=targets))
    chosen = matched if option == "target" else {"a1", "a2", "b", "k1"} - matched
    assert set(lab.provider.named("Update")) == chosen
    ok(lab.up())
    assert set(texts(lab).values()) == {"new", "arn:test:a1-1"}


def test_a_target_may_be_new(lab: Lab) -> None:
    ok(lab.up('a = Thing("a")'))
    ok(lab.up('a = Thing("a", text="new")\nb = Thing("b")', targets=only(B)))
    assert "b" in lab.resources()
    assert list(texts(lab)) == []


def test_a_dependent_that_has_to_be_deleted_first_is_made_again(lab: Lab) -> None:
    program = """
        a = Thing("a", label="{0}", deleteFirst=True)
        b = Thing("b", parentArn=a.arn)
        """
    ok(lab.up(program.format("x")))
    ok(lab.up(program.format("y"), targets=only(A)))
    assert lab.resources()["b"]["inputs"]["parentArn"] == "arn:test:a-2"
    in_order(lab)


def test_an_import_is_done_whatever_the_targets(lab: Lab) -> None:
    """As Pulumi does it: nothing is changed by it."""
    ok(lab.up('b = Thing("b")'))
    lab.provider.things["there"] = {"arn": "arn:test:there", "text": "as it is"}
    ok(
        lab.up(
            'a = Thing("a", text="as it is", opts=O(import_="there"))\nb = Thing("b", text="new")',
            targets=only(B),
        )
    )
    assert lab.resources()["a"]["id"] == "there"
    assert texts(lab) == {"a": "as it is", "b": "new"}
    in_order(lab)


# --- exclude ---------------------------------------------------------------------------------------------


def test_what_is_excluded_stays_as_it_is(lab: Lab) -> None:
    ok(lab.up(CHAIN.format("old")))
    ok(lab.up(CHAIN.format("new"), targets=exclude(B)))
    assert texts(lab) == {"a": "new", "b": "old", "c": "new"}
    in_order(lab)


def test_what_depends_on_what_is_excluded_is_excluded_on_request(lab: Lab) -> None:
    ok(lab.up(CHAIN.format("old")))
    ok(lab.up(CHAIN.format("new"), targets=exclude(B, dependents=True)))
    assert texts(lab) == {"a": "new", "b": "old", "c": "old"}


def test_what_is_excluded_is_not_made(lab: Lab) -> None:
    ok(lab.up(CHAIN.format("new"), targets=exclude(B, dependents=True)))
    assert texts(lab) == {"a": "new"}


def test_excluding_everything_changes_nothing(lab: Lab) -> None:
    ok(lab.up('a = Thing("a")\nb = Thing("b")'))
    ok(lab.up("", targets=exclude("**test**")))
    assert {"a", "b"} <= set(lab.resources())


# --- replace ---------------------------------------------------------------------------------------------


def test_a_resource_is_replaced_on_request(lab: Lab) -> None:
    ok(lab.up(CHAIN.format("old")))
    result = ok(lab.up(targets=Targets(replace=(A,))))
    assert ops(result) == {"replace": 1, "same": 2, "update": 1}
    assert lab.resources()["a"]["id"] == "a-2"
    assert lab.resources()["b"]["inputs"]["source"] == "arn:test:a-2"
    replaced = next(step for step in result.steps if str(step.op) == "replace")
    assert replaced.keys == ("id",)


def test_target_replace_touches_nothing_else(lab: Lab) -> None:
    ok(lab.up(CHAIN.format("old")))
    result = ok(lab.up(CHAIN.format("new"), targets=Targets(only=(C,), replace=(C,))))
    assert ops(result) == {"replace": 1, "same": 3}
    assert texts(lab) == {"a": "old", "b": "old", "c": "new"}


def test_what_is_to_be_replaced_has_to_be_there(lab: Lab) -> None:
    ok(lab.up(CHAIN.format("old")))
    lab.provider.calls.clear()
    result = lab.up(targets=Targets(replace=("urn:pulumi:dev::lab::test:index:Thing::z",)))
    assert result.exit_code == 1
    assert "(--replace)" in errors(result)[0]
    assert lab.provider.calls == []


def test_a_protected_resource_is_not_replaced(lab: Lab) -> None:
    ok(lab.up('a = Thing("a", opts=O(protect=True))'))
    result = lab.up(targets=Targets(replace=("**::a",)))
    assert result.exit_code == 1
    assert "marked for protection" in errors(result)[0]


# --- destroy ---------------------------------------------------------------------------------------------


def destroy(lab: Lab, targets: Targets, **options: bool) -> dict[str, int]:
    return ops(ok(lab.run(Kind.DESTROY, targets=targets, **options)))


def test_destroy_deletes_only_targets(lab: Lab) -> None:
    first = ok(lab.up(CHAIN.format("old")))
    assert destroy(lab, only(C))["delete"] == 1
    assert list(texts(lab)) == ["a", "b"]
    assert lab.state.outputs() == first.outputs
    in_order(lab)


@pytest.mark.parametrize("preview", [True, False])
@pytest.mark.parametrize("how", ["opts=O(depends_on=[a])", "opts=O(parent=a)", "source=a.arn"])
def test_destroy_refuses_a_target_that_others_need(lab: Lab, how: str, preview: bool) -> None:
    ok(lab.up(f'a = Thing("a")\nb = Thing("b", {how})'))
    result = lab.run(Kind.DESTROY, targets=only(A), preview=preview)
    assert result.exit_code == 1
    assert "it would be deleted too" in errors(result)[0]
    assert {"a", "b"} <= set(lab.resources())


def test_destroy_takes_dependents_on_request(lab: Lab) -> None:
    ok(lab.up(CHAIN.format("old")))
    assert destroy(lab, only(B, dependents=True))["delete"] == 2
    assert list(texts(lab)) == ["a"]


def test_destroy_of_an_unknown_target_deletes_nothing(lab: Lab) -> None:
    ok(lab.up(CHAIN.format("old")))
    result = lab.run(Kind.DESTROY, targets=only(C, f"{A}x"))
    assert result.exit_code == 1
    assert list(texts(lab)) == ["a", "b", "c"]


def test_destroy_leaves_what_is_excluded_and_what_it_needs(lab: Lab) -> None:
    ok(lab.up(CHAIN.format("old")))
    destroy(lab, exclude(B))
    assert list(texts(lab)) == ["a", "b"]
    assert {"a", "b", "lab-dev"} <= set(lab.resources())
    in_order(lab)


def test_destroy_leaves_a_provider_that_is_excluded(lab: Lab) -> None:
    ok(lab.up('given = Provider("given")\na = Thing("a", opts=O(provider=given))'))
    destroy(lab, exclude("**::given"))
    assert "given" in lab.resources()
    assert "a" not in lab.resources()


def test_destroy_refuses_what_is_protected_and_deletes_nothing(lab: Lab) -> None:
    ok(lab.up('a = Thing("a", opts=O(protect=True))\nb = Thing("b")\nc = Thing("c", opts=O(protect=True))'))
    result = lab.run(Kind.DESTROY)
    assert result.exit_code == 1
    assert all(urn in errors(result)[0] for urn in (A, C))
    assert lab.provider.named("Delete") == []


def test_destroy_of_targets_asks_only_whether_they_are_protected(lab: Lab) -> None:
    ok(lab.up('a = Thing("a", opts=O(protect=True))\nb = Thing("b")'))
    destroy(lab, only(B))
    assert lab.run(Kind.DESTROY, targets=only(A)).exit_code == 1
    assert "a" in lab.resources()


def test_destroy_can_leave_what_is_protected_and_what_it_needs(lab: Lab) -> None:
    ok(
        lab.up(
            """
            a = Thing("a")
            b = Thing("b", source=a.arn, opts=O(protect=True))
            c = Thing("c", source=b.arn)
            """
        )
    )
    destroy(lab, Targets(exclude_protected=True))
    assert [n for n in lab.resources() if n in "abc"] == ["a", "b"]
    assert destroy(lab, Targets(exclude_protected=True)).get("delete", 0) == 0


def test_destroy_without_anything_protected_deletes_all(lab: Lab) -> None:
    ok(lab.up(CHAIN.format("old")))
    destroy(lab, Targets(exclude_protected=True))
    assert lab.resources() == {}


def test_a_target_that_cannot_be_deleted_stays(lab: Lab) -> None:
    ok(lab.up('a = Thing("a", failOn="delete")\nb = Thing("b")'))
    result = lab.run(Kind.DESTROY, targets=only(A))
    assert result.exit_code == 1
    assert {"a", "b"} <= set(lab.resources())


# --- refresh ---------------------------------------------------------------------------------------------


def test_refresh_reads_only_targets(lab: Lab) -> None:
    ok(lab.up(CHAIN.format("old")))
    for thing in lab.provider.things.values():
        thing["text"] = "drifted"
    result = ok(lab.run(Kind.REFRESH, targets=only(B)))
    assert texts(lab) == {"a": "old", "b": "drifted", "c": "old"}
    assert [step.urn for step in result.drift] == [B]
    ok(lab.run(Kind.REFRESH, targets=only(B, dependents=True)))
    assert texts(lab) == {"a": "old", "b": "drifted", "c": "drifted"}
    ok(lab.run(Kind.REFRESH, targets=exclude(A)))
    assert texts(lab)["a"] == "old"
    in_order(lab)


def test_refresh_excludes_what_depends_on_what_is_excluded(lab: Lab) -> None:
    ok(lab.up(CHAIN.format("old")))
    for thing in lab.provider.things.values():
        thing["text"] = "drifted"
    ok(lab.run(Kind.REFRESH, targets=exclude(B, dependents=True)))
    assert texts(lab) == {"a": "drifted", "b": "old", "c": "old"}


def test_up_refreshes_only_targets(lab: Lab) -> None:
    ok(lab.up(CHAIN.format("old")))
    lab.provider.calls.clear()
    ok(lab.up(refresh=True, targets=only(B)))
    assert lab.provider.named("Read") == ["b"]


def test_everything_is_read_if_what_held_it_was_started_anew(lab: Lab) -> None:
    ok(lab.up(CHAIN.format("old")))
    lab.provider.things.clear()
    result = ok(lab.up(refresh_all=True, targets=only(A)))
    assert list(texts(lab)) == ["a"]
    assert sorted(step.urn for step in result.drift) == [A, B, C]


def test_what_is_gone_and_needed_by_what_is_not_read_is_forgotten(lab: Lab) -> None:
    ok(lab.up(CHAIN.format("old")))
    lab.provider.things.pop("a-1")
    result = ok(lab.run(Kind.REFRESH, targets=only(A)))
    assert done(result) == [("delete", "a")]
    assert list(texts(lab)) == ["b", "c"]
    in_order(lab)
