"""`fleet policy` and `--report`: what is deployed, an exported state, a log of the real CLI."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from sandbox.engine.errors import StateError
from sandbox.engine.properties import Secret
from sandbox.engine.state.exported import read_export
from tests.sandbox.conftest import Fleet

PACK = """
from pulumi_policy import EnforcementLevel, PolicyPack, ResourceValidationPolicy, StackValidationPolicy

def tagged(args, report):
    if args.resource_type == "aws:sqs/queue:Queue" and "tags" not in args.props:
        report("Untagged\\n  where:   queue " + args.name + "\\n  found:   no tags\\n  mend:    Tag it.")

def few(args, report):
    report(f"{len(args.resources)} resources, " + ",".join(sorted(
        r.provider.name for r in args.resources if r.provider)))

PolicyPack("lab", policies=[
    ResourceValidationPolicy("tagged", "Queues have tags.", tagged,
        enforcement_level=EnforcementLevel.MANDATORY),
    StackValidationPolicy("few", "Few things.", few, enforcement_level=EnforcementLevel.ADVISORY),
])
"""
STACK = "urn:pulumi:dev::shop::pulumi:pulumi:Stack::shop-dev"
PROVIDER = "urn:pulumi:dev::shop::pulumi:providers:aws::main"
QUEUE = "urn:pulumi:dev::shop::aws:sqs/queue:Queue::jobs"
SECRET = {
    "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
    "ciphertext": "v1:AAAA:BBBB",
}


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    folder = tmp_path / "pack"
    folder.mkdir()
    (folder / "PulumiPolicy.yaml").write_text("runtime: python\nversion: 1.2.3\n")
    (folder / "__main__.py").write_text(PACK)
    return folder


def exported(tmp_path: Path, **of_queue: Any) -> Path:
    """A state as `pulumi stack export` prints it, of a stack with somebody's key."""
    queue = {
        "urn": QUEUE,
        "custom": True,
        "id": "jobs-1",
        "type": "aws:sqs/queue:Queue",
        "inputs": {"name": "jobs", "password": SECRET},
        "outputs": {"name": "jobs", "password": SECRET},
        "parent": STACK,
        "provider": f"{PROVIDER}::1234",
        "sourcePosition": "project:///queues.py#7",
        "stackTrace": [{"sourcePosition": "project:///queues.py#7"}, {}],
        **of_queue,
    }
    replaced = {**queue, "urn": QUEUE + "-old", "delete": True}
    resources = [
        {"urn": STACK, "custom": False, "type": "pulumi:pulumi:Stack"},
        {"urn": PROVIDER, "custom": True, "id": "1234", "type": "pulumi:providers:aws", "inputs": {}},
        queue,
        replaced,
    ]
    path = tmp_path / "state.json"
    secrets = {"type": "cloud", "state": {"url": "awskms://key"}}
    path.write_text(
        json.dumps({"version": 3, "deployment": {"secrets_providers": secrets, "resources": resources}})
    )
    return path


def test_an_exported_state_of_anybody(fleet: Fleet, tmp_path: Path, pack: Path) -> None:
    """No program, no key: what is still to be deleted isn't judged."""
    arguments = ("-C", tmp_path, "policy", "--state", exported(tmp_path), "--policy-pack", pack)
    code, out, _ = fleet(*arguments)
    assert code == 3
    assert "Policies of shop dev" in out
    assert "mandatory tagged" in out
    assert "queue jobs\n" in out
    assert "declared  queues.py:7" in out
    assert "jobs-old" not in out
    assert "3 resources, main" in out
    assert "Policies 1 violated, 1 advisory" in out
    code, out, _ = fleet(*arguments, "--json")
    found = json.loads(out)
    assert (code, found["project"], found["stack"]) == (3, "shop", "dev")
    (violation,) = found["violations"]
    assert violation == {
        "rule": "tagged",
        "title": "tagged",
        "urn": QUEUE,
        "where": "queue jobs",
        "found": "no tags",
        "mend": "Tag it.",
        "declared": [{"file": "queues.py", "line": 7}],
    }


def test_what_is_right_passes(fleet: Fleet, tmp_path: Path, pack: Path) -> None:
    state = exported(tmp_path, inputs={"tags": {}}, outputs={"tags": {}})
    report = tmp_path / "report.sarif"
    code, _, _ = fleet(
        *("-C", tmp_path, "policy", "--state", state, "--policy-pack", pack, "--report", f"sarif={report}")
    )
    assert code == 0
    assert [result["ruleId"] for result in json.loads(report.read_text())["runs"][0]["results"]] == ["few"]


def test_a_secret_that_cannot_be_opened_is_unknown(tmp_path: Path) -> None:
    _, _, snapshot = read_export(exported(tmp_path))
    assert isinstance(snapshot.resources[2].inputs["password"], Secret)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("{", "isn't JSON"),
        ("[]", "isn't an exported state"),
        ('{"version": 2, "deployment": {}}', "isn't an exported state"),
        ('{"version": 3, "deployment": {"resources": 1}}', "aren't a list of objects"),
        ('{"version": 3, "deployment": {"resources": []}}', "no resources: there is nothing to judge"),
        ('{"version": 3, "deployment": {"resources": [{"urn": "x"}]}}', "malformed"),
    ],
)
def test_what_is_no_exported_state(tmp_path: Path, content: str, problem: str) -> None:
    path = tmp_path / "state.json"
    path.write_text(content)
    with pytest.raises(StateError, match=problem):
        read_export(path)


