"""ESM-01, ESM-02: what feeds a function by polling."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policies.finding import Finding, Severity
from policies.rule import Context, Rule, Setting, resources
from policies.rules.lambda_size import DEFAULT_TIMEOUT_S
from policies.rules.reading import UNREADABLE, missing
from policies.view import UNKNOWN, Resource, Unknown
from policies.view.arn import Arn
from policies.view.graph import QUEUE, SOURCE_MAPPING, Feed, Link

_BATCH_FAILURES: Final = "ReportBatchItemFailures"
_RESPONSES: Final = "functionResponseTypes"
_DESTINATION: Final = "destinationConfig.onFailure.destinationArn"
_SERVICES: Final = {
    QUEUE: "sqs",
    "aws:kinesis/stream:Stream": "kinesis",
    "aws:dynamodb/table:Table": "dynamodb",
}
_PARTIAL: Final = frozenset({"sqs", "kinesis", "dynamodb"})
_DROPPING: Final = frozenset({"kinesis", "dynamodb", "kafka"})
_LOST: Final = "records that fail to the end are dropped, or block what is behind them"

DEFAULT_VISIBILITY_S: Final = 30


def _service(source: Link) -> str | Unknown | None:
    """The service that a mapping polls; None for what isn't polled by an ARN (a Kafka of one's own)."""
    if isinstance(source, Resource):
        return _SERVICES.get(source.type, UNKNOWN)
    if isinstance(source, str):
        arn = Arn.parse(source)
        return arn.service if arn is not None else UNKNOWN
    return source


def _feed(mapping: Resource, context: Context) -> Feed:
    return next(feed for feed in context.graph.feeds if feed.mapping is mapping)


def _failures(mapping: Resource, context: Context) -> Iterator[Finding]:
    service = _service(_feed(mapping, context).source)
    if mapping.has("selfManagedEventSource"):
        service = "kafka"
    if service in _PARTIAL or service is UNKNOWN:
        types = mapping.texts(_RESPONSES)
        if types is UNKNOWN or _BATCH_FAILURES not in (types or ()):
            yield Finding(
                resource=mapping,
                subject=_RESPONSES,
                found=f"{_RESPONSES} {UNREADABLE}"
                if types is UNKNOWN
                else "one bad record fails its whole batch",
                allowed=_BATCH_FAILURES,
                mend=f"Set function_response_types to {_BATCH_FAILURES}, and answer with the failed items.",
            )
    lost = missing(mapping, _DESTINATION, _LOST)
    if service in _DROPPING and lost is not None:
        yield Finding(
            resource=mapping,
            subject=_DESTINATION,
            found=lost,
            allowed="a destination for what fails",
            mend="Set destination_config.on_failure, and maximum_retry_attempts.",
        )


ESM_01 = Rule(
    id="ESM-01",
    title="What a source's function fails on is lost, or taken together with what worked",
    severity=Severity.HIGH,
    what="Every stream that feeds a function has a destination for records that fail, and every queue and "
    "stream reports partial batch failures. A queue's own dead-letter queue is SQS-03's.",
    why="One bad record otherwise makes its whole batch run again and again; in a stream it blocks those "
    "behind it until it expires, and is lost then.",
    mend="Report batch item failures, and keep what fails.",
    source="https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html",
    over=resources(SOURCE_MAPPING),
    check=_failures,
)


def _visibility(mapping: Resource, context: Context) -> Iterator[Finding]:
    feed = _feed(mapping, context)
    if _service(feed.source) not in ("sqs", UNKNOWN):
        return
    for subject, link, what in (
        ("eventSourceArn", feed.source, "queue"),
        ("functionName", feed.function, "function"),
    ):
        if not isinstance(link, Resource):
            found = f"{subject} {UNREADABLE}" if link is UNKNOWN else f"{link} isn't a resource of the stack"
            yield Finding(
                resource=mapping,
                subject=subject,
                found=f"{found}, so that the visibility timeout can't be compared",
                allowed=f"a {what} of the stack",
                mend=f"Pass the {what}'s own output; or write an exception that says who holds the timeouts.",
            )
            return
    queue, function = feed.source, feed.function
    if not isinstance(queue, Resource) or not isinstance(function, Resource) or queue.type != QUEUE:
        return
    visible = queue.number("visibilityTimeoutSeconds")
    timeout = function.number("timeout")
    factor = context.settings["factor"]
    if visible is UNKNOWN or timeout is UNKNOWN:
        found, least = f"the visibility timeout or the function's timeout {UNREADABLE}", ""
    else:
        visible = DEFAULT_VISIBILITY_S if visible is None else visible
        timeout = DEFAULT_TIMEOUT_S if timeout is None else timeout
        if visible >= factor * timeout:
            return
        found = (
            f"the visibility timeout of {queue.name} is {visible} s, "
            f"and the timeout of {function.name} {timeout} s"
        )
        least = f": {factor * timeout} s"
    yield Finding(
        resource=mapping,
        subject="visibilityTimeoutSeconds",
        found=found,
        allowed=f"at least {factor} times the function's timeout{least}",
    )


ESM_02 = Rule(
    id="ESM-02",
    title="A queue shows messages again while they may still be worked on",
    severity=Severity.HIGH,
    what="The visibility timeout of a queue that feeds a function is six times the function's timeout or "
    "more. A queue or function that isn't of the stack can't be compared, which is a finding of its own.",
    why="Otherwise a message that waits for a throttled function is seen again, done twice, and ends among "
    "the dead letters though nothing is wrong with it.",
    mend="Raise visibility_timeout_seconds, or lower the function's timeout.",
    source="https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html",
    settings={
        "factor": Setting(
            schema={"type": "integer", "minimum": 1, "maximum": 100},
            default=6,
            what="How many times the function's timeout the visibility timeout must be",
        )
    },
    over=resources(SOURCE_MAPPING),
    check=_visibility,
)
