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
    visibility_timeout_s: how long a message that was received stays unseen by others; 30 s when None.
    max_receives: how often a message is received before it goes to the queue `<what>-dlq`; None: for ever.
    source_arn: of a dead-letter queue: the one queue whose messages may be moved here.
    senders: the AWS services that may send, each for one source; services of the system are granted it.
    kms_key_arn: a key of one's own, instead of the key that SQS manages.
    """

    scope: Scope
    what: str
    retention_s: int = limits.QUEUE_RETENTION_S.high
    visibility_timeout_s: int | None = None
    max_receives: int | None = None
    source_arn: str | None = None
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

    @property
    def url(self) -> str:
        """The queue's URL, which functions call it by."""
        scope = self.scope
        suffix = "amazonaws.com.cn" if scope.partition == "aws-cn" else "amazonaws.com"
        return f"https://sqs.{scope.region}.{suffix}/{scope.account}/{self.name}"

    @property
    def dead_letters(self) -> QueueArgs | None:
        """The queue for what was received too often."""
        if self.max_receives is None:
            return None
        return QueueArgs(
            scope=self.scope,
            what=f"{self.what}-dlq",
            service=self.service,
            source_arn=self.arn,
            kms_key_arn=self.kms_key_arn,
            protect=self.protect,
        )

    def grant_receive(self) -> tuple[Grant, ...]:
        """Let a service take messages out, or Lambda for it.

        https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html#events-sqs-permissions
        """
        actions = ("sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage")
        receive = Grant(sid=self._sid("Receive"), actions=actions, resources=(self.arn,))
        if self.kms_key_arn is None:
            return (receive,)
        decrypt = Grant(sid=self._sid("Decrypt"), actions=("kms:Decrypt",), resources=(self.kms_key_arn,))
        return receive, decrypt

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
        for what, number, allowed in (
            ("retention_s", self.retention_s, limits.QUEUE_RETENTION_S),
            ("visibility_timeout_s", self.visibility_timeout_s, limits.QUEUE_VISIBILITY_S),
            ("max_receives", self.max_receives, limits.QUEUE_RECEIVES),
        ):
            if number is not None and number not in allowed:
                yield Problem(where=where, what=what, got=str(number), allowed=str(allowed))
        if self.dead_letters:
            yield from Kind.QUEUE.problems(where, self.dead_letters.name)
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
    """An encrypted queue that takes messages over TLS only; with it, its dead-letter queue, if it has one."""

    def __init__(self, name: str, args: QueueArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        refuse(args.problems())
        super().__init__("fleet:components:Queue", name, opts)
        self.args = args
        self.dead_letters = (
            Queue(self.child("dlq"), args.dead_letters, self.inside()) if args.dead_letters else None
        )
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
            visibility_timeout_seconds=self.args.visibility_timeout_s,
            redrive_policy=self._redrive(),
            redrive_allow_policy=_allow_redrive(self.args.source_arn) if self.args.source_arn else None,
            tags=self.args.scope.tags(self.args.service),
            opts=self.inside(protect=self.args.protect or None),
        )

    def _redrive(self) -> pulumi.Output[str] | None:
        if self.dead_letters is None:
            return None
        return pulumi.Output.json_dumps(
            {
                "deadLetterTargetArn": self.dead_letters.queue.arn,
                "maxReceiveCount": self.args.max_receives,
            }
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


def _allow_redrive(source_arn: str) -> str:
    # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
    return json.dumps({"redrivePermission": "byQueue", "sourceQueueArns": [source_arn]})
