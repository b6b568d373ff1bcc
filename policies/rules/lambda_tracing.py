"""LAM-03: tracing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from policies.finding import Finding, Severity
from policies.rule import Context, Rule, resources
from policies.rules.reading import shown
from policies.view import Resource, Value
from policies.view.graph import FUNCTION


def _check(function: Resource, context: Context) -> Iterator[Finding]:
    mode = function.text("tracingConfig.mode")
    if mode != "Active":
        name = "tracingConfig.mode"
        yield Finding(
            resource=function,
            subject=name,
            found=shown(name, mode, "isn't given, which means PassThrough"),
            allowed="Active",
        )


def _remedy(resource: Resource, context: Context) -> Mapping[str, Value]:
    off = resource.type == FUNCTION and resource.text("tracingConfig.mode") in (None, "PassThrough")
    return {"tracingConfig": {"mode": "Active"}} if off else {}


LAM_03 = Rule(
    id="LAM-03",
    title="Tracing is off",
    severity=Severity.MEDIUM,
    what="Every function's tracing mode is Active.",
    why="Without it a slow or failed request can't be followed from the API to the database.",
    mend='Set tracing_config={"mode": "Active"}; the role needs xray:PutTraceSegments and '
    "xray:PutTelemetryRecords.",
    source="https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html",
    over=resources(FUNCTION),
    check=_check,
    early=True,
    remedy=_remedy,
)
