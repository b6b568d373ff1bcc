"""What changes in a program is what is done, in the order that Pulumi has."""

from __future__ import annotations

from tests.sandbox.engine.lab import Lab, done, errors, ok, ops


def test_a_replacement_is_created_before_the_old_one_is_deleted(lab: Lab) -> None:
    ok(lab.up('a = Thing("a", label="1"); Thing("b", text=a.arn)'))
    lab.provider.calls.clear()
    result = ok(lab.up('a = Thing("a", label="2"); Thing("b", text=a.arn)'))
    assert ops(result) == {"replace": 1, "same": 1, "update": 1}
    assert done(result) == [
        ("create-replacement", "a"),
        ("replace", "a"),
        ("update", "b"),
        ("delete-replaced", "a"),
    ]
    made = [call for call in lab.provider.calls if call[0] in ("Create", "Update", "Delete")]
    assert made == [("Create", "a"), ("Update", "b"), ("Delete", "a")]
    assert lab.resources()["b"]["inputs"]["text"] == "arn:test:a-2"
    assert list(lab.provider.things) == ["b-1", "a-2"]
    step = next(step for step in result.steps if step.op == "replace")
    assert list(step.keys) == ["label"]
    assert step.detailed_diff is not None
    assert step.detailed_diff["label"].kind == "update-replace"


def test_a_replacement_that_deletes_first_takes_its_dependents_with_it(lab: Lab) -> None:
    program = """
        root = Thing("root", label="{label}", deleteFirst=True)
        keeps = Thing("keeps", text=root.arn)
        goes = Thing("goes", parentArn=root.arn)
        Thing("goes-too", parentArn=goes.arn)
        Thing("only-ordered", O(depends_on=[root]))
    """
    ok(lab.up(program.replace("{label}", "1")))
    lab.provider.calls.clear()
    ok(lab.preview(program.replace("{label}", "2")))
    assert not lab.provider.named("Delete")
    result = ok(lab.up())
    assert ops(result) == {"replace": 3, "same": 2, "update": 1}
    assert lab.provider.named("Delete") == ["goes-too", "goes", "root"]
    assert lab.provider.named("Create") == ["root", "goes", "goes-too"]
    order = [c for c in lab.provider.calls if c[0] in ("Create", "Delete")]
    assert order.index(("Delete", "root")) < order.index(("Create", "root"))
    assert not any(entry.get("pendingReplacement") for entry in lab.resources().values())


def test_the_programs_options_decide_over_the_providers_diff(lab: Lab) -> None:
    program = """
        Thing("first", O(delete_before_replace=True), label="{n}")
        Thing("after", O(delete_before_replace=False), label="{n}", deleteFirst=True)
        Thing("replaced", O(replace_on_changes=["tags"]), tags={"a": "{n}"})
        Thing("ignored", O(ignore_changes=["text", "tags.a", "list[*].x"]), text="{n}",
              tags={"a": "{n}", "b": "1"}, list=[{"x": "{n}", "y": "1"}])
        Thing("with", O(deleted_with=Thing("other", label="{n}")))
        Thing("triggered", O(replacement_trigger="{n}"))
    """
    ok(lab.up(program.replace("{n}", "1")))
    lab.provider.calls.clear()
    result = ok(lab.up(program.replace("{n}", "2")))
    assert ops(result) == {"replace": 6, "same": 2}
    order = [c for c in lab.provider.calls if c[0] in ("Create", "Delete")]
    assert order.index(("Delete", "first")) < order.index(("Create", "first"))
    assert order.index(("Create", "after")) < order.index(("Delete", "after"))
    assert ("Delete", "with") not in order, "it went with the other"
    assert lab.resources()["ignored"]["inputs"] == {
        "text": "1",
        "tags": {"a": "1", "b": "1"},
        "list": [{"x": "1", "y": "1"}],
    }


