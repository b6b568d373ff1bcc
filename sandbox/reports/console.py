"""A report for a terminal, or for a log."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.markup import escape

from .model import Finding, Report, by_rule, of_pack

if TYPE_CHECKING:
    from rich.console import Console

_STYLES = {"mandatory": "red", "advisory": "yellow"}


def say(out: Console, report: Report) -> None:
    """Print what was found, rule by rule, and the counts."""
    for findings in (report.violations, report.advice):
        for first, same in by_rule(findings):
            _say_rule(out, first, same)
    _say_exempted(out, report.exempted)
    for pack in report.packs:
        out.print(f"[bold]Policies[/] {escape(of_pack(pack))}")
    if report.packs:
        style = "red" if report.violations else "green"
        out.print(f"[bold]Policies[/] [{style}]{report.counts}[/]")
    if report.failure:
        out.print(f"[red]{escape(report.failure)}[/]")


def _say_rule(out: Console, first: Finding, same: Sequence[Finding]) -> None:
    style = _STYLES.get(first.level, "yellow")
    severity = f" [dim]({first.severity})[/]" if first.severity else ""
    times = f" [dim]x{len(same)}[/]" if len(same) > 1 else ""
    out.print(
        f"[{style}]{first.level}[/] [bold]{escape(first.rule)}[/] {escape(first.title)}{severity}{times}"
    )
    mends = {finding.mend for finding in same}
    for finding in same:
        parts = [("where", finding.where), ("declared", finding.declared), ("subject", finding.subject)]
        parts += [("found", finding.found), ("allowed", finding.allowed)]
        if len(mends) > 1:
            parts.append(("mend", finding.mend))
        _say_parts(out, parts)
    _say_parts(out, [("mend", first.mend if len(mends) == 1 else ""), ("see", first.source)])


def _say_exempted(out: Console, findings: Sequence[Finding]) -> None:
    for finding in findings:
        exemption = finding.exemption
        assert exemption is not None  # noqa: S101 - the list's meaning
        out.print(f"[cyan]excepted[/] [bold]{escape(finding.rule)}[/] {escape(finding.title)}")
        _say_parts(
            out,
            [
                ("where", finding.where),
                ("found", finding.found),
                ("reason", f"{exemption.reason} ({exemption.owner}, until {exemption.until})"),
            ],
        )


def _say_parts(out: Console, parts: Sequence[tuple[str, str]]) -> None:
    for label, text in parts:
        if text:
            indented = text.replace("\n", "\n            ")
            out.print(f"  [dim]{label:<9}[/] {escape(indented)}")
