"""What a resource's options say is what its provider is asked, and what is written down."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.engine import Kind
from tests.sandbox.engine.lab import Lab, errors, ok, ops

SECRET = "4dabf18193072939515e22adb298388d"


def _provider(lab: Lab, name: str) -> str:
    return str(lab.resources()[name]["provider"].split("::")[3])


@pytest.mark.parametrize(
    "given",
    ["providers=[p]", 'providers={"test": p}', "provider=p"],
    ids=["a list", "a map", "one provider"],
)
def test_a_components_provider_is_that_of_all_below_it(lab: Lab, given: str) -> None:
    program = f"""
        p, other = Provider("p"), Provider("other")
        outer = Component("outer", O({given}))
        inner = Component("inner", O(parent=outer))
        Thing("deep", O(parent=inner))
        Thing("near", O(parent=outer))
        Thing("own", O(parent=inner, provider=other))
        Thing("below", O(parent=Component("mine", O(parent=inner, providers=[other]))))
        Thing("child", O(parent=Thing("thing", O(parent=outer, provider=other))))
        Thing("outside")
    """
    ok(lab.up(program))
    for name in ("deep", "near"):
        assert _provider(lab, name) == "p", name
    for name in ("own", "below", "thing", "child"):
        assert _provider(lab, name) == "other", name
    assert _provider(lab, "outside") == "default"


def test_a_read_below_a_component_uses_its_provider(lab: Lab) -> None:
    lab.provider.things["old-7"] = {"text": "x"}
    ok(lab.up('c = Component("c", O(providers=[Provider("p")])); Thing("a", O(parent=c, id="old-7"))'))
    assert _provider(lab, "a") == "p"


def test_custom_timeouts_reach_every_call(lab: Lab) -> None:
    options = 'custom_timeouts=pulumi.CustomTimeouts(create="5m", update="90s", delete="1h30m", read="1m")'
    ok(lab.up(f'Thing("a", O({options}), text="1")'))
    ok(lab.run(Kind.REFRESH))
    ok(lab.up(f'Thing("a", O({options}), text="2")'))
    ok(lab.up(f'Thing("a", O({options}), text="2", label="1")'))
    ok(lab.run(Kind.DESTROY))
    timeouts: dict[str, set[float]] = {}
    for method, request in lab.provider.requests:
        if method in ("Create", "Update", "Delete", "Read"):
            timeouts.setdefault(method, set()).add(request.timeout)
    assert timeouts == {"Create": {300}, "Update": {90}, "Delete": {5400}, "Read": {60}}


def test_custom_timeouts_are_written_down_even_if_nothing_else_changes(lab: Lab) -> None:
    ok(lab.up('Thing("a")'))
    result = ok(lab.up('Thing("a", O(custom_timeouts=pulumi.CustomTimeouts(delete="1s")))'))
    assert ops(result) == {"same": 2}
    assert lab.resources()["a"]["customTimeouts"] == {"delete": 1}


def test_outputs_that_the_program_wants_secret_are_secret_everywhere(lab: Lab) -> None:
    program = """
        a = Thing("a", O(additional_secret_outputs=["arn", "nothing"]), text="t")
        Thing("b", text=a.arn)
        pulumi.export("arn", a.arn)
    """
    preview = ok(lab.preview(program))
    (step,) = (step for step in preview.steps if step.urn.endswith("::a"))
    assert step.new is not None
    assert step.new.additional_secret_outputs == ["arn", "nothing"]
    result = ok(lab.up())
    found = lab.resources()
    assert SECRET in found["a"]["outputs"]["arn"]
    assert SECRET in found["b"]["inputs"]["text"]
    assert repr(result.outputs["arn"]) == "Secret([secret])"
    result = ok(lab.up('a = Thing("a", O(additional_secret_outputs=["id"]), text="t")'))
    assert [d.message for d in result.diagnostics if d.severity == "warning"] == [
        "The 'id' property cannot be made secret. See pulumi/pulumi#2717 for more details."
    ]


@pytest.mark.parametrize(
    ("paths", "replaced"),
    [
        ('["tags"]', True),
        ('["*"]', True),
        ('["tags.a"]', False),  # its provider tells of `tags` as a whole
        ('["tags.b", "text"]', False),
        ("[]", False),
    ],
)
def test_what_is_to_be_replaced_on_changes_is(lab: Lab, paths: str, replaced: bool) -> None:
    program = f'Thing("a", O(replace_on_changes={paths}), tags={{"a": "{{n}}"}}, text="t")'
    ok(lab.up(program.replace("{n}", "1")))
    result = ok(lab.up(program.replace("{n}", "2")))
    assert ops(result) == {"replace" if replaced else "update": 1, "same": 1}


def test_a_trigger_replaces_when_it_changes_and_not_when_it_comes_or_goes(lab: Lab) -> None:
    def run(options: str) -> dict[str, int]:
        return ops(ok(lab.up(f'Thing("a", O({options}))')))

    run("")
    assert run("replacement_trigger='1'") == {"same": 2}
    assert lab.resources()["a"]["replacementTrigger"] == "1"
    assert run("replacement_trigger='1'") == {"same": 2}
    assert run("replacement_trigger=Output.secret('1')") == {"same": 2}
    assert run("replacement_trigger={'k': [2]}") == {"replace": 1, "same": 1}
    assert run("") == {"same": 2}


def test_what_is_retained_is_kept_when_it_is_replaced_and_when_it_goes(lab: Lab) -> None:
    ok(lab.up('Thing("a", O(retain_on_delete=True), label="1")'))
    ok(lab.up('Thing("a", O(retain_on_delete=True), label="2")'))
    assert list(lab.provider.things) == ["a-1", "a-2"]
    ok(lab.run(Kind.DESTROY))
    assert list(lab.provider.things) == ["a-1", "a-2"]
    assert not lab.provider.named("Delete")


def test_a_components_children_are_retained_and_protected_with_it(lab: Lab) -> None:
    program = """
        c = Component("c", O(retain_on_delete=True, protect=True))
        Thing("a", O(parent=c))
        Thing("b", O(parent=c, retain_on_delete=False, protect=False))
    """
    ok(lab.up(program))
    found = lab.resources()
    assert (found["a"].get("protect"), found["a"].get("retainOnDelete")) == (True, True)
    assert (found["b"].get("protect"), found["b"].get("retainOnDelete")) == (None, None)


def test_what_goes_with_another_is_not_deleted_itself(lab: Lab) -> None:
    program = """
        box = Thing("box")
        c = Component("c", O(deleted_with=box))
        Thing("a", O(deleted_with=box)); Thing("b", O(parent=c)); Thing("own")
    """
    ok(lab.up(program))
    found = lab.resources()
    assert found["a"]["deletedWith"] == found["b"]["deletedWith"] == found["box"]["urn"]
    assert ops(ok(lab.up('box = Thing("box"); Thing("own")'))) == {"delete": 3, "same": 3}
    assert sorted(lab.provider.named("Delete")) == ["a", "b"], "the other one stays"
    ok(lab.up(program))
    lab.provider.calls.clear()
    ok(lab.run(Kind.DESTROY))
    assert sorted(lab.provider.named("Delete")) == ["box", "own"]
    assert lab.resources() == {}


def test_a_resource_that_is_not_there_cannot_be_read(lab: Lab) -> None:
    program = 'a = Thing("a", O(id="gone-1")); Thing("b", text=a.arn)'
    for preview in (True, False):
        result = lab.up(program, preview=preview)
        assert result.exit_code == 1
        assert errors(result) == ["resource 'gone-1' does not exist"]
    assert set(lab.resources()) == {"lab-dev", "default"}
    lab.provider.things["gone-1"] = {"arn": "arn:test:gone-1"}
    ok(lab.up(program))
    del lab.provider.things["gone-1"]
    assert errors(lab.up(program)) == ["resource 'gone-1' does not exist"]
    assert lab.resources()["a"]["id"] == "gone-1", "what is known of it stays"


def test_arguments_that_are_not_known_yet_make_a_functions_result_unknown(lab: Lab) -> None:
    program = """
        def echo(**arguments):
            return pulumi.runtime.invoke_output("test:index:echo", arguments)

        a = Thing("a", text="t")
        pulumi.export("later", echo(x=a.arn).apply(lambda r: r["x"]))
        pulumi.export("now", echo(x=a.text).apply(lambda r: r["x"]))
        pulumi.export("waits", echo(x=1).apply(lambda r: r["x"]))
    """.replace("a.text", "Output.from_input('t')")
    result = ok(lab.preview(program))
    assert repr(result.outputs["later"]) == "UNKNOWN"
    assert result.outputs["now"] == "t"
    assert len(lab.provider.named("Invoke")) == 2, "what isn't known can't be asked for"
    assert ok(lab.up()).outputs == {"later": "arn:test:a-1", "now": "t", "waits": 1}


def test_secret_arguments_make_a_functions_result_secret(lab: Lab) -> None:
    program = """
        got = pulumi.runtime.invoke_output("test:index:echo", {"x": Output.secret("hush"), "y": 1})
        Thing("a", text=got.apply(lambda r: r["x"]), other=got.apply(lambda r: r["y"]))
        plain = pulumi.runtime.invoke_output("test:index:echo", {"x": "loud"})
        pulumi.export("plain", plain.apply(lambda r: r["x"]))
        pulumi.export("x", got.apply(lambda r: r["x"]))
    """
    result = ok(lab.up(program))
    inputs = lab.resources()["a"]["inputs"]
    assert SECRET in inputs["text"]
    assert SECRET in inputs["other"]
    assert result.outputs["plain"] == "loud"
    assert repr(result.outputs["x"]) == "Secret([secret])"
    assert "hush" not in lab.state.path.read_text()


def test_what_the_program_logs_is_told_with_its_level_and_resource(lab: Lab) -> None:
    program = """
        a = Thing("a")
        for level in ("debug", "info", "warn", "error"):
            tell = getattr(pulumi.log, level)
            tell(f"{level} of the program")
            tell(f"{level} of a", resource=a)
        pulumi.log.info("passing", ephemeral=True)
    """

    def told(**options: Any) -> tuple[int, set[tuple[str, str, str]]]:
        result = lab.up(program, **options)
        found = {
            (str(d.severity), d.message, d.urn.split("::")[-1])
            for d in result.diagnostics
            if not d.ephemeral and (" of the program" in d.message or " of a" in d.message)
        }
        assert [d.message for d in result.diagnostics if d.ephemeral] == ["passing"]
        return result.exit_code, found

    levels = {"debug": "debug", "info": "info", "warn": "warning", "error": "error"}
    wanted = {(level, f"{name} of the program", "") for name, level in levels.items()}
    wanted |= {(level, f"{name} of a", "a") for name, level in levels.items()}
    for preview in (True, False):
        assert told(preview=preview, debug=True) == (0, wanted), "an error that is only logged fails nothing"
    assert told() == (0, {each for each in wanted if each[0] != "debug"})


def test_two_resources_of_one_urn_are_an_error_and_the_first_one_stays(lab: Lab) -> None:
    result = lab.up('a = Thing("a", text="1"); Thing("a", text=a.arn)')
    (message,) = errors(result)
    assert message.startswith("Duplicate resource URN 'urn:pulumi:dev::lab::test:index:Thing::a'; try giving")
    assert lab.resources()["a"]["inputs"] == {"text": "1"}
    lab.up('c = Component("c"); Thing("a", O(parent=c)); Thing("a")')
    assert len(lab.provider.things) == 2, "another parent's type makes another URN"
