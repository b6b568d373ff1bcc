"""Asynchronous invocations: how often they are tried, and where what failed is kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pulumi_aws as aws

from components import limits
from components.component import Component
from components.data.queue import Queue
from components.problems import Problem


@dataclass(frozen=True, kw_only=True)
class AsyncArgs:
    """What happens to events that a service is given asynchronously.

    maximum_age_s: an event older than that isn't tried again. retries: after the first try.
    dead_letter_config: also give the function itself the queue, for calls that don't name the alias.
    """

    maximum_age_s: int = limits.ASYNC_EVENT_AGE_S.high
    retries: int = limits.ASYNC_RETRIES.high
    dead_letter_config: bool = False

    def problems(self, where: str) -> Iterator[Problem]:
        """Say what is impossible about it."""
        for what, number, allowed in (
            ("maximum_age_s", self.maximum_age_s, limits.ASYNC_EVENT_AGE_S),
            ("retries", self.retries, limits.ASYNC_RETRIES),
        ):
            if number not in allowed:
                yield Problem(where=where, what=f"asynchronous.{what}", got=str(number), allowed=str(allowed))


def keep_failures(
    owner: Component,
    args: AsyncArgs,
    *,
    function: aws.lambda_.Function,
    alias: aws.lambda_.Alias,
    queue: Queue,
) -> None:
    """Send what the function failed on to the queue, when it was invoked asynchronously by the alias."""
    aws.lambda_.FunctionEventInvokeConfig(
        owner.child("async"),
        function_name=function.name,
        qualifier=alias.name,
        maximum_event_age_in_seconds=args.maximum_age_s,
        maximum_retry_attempts=args.retries,
        destination_config={"on_failure": {"destination": queue.queue.arn}},
        opts=owner.inside(),
    )
