"""The pack in a host: a real program with a fault of every rule, run by the sandbox's engine."""

from __future__ import annotations

from pathlib import Path

from sandbox.engine import Kind, Outcome, Project, StackConfig, Update, in_process, run
from tests.policies import host
from tests.policies.estate import estate
from tests.policies.planted import PLANTED, planted
from tests.policies.program import Echo, copy_pack, write_program
from tests.policies.stacks import Stack

OFF_IN_PROD = {"LAM_10": "mandatory", "LOG_02": "mandatory"}


def preview(stack: Stack, folder: Path) -> tuple[Outcome, list[tuple[str, str, str]]]:
    """The outcome of a preview, and what was found: rule, resource, message."""
    write_program(stack, folder)
    project = Project.load(folder)
    result = run(
        Update(kind=Kind.UP, project=project, config=StackConfig.load(project, "prod"), preview=True),
        providers=lambda package, version: in_process(Echo()),
        policy_packs=[copy_pack(folder, **OFF_IN_PROD)],
    )
    assert result.diagnostics == ()
    return result.outcome, sorted(
        (v.policy, v.urn.rsplit("::", 1)[-1], v.message.strip()) for v in result.violations
    )


def test_a_program_with_a_fault_of_every_rule(tmp_path: Path) -> None:
    outcome, found = preview(planted(*PLANTED), tmp_path)
    assert outcome is Outcome.POLICY
    assert [rule for rule, _, _ in found] == sorted(PLANTED)


def test_both_hosts_hear_the_same(tmp_path: Path) -> None:
    """The engine, and the calls that the Pulumi CLI makes."""
    stack = planted(*PLANTED)
    _, found = preview(stack, tmp_path)
    with host.running(tmp_path / "pack") as pack:
        pack.configure(pack.configure_stack("prod"))
        heard = [(d.policyName, d.urn.rsplit("::", 1)[-1], d.message.strip()) for d in pack.analyze(stack)]
    assert found == sorted(heard)


def test_a_program_without_a_fault(tmp_path: Path) -> None:
    assert preview(estate(), tmp_path) == (Outcome.SUCCEEDED, [])
