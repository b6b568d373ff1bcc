"""SQS-01, SQS-02, SQS-03: queues."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final

from policies.finding import Finding, Severity
from policies.iam.attached import documents_on, refuses_plain_http
from policies.rule import Context, Rule, resources
from policies.rules.reading import UNREADABLE, is_given, shown
from policies.view import UNKNOWN, Graph, Resource, Value, plain
from policies.view.graph import QUEUE
from policies.view.joins import name_of, queue_of

REDRIVE: Final = "aws:sqs/redrivePolicy:RedrivePolicy"
_SSE: Final = "sqsManagedSseEnabled"


def _encryption(queue: Resource, context: Context) -> Iterator[Finding]:
    managed = queue.flag(_SSE)
    if not is_given(queue, "kmsMasterKeyId") and managed is not True:
        yield Finding(
            resource=queue,
            subject="encryption",
            found=f"{shown(_SSE, managed)}, and there is no kmsMasterKeyId",
            allowed="encryption by SQS (sqsManagedSseEnabled) or by a key of one's own",
        )


SQS_01 = Rule(
    id="SQS-01",
    title="A queue's encryption isn't declared",
    severity=Severity.HIGH,
    what="Every queue declares how it is encrypted: by SQS's own key, or by one of KMS.",
    why="Messages hold what people entered. AWS encrypts new queues by itself, but a queue that was made "
    "before, or changed by hand, stays in the clear unless the program says otherwise.",
    mend="Set sqs_managed_sse_enabled=True, or kms_master_key_id.",
    source="https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/"
    "sqs-server-side-encryption.html",
    over=resources(QUEUE),
    check=_encryption,
    early=True,
)


def _transport(queue: Resource, context: Context) -> Iterator[Finding]:
    documents = documents_on(context.graph, queue)
    if any(refuses_plain_http(document, name_of(queue)) for document in documents):
        return
    unreadable = any(document.unknown for document in documents)
    yield Finding(
        resource=queue,
        subject="policy",
        found=f"whether its policy refuses plain HTTP {UNREADABLE}"
        if unreadable
        else "plain HTTP isn't refused",
        allowed="a policy that denies sqs:* to * where aws:SecureTransport is false",
    )


SQS_02 = Rule(
    id="SQS-02",
    title="A queue can be used over plain HTTP",
    severity=Severity.HIGH,
    what="Every queue's policy denies everybody everything where aws:SecureTransport is false.",
    why="SQS answers over HTTP, too: a client with a wrong endpoint sends messages and signatures in the "
    "clear.",
    mend="Add the Deny statement to the queue's policy.",
    source="https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/"
    "sqs-security-best-practices.html#enforce-encryption-data-in-transit",
    over=resources(QUEUE),
    check=_transport,
)


def _sources(graph: Graph) -> list[Resource]:
    """The queues that feed functions."""
    feeding = {feed.source.urn for feed in graph.feeds if isinstance(feed.source, Resource)}
    return [queue for queue in graph.of_type(QUEUE) if queue.urn in feeding]


def _redrive(queue: Resource, context: Context) -> Iterator[Finding]:
    policies: list[tuple[Resource, Value]] = [(queue, queue.read("redrivePolicy"))]
    for other in context.graph.of_type(REDRIVE):
        if queue_of(context.graph, other, "queueUrl") is queue:
            policies.append((other, other.read("redrivePolicy")))
    given = [(by, value) for by, value in policies if value not in (None, "")]
    if any(_has_target(by, value) for by, value in given):
        return
    found = "messages that fail are tried until they expire, and are lost then"
    if given:
        found = f"where its dead letters go {UNREADABLE}, or isn't said in its redrive policy"
    yield Finding(
        resource=queue,
        subject="redrivePolicy",
        found=found,
        allowed="a redrive policy with a deadLetterTargetArn",
    )


def _has_target(by: Resource, value: Value) -> bool:
    """Whether a redrive policy names a queue; of an unknown one, whether it comes from a queue."""
    if value is UNKNOWN:
        sources = by.property_dependencies.get("redrivePolicy", ())
        return any(f"{QUEUE}::" in urn for urn in sources)
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return False
    return isinstance(value, dict) and plain(value.get("deadLetterTargetArn")) not in (None, "")


SQS_03 = Rule(
    id="SQS-03",
    title="A queue that feeds a function has no dead-letter queue",
    severity=Severity.HIGH,
    what="Every queue that feeds a function has a redrive policy to a dead-letter queue.",
    why="One message that can't be done is otherwise tried until it expires, holds up the others, and is "
    "lost without a trace.",
    mend="Set redrive_policy with deadLetterTargetArn and a maxReceiveCount of five or more.",
    source="https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html",
    over=_sources,
    check=_redrive,
)
