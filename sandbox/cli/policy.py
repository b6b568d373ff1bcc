"""``policy``: judges what is deployed, without a preview."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .options import JSON, PACKS, REPORT, SHARED, chosen, with_options, workspace

if TYPE_CHECKING:
    from sandbox.engine import Event, Snapshot, StackConfig
    from sandbox.reports import Finding, Report


@click.command("policy")
@with_options(*SHARED, *PACKS, *REPORT, *JSON)
@click.option(
    "--state",
    "state",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Judge this exported state (`pulumi stack export`) instead of a stack of the sandbox.",
)
@click.option(
    "--events",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Judge nothing: report what a run of the real CLI found (`pulumi preview --event-log FILE`).",
)
def policy_command(state: Path | None, events: Path | None) -> int:
    """Judge what a stage is, by the policy pack: no preview, no program, no credentials.

    Judges the stage's state in the sandbox or, with --state, what `pulumi stack export` printed of any stack
    of any program for AWS; secrets that can't be decrypted here count as unknown. The packs are the program's
    policies/ folder and every --policy-pack. Exit code 3: a mandatory policy is violated.
    """
    if sum([state is not None, events is not None, chosen("stack") is not None]) > 1:
        raise click.UsageError(
            "--stack, --state and --events exclude each other: a file says which stack it is of"
        )
    if events is not None:
        report = _of_events(events)
    else:
        report = _of_file(state) if state is not None else _of_stack()
    from .reporting import write_reports

    write_reports(report)
    if chosen("json"):
        click.echo(json.dumps(_plain(report), indent=2, ensure_ascii=False))
    else:
        from sandbox.reports.console import say

        from .display import console

        out = console()
        out.print(f"[bold]Policies of[/] {report.project} {report.stack}")
        say(out, report)
    if report.violations:
        return 3
    return 1 if report.failure else 0


def _of_stack() -> Report:
    from sandbox.engine.config import StackConfig
    from sandbox.engine.errors import StateError

    place = workspace()
    snapshot = place.store.load()
    if snapshot is None or not snapshot.resources:
        raise StateError(
            f"stack {place.stack!r} has no state here: nothing of it was deployed to the sandbox. Judge what"
            f" it would be with `fleet preview --stack {place.stack}`, or what it is elsewhere with"
            " `pulumi stack export` and --state FILE."
        )
    config = StackConfig.load(place.project, place.stack)
    packs = place.policy_packs(chosen("policy_pack") or ())
    return _judge(place.project.name, config, snapshot, packs, place.project.root)


def _of_events(path: Path) -> Report:
    from sandbox.reports.eventlog import read_event_log

    return read_event_log(path)


def _of_file(path: Path) -> Report:
    from sandbox.engine.config import StackConfig
    from sandbox.engine.errors import ProjectError
    from sandbox.engine.project import Project
    from sandbox.engine.state.exported import read_export

    from .workspace import policy_packs

    project, stack, snapshot = read_export(path)
    try:
        root = Project.load(chosen("cwd") or Path.cwd()).root
    except ProjectError:
        root = None
    packs = policy_packs(root, chosen("policy_pack") or ())
    return _judge(project, StackConfig(stack=stack, values={}), snapshot, packs, root)


def _judge(
    project: str, config: StackConfig, snapshot: Snapshot, packs: list[Path], root: Path | None
) -> Report:
    from sandbox.engine.errors import PolicyPackError
    from sandbox.engine.review import review
    from sandbox.reports import collect, places

    if not packs:
        raise PolicyPackError(
            "there is no policy pack to judge by: the program has no policies/ folder with a"
            " PulumiPolicy.yaml. Name one with --policy-pack DIR."
        )
    loaded, violations = review(
        snapshot, project=project, config=config, policy_packs=packs, on_event=_say_line
    )
    return collect(
        project=project,
        stack=config.stack,
        packs=loaded,
        violations=violations,
        places=places(snapshot.resources, root),
    )


def _say_line(event: Event) -> None:
    from sandbox.engine.events import Diagnostic

    if isinstance(event, Diagnostic):
        click.echo(event.message, err=True)


def _plain(report: Report) -> dict[str, Any]:
    return {
        "project": report.project,
        "stack": report.stack,
        "packs": [
            {"name": pack.name, "version": pack.version, "description": pack.description}
            for pack in report.packs
        ],
        "violations": [_finding(finding) for finding in report.violations],
        "advice": [_finding(finding) for finding in report.advice],
        "exceptions": [_finding(finding) for finding in report.exempted],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    plain: dict[str, Any] = {
        name: value
        for name in (
            "rule",
            "title",
            "severity",
            "urn",
            "where",
            "subject",
            "found",
            "allowed",
            "mend",
            "source",
        )
        if (value := getattr(finding, name))
    }
    if finding.places:
        plain["declared"] = [{"file": place.path, "line": place.line} for place in finding.places]
    if finding.exemption:
        granted = finding.exemption
        plain["exception"] = {"until": granted.until, "owner": granted.owner, "reason": granted.reason}
    return plain
