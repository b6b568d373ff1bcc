"""What HTTP and REST APIs have in common: routes, throttling, CORS, access logs, and who may be called."""

from __future__ import annotations

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

import pulumi
import pulumi_aws as aws

from components import limits
from components.arns import Shape
from components.component import Component
from components.logs import make_log_group, retention_problems
from components.naming import Kind, Scope
from components.permissions import Invoker
from components.problems import Problem
from components.triggers.targets import target_problems

STATEMENT_ID: Final = "AllowAPIGatewayInvoke"
METHOD: Final = "(GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS|ANY)"

_SERVICE = "apigateway.amazonaws.com"
# https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html
_CORS_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "*")
# https://www.rfc-editor.org/rfc/rfc9110.html#name-tokens
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_ORIGIN = re.compile(r"https?://[A-Za-z0-9.-]+(:\d+)?")


@dataclass(frozen=True, kw_only=True)
class Throttling:
    """How many requests a second an API takes: steadily, and at once."""

    rate_limit: float = 100
    burst_limit: int = 200


@dataclass(frozen=True, kw_only=True)
class Cors:
    """What browsers on other origins may do."""

    origins: tuple[str, ...]
    methods: tuple[str, ...] = ("GET", "POST")
    headers: tuple[str, ...] = ("authorization", "content-type")
    max_age_s: int = 300


@dataclass(frozen=True, kw_only=True)
class Route:
    """A method and a path (`GET /texts/random`) that goes to a service of the system, by its short name.

    public: anybody may call it, also where the API has an authorizer.
    iam: callers sign with credentials of AWS, and IAM decides (`execute-api:Invoke`), not the authorizer.
    exact: an HTTP API may call the service for this route alone, as long as all routes of the service say so.
    """

    key: str
    service: str
    public: bool = False
    iam: bool = False
    exact: bool = False

    @property
    def source(self) -> str:
        """What the ARN of the API ends in, in a permission for this route alone."""
        method, _, path = self.key.partition(" ")
        return f"/*/{'*' if method == 'ANY' else method}{path}"


