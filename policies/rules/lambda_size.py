"""LAM-11: memory and timeout."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policies.finding import Finding, Severity
from policies.rule import Context, Rule, Setting, resources
from policies.rules.reading import matches_any, shown
from policies.view import UNKNOWN, Resource
from policies.view.graph import FUNCTION
from policies.view.joins import fronts_of, name_of

# https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html
DEFAULT_TIMEOUT_S: Final = 3
_DEFAULTS: Final = (("memorySize", 128, "MB"), ("timeout", DEFAULT_TIMEOUT_S, "s"))


def _check(function: Resource, context: Context) -> Iterator[Finding]:
    for name, default, unit in _DEFAULTS:
        value = function.number(name)
        if name == "memorySize" and value == default and _chosen(function, context):
            continue
        # Pulumi's provider fills the default in, so that one that was written can't be told from it
        if value in (None, default) or value is UNKNOWN:
            yield Finding(
                resource=function,
                subject=name,
                found=shown(name, value if value is UNKNOWN else f"{default} {unit}, Lambda's default"),
                allowed="a value that was chosen for this function"
                + (", or its name among the stage's smallest" if name == "memorySize" else ""),
            )
    timeout = function.number("timeout")
    for front in fronts_of(context.graph, function):
        if isinstance(timeout, int | float) and timeout > front.waits_s:
            yield Finding(
                resource=function,
                subject=f"timeout behind {front.integration.name}",
                found=f"the timeout is {timeout} s, and the {front.kind} in front waits {front.waits_s:g} s",
                allowed="a function that bounds its own work, so that it answers in time",
                mend="Lower the timeout, or see that the function answers before the API gives up.",
                advice=True,
            )


def _chosen(function: Resource, context: Context) -> bool:
    name = name_of(function)
    return isinstance(name, str) and matches_any(name, context.settings["smallest"])


LAM_11 = Rule(
    id="LAM-11",
    title="Memory or timeout is Lambda's default, or longer than its caller waits",
    severity=Severity.MEDIUM,
    what="Every function has a memory size and a timeout of its own. A timeout over what the API in front "
    "waits for (an HTTP API 30 s, a REST API 29 s) is advice.",
    why="128 MB and 3 s fit few functions. Of a caller that has given up the function learns nothing: it "
    "works on, and is paid for.",
    mend="Set memory_size and timeout by what the function needs; a function that needs no more than 128 MB "
    "is named in the stage's configuration.",
    source="https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html",
    settings={
        "smallest": Setting(
            schema={"type": "array", "items": {"type": "string"}},
            default=[],
            what="Functions for which 128 MB was chosen, by name; * and ? are wildcards",
        )
    },
    over=resources(FUNCTION),
    check=_check,
)
