"""Queues that feed services: batches of messages, of which only what failed comes back."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components import limits
from components.component import Component
from components.data.queue import Queue
from components.naming import Scope
from components.problems import Problem, refuse
from components.service import LambdaService
from components.triggers.targets import target_problems


@dataclass(frozen=True, kw_only=True)
class QueueSourceArgs:
    """What feeds one service from a queue.

    what: a short name, for messages. service: the short name of the service, which is granted
    `queue.grant_receive()` and answers with the messages that it failed on.
    batch_size: the most messages of one call. window_s: how long Lambda gathers them.
    maximum_concurrency: the most calls at once; as many as the service may have when None.
    """

    scope: Scope
    what: str
    service: str
    batch_size: int = 10
    window_s: int = 0
    maximum_concurrency: int | None = None

    def problems(self) -> Iterator[Problem]:
        """Say what is impossible about it."""
        where = f"source {self.what}"
        for what, number, allowed in (
            ("batch_size", self.batch_size, limits.QUEUE_BATCH),
            ("window_s", self.window_s, limits.QUEUE_WINDOW_S),
            ("maximum_concurrency", self.maximum_concurrency, limits.QUEUE_CONCURRENCY),
        ):
            if number is not None and number not in allowed:
                yield Problem(where=where, what=what, got=str(number), allowed=str(allowed))
        if self.batch_size > limits.QUEUE_BATCH_AT_ONCE and self.window_s == 0:
            yield Problem(
                where=where,
                what="window_s",
                got=f"0 with a batch_size of {self.batch_size}",
                allowed=f"at least 1 for batches of more than {limits.QUEUE_BATCH_AT_ONCE}",
            )

    def target_problems(self, services: Collection[str]) -> Iterator[Problem]:
        """Say that it feeds a service that isn't there."""
        yield from target_problems(f"source {self.what}", "service", self.service, services)

    def least_visibility_s(self, timeout_s: int) -> int:
        """How long a message must stay unseen, for a service with this timeout.

        https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html#events-sqs-queueconfig
        """
        return limits.QUEUE_VISIBILITY_FACTOR * timeout_s + self.window_s


class QueueSource(Component):
    """A mapping by which Lambda polls a queue for a service, and calls its alias.

    Raises InvalidArgumentsError for a queue that shows messages again while they may still be worked on, or
    that keeps nothing of what fails.
    """

    def __init__(
        self,
        name: str,
        args: QueueSourceArgs,
        queue: Queue,
        service: LambdaService,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        refuse([*args.problems(), *_queue_problems(args, queue, service)])
        super().__init__("fleet:components:QueueSource", name, opts)
        self.mapping = aws.lambda_.EventSourceMapping(
            self.child("mapping"),
            event_source_arn=queue.queue.arn,
            function_name=service.alias.arn,
            function_response_types=["ReportBatchItemFailures"],
            batch_size=args.batch_size,
            maximum_batching_window_in_seconds=args.window_s,
            scaling_config={"maximum_concurrency": args.maximum_concurrency}
            if args.maximum_concurrency
            else None,
            tags=service.args.tags,
            # Lambda polls under the service's role: it has to be allowed to, from the first to the last poll.
            opts=self.inside(depends_on=[service.role_policy]),
        )
        self.finish({})


def _queue_problems(args: QueueSourceArgs, queue: Queue, service: LambdaService) -> Iterator[Problem]:
    where = f"source {args.what}"
    least = args.least_visibility_s(service.args.timeout_s)
    visibility = queue.args.visibility_timeout_s
    if visibility is None or visibility < least:
        yield Problem(
            where=where,
            what=f"visibility_timeout_s of the queue {queue.args.what}",
            got=str(visibility),
            allowed=f"at least {least}, six times the timeout of {service.args.service}",
        )
    if queue.args.dead_letters is None:
        yield Problem(
            where=where,
            what=f"max_receives of the queue {queue.args.what}",
            got="None",
            allowed="a number of tries, after which a message goes to the dead-letter queue",
        )
