"""``--report FORMAT=FILE``: what the policy packs found, in files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .options import chosen

if TYPE_CHECKING:
    from sandbox.engine import Result
    from sandbox.reports import Report

    from .workspace import Workspace


def write_reports(report: Report) -> None:
    """Write the reports that this call asks for.

    :raises OSError: a file can't be written
    """
    wanted = chosen("report")
    if wanted:
        from sandbox.reports import write

        write(report, {path: name for name, path in wanted})


def report_of(result: Result, place: Workspace) -> Report:
    """Make the report of a run."""
    from sandbox.engine.api import Outcome
    from sandbox.reports import collect, places

    violated = {violation.urn for violation in result.violations}
    declared = (step.resource for step in result.planned if step.urn in violated)
    judged = result.outcome in (Outcome.SUCCEEDED, Outcome.POLICY)
    return collect(
        project=place.project.name,
        stack=place.stack,
        packs=result.packs,
        violations=result.violations,
        places=places(declared, place.project.root),
        failure="" if judged else "The run didn't come to its end: the stack wasn't judged as a whole.",
    )
