"""Queues of SQS: encrypted, over TLS only."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components import limits
from components.arns import Shape
from components.component import Component
from components.grants import Grant
from components.naming import Kind, Scope
from components.problems import Problem, refuse


@dataclass(frozen=True, kw_only=True)
class QueueArgs:
    """A queue.

    what: its short name; the physical one is `<system>-<stage>-<what>`.
    retention_s: how long a message stays; 14 days, the most, by default.
    kms_key_arn: a key of one's own, instead of the key that SQS manages.
    """

    scope: Scope
    what: str
    retention_s: int = limits.QUEUE_RETENTION_S.high
    kms_key_arn: str | None = None
    service: str | None = None
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
        aws.sqs.QueuePolicy(
            self.child("policy"),
            queue_url=self.queue.url,
            policy=json.dumps({"Version": "2012-10-17", "Statement": [deny]}),
            opts=self.inside(),
        )
