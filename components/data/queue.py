"""Queues of SQS: encrypted, over TLS only."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from components import limits
from components.arns import Shape
from components.component import Component
from components.grants import Grant
from components.naming import Kind, Scope
from components.problems import Problem, refuse

_SID = re.compile(r"[A-Za-z0-9]{1,100}")


@dataclass(frozen=True, kw_only=True)
class Sender:
    """An AWS service (`events.amazonaws.com`) that sends to a queue on behalf of one source, by its ARN.

    sid: unique within the queue's policy (letters and digits).
    """

    sid: str
    service: str
    source_arn: str

    def statement(self, queue_arn: str) -> dict[str, Any]:
        """Make the statement of the queue's policy."""
        return {
            "Sid": self.sid,
            "Effect": "Allow",
            "Principal": {"Service": self.service},
            "Action": "sqs:SendMessage",
            "Resource": queue_arn,
            "Condition": {"ArnEquals": {"aws:SourceArn": self.source_arn}},
        }


@dataclass(frozen=True, kw_only=True)
class QueueArgs:
    """A queue.

    what: its short name; the physical one is `<system>-<stage>-<what>`.
    retention_s: how long a message stays; 14 days, the most, by default.
    senders: the AWS services that may send, each for one source; services of the system are granted it.
    kms_key_arn: a key of one's own, instead of the key that SQS manages.
    """

    scope: Scope
    what: str
    retention_s: int = limits.QUEUE_RETENTION_S.high
    kms_key_arn: str | None = None
    service: str | None = None
    senders: tuple[Sender, ...] = ()
    protect: bool = False

    @property
    def name(self) -> str:
        """The queue's physical name."""
        return self.scope.name(self.what)

    @property
    def arn(self) -> str:
        """The queue's ARN."""
        return self.scope.arn("sqs", self.name)

    def grant_send(self) -> tuple[Grant, ...]:
        """Let a service send messages; a key of one's own has to be usable for it, too.

        https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
        """
        send = Grant(sid=self._sid("Send"), actions=("sqs:SendMessage",), resources=(self.arn,))
        if self.kms_key_arn is None:
            return (send,)
        encrypt = Grant(
            sid=self._sid("Encrypt"),
            actions=("kms:Decrypt", "kms:GenerateDataKey"),
            resources=(self.kms_key_arn,),
        )
        return send, encrypt

    def problems(self) -> Iterator[Problem]:
        """Say what is impossible about the queue."""
        where = f"queue {self.what}"
        yield from Kind.QUEUE.problems(where, self.name)
        if self.retention_s not in limits.QUEUE_RETENTION_S:
            yield Problem(
                where=where,
                what="retention_s",
                got=str(self.retention_s),
                allowed=str(limits.QUEUE_RETENTION_S),
            )
        yield from Shape.KMS_KEY.problems(where, "kms_key_arn", self.kms_key_arn, region=self.scope.region)
        yield from self._sender_problems(where)

    def _sender_problems(self, where: str) -> Iterator[Problem]:
        sids = [sender.sid for sender in self.senders]
        for sid in sorted(set(sids)):
            if sids.count(sid) > 1 or not _SID.fullmatch(sid):
                yield Problem(
                    where=where,
                    what="a sender's sid",
                    got=repr(sid),
                    allowed="1 to 100 letters and digits, each once",
                )
        for sender in self.senders:
            if not sender.source_arn.startswith("arn:") or "*" in sender.source_arn:
                yield Problem(
                    where=where,
                    what=f"the source of {sender.service}",
                    got=repr(sender.source_arn),
                    allowed="one exact ARN",
                    mend="Without it, anybody's resource could have the service send.",
                )

    def _sid(self, verb: str) -> str:
        return verb + "".join(word.capitalize() for word in self.what.split("-"))


class Queue(Component):
    """An encrypted queue that takes messages over TLS only."""

    def __init__(self, name: str, args: QueueArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        refuse(args.problems())
        super().__init__("fleet:components:Queue", name, opts)
        self.args = args
        self.queue = self._queue()
        self._policy()
        self.finish({"arn": args.arn, "url": self.queue.url})

    def _queue(self) -> aws.sqs.Queue:
        key = self.args.kms_key_arn
        return aws.sqs.Queue(
            self.child("queue"),
            name=self.args.name,
            message_retention_seconds=self.args.retention_s,
            sqs_managed_sse_enabled=True if key is None else None,
            kms_master_key_id=key,
            tags=self.args.scope.tags(**({"Service": self.args.service} if self.args.service else {})),
            opts=self.inside(protect=self.args.protect or None),
        )

    def _policy(self) -> None:
        deny = {
            "Sid": "DenyInsecureTransport",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "sqs:*",
            "Resource": self.args.arn,
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
        allow = [sender.statement(self.args.arn) for sender in self.args.senders]
        aws.sqs.QueuePolicy(
            self.child("policy"),
            queue_url=self.queue.url,
            policy=json.dumps({"Version": "2012-10-17", "Statement": [deny, *allow]}),
            opts=self.inside(),
        )