def test_a_protected_resource_is_neither_replaced_nor_deleted(lab: Lab) -> None:
    ok(lab.up('Thing("a", O(protect=True), label="1"); Thing("b", text="x")'))
    result = lab.up('Thing("a", O(protect=True), label="2"); Thing("b", text="x")')
    assert result.exit_code == 1
    assert "marked for protection" in errors(result)[0]
    result = lab.up("pass")
    assert result.exit_code == 1
    assert "because it is protected" in errors(result)[0]
    assert "a failed" in result.advice
    assert set(lab.resources()) == {"lab-dev", "default", "a"}, "the other one went"
    from sandbox.engine import Kind

    result = lab.run(Kind.DESTROY)
    assert result.exit_code == 1
    assert "test:index:Thing::a" in errors(result)[0]
    assert lab.provider.things
    ok(lab.up('Thing("a", O(protect=False), label="1")'))
    ok(lab.run(Kind.DESTROY))
    assert not lab.provider.things


def test_a_retained_resource_is_forgotten_and_not_deleted(lab: Lab) -> None:
    ok(lab.up('Thing("a", O(retain_on_delete=True))'))
    assert ops(ok(lab.up("pass"))) == {"delete": 1, "same": 1}
    assert list(lab.provider.things) == ["a-1"]


def test_an_alias_keeps_a_resource_under_another_name_parent_and_type(lab: Lab) -> None:
    ok(lab.up('c = Component("c"); Thing("c-a", O(parent=c)); b = Thing("b"); Thing("d", text=b.arn)'))
    result = ok(
        lab.up(
            """
            c = Component("new", O(aliases=[pulumi.Alias(name="c")]))
            Thing("new-a", O(parent=c))
            old = pulumi.Alias(name="b", parent=pulumi.ROOT_STACK_RESOURCE)
            b = Thing("moved", O(parent=c, aliases=[old]))
            Thing("d", text=b.arn)
            """
        )
    )
    assert ops(result) == {"same": 5}
    found = lab.resources()
    assert set(found) == {"lab-dev", "default", "new", "new-a", "moved", "d"}
    assert found["d"]["dependencies"] == [found["moved"]["urn"]]
    assert "aliases" not in found["moved"]
    assert lab.provider.named("Create") == ["c-a", "b", "d"] or len(lab.provider.named("Create")) == 3


def test_independent_steps_run_at_the_same_time(lab: Lab) -> None:
    import threading

    first, second = lab.provider.gate("first"), lab.provider.gate("second")

    def release() -> None:
        for name in ("first", "second"):  # both must have begun before either may end
            assert lab.provider.entered[name].wait(30)
        first.set()
        second.set()

    helper = threading.Thread(target=release)
    helper.start()
    ok(lab.up('Thing("a", waitFor="first"); Thing("b", waitFor="second")'))
    helper.join()


def test_a_refresh_takes_over_what_is_there_and_forgets_what_is_gone(lab: Lab) -> None:
    from sandbox.engine import Kind

    program = 'a = Thing("a", text="1"); b = Thing("b", text=a.arn); Thing("c", text="3")'
    ok(lab.up(program))
    lab.provider.things["c-1"]["text"] = "changed"
    del lab.provider.things["a-1"]
    assert ops(ok(lab.run(Kind.REFRESH, preview=True))) == {"delete": 1, "same": 2, "update": 1}
    assert "a" in lab.resources()
    result = ok(lab.run(Kind.REFRESH))
    assert ops(result) == {"delete": 1, "same": 2, "update": 1}
    found = lab.resources()
    assert "a" not in found
    assert "dependencies" not in found["b"]
    assert found["c"]["outputs"]["text"] == "changed"
    result = ok(lab.up())
    assert ops(result) == {"create": 1, "same": 1, "update": 2}
    lab.provider.things.clear()
    assert ops(ok(lab.up(refresh=True))) == {"create": 3, "same": 1}, "all were gone: made again"
