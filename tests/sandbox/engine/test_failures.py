"""What fails is told once, stops what depends on it, and loses nothing."""

from __future__ import annotations

import os
import signal
import threading
import time
from typing import Any

import psutil
import pytest

from sandbox.engine import (
    Diagnostic,
    Event,
    InitError,
    Kind,
    Outcome,
    ResourceFailed,
    ResourcePre,
    SecretsError,
    Severity,
    StackConfig,
    StateLockedError,
    Update,
    run,
)
from sandbox.engine.executor import StepExecutor
from tests.sandbox.engine.lab import Lab, errors, ok, ops


def test_a_failed_step_stops_its_dependents_and_keeps_the_rest(lab: Lab) -> None:
    program = (
        'a = Thing("a"); b = Thing("b", text=a.arn{fail}); Thing("c", text=b.arn); pulumi.export("x", 1)'
    )
    result = lab.up(program.replace("{fail}", ', failOn="create"'))
    assert result.outcome is Outcome.FAILED
    assert errors(result) == ["b fails on create"]
    assert [event.error for event in lab.events if isinstance(event, ResourceFailed)] == ["b fails on create"]
    assert "b failed" in result.advice
    assert "Mend the cause and run again" in result.advice
    assert "c" not in lab.provider.named("Create")
    assert set(lab.resources()) == {"lab-dev", "default", "a"}
    assert ops(ok(lab.up(program.replace("{fail}", "")))) == {"create": 2, "same": 2}


def test_a_deletion_that_is_refused_keeps_the_stacks_outputs(lab: Lab) -> None:
    ok(lab.up('a = Thing("a", O(protect=True)); pulumi.export("arn", a.arn); pulumi.export("n", 1)'))
    result = lab.up('pulumi.export("n", 2)')
    (told,) = errors(result)
    assert "because it is protected" in told
    assert f"fleet state unprotect '{lab.resources()['a']['urn']}'" in told
    assert lab.resources()["lab-dev"]["outputs"] == {"arn": "arn:test:a-1", "n": 2}


def test_an_unhealthy_resource_is_kept_and_updated_next_time(lab: Lab) -> None:
    result = lab.up('Thing("a", text="1", initErrors=["too cold"])')
    assert result.exit_code == 1
    assert "* too cold" in errors(result)[0]
    assert lab.resources()["a"]["initErrors"] == ["too cold"]
    assert lab.resources()["a"]["id"] == "a-1"
    assert ops(ok(lab.up('Thing("a", text="1", initErrors=[])')))["update"] == 1
    assert "initErrors" not in lab.resources()["a"]
    assert InitError([], None).reasons == []


@pytest.mark.parametrize(
    ("program", "message"),
    [
        ('Thing("a"); Thing("a")', "Duplicate resource URN"),
        ('Thing("a", failOn="check")', "property failOn has a problem: fails on check"),
        ('pulumi.CustomResource("test:index:Nothing", "n", {})', "type test:index:Nothing is not supported"),
        ('Thing("a", O(provider=Provider("p", forbidden=1)))', "property forbidden has a problem"),
        ('Thing("a", O(custom_timeouts=pulumi.CustomTimeouts(create="soon")))', "customTimeout Value soon"),
    ],
)
def test_an_invalid_resource_is_named(lab: Lab, program: str, message: str) -> None:
    result = lab.preview(program)
    assert result.outcome is Outcome.FAILED
    assert message in errors(result)[0]


def test_a_program_that_crashes_deletes_nothing(lab: Lab) -> None:
    ok(lab.up('Thing("a"); Thing("b")'))
    result = lab.up('Thing("a")\nThing("c")\n1 / 0')
    assert result.exit_code == 1
    (message,) = errors(result)
    assert message.startswith("Program failed with an unhandled exception:\nTraceback")
    assert message.count("ZeroDivisionError") == 1
    assert "guest" not in message
    assert {"a", "b", "c"} <= set(lab.resources())
    assert "nothing was deleted" in result.advice

    result = lab.up('raise pulumi.RunError("the stage has no region")')
    assert errors(result) == ["the stage has no region"]
    assert result.exit_code == 1

    result = lab.up("import os\nprint('going')\nos._exit(7)")
    assert errors(result) == ["program exited with non-zero exit code: 7"]
    assert [d.message for d in result.diagnostics if d.severity is Severity.INFO] == ["going"]
    result = lab.up("this is no Python")
    (message,) = errors(result)
    assert message.splitlines()[1].startswith('  File "')
    assert "__main__.py" in message.splitlines()[1]
    assert message.splitlines()[-1] == "SyntaxError: invalid syntax"
    assert {"a", "b", "c"} <= set(lab.resources())


def test_nobody_who_listens_any_more_ends_the_run(lab: Lab) -> None:
    """As when the reader of a pipe is gone: what is under way is saved, and the stack is free again."""
    lab.program("Thing('a')\nprint('a line', flush=True)\nfor i in range(20): Thing(f'b{i}')")

    def hear(event: Event) -> None:
        if isinstance(event, Diagnostic):
            raise BrokenPipeError

    project = lab.project
    update = Update(kind=Kind.UP, project=project, config=StackConfig.load(project, "dev"), state=lab.state)
    with pytest.raises(BrokenPipeError):
        run(update, providers=lab.providers, on_event=hear)
    made = {name.partition("-")[0] for name in lab.provider.things}
    assert made <= lab.resources().keys()
    ok(lab.up())


