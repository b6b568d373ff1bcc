"""LAM-04: what an asynchronous call fails on."""

from __future__ import annotations

from collections.abc import Iterator

from policies.finding import Finding, Severity
from policies.rule import Context, Rule
from policies.rules.reading import UNREADABLE, is_given
from policies.view import UNKNOWN, Graph, Resource
from policies.view.graph import FUNCTION
from policies.view.joins import LATEST, Call, Qualifier, calls, failure_qualifiers


def _judged(graph: Graph) -> list[Resource]:
    """Functions, and what calls something that can't be known."""
    return [*graph.of_type(FUNCTION), *(call.by for call in calls(graph) if call.function is None)]


def _check(resource: Resource, context: Context) -> Iterator[Finding]:
    if resource.type != FUNCTION:
        for call in calls(context.graph):
            if call.by is resource and call.function is None:
                yield Finding(
                    resource=resource,
                    subject=call.path,
                    found=f"{call.path} {UNREADABLE}: it may call a function that keeps no failures",
                    allowed="a function of the stack, by its ARN or alias",
                )
    elif not is_given(resource, "deadLetterConfig.targetArn"):
        kept = failure_qualifiers(context.graph, resource)
        own = [call for call in calls(context.graph) if call.function is resource]
        lost = [call for call in own if not _is_kept(call, kept)]
        if lost:
            yield _finding(resource, lost)


def _is_kept(call: Call, kept: set[Qualifier]) -> bool:
    return call.qualifier in kept or (call.qualifier is UNKNOWN and bool(kept))


def _finding(function: Resource, lost: list[Call]) -> Finding:
    how = sorted({f"{call.how} ({call.by.name}){_as_called(call)}" for call in lost})
    return Finding(
        resource=function,
        subject="failures",
        found=f"called asynchronously by {'; '.join(how)}, without a place for what fails",
        allowed="a failure destination for what is called, or a dead-letter queue of the function",
    )


def _as_called(call: Call) -> str:
    return "" if call.qualifier in (LATEST, UNKNOWN) else f" as {call.qualifier}"


LAM_04 = Rule(
    id="LAM-04",
    title="What an asynchronous call fails on is lost",
    severity=Severity.HIGH,
    what="Every function that something of the stack calls asynchronously (a rule, a schedule, a topic, a "
    "bucket, logs, a destination) has a dead-letter queue, or a failure destination for the version or alias "
    "that is called. Of queues and streams that feed a function SQS-03 and ESM-01 speak; functions that are "
    "only called synchronously need none.",
    why="Lambda tries an asynchronous event three times and then drops it, and nobody learns which it was.",
    mend="Add a FunctionEventInvokeConfig with destination_config.on_failure for the alias that is called, "
    "or dead_letter_config to the function.",
    source="https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html",
    over=_judged,
    check=_check,
)
