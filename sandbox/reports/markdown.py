"""A report for a pull request: a job's summary, a comment."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from .model import Finding, Report, by_rule, of_pack

LIMIT: Final = 30_000
"""Characters; GitHub takes 65,536 in a comment, and dev and prod share one.
https://docs.github.com/en/rest/issues/comments#create-an-issue-comment"""


def render(report: Report) -> str:
    """The report as Markdown. What doesn't fit is counted, never dropped in silence."""
    head = [f"## Policies: {_text(report.project)} {_text(report.stack)}", ""]
    if report.failure:
        head += [f"**{_text(report.failure)}**", ""]
    if report.packs:
        head += [f"**{report.counts}**", "", *(f"- {_text(of_pack(pack))}" for pack in report.packs), ""]
    if report.packs and not report.findings and not report.failure:
        head += ["Nothing was found.", ""]
    blocks = [*_rules("Violated", report.violations), *_rules("Advice", report.advice), *_exempted(report)]
    text = "\n".join(head)
    left = len(blocks)
    for block in blocks:
        if len(text) + len(block) > LIMIT:
            text += f"\n{left} more sections don't fit here: see the console, SARIF or JUnit.\n"
            break
        text += f"\n{block}"
        left -= 1
    return text


def _rules(title: str, findings: Sequence[Finding]) -> Iterator[str]:
    heading = f"### {title}\n\n"
    for first, same in by_rule(findings):
        severity = f" ({first.severity})" if first.severity else ""
        lines = [f"{heading}#### {_text(first.rule)} {_text(first.title)}{severity}", ""]
        heading = ""
        if first.source.startswith("https://"):
            lines += [f"[Why]({_url(first.source)})", ""]
        rows = [
            (finding.where, finding.declared, finding.found, finding.allowed, finding.mend)
            for finding in same
        ]
        yield "\n".join([*lines, *_table(("where", "declared", "found", "allowed", "mend"), rows), ""])


def _exempted(report: Report) -> Iterator[str]:
    rows = [
        (
            f"{finding.rule} {finding.title}",
            finding.where,
            finding.found,
            f"{finding.exemption.reason} ({finding.exemption.owner}, until {finding.exemption.until})",
        )
        for finding in report.exempted
        if finding.exemption is not None
    ]
    if rows:
        table = _table(("rule", "where", "found", "reason"), rows)
        yield "\n".join(["### Exceptions granted", "", *table, ""])


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield f"|{' --- |' * len(heads)}"
    for row in rows:
        yield f"| {' | '.join(map(_text, row))} |"


def _text(text: str) -> str:
    """Text as it is: what a pull request names its resources must not become markup, links or mentions."""
    plain = re.sub(r"([\\`*_\[\]|~#!])", r"\\\1", text)
    plain = html.escape(plain, quote=False).replace("@", "&#64;")
    return plain.replace("\r", "").replace("\n", "<br>")


def _url(url: str) -> str:
    return url.replace("(", "%28").replace(")", "%29").replace(" ", "%20")
