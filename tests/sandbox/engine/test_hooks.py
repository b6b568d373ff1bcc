"""Hooks run in the program, before and after what is done to a resource, and when that fails."""

from __future__ import annotations

import pytest

from sandbox.engine import Kind, Outcome, Severity
from tests.sandbox.engine.lab import Lab, errors, ok, ops

HEAD = """
from pulumi import ErrorHook, ResourceHook, ResourceHookBinding as Bind, ResourceHookOptions


def note(word, **options):
    def hook(args):
        given = [
            k for k in ("old_inputs", "new_inputs", "old_outputs", "new_outputs") if getattr(args, k)
        ]
        print(word, args.name, args.id, args.type, *given)
    return ResourceHook(word, hook, opts=ResourceHookOptions(**options))


def failing(word, **options):
    def hook(args):
        raise ValueError(f"no {word} for {args.name}")
    return ResourceHook(word, hook, opts=ResourceHookOptions(**options))


"""
ALL = """
EVERY = Bind(
    before_create=[note("bc")], after_create=[note("ac")], before_update=[note("bu")],
    after_update=[note("au")], before_delete=[note("bd")], after_delete=[note("ad")],
)
"""


@pytest.fixture(autouse=True)
def _head(lab: Lab) -> None:
    lab.head += HEAD


def printed(result: object) -> list[str]:
    return [d.message for d in result.diagnostics if d.severity is Severity.INFO]  # type: ignore[attr-defined]


def test_hooks_run_around_what_is_done_to_a_resource(lab: Lab) -> None:
    what = "test:index:Thing"
    result = ok(lab.up(ALL + 'Thing("a", O(hooks=EVERY), text="1")'))
    assert printed(result) == [
        f"bc a  {what} new_inputs",
        f"ac a a-1 {what} new_inputs new_outputs",
    ]
    assert lab.resources()["a"]["resourceHooks"] == {
        "BeforeCreate": ["bc"],
        "AfterCreate": ["ac"],
        "BeforeUpdate": ["bu"],
        "AfterUpdate": ["au"],
        "BeforeDelete": ["bd"],
        "AfterDelete": ["ad"],
    }
    assert printed(ok(lab.run())) == [], "nothing is done"
    result = ok(lab.up(ALL + 'Thing("a", O(hooks=EVERY), text="2")'))
    assert printed(result) == [
        f"bu a a-1 {what} old_inputs new_inputs old_outputs",
        f"au a a-1 {what} old_inputs new_inputs old_outputs new_outputs",
    ]
    result = ok(lab.up(ALL))
    assert printed(result) == [
        f"bd a a-1 {what} old_inputs old_outputs",
        f"ad a a-1 {what} old_inputs old_outputs",
    ]
    assert lab.provider.things == {}


def test_a_replacement_creates_and_deletes_with_hooks(lab: Lab) -> None:
    ok(lab.up(ALL + 'Thing("a", O(hooks=EVERY), label="1")'))
    result = ok(lab.up(ALL + 'Thing("a", O(hooks=EVERY), label="2")'))
    assert [line.split()[0] for line in printed(result)] == ["bc", "ac", "bd", "ad"]
    result = ok(lab.up(ALL + 'Thing("a", O(hooks=EVERY, delete_before_replace=True), label="3")'))
    assert [line.split()[0] for line in printed(result)] == ["bd", "ad", "bc", "ac"]


def test_a_component_s_hooks_run_before_what_is_inside_and_after_its_outputs(lab: Lab) -> None:
    program = (
        ALL
        + """
c = Component("c", O(hooks=EVERY), x={x})
t = Thing("t", O(parent=c))
t.arn.apply(lambda arn: print("inside"))
c.register_outputs({{"arn": t.arn}})
"""
    )
    result = ok(lab.up(program.format(x=1)))
    words = [line.split()[0] for line in printed(result)]
    assert sorted(words) == ["ac", "bc", "inside"]
    assert words[0] == "bc"
    result = ok(lab.up(program.format(x=2)))
    assert [w for w in (line.split()[0] for line in printed(result)) if w != "inside"] == ["bu", "au"]
    assert [line.split()[0] for line in printed(ok(lab.up(ALL)))] == ["bd", "ad"]


def test_a_preview_runs_only_the_hooks_that_want_it(lab: Lab) -> None:
    bind = """
bind = Bind(
    before_create=[note("bc"), note("dry", on_dry_run=True)], before_delete=[note("bd", on_dry_run=True)]
)
"""
    result = ok(lab.preview(bind + 'Thing("a", O(hooks=bind))'))
    assert [line.split()[0] for line in printed(result)] == ["dry"]
    ok(lab.up())
    assert [line.split()[0] for line in printed(ok(lab.preview(bind)))] == ["bd"]
    assert lab.provider.things