@dataclass(frozen=True, kw_only=True)
class ApiArgs(ABC):
    """An API of either kind.

    what: its short name; the physical one is `<system>-<stage>-<what>`, without one `<system>-<stage>`.
    statement_id: of the permission that the API has on each service.

    ROUTE, ROUTES: what routes look like, and how to say so. ORIGINS: how to say which origins CORS takes.
    """

    ROUTE: ClassVar[re.Pattern[str]]
    ROUTES: ClassVar[str]
    ORIGINS: ClassVar[str]

    scope: Scope
    routes: tuple[Route, ...]
    what: str | None = None
    statement_id: str = STATEMENT_ID
    throttling: Throttling = Throttling()
    cors: Cors | None = None
    log_retention_days: int = 7
    kms_key_arn: str | None = None
    protect: bool = False

    @property
    def name(self) -> str:
        """The API's physical name."""
        return self.scope.name(*([self.what] if self.what else []))

    @property
    def log_group(self) -> str:
        """The name of the access logs' group.

        Below /aws/vendedlogs/, so that many APIs don't fill up the account's policy for log delivery.
        https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-and-resource-policy.html
        """
        return f"/aws/vendedlogs/apigateway/{self.name}"

    @property
    def services(self) -> frozenset[str]:
        """The services that routes go to."""
        return frozenset(route.service for route in self.routes)

    def problems(self) -> Iterator[Problem]:
        """Say what is impossible about the API."""
        where = self._where
        yield from Kind.API.problems(where, self.name)
        yield from Kind.LOG_GROUP.problems(where, self.log_group)
        yield from Shape.KMS_KEY.problems(where, "kms_key_arn", self.kms_key_arn, region=self.scope.region)
        yield from retention_problems(where, self.log_retention_days)
        yield from self._route_problems(where)
        yield from self._throttling_problems(where)
        yield from self._authorizer_problems(where)
        yield from self._cors_problems(where)

    def target_problems(self, services: Collection[str]) -> Iterator[Problem]:
        """Say which routes go to services that aren't there."""
        for route in self.routes:
            what = f"the service of {route.key!r}"
            yield from target_problems(self._where, what, route.service, services)

    @property
    def _where(self) -> str:
        return f"API {self.what or self.name}"

    def _route_problems(self, where: str) -> Iterator[Problem]:
        keys = [route.key for route in self.routes]
        for key in sorted(set(keys)):
            if keys.count(key) > 1:
                yield Problem(
                    where=where,
                    what=f"the route {key!r}",
                    got=f"declared {keys.count(key)} times",
                    allowed="each method and path once",
                    mend="Take one of them out.",
                )
            yield from self._key_problems(where, key)
        for route in self.routes:
            if route.public and route.iam:
                yield Problem(
                    where=where,
                    what=f"the route {route.key!r}",
                    got="public, and by IAM",
                    allowed="one of the two",
                )

    def _key_problems(self, where: str, key: str) -> Iterator[Problem]:
        if not self.ROUTE.fullmatch(key):
            yield Problem(where=where, what="a route", got=repr(key), allowed=self.ROUTES)

    def _throttling_problems(self, where: str) -> Iterator[Problem]:
        for what, number in (
            ("rate_limit", self.throttling.rate_limit),
            ("burst_limit", self.throttling.burst_limit),
        ):
            if number <= 0:
                yield Problem(where=where, what=f"throttling.{what}", got=str(number), allowed="more than 0")

    @abstractmethod
    def _authorizer_problems(self, where: str) -> Iterator[Problem]:
        """Say what is impossible about who may call, which each kind of API knows in its own way."""

    def _cors_problems(self, where: str) -> Iterator[Problem]:
        if self.cors is None:
            return
        yield from self._origin_problems(where, self.cors.origins)
        for method in self.cors.methods:
            if method not in _CORS_METHODS:
                yield Problem(
                    where=where, what="cors.methods", got=repr(method), allowed=", ".join(_CORS_METHODS)
                )
        for header in self.cors.headers:
            if not _HEADER.fullmatch(header):
                yield Problem(
                    where=where,
                    what="cors.headers",
                    got=repr(header),
                    allowed="names of HTTP headers, or '*'",
                )
        if self.cors.max_age_s not in limits.CORS_AGE_S:
            yield Problem(
                where=where,
                what="cors.max_age_s",
                got=str(self.cors.max_age_s),
                allowed=str(limits.CORS_AGE_S),
            )

    def _origin_problems(self, where: str, origins: tuple[str, ...]) -> Iterator[Problem]:
        if not origins:
            yield Problem(where=where, what="cors.origins", got="empty", allowed="at least one origin")
        for origin in origins:
            if not _ORIGIN.fullmatch(origin):
                yield Problem(
                    where=where,
                    what="cors.origins",
                    got=repr(origin),
                    allowed=self.ORIGINS,
                    mend="Name the sites whose pages call the API.",
                )


def invoker(
    execution_arn: pulumi.Input[str], statement_id: str = STATEMENT_ID, source: str = "/*/*"
) -> Invoker:
    """Let an API, or one stage of it, invoke a service: for any of its routes, or one."""
    return Invoker.by_service(statement_id, _SERVICE, source_arn=pulumi.Output.concat(execution_arn, source))


def make_access_logs(api: Component, args: ApiArgs) -> aws.cloudwatch.LogGroup:
    """Make the log group that says who called an API."""
    return make_log_group(
        api,
        "access-logs",
        name=args.log_group,
        retention_days=args.log_retention_days,
        kms_key_arn=args.kms_key_arn,
        protect=args.protect,
        tags=args.scope.tags(),
    )


def access_log(called: Mapping[str, str], failed: Mapping[str, str] | None = None) -> str:
    """Write down the format of a line: what all APIs say, what was called, and how else a call can fail."""
    return json.dumps(
        {
            "requestId": "$context.requestId",
            "requestTime": "$context.requestTime",
            "ip": "$context.identity.sourceIp",
            **called,
            "status": "$context.status",
            "protocol": "$context.protocol",
            "responseLength": "$context.responseLength",
            "responseLatencyMs": "$context.responseLatency",
            "integrationLatencyMs": "$context.integrationLatency",
            "integrationError": "$context.integrationErrorMessage",
            "authorizerError": "$context.authorizer.error",
            **(failed or {}),
        }
    )


def slug(text: str) -> str:
    """A route or a path as part of a resource's name."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "root"