def test_a_stage_that_is_not_deployed(fleet: Fleet, tmp_path: Path, pack: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    (tmp_path / "Pulumi.dev.yaml").write_text("config: {}\n")
    code, _, err = fleet("-C", tmp_path, "policy", "--stack", "dev", "--policy-pack", pack)
    assert code == 4
    assert "has no state here" in err
    assert "fleet preview --stack dev" in err


def test_no_pack(fleet: Fleet, tmp_path: Path) -> None:
    code, _, err = fleet("-C", tmp_path, "policy", "--state", exported(tmp_path))
    assert code != 0
    assert "Name one with --policy-pack DIR" in err


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--stack", "dev", "--state", __file__], "exclude each other"),
        (["--report", "html=x"], "formats: markdown, sarif, junit"),
        (["--report", "sarif"], "isn't FORMAT=FILE"),
        (["--report", "sarif=/nowhere/at/all/x"], "there is no folder"),
        (["--state", "nowhere.json"], "does not exist"),
    ],
)
def test_wrong_usage(fleet: Fleet, tmp_path: Path, arguments: list[str], problem: str) -> None:
    code, _, err = fleet("-C", tmp_path, "policy", *arguments)
    assert code == 2
    assert problem in err


def event_log(tmp_path: Path, *events: Any, result: str = "succeeded") -> Path:
    """A log as `pulumi preview --event-log` writes it."""
    pre = {"metadata": {"op": "same", "urn": STACK, "type": "pulumi:pulumi:Stack"}}
    summary = {"policyPackName": "lab", "policyPackVersion": "1.2.3", "passed": ["few"], "failed": ["tagged"]}
    end = {"result": result, "isPreview": True}
    told = [
        {"resourcePreEvent": pre},
        *events,
        {"policyAnalyzeStackSummaryEvent": summary},
        {"summaryEvent": end},
    ]
    path = tmp_path / "events.jsonl"
    path.write_text("".join(json.dumps(event) + "\n" for event in told))
    return path


def policy_event(level: str) -> Any:
    return {
        "policyEvent": {
            "resourceUrn": QUEUE,
            "message": "Queues have tags.\n  where:   queue jobs\n  found:   no tags",
            "policyName": "tagged",
            "policyPackName": "lab",
            "policyPackVersion": "1.2.3",
            "enforcementLevel": level,
            "severity": "high",
        }
    }


def test_a_run_of_the_real_cli(fleet: Fleet, tmp_path: Path) -> None:
    log = event_log(tmp_path, policy_event("mandatory"), result="failed")
    report = tmp_path / "report.md"
    code, out, _ = fleet("policy", "--events", log, "--report", f"markdown={report}")
    assert code == 3
    assert "Policies of shop dev" in out
    assert "mandatory tagged Queues have tags. (high)" in out
    assert "Policies lab 1.2.3 (2 policies)" in out
    assert "## Policies: shop dev" in report.read_text()


@pytest.mark.parametrize(("result", "expected"), [("succeeded", 0), ("failed", 1)])
def test_a_run_without_a_violation(fleet: Fleet, tmp_path: Path, result: str, expected: int) -> None:
    code, out, _ = fleet("policy", "--events", event_log(tmp_path, policy_event("warning"), result=result))
    assert code == expected
    assert "Policies 0 violated, 1 advisory" in out
    assert ("not everything was judged" in out) is bool(expected)


@pytest.mark.parametrize("content", ["", "[]\n", "no event\n", '{"preludeEvent": {}}\n'])
def test_what_is_no_log(fleet: Fleet, tmp_path: Path, content: str) -> None:
    path = tmp_path / "events.jsonl"
    path.write_text(content)
    code, _, err = fleet("policy", "--events", path)
    assert code == 2
    assert "--event-log FILE" in err


PROGRAM = """
import pulumi_aws as aws
aws.sqs.Queue("jobs", name="jobs")
"""


def test_a_preview_writes_reports(
    fleet: Fleet, tmp_path: Path, pack: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    folder = tmp_path / "program"
    folder.mkdir()
    (folder / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    (folder / "Pulumi.dev.yaml").write_text("config:\n  aws:region: eu-west-1\n")
    (folder / "__main__.py").write_text(PROGRAM)
    files = {name: tmp_path / name for name in ("markdown", "sarif", "junit")}
    wanted = [argument for name, path in files.items() for argument in ("--report", f"{name}={path}")]
    code, out, _ = fleet("-C", folder, "preview", "--stack", "dev", "--policy-pack", pack, *wanted)
    assert code == 3
    assert "mandatory tagged" in out
    (run,) = json.loads(files["sarif"].read_text())["runs"]
    violation = next(result for result in run["results"] if result["ruleId"] == "tagged")
    location = violation["locations"][0]["physicalLocation"]
    assert (location["artifactLocation"]["uri"], location["region"]) == ("__main__.py", {"startLine": 3})
    assert "queue jobs" in files["markdown"].read_text()
    assert "no tags" in files["junit"].read_text()
    (folder / "__main__.py").write_text("raise SystemExit('broken')\n")
    code, _, _ = fleet("-C", folder, "preview", "--stack", "dev", "--policy-pack", pack, "--json", *wanted)
    assert code == 1
    assert "wasn't judged as a whole" in files["markdown"].read_text()
