"""LAM-02: runtimes past their end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path

from policies.finding import Finding, Severity
from policies.rule import Context, Rule, Setting, resources
from policies.rules.reading import UNREADABLE
from policies.view import UNKNOWN, Resource
from policies.view.graph import FUNCTION


@dataclass(frozen=True, kw_only=True)
class Runtimes:
    """When runtimes end. as_of: until when the data is right; what ends later is advice until it's "
    "renewed."""

    as_of: date
    ends: dict[str, date]
    successors: dict[str, str]


@cache
def runtimes() -> Runtimes:
    """Read data/runtimes.json."""
    path = Path(__file__).parent.parent / "data" / "runtimes.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    entries = content["runtimes"].items()
    return Runtimes(
        as_of=date.fromisoformat(content["date"]),
        ends={name: date.fromisoformat(entry["end"]) for name, entry in entries},
        successors={name: entry["successor"] for name, entry in entries if entry["successor"]},
    )


def _check(function: Resource, context: Context) -> Iterator[Finding]:
    runtime = function.text("runtime")
    if runtime is None:
        return  # an image brings its own
    data = runtimes()
    if runtime is UNKNOWN:
        found, advice = f"runtime {UNREADABLE}", False
    elif runtime not in data.ends:
        found, advice = f"runtime {runtime} isn't known (as of {data.as_of})", False
    else:
        end = data.ends[runtime]
        advice = end > data.as_of
        if advice and end > max(context.today, data.as_of) + timedelta(days=context.settings["warnDays"]):
            return
        over = "ends" if end > context.today else "ended"
        found = f"runtime {runtime} {over} on {end}"
    successor = data.successors.get(runtime) if isinstance(runtime, str) else None
    yield Finding(
        resource=function,
        subject="runtime",
        found=found,
        allowed="a runtime before its end" + (f", as {successor}" if successor else ""),
        advice=advice,
    )


LAM_02 = Rule(
    id="LAM-02",
    title="A runtime is past its end, or near it",
    severity=Severity.HIGH,
    what="No function uses a runtime that has ended by the date of data/runtimes.json. What has ended since, "
    "or ends soon, is advice: no check turns red by the calendar alone.",
    why="A runtime past its end gets no security fixes; later AWS refuses to create such functions, then to "
    "update them.",
    mend="Move to the successor, and test; renew data/runtimes.json if it doesn't know the runtime.",
    source="https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html#runtime-support-policy",
    settings={
        "warnDays": Setting(
            schema={"type": "integer", "minimum": 0, "maximum": 1000},
            default=180,
            what="How many days before a runtime's end the advice begins",
        )
    },
    over=resources(FUNCTION),
    check=_check,
    early=True,
)
