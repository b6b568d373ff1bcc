"""A report for what reads tests' results: a test case for each policy of each pack."""

from __future__ import annotations

from collections.abc import Sequence

from junitparser import Attr, Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

from sandbox.engine.events import PolicyPackLoaded, PolicyRule

from .model import Finding, Report, of_pack


class _Case(TestCase):
    """With the place in the program, as CI systems read it."""

    file = Attr("file")
    line = Attr("line")


def render(report: Report) -> str:
    """The report as JUnit's XML: violated policies failed, disabled ones were skipped, advice is output."""
    xml = JUnitXml("policies")
    for pack in report.packs:
        xml.add_testsuite(_suite(report, pack))
    if report.failure:
        suite = TestSuite("engine")
        case = TestCase(f"{report.project} {report.stack}", classname="engine")
        case.result = [Error(report.failure)]
        suite.add_testcase(case)
        xml.add_testsuite(suite)
    xml.update_statistics()  # type: ignore[no-untyped-call]
    text: bytes = xml.tostring()  # type: ignore[no-untyped-call]
    return text.decode("utf-8")


def _suite(report: Report, pack: PolicyPackLoaded) -> TestSuite:
    suite = TestSuite(pack.name)
    suite.add_property("about", of_pack(pack))
    suite.add_property("project", report.project)
    suite.add_property("stack", report.stack)
    own = [finding for finding in report.findings if finding.pack == pack.name]
    for rule in pack.rules:
        found = [finding for finding in own if finding.rule == rule.id]
        suite.add_testcase(_case(f"{pack.name}.{report.stack}", rule, found))
    return suite


def _case(classname: str, rule: PolicyRule, found: Sequence[Finding]) -> _Case:
    case = _Case(f"{rule.id} {rule.title}".rstrip(), classname=classname)
    violations = [finding for finding in found if finding.violates]
    other = [finding for finding in found if not finding.violates]
    if violations:
        noun = "violation" if len(violations) == 1 else "violations"
        failure = Failure(f"{len(violations)} {noun}", rule.severity or rule.level)
        failure.text = _clean("\n\n".join(map(_told, violations)))
        case.result = [failure]
        if places := violations[0].places:
            case.file, case.line = places[0].path, str(places[0].line)
    elif rule.level == "disabled":
        case.result = [Skipped("disabled in this stage's configuration")]
    if other:
        case.system_out = _clean("\n\n".join(map(_told, other)))
    return case


def _told(finding: Finding) -> str:
    lines = [("where", finding.where), ("declared", finding.declared), ("subject", finding.subject)]
    lines += [
        ("found", finding.found),
        ("allowed", finding.allowed),
        ("mend", finding.mend),
        ("see", finding.source),
    ]
    if finding.exemption:
        granted = finding.exemption
        lines.append(("excepted", f"until {granted.until} by {granted.owner}: {granted.reason}"))
    return "\n".join(f"{label}: {text}" for label, text in lines if text)


def _clean(text: str) -> str:
    """Text without what XML can't hold."""
    return "".join(c for c in text if c in "\t\n" or (" " <= c < "\ufffe" and not "\ud800" <= c <= "\udfff"))
