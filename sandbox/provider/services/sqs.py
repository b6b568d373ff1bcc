"""SQS: queues and their policies."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from ..check import Failure
from ..clients import Aws
from ..resource import Properties, ResourceType, Update
from ..schema import boolean, integer, json_document, string
from ..settings import Settings
from ..values import UNKNOWN

_FIFO: Final = ".fifo"
_ATTRIBUTES: Final[Mapping[str, str]] = {
    "contentBasedDeduplication": "ContentBasedDeduplication",
    "deduplicationScope": "DeduplicationScope",
    "delaySeconds": "DelaySeconds",
    "fifoQueue": "FifoQueue",
    "fifoThroughputLimit": "FifoThroughputLimit",
    "kmsDataKeyReusePeriodSeconds": "KmsDataKeyReusePeriodSeconds",
    "kmsMasterKeyId": "KmsMasterKeyId",
    "maxMessageSize": "MaximumMessageSize",
    "messageRetentionSeconds": "MessageRetentionPeriod",
    "policy": "Policy",
    "receiveWaitTimeSeconds": "ReceiveMessageWaitTimeSeconds",
    "redriveAllowPolicy": "RedriveAllowPolicy",
    "redrivePolicy": "RedrivePolicy",
    "sqsManagedSseEnabled": "SqsManagedSseEnabled",
    "visibilityTimeoutSeconds": "VisibilityTimeout",
}
"""Our inputs that are attributes of a queue: AWS takes and gives all of them as strings."""
_ONLY_FIFO: Final = ("contentBasedDeduplication", "deduplicationScope", "fifoThroughputLimit", "fifoQueue")
_ENCRYPTION: Final = frozenset({"kmsMasterKeyId", "sqsManagedSseEnabled"})
_REDRIVE_COUNTS: Final = range(1, 1_001)


class Queue(ResourceType):
    """A queue. Its id is its URL.

    Limits: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
    """

    token = "aws:sqs/queue:Queue"
    service = "sqs"
    props = {
        "name": string(replaces=True),
        "contentBasedDeduplication": boolean(default=False),
        "deduplicationScope": string(settled=True, values=("messageGroup", "queue")),
        "delaySeconds": integer(default=0, minimum=0, maximum=900),
        "fifoQueue": boolean(default=False, replaces=True),
        "fifoThroughputLimit": string(settled=True, values=("perQueue", "perMessageGroupId")),
        "kmsDataKeyReusePeriodSeconds": integer(settled=True, minimum=60, maximum=86_400),
        "kmsMasterKeyId": string(),
        "maxMessageSize": integer(default=262_144, minimum=1_024, maximum=1_048_576),
        "messageRetentionSeconds": integer(default=345_600, minimum=60, maximum=1_209_600),
        "policy": json_document(settled=True),
        "receiveWaitTimeSeconds": integer(default=0, minimum=0, maximum=20),
        "redriveAllowPolicy": json_document(settled=True),
        "redrivePolicy": json_document(settled=True),
        "sqsManagedSseEnabled": boolean(settled=True),
        "visibilityTimeoutSeconds": integer(default=30, minimum=0, maximum=43_200),
    }
    outputs = ("arn", "url")
    autoname = "name"
    autoname_limit = 80
    identity = ("name",)
    tagged = True

    def check(self, inputs: Properties, settings: Settings) -> Iterable[Failure]:
        """The name fits the kind of queue; one encryption; what only FIFO queues have; dead letters."""
        del settings
        yield from _name(inputs)
        yield from _fifo(inputs)
        if inputs.get("sqsManagedSseEnabled") is True and inputs.get("kmsMasterKeyId"):
            yield Failure(
                path="kmsMasterKeyId",
                reason="a queue has one encryption: give kmsMasterKeyId or sqsManagedSseEnabled, not both",
            )
        yield from _redrive(inputs)

    def unsettled(self, changed: frozenset[str], news: Properties) -> Iterable[str]:
        """Another encryption turns the one before off."""
        return _ENCRYPTION - news.keys() if changed & _ENCRYPTION else ()

    def imported_by(self) -> str:
        """Its URL."""
        return "<url>"

    def find(self, aws: Aws, inputs: Properties, owner: str) -> Iterator[str]:
        """Ask for its URL."""
        del owner
        yield str(aws.client("sqs").get_queue_url(QueueName=inputs["name"])["QueueUrl"])

    def create(self, aws: Aws, inputs: Properties) -> str:
        """Make the queue with its attributes and tags."""
        skipped = () if inputs["fifoQueue"] else _ONLY_FIFO
        attributes = {
            name: _text(inputs[key])
            for key, name in _ATTRIBUTES.items()
            if key in inputs and key not in skipped and inputs[key] != ""
        }
        made = aws.client("sqs").create_queue(
            QueueName=inputs["name"], Attributes=attributes, tags=inputs.get("tagsAll") or {}
        )
        return str(made["QueueUrl"])

    def read(self, aws: Aws, id: str, known: Properties) -> Properties | None:
        """The queue's attributes and tags."""
        del known
        sqs = aws.client("sqs")
        told = sqs.get_queue_attributes(QueueUrl=id, AttributeNames=["All"])["Attributes"]
        found: Properties = {
            key: _VALUES[self.props[key].kind](told[name])
            for key, name in _ATTRIBUTES.items()
            if told.get(name) not in (None, "")
        }
        # The embedded AWS leaves out what AWS fills in: encryption is on, unless a key does it.
        encrypted = "kmsMasterKeyId" not in found and found.get("sqsManagedSseEnabled", True)
        return {
            "contentBasedDeduplication": False,
            "fifoQueue": False,
            **found,
            "sqsManagedSseEnabled": encrypted,
            "name": id.rsplit("/", 1)[-1],
            "url": id,
            "arn": told["QueueArn"],
            "tagsAll": sqs.list_queue_tags(QueueUrl=id).get("Tags", {}),
        }

    def update(self, aws: Aws, update: Update) -> None:
        """Set the attributes that changed; an empty one is taken away. One encryption turns the other off."""
        changed = update.changed & _ATTRIBUTES.keys()
        if changed & _ENCRYPTION:
            changed |= _ENCRYPTION & update.news.keys()
        attributes = {
            _ATTRIBUTES[key]: _text(update.news.get(key, ""))
            for key in changed
            if key != "fifoQueue" and (update.news.get("fifoQueue") or key not in _ONLY_FIFO)
        }
        sqs = aws.client("sqs")
        if attributes:
            sqs.set_queue_attributes(QueueUrl=update.id, Attributes=attributes)
        removed, added = update.tags()
        if removed:
            sqs.untag_queue(QueueUrl=update.id, TagKeys=removed)
        if added:
            sqs.tag_queue(QueueUrl=update.id, Tags=added)

    def delete(self, aws: Aws, id: str, state: Properties) -> None:
        """Delete the queue with what is in it."""
        del state
        aws.client("sqs").delete_queue(QueueUrl=id)


