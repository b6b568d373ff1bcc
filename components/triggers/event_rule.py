"""Schedules and patterns of events that call a service."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pulumi_aws as aws

from components import limits
from components.component import Component
from components.data.queue import Queue, QueueArgs, Sender
from components.naming import Kind, Scope
from components.permissions import Invoker
from components.problems import Problem, refuse
from components.service import LambdaService
from components.triggers.targets import target_problems

_SERVICE = "events.amazonaws.com"

# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
_RATE = r"rate\((1 (minute|hour|day)|(?!1 )[1-9]\d* (minutes|hours|days))\)"
_SCHEDULE = re.compile(rf"{_RATE}|cron\(\S+( \S+){{5}}\)")
# https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_Target.html
_TARGET_ID = re.compile(r"[.\-_A-Za-z0-9]{1,64}")


@dataclass(frozen=True, kw_only=True)
class EventRuleArgs:
    """A rule of EventBridge that calls one service: at times, or when something has happened.

    what: its short name; the physical one is `<system>-<stage>-<what>`.
    service: the short name of the service that it calls.
    schedule: `rate(15 minutes)`, or `cron(0 2 * * ? *)` in UTC. pattern: which events, as EventBridge
    writes it. One of the two is given.
    input: what the service is called with, instead of the event.
    target_id: the service's short name, unless another is given.
    retries, max_age_s: how often, and how long, EventBridge tries to deliver. What it can't deliver goes to
    the queue `<what>-dlq`, where only this rule may send.
    kms_key_arn: encrypts that queue; the key's own policy has to let events.amazonaws.com use it.
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
    """

    scope: Scope
    what: str
    service: str
    schedule: str | None = None
    pattern: Mapping[str, Any] | None = field(default=None, hash=False)
    input: Mapping[str, Any] | None = field(default=None, hash=False)
    description: str | None = None
    enabled: bool = True
    target_id: str | None = None
    statement_id: str = "AllowEventBridge"
    retries: int = 2
    max_age_s: int = 3_600
    kms_key_arn: str | None = None
    protect: bool = False

    @property
    def name(self) -> str:
        """The rule's physical name."""
        return self.scope.name(self.what)

    @property
    def arn(self) -> str:
        """The rule's ARN."""
        return self.scope.arn("events", f"rule/{self.name}")

    @property
    def invoker(self) -> Invoker:
        """The permission that the rule, and no other, has on the service."""
        return Invoker.by_service(self.statement_id, _SERVICE, source_arn=self.arn)

    @property
    def dead_letter_queue(self) -> QueueArgs:
        """The queue for what could not be delivered."""
        return QueueArgs(
            scope=self.scope,
            what=f"{self.what}-dlq",
            service=self.service,
            senders=(Sender(sid="AllowRule", service=_SERVICE, source_arn=self.arn),),
            kms_key_arn=self.kms_key_arn,
            protect=self.protect,
        )

    def problems(self) -> Iterator[Problem]:
        """Say what is impossible about the rule."""
        where = f"rule {self.what}"
        yield from Kind.RULE.problems(where, self.name)
        yield from self._when_problems(where)
        for what, number, allowed in (
            ("retries", self.retries, limits.RULE_RETRIES),
            ("max_age_s", self.max_age_s, limits.RULE_EVENT_AGE_S),
        ):
            if number not in allowed:
                yield Problem(where=where, what=what, got=str(number), allowed=str(allowed))
        for what, text, most in (
            ("description", self.description, limits.RULE_DESCRIPTION_CHARACTERS),
            ("pattern", _json(self.pattern), limits.RULE_PATTERN_CHARACTERS),
            ("input", _json(self.input), limits.TARGET_INPUT_CHARACTERS),
        ):
            if len(text or "") > most:
                yield Problem(
                    where=where,
                    what=what,
                    got=f"{len(text or '')} characters long",
                    allowed=f"at most {most}",
                )
        if not _TARGET_ID.fullmatch(self.target):
            yield Problem(
                where=where,
                what="target_id",
                got=repr(self.target),
                allowed="1 to 64 letters, digits, dots, hyphens and underscores",
            )
        yield from self.dead_letter_queue.problems()

    def target_problems(self, services: Collection[str]) -> Iterator[Problem]:
        """Say that the rule calls a service that isn't there."""
        yield from target_problems(f"rule {self.what}", "service", self.service, services)

    @property
    def target(self) -> str:
        """The target's id."""
        return self.target_id or self.service

    def _when_problems(self, where: str) -> Iterator[Problem]:
        if (self.schedule is None) == (self.pattern is None):
            yield Problem(
                where=where,
                what="when it calls",
                got="neither a schedule nor a pattern"
                if self.schedule is None
                else "a schedule and a pattern",
                allowed="a schedule or a pattern",
                mend="Give one of them; a second rule can have the other.",
            )
        if self.schedule is not None and not _SCHEDULE.fullmatch(self.schedule):
            yield Problem(
                where=where,
                what="schedule",
                got=repr(self.schedule),
                allowed="'rate(1 hour)', 'rate(15 minutes)', or in UTC 'cron(0 8 ? * MON-FRI *)'",
            )
        if self.pattern is not None and not self.pattern:
            yield Problem(
                where=where,
                what="pattern",
                got="empty",
                allowed="at least one field",
                mend="An empty one would match every event of the account.",
            )


class EventRule(Component):
    """A rule, its target (the service's alias), the permission, and a queue for what couldn't be delivered.

    What the service itself failed on goes to its own dead letters, so it has to be `asynchronous`.
    """

    def __init__(
        self,
        name: str,
        args: EventRuleArgs,
        service: LambdaService,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        refuse([*args.problems(), *_service_problems(args, service)])
        super().__init__("fleet:components:EventRule", name, opts)
        self.args = args
        self.rule = self._rule()
        self.dead_letters = Queue(self.child("dlq"), args.dead_letter_queue, self.inside())
        self._target(service)
        service.allow(args.invoker)
        self.finish({"name": args.name, "arn": args.arn})

    def _rule(self) -> aws.cloudwatch.EventRule:
        args = self.args
        return aws.cloudwatch.EventRule(
            self.child("rule"),
            name=args.name,
            description=args.description,
            schedule_expression=args.schedule,
            event_pattern=_json(args.pattern),
            state="ENABLED" if args.enabled else "DISABLED",
            tags=args.scope.tags(args.service),
            opts=self.inside(),
        )

    def _target(self, service: LambdaService) -> None:
        aws.cloudwatch.EventTarget(
            self.child("target"),
            rule=self.rule.name,
            target_id=self.args.target,
            arn=service.alias.arn,
            input=_json(self.args.input),
            retry_policy={
                "maximum_retry_attempts": self.args.retries,
                "maximum_event_age_in_seconds": self.args.max_age_s,
            },
            dead_letter_config={"arn": self.dead_letters.queue.arn},
            opts=self.inside(),
        )


def _service_problems(args: EventRuleArgs, service: LambdaService) -> Iterator[Problem]:
    if service.args.asynchronous is None:
        yield Problem(
            where=f"rule {args.what}",
            what=f"the service {args.service}",
            got="not asynchronous",
            allowed="a service with `asynchronous`",
            mend="EventBridge doesn't wait for an answer: what the service fails on needs a place to go.",
        )


def _json(value: Mapping[str, Any] | None) -> str | None:
    return None if value is None else json.dumps(value, sort_keys=True)
