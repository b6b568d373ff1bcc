"""Policy packs judge what is declared, before it is made."""

from __future__ import annotations

import pytest

from sandbox.engine import Op, Outcome, PolicyPackError, PolicyPackLoaded, PolicyRemediation, PolicyViolation
from tests.sandbox.engine.lab import Lab, ok

PACK = """
from pulumi_policy import *

def no_x(args, report):
    if args.resource_type == "test:index:Thing" and args.props.get("text") == "x":
        report(f"{args.name} says x with {args.get_config()['word']} for {args.provider.name}")

def tag(args):
    if args.resource_type == "test:index:Thing" and "tag" not in args.props:
        return {**args.props, "tag": "mended"}

def count(args, report):
    things = [r for r in args.resources if r.resource_type == "test:index:Thing"]
    if len(things) > 2:
        report(f"{len(things)} things")

PolicyPack("lab-pack", policies=[
    ResourceValidationPolicy("no-x", "Nobody says x.", no_x, enforcement_level=EnforcementLevel.MANDATORY,
        config_schema=PolicyConfigSchema(properties={"word": {"type": "string", "default": "care"}})),
    ResourceValidationPolicy("tag", "Everything is tagged.", remediate=tag,
        enforcement_level=EnforcementLevel.REMEDIATE),
    StackValidationPolicy("few", "Few things.", count, enforcement_level=EnforcementLevel.ADVISORY),
])
"""


@pytest.fixture
def packed(lab: Lab) -> Lab:
    lab.write("pack/PulumiPolicy.yaml", "runtime: python\nversion: 1.2.3\n")
    lab.write("pack/__main__.py", PACK)
    lab.packs = [lab.root / "pack"]
    return lab


def test_advice_is_told_mending_is_done_and_a_mandatory_violation_ends_it(packed: Lab) -> None:
    result = ok(packed.up('Thing("a", text="y"); Thing("b"); Thing("c")'))
    (loaded,) = (event for event in packed.events if isinstance(event, PolicyPackLoaded))
    assert (loaded.name, loaded.version, loaded.policies) == ("lab-pack", "1.2.3", 3)
    assert [(v.level, v.policy, v.message) for v in result.violations] == [
        ("advisory", "few", "Few things.\n3 things")
    ]
    assert result.violations[0].urn.endswith("::lab-dev")
    mended = {event.urn.split("::")[-1] for event in packed.events if isinstance(event, PolicyRemediation)}
    assert mended == {"a", "b", "c"}
    assert packed.resources()["a"]["inputs"] == {"tag": "mended", "text": "y"}

    program = 'Thing("a", text="y"); Thing("bad", text="x"); Thing("d")'
    result = packed.preview(program)
    assert result.outcome is Outcome.POLICY
    assert result.exit_code == 3
    violations = [event for event in packed.events if isinstance(event, PolicyViolation)]
    assert violations[0].message == "Nobody says x.\nbad says x with care for default"
    assert {step.urn.split("::")[-1] for step in result.steps} >= {"bad", "d"}, "a preview shows everything"
    result = packed.up(program)
    assert result.outcome is Outcome.POLICY
    assert "bad" not in packed.resources()
    assert "c" in packed.resources(), "nothing is deleted"


def test_an_update_changes_nothing_that_the_stack_s_policies_refuse(packed: Lab) -> None:
    """Though only the whole stack shows it, and the first resources are fine."""
    packed.write("pack/__main__.py", PACK.replace("ADVISORY", "MANDATORY"))
    ok(packed.up('Thing("a", text="y"); Thing("b")'))
    before = packed.resources()
    result = packed.up('Thing("a", text="z"); Thing("c"); Thing("d")')
    assert result.outcome is Outcome.POLICY
    assert [v.message for v in result.violations] == ["Few things.\n3 things"]
    assert packed.resources() == before
    assert ok(packed.up('Thing("a", text="y"); Thing("b")')).changes.keys() == {Op.SAME}


def test_a_deletion_is_judged_before_it_is_done(packed: Lab) -> None:
    refuse = PACK.replace("ADVISORY", "MANDATORY").replace("len(things) > 2", "len(things) < 2")
    packed.write("pack/__main__.py", refuse)
    ok(packed.up('Thing("a"); Thing("b")'))
    result = packed.up('Thing("a")')
    assert result.outcome is Outcome.POLICY
    assert "b" in packed.resources()


def test_what_was_judged_by_a_preview_is_not_judged_again(packed: Lab) -> None:
    packed.write("pack/__main__.py", PACK.replace("ADVISORY", "MANDATORY"))
    result = packed.up('Thing("a"); Thing("c"); Thing("d")', judged=True)
    assert result.outcome is Outcome.POLICY
    assert {"a", "c", "d"} <= packed.resources().keys()


def test_a_pack_that_does_not_start_says_why(packed: Lab) -> None:
    packed.program("pass")
    packed.write("pack/__main__.py", "raise RuntimeError('the rules are lost')")
    result = packed.preview()
    assert result.exit_code == 1
    assert any(
        "failed to start" in d.message and "the rules are lost" in d.message for d in result.diagnostics
    )
    packed.packs = [packed.root / "nowhere"]
    with pytest.raises(PolicyPackError, match=r"has no PulumiPolicy\.yaml"):
        packed.preview()
