"""A preview knows what is certain, and prints what `pulumi preview --json` prints."""

from __future__ import annotations

import json

from sandbox.engine import OutputsRegistered, ResourceDone, ResourcePre, Summary
from sandbox.engine.digest import preview_digest
from tests.sandbox.engine.lab import Lab, ok

UNKNOWN_TEXT = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


def test_the_digest_has_what_would_be_done_with_secrets_masked_and_unknowns_marked(lab: Lab) -> None:
    lab.write("Pulumi.dev.yaml", "config: {'lab:x': hello}")
    result = ok(
        lab.preview(
            """
            c = Component("c")
            a = Thing("a", O(parent=c), text="t", token=Output.secret("hush"))
            b = Thing("b", O(protect=True), text=a.arn, known=Output.concat("x-", "y"))
            a.arn.apply(lambda arn: Thing("never-seen"))
            pulumi.log.warn("careful", b)
            print("said")
            """
        )
    )
    digest = preview_digest(result)
    assert json.loads(json.dumps(digest)) == digest
    assert "hush" not in json.dumps(digest)
    assert digest["config"] == {"lab:x": "hello"}
    assert digest["changeSummary"] == {"create": 4}
    assert digest["duration"] > 0
    steps = {step["urn"].split("::")[-1]: step for step in digest["steps"]}
    assert set(steps) == {"lab-dev", "c", "a", "b"}
    assert steps["a"]["op"] == "create"
    assert steps["a"]["newState"]["inputs"] == {"text": "t", "token": "[secret]"}
    assert "outputs" not in steps["a"]["newState"]
    assert steps["b"]["newState"]["inputs"] == {"known": "x-y", "text": UNKNOWN_TEXT}
    assert steps["b"]["newState"]["protect"] is True
    assert steps["b"]["newState"]["dependencies"] == [steps["a"]["urn"]]
    assert steps["b"]["newState"]["provider"].endswith(f"::pulumi:providers:test::default::{UNKNOWN_TEXT}")
    messages = {(d["severity"], d["message"]) for d in digest["diagnostics"]}
    assert messages == {("warning", "warning: careful\n"), ("info", "said\n")}
    assert not lab.home.exists(), "a preview writes nothing"
    assert lab.provider.named("Create") == []


def test_a_preview_of_a_change_shows_old_and_new_and_why(lab: Lab) -> None:
    ok(lab.up('a = Thing("a", label="1", text="x"); Thing("b", text=a.arn); Thing("c")'))
    before = lab.state.path.read_bytes()
    result = ok(lab.preview('a = Thing("a", label="2", text="x"); Thing("b", text=a.arn)'))
    digest = preview_digest(result)
    steps = {(step["op"], step["urn"].split("::")[-1]): step for step in digest["steps"]}
    assert set(steps) == {("same", "lab-dev"), ("replace", "a"), ("update", "b"), ("delete", "c")}
    replaced = steps["replace", "a"]
    assert replaced["replaceReasons"] == ["label"]
    assert replaced["detailedDiff"] == {"label": {"kind": "update-replace", "inputDiff": True}}
    assert replaced["oldState"]["inputs"]["label"] == "1"
    assert replaced["newState"]["inputs"]["label"] == "2"
    assert steps["update", "b"]["newState"]["inputs"]["text"] == UNKNOWN_TEXT
    assert digest["changeSummary"] == {"delete": 1, "replace": 1, "same": 1, "update": 1}
    everything = preview_digest(result, show_replacement_steps=True)
    assert [s["op"] for s in everything["steps"] if s["urn"].endswith("::a")] == [
        "create-replacement",
        "replace",
        "delete-replaced",
    ]
    assert lab.state.path.read_bytes() == before


def test_a_preview_needs_no_state_at_all(lab: Lab) -> None:
    from sandbox.engine import Kind, StackConfig, Update, in_process, run

    lab.program('Thing("a")')
    result = run(
        Update(kind=Kind.UP, project=lab.project, config=StackConfig.load(lab.project, "dev"), preview=True),
        providers=lambda package, version: in_process(lab.provider),
    )
    assert ok(result).changed


def test_a_provider_whose_own_inputs_are_unknown_is_not_asked(lab: Lab) -> None:
    result = ok(
        lab.preview('p = Provider("p", region=Thing("a").arn); Thing("b", O(provider=p), failOn="check")')
    )
    assert result.exit_code == 0
    assert lab.provider.named("Check") == ["a"]
    assert len(lab.provider.configured) == 1


def test_events_come_in_order_each_step_before_its_end(lab: Lab) -> None:
    lab.program('a = Thing("a"); Thing("b", text=a.arn); pulumi.export("x", 1)')
    ok(lab.run())
    kinds = [
        (type(event).__name__, event.step.urn.split("::")[-1])
        for event in lab.events
        if isinstance(event, ResourcePre | ResourceDone) and "Stack" not in event.step.urn
    ]
    assert kinds == [("ResourcePre", "a"), ("ResourceDone", "a"), ("ResourcePre", "b"), ("ResourceDone", "b")]
    (outputs,) = (event for event in lab.events if isinstance(event, OutputsRegistered))
    assert outputs.state.outputs == {"x": 1}
    assert isinstance(lab.events[-1], Summary)