def test_a_hook_that_fails_before_stops_what_was_to_be_done(lab: Lab) -> None:
    result = lab.up('Thing("a", O(hooks=Bind(before_create=[failing("entry")])))')
    assert result.outcome is Outcome.FAILED
    assert errors(result) == ['before hook "entry" failed: no entry for a']
    assert lab.provider.things == {}
    ok(lab.up('Thing("a", O(hooks=Bind(before_delete=[failing("exit")])))'))
    result = lab.up('failing("exit")')
    assert errors(result) == ['before hook "exit" failed: no exit for a']
    assert list(lab.provider.things) == ["a-1"]
    assert "a" in lab.resources()


def test_a_hook_that_fails_after_fails_the_run_and_keeps_what_was_done(lab: Lab) -> None:
    result = lab.up('Thing("a", O(hooks=Bind(after_create=[failing("word")])))')
    assert result.outcome is Outcome.FAILED
    assert errors(result) == ['after hook "word" failed: no word for a']
    assert lab.resources()["a"]["id"] == "a-1"
    assert not lab.state.export()["deployment"].get("pending_operations")
    assert ops(ok(lab.up('Thing("a", O(hooks=Bind(after_delete=[failing("end")])))')))["same"] == 2
    result = lab.up('failing("end")')
    assert errors(result) == ['after hook "end" failed: no end for a']
    assert "a" not in lab.resources()
    assert lab.provider.things == {}

    result = lab.up(
        'c = Component("c", O(hooks=Bind(after_create=[failing("c")]))); c.register_outputs({"x": 1})'
    )
    assert errors(result) == ['after hook "c" failed: no c for c']
    assert lab.resources()["c"]["outputs"] == {"x": 1}


# A failing hook of a replaced resource that another needs: what the provider is asked to do, then and in the
# next run, as by Pulumi's own engine.
FAILING_IN_A_REPLACEMENT = [
    ("before_create", "created first", "none", "Create a, Create b, Delete b, Delete a"),
    ("after_create", "created first", "Create a", "Create b, Delete b, Delete a"),
    ("before_delete", "created first", "Create a, Create b, Delete b", "Delete a"),
    ("after_delete", "created first", "Create a, Create b, Delete b, Delete a", "none"),
    ("before_delete", "deleted first", "Delete b", "Delete b, Delete a, Create a, Create b"),
    ("after_delete", "deleted first", "Delete b, Delete a", "Delete b, Create a, Create b"),
    ("before_create", "deleted first", "Delete b, Delete a", "Delete b, Create a, Create b"),
    ("after_create", "deleted first", "Delete b, Delete a, Create a", "Create b, Delete b"),
]


@pytest.mark.parametrize(("kind", "order", "then", "after"), FAILING_IN_A_REPLACEMENT)
def test_a_replacement_whose_hook_fails_is_finished_by_the_next_run(
    lab: Lab, kind: str, order: str, then: str, after: str
) -> None:
    def calls() -> str:
        done = [f"{method} {name}" for method, name in lab.provider.calls if method in ("Create", "Delete")]
        lab.provider.calls.clear()
        return ", ".join(done) or "none"

    deleted_first = ", delete_before_replace=True" if order == "deleted first" else ""
    program = (
        f"a = Thing('a', O(hooks=Bind({kind}=[{{hook}}('f')]){deleted_first}), label='{{label}}')\n"
        "Thing('b', parentArn=a.arn)"
    )
    ok(lab.up(program.format(hook="note", label=1)))
    calls()
    result = lab.up(program.format(hook="failing", label=2))
    assert errors(result) == [f'{kind.split("_")[0]} hook "f" failed: no f for a']
    assert calls() == then
    ok(lab.up(program.format(hook="note", label=2)))
    assert calls() == after
    assert [lab.resources()[name]["id"] for name in "ab"] == ["a-2", "b-2"]
    assert ops(ok(lab.up())) == {"same": 3}
    assert list(lab.provider.things) == ["a-2", "b-2"]


def test_a_hook_s_failure_may_be_ignored(lab: Lab) -> None:
    result = ok(lab.up('Thing("a", O(hooks=Bind(before_create=[failing("word", ignore_errors=True)])))'))
    warnings = [d.message for d in result.diagnostics if d.severity is Severity.WARNING]
    assert warnings == ['BeforeCreate hook "word" failed: no word for a']


