"""The resource policies of a queue, bucket or secret: its own, and those that other resources give it."""

from __future__ import annotations

from collections import defaultdict
from typing import Final

from policies.iam.document import Document, Statement
from policies.iam.sources import BUCKET_POLICY, SECRET, SECRET_POLICY, documents_of
from policies.view import Graph, MalformedError, Resource
from policies.view.arn import Arn
from policies.view.graph import Link
from policies.view.joins import queue_of

BUCKETS: Final = ("aws:s3/bucket:Bucket", "aws:s3/bucketV2:BucketV2")
QUEUE_POLICY: Final = "aws:sqs/queuePolicy:QueuePolicy"

_TRANSPORT: Final = "aws:securetransport"


def documents_on(graph: Graph, resource: Resource) -> list[Document]:
    """The resource policies that hold for a resource of the stack."""
    return graph.remember(_by_carrier).get(resource.urn, [])


def _by_carrier(graph: Graph) -> dict[str, list[Document]]:
    found: dict[str, list[Document]] = defaultdict(list)
    for document in documents_of(graph):
        carrier = _carrier(graph, document.resource)
        if isinstance(carrier, Resource):
            found[carrier.urn].append(document)
    return found


def documents_in(graph: Graph, resource: Resource) -> list[Document]:
    """The policy documents that a resource declares itself, whatever they hold for."""
    return graph.remember(_by_declaration).get(resource.urn, [])


def _by_declaration(graph: Graph) -> dict[str, list[Document]]:
    found: dict[str, list[Document]] = defaultdict(list)
    for document in documents_of(graph):
        found[document.resource.urn].append(document)
    return found


def _carrier(graph: Graph, resource: Resource) -> Link:
    try:
        if resource.type == QUEUE_POLICY:
            return queue_of(graph, resource, "queueUrl")
        if resource.type == BUCKET_POLICY:
            return graph.link(resource, "bucket", *BUCKETS)
        if resource.type == SECRET_POLICY:
            return graph.link(resource, "secretArn", SECRET)
    except MalformedError:
        return None
    return resource


def refuses_plain_http(document: Document, *resources: str) -> bool:
    """Whether a document denies everybody everything over plain HTTP.

    resources: names that a denied resource's ARN must end in, each; an unknown resource counts as one.
    """
    return any(
        not statement.allows and _is_refusal(statement) and _covers(statement, resources)
        for statement in document.statements
    )


def _is_refusal(statement: Statement) -> bool:
    everybody = any(text == "*" and kind in ("*", "AWS") for kind, text in statement.principals)
    everything = any(action in ("*", "sqs:*", "s3:*", "SQS:*") for action in statement.actions)
    others = [key for keys in statement.conditions.values() for key in keys if key != _TRANSPORT]
    plain_http = any(
        operator in ("Bool", "BoolIfExists") and keys.get(_TRANSPORT) == ("false",)
        for operator, keys in statement.conditions.items()
    )
    return everybody and everything and plain_http and not others


def _covers(statement: Statement, resources: tuple[str, ...]) -> bool:
    if statement.unknown or "*" in statement.resources:
        return True
    named = [arn.resource for text in statement.resources if (arn := Arn.parse(text)) is not None]
    return all(any(name in (wanted, "*") for name in named) for wanted in resources)