class QueuePolicy(ResourceType):
    """A queue's policy. Its id is the queue's URL."""

    token = "aws:sqs/queuePolicy:QueuePolicy"
    service = "sqs"
    props = {
        "policy": json_document(required=True, minimum=1),
        "queueUrl": string(required=True, replaces=True, minimum=1),
    }

    def id_of(self, inputs: Properties) -> str:
        """Its queue's URL."""
        return str(inputs["queueUrl"])

    def create(self, aws: Aws, inputs: Properties) -> str:
        """Set the policy."""
        _set_policy(aws, inputs["queueUrl"], inputs["policy"])
        return self.id_of(inputs)

    def read(self, aws: Aws, id: str, known: Properties) -> Properties | None:
        """The policy; a queue without one has none to manage."""
        del known
        told = aws.client("sqs").get_queue_attributes(QueueUrl=id, AttributeNames=["Policy"])
        policy = told.get("Attributes", {}).get("Policy")
        return {"policy": policy, "queueUrl": id} if policy else None

    def update(self, aws: Aws, update: Update) -> None:
        """Set the new policy."""
        _set_policy(aws, update.id, update.news["policy"])

    def delete(self, aws: Aws, id: str, state: Properties) -> None:
        """Take the policy away."""
        del state
        _set_policy(aws, id, "")


def _set_policy(aws: Aws, url: str, policy: str) -> None:
    aws.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})


def _name(inputs: Properties) -> Iterable[Failure]:
    name, fifo = inputs.get("name"), inputs.get("fifoQueue")
    if name is UNKNOWN or fifo is UNKNOWN or name is None:
        return
    stem = name.removesuffix(_FIFO)
    plain = stem.replace("-", "").replace("_", "")
    if not (plain.isascii() and plain.isalnum()) or len(name) > Queue.autoname_limit:
        yield Failure(
            path="name",
            reason=f'"{name}" ({len(name)} characters) isn\'t allowed; allowed: 1 to 80 of A-Za-z0-9_-',
        )
    elif fifo and stem == name:
        yield Failure(
            path="name", reason=f"\"{name}\" isn't allowed; a FIFO queue's name ends in {_FIFO}: give one"
        )
    elif not fifo and stem != name:
        yield Failure(
            path="name", reason=f"\"{name}\" isn't allowed; only a FIFO queue's name ends in {_FIFO}"
        )


def _fifo(inputs: Properties) -> Iterable[Failure]:
    if inputs.get("fifoQueue") is False:
        for key in _ONLY_FIFO:
            if inputs.get(key):
                yield Failure(path=key, reason="only a FIFO queue has it: set fifoQueue, or leave it out")
    elif (
        inputs.get("fifoThroughputLimit") == "perMessageGroupId"
        and inputs.get("deduplicationScope") == "queue"
    ):
        yield Failure(
            path="fifoThroughputLimit", reason='"perMessageGroupId" wants deduplicationScope "messageGroup"'
        )


def _redrive(inputs: Properties) -> Iterable[Failure]:
    policy = inputs.get("redrivePolicy")
    if not isinstance(policy, str) or not policy:
        return
    redrive = json.loads(policy)
    target = redrive.get("deadLetterTargetArn") if isinstance(redrive, dict) else None
    count = redrive.get("maxReceiveCount") if isinstance(redrive, dict) else None
    if not isinstance(target, str) or not str(count).isdigit() or int(str(count)) not in _REDRIVE_COUNTS:
        yield Failure(
            path="redrivePolicy",
            reason=f"{policy} isn't allowed; give deadLetterTargetArn and maxReceiveCount (1 to 1000)",
        )
    elif inputs.get("fifoQueue") is not UNKNOWN and target.endswith(_FIFO) != inputs.get("fifoQueue"):
        yield Failure(
            path="redrivePolicy",
            reason=f"{target} isn't allowed; dead letters of a FIFO queue go to a FIFO queue, those of a "
            "standard queue to a standard queue",
        )


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


_VALUES: Final[Mapping[str, Callable[[str], Any]]] = {
    "a whole number": int,
    "true or false": lambda text: text == "true",
    "a string": str,
    "a JSON document in a string": str,
}
"""How a value of each kind is read from an attribute."""

TYPES = (Queue(), QueuePolicy())