RETRY = """
seen = []


def retry(args):
    seen.append(args.errors[0])
    print(args.failed_operation, len(args.errors), args.errors[0])
    return len(args.errors) < {times}


hooks = Bind(on_error=[ErrorHook("retry", retry)])
"""


def test_an_error_hook_asks_for_another_try(lab: Lab) -> None:
    lab.provider.failing["a"] = 2
    result = ok(lab.up(RETRY.format(times=5) + 'Thing("a", O(hooks=hooks), text="1")'))
    assert printed(result) == ["create 1 a fails for now", "create 2 a fails for now"]
    assert lab.resources()["a"]["resourceHooks"] == {"OnError": ["retry"]}
    lab.provider.failing["a"] = 1
    result = ok(lab.up(RETRY.format(times=5) + 'Thing("a", O(hooks=hooks), text="2")'))
    assert printed(result) == ["update 1 a fails for now"]
    warnings = [d.message for d in result.diagnostics if d.severity is Severity.WARNING]
    assert warnings == ["retrying update due to on-error hook request (1/100)"]
    lab.provider.failing["a"] = 1
    result = ok(lab.up(RETRY.format(times=5)))
    assert printed(result) == ["delete 1 a fails for now"]


def test_an_error_hook_that_has_enough_lets_the_step_fail(lab: Lab) -> None:
    lab.provider.failing["a"] = 9
    result = lab.up(RETRY.format(times=3) + 'Thing("a", O(hooks=hooks))')
    assert errors(result) == ["a fails for now"]
    assert len(printed(result)) == 3
    assert "a" not in lab.resources()


def test_tries_are_limited(lab: Lab) -> None:
    lab.provider.failing["a"] = 1000
    result = lab.up('Thing("a", O(hooks=Bind(on_error=[ErrorHook("retry", lambda args: True)])))')
    assert errors(result) == ["a fails for now"]
    assert lab.provider.named("Create") == ["a"] * 100
    warnings = [d.message for d in result.diagnostics if d.severity is Severity.WARNING]
    assert warnings[-1] == "maximum number of error hook retries (100) reached"


def test_an_unhealthy_resource_is_tried_again_and_kept(lab: Lab) -> None:
    result = lab.up(RETRY.format(times=2) + 'Thing("a", O(hooks=hooks), initErrors=["cold"])')
    assert result.outcome is Outcome.FAILED
    assert lab.provider.named("Create") == ["a", "a"]
    assert lab.resources()["a"]["initErrors"] == ["cold"]
    result = lab.up(
        'hooks = Bind(on_error=[ErrorHook("bad", lambda args: 1 / 0)])\n'
        'Thing("b", O(hooks=hooks), initErrors=["cold"])\nThing("a")'
    )
    assert 'error hook "bad" failed: division by zero' in "\n".join(errors(result))
    assert lab.resources()["b"]["initErrors"] == ["cold"]


def test_two_hooks_of_one_name_are_refused(lab: Lab) -> None:
    result = lab.up('note("x"); hook = note("x")\nThing("a", O(hooks=Bind(before_create=[hook])))')
    assert result.outcome is Outcome.FAILED
    assert 'resource hook already registered for name "x"' in "\n".join(errors(result))


def test_a_hook_that_the_program_has_no_more_is_an_error_that_names_it(lab: Lab) -> None:
    ok(lab.up('Thing("a", O(hooks=Bind(before_delete=[note("bye")])))'))
    result = lab.up("pass")
    assert errors(result) == ['hook "bye" was not registered']
    assert "a" in lab.resources()


def test_a_destroy_refuses_hooks_of_deletions_since_no_program_runs(lab: Lab) -> None:
    ok(
        lab.up(
            'Thing("a", O(hooks=Bind(before_delete=[note("one")], after_delete=[note("two")]))); Thing("b")'
        )
    )
    for preview in (True, False):
        result = lab.run(Kind.DESTROY, preview=preview)
        assert result.outcome is Outcome.FAILED
        message, advice = errors(result)
        assert message == (
            "Resource has delete hooks registered, but the program is not running. Hooks: one, two"
        )
        assert "Deploy the program without delete hooks first" in advice
    assert {"a", "b"} <= set(lab.resources())
    ok(lab.up('Thing("a"); Thing("b")'))
    ok(lab.run(Kind.DESTROY))


def test_a_transform_may_bind_hooks(lab: Lab) -> None:
    program = """
        hook = note("bc")

        def bind(args):
            args.opts.hooks = Bind(before_create=[hook])
            return pulumi.ResourceTransformResult(props=args.props, opts=args.opts)

        Thing("a", O(transforms=[bind]))
    """
    assert [line.split()[0] for line in printed(ok(lab.up(program)))] == ["bc"]