def test_a_process_that_a_program_leaves_behind_keeps_nobody_waiting(lab: Lab) -> None:
    """It holds the program's output open. What it writes later is nobody's any more."""
    program = """
        import subprocess, sys
        left = "import time; time.sleep({seconds}); print('late')"
        print("left behind:", subprocess.Popen([sys.executable, "-c", left]).pid, flush=True)
        {end}
    """
    began = time.monotonic()
    for end, code in ("Thing('a')", 0), ("raise ValueError('as asked')", 1):
        result = lab.up(program.format(seconds=60, end=end))
        assert result.exit_code == code, errors(result)
        (line,) = [each.message for each in result.diagnostics if each.message.startswith("left behind:")]
        process = psutil.Process(int(line.rpartition(" ")[2]))
        assert process.is_running(), "it is nobody's to end"
        process.kill()
        assert not any("didn't end" in message for message in errors(result))
    assert time.monotonic() - began < 40


def test_what_a_program_asked_for_that_has_died_is_not_begun(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, idle = threading.Event(), threading.Event()
    check, create, wait_idle = lab.provider.Check, lab.provider.Create, StepExecutor.wait_idle

    def slow_check(request: Any, context: Any) -> Any:
        if request.name == "b":
            asked.set()
            assert idle.wait(20)
        return check(request, context)

    def late_create(request: Any, context: Any) -> Any:
        assert asked.wait(20)
        return create(request, context)

    def then_idle(executor: StepExecutor) -> None:
        wait_idle(executor)
        idle.set()

    monkeypatch.setattr(lab.provider, "Check", slow_check)
    monkeypatch.setattr(lab.provider, "Create", late_create)
    monkeypatch.setattr(StepExecutor, "wait_idle", then_idle)
    result = lab.up('import os; a = Thing("a"); Thing("b"); a.arn.apply(lambda _: os._exit(7))')
    assert errors(result) == ["program exited with non-zero exit code: 7"]
    assert result.outcome is Outcome.FAILED
    assert set(lab.provider.things) == {"a-1"}
    assert "pending_operations" not in lab.state.export()["deployment"]


def test_ctrl_c_lets_what_is_under_way_finish_and_saves_it(lab: Lab) -> None:
    lab.provider.gate("slow")
    lab.program('a = Thing("a", waitFor="slow"); Thing("b", text=a.arn)')
    sent: list[bool] = []

    def interrupt(event: Event) -> None:
        if isinstance(event, ResourcePre) and event.step.urn.endswith("::a"):
            sent.append(True)
            os.kill(os.getpid(), signal.SIGINT)

    from sandbox.engine import Kind, StackConfig, Update, in_process, run

    project = lab.project
    result = run(
        Update(
            kind=Kind.UP,
            project=project,
            config=StackConfig.load(project, "dev"),
            state=lab.state,
        ),
        providers=lambda package, version: in_process(lab.provider),
        on_event=interrupt,
    )
    assert sent
    assert result.outcome is Outcome.INTERRUPTED
    assert result.exit_code == 130
    assert lab.provider.cancelled.is_set()
    assert "a" in lab.resources()
    assert "b" not in lab.resources()
    assert not lab.state.export()["deployment"].get("pending_operations")
    lab.provider.gates.clear()
    ok(lab.up())


def test_a_second_run_is_refused_while_the_first_holds_the_stack(lab: Lab) -> None:
    lab.program("pass")
    with lab.state.lock(), pytest.raises(StateLockedError, match=r"in use: process \d+ on .* holds its lock"):
        lab.run()
    ok(lab.run())


def test_secret_configuration_without_its_passphrase_is_unknown_in_a_preview_and_refused_in_an_update(
    lab: Lab,
) -> None:
    lab.write(
        "Pulumi.dev.yaml",
        """
        encryptionsalt: v1:AAAAAAAAAAA=:v1:AAAAAAAAAAAAAAAA:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==
        config:
          lab:token: {secure: v1:AAAAAAAAAAAAAAAA:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==}
        """,
    )
    program = """
        config = pulumi.Config()
        Thing("a", token=config.require_secret("token"), other=config.get_secret_object("token"))
        pulumi.export("token", config.get_secret("token"))
    """
    from sandbox.engine import UNKNOWN
    from sandbox.engine.properties import Secret

    result = ok(lab.preview(program))
    inputs = next(step.new.inputs for step in result.steps if step.urn.endswith("::a") and step.new)
    assert isinstance(inputs["token"], Secret)
    assert inputs["token"].element is UNKNOWN
    assert result.outputs["token"] == Secret(element=UNKNOWN)
    with pytest.raises(SecretsError, match=r"lab:token.*PULUMI_CONFIG_PASSPHRASE.*A preview works"):
        lab.up()
    result = lab.preview('pulumi.Config().require("token")')
    assert "'lab:token' is a secret that can't be decrypted here" in errors(result)[0]
