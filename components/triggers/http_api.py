"""HTTP APIs in front of services."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components import limits
from components.arns import Shape
from components.component import Component
from components.logs import make_log_group, retention_problems
from components.naming import Kind, Scope
from components.permissions import Invoker
from components.problems import Problem, refuse
from components.service import LambdaService
from components.triggers.targets import target_problems

STATEMENT_ID = "AllowAPIGatewayInvoke"
_SERVICE = "apigateway.amazonaws.com"
_ORIGIN = re.compile(r"https?://[A-Za-z0-9.-]+(:\d+)?")
_ROUTE = re.compile(r"(GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS|ANY) (/\S*)|\$default")

# https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html
_ACCESS_LOG = json.dumps(
    {
        "requestId": "$context.requestId",
        "requestTime": "$context.requestTime",
        "ip": "$context.identity.sourceIp",
        "routeKey": "$context.routeKey",
        "status": "$context.status",
        "protocol": "$context.protocol",
        "responseLength": "$context.responseLength",
        "responseLatencyMs": "$context.responseLatency",
        "integrationLatencyMs": "$context.integrationLatency",
        "integrationError": "$context.integrationErrorMessage",
        "authorizerError": "$context.authorizer.error",
    }
)


@dataclass(frozen=True, kw_only=True)
class Throttling:
    """How many requests a second an API takes: steadily, and at once."""

    rate_limit: float = 100
    burst_limit: int = 200


@dataclass(frozen=True, kw_only=True)
class JwtAuthorizer:
    """Who issues the tokens that an API takes (an https URL), and for which audiences.

    Those of a user pool of the program are its outputs: `issuer`, and `client_id` as the only audience.
    """

    issuer: pulumi.Input[str]
    audience: tuple[pulumi.Input[str], ...]


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
    exact: the API may call the service for this route alone, as long as all routes of the service say so.
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
class HttpApiArgs:
    """An HTTP API.

    what: its short name; the physical one is `<system>-<stage>-<what>`.
    authorizer: without one, every route that isn't by IAM is open to whoever knows the URL.
    statement_id: of the permission that the API has on each service.
    """

    scope: Scope
    routes: tuple[Route, ...]
    what: str = "api"
    statement_id: str = STATEMENT_ID
    throttling: Throttling = Throttling()
    authorizer: JwtAuthorizer | None = None
    cors: Cors | None = None
    log_retention_days: int = 7
    kms_key_arn: str | None = None
    protect: bool = False

    @property
    def name(self) -> str:
        """The API's physical name."""
        return self.scope.name(self.what)

    @property
    def log_group(self) -> str:
        """The name of the access logs' group.

        Below /aws/vendedlogs/, so that many APIs don't fill up the account's policy for log delivery.
        https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-and-resource-policy.html
        """
        return f"/aws/vendedlogs/apigateway/{self.name}"

    def problems(self) -> Iterator[Problem]:
        """Say what is impossible about the API."""
        where = f"API {self.what}"
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
            yield from target_problems(f"API {self.what}", what, route.service, services)

    @property
    def services(self) -> frozenset[str]:
        """The services that routes go to."""
        return frozenset(route.service for route in self.routes)

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
            if not _ROUTE.fullmatch(key):
                yield Problem(
                    where=where,
                    what="a route",
                    got=repr(key),
                    allowed="'<METHOD> /<path>' or '$default'",
                )
        for route in self.routes:
            if route.public and route.iam:
                yield Problem(
                    where=where,
                    what=f"the route {route.key!r}",
                    got="public, and by IAM",
                    allowed="one of the two",
                )

    def _throttling_problems(self, where: str) -> Iterator[Problem]:
        for what, number in (
            ("rate_limit", self.throttling.rate_limit),
            ("burst_limit", self.throttling.burst_limit),
        ):
            if number <= 0:
                yield Problem(where=where, what=f"throttling.{what}", got=str(number), allowed="more than 0")

    def _authorizer_problems(self, where: str) -> Iterator[Problem]:
        if self.authorizer is None:
            return
        issuer = self.authorizer.issuer
        if isinstance(issuer, str) and not re.fullmatch(r"https://\S+", issuer):
            yield Problem(
                where=where,
                what="authorizer.issuer",
                got=repr(issuer),
                allowed="an https URL, whose /.well-known/openid-configuration API Gateway reads",
            )
        if not self.authorizer.audience:
            yield Problem(
                where=where,
                what="authorizer.audience",
                got="empty",
                allowed="at least one audience",
                mend="Without one, tokens that were issued for anything else would do.",
            )

    def _cors_problems(self, where: str) -> Iterator[Problem]:
        if self.cors is None:
            return
        if not self.cors.origins:
            yield Problem(where=where, what="cors.origins", got="empty", allowed="at least one origin")
        for origin in self.cors.origins:
            if not _ORIGIN.fullmatch(origin):
                yield Problem(
                    where=where,
                    what="cors.origins",
                    got=repr(origin),
                    allowed="exact origins, as 'https://game.example'",
                    mend="Name the sites whose pages call the API.",
                )


def invoker(
    execution_arn: pulumi.Input[str], statement_id: str = STATEMENT_ID, source: str = "/*/*"
) -> Invoker:
    """Let an HTTP API invoke a service: any of its stages and routes, or one route, of this API alone."""
    return Invoker.by_service(statement_id, _SERVICE, source_arn=pulumi.Output.concat(execution_arn, source))


class HttpApi(Component):
    """An HTTP API whose routes go to services, with access logs, throttling, and tokens if asked.

    services: by the short names that the routes use; those without a route aren't called.
    """

    def __init__(
        self,
        name: str,
        args: HttpApiArgs,
        services: Mapping[str, LambdaService],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        refuse([*args.problems(), *args.target_problems(services)])
        super().__init__("fleet:components:HttpApi", name, opts)
        self._args = args
        self.api = self._api()
        self.url = self.api.api_endpoint
        self._stage(self._log_group())
        authorizer = self._authorizer()
        for service_name in sorted(args.services):
            service = services[service_name]
            integration = self._integration(service_name, service)
            for route in args.routes:
                if route.service == service_name:
                    self._route(route, integration, authorizer)
            self._allow(service, [route for route in args.routes if route.service == service_name])
        self.finish({"url": self.url})

    def _allow(self, service: LambdaService, routes: list[Route]) -> None:
        statement_id, execution_arn = self._args.statement_id, self.api.execution_arn
        if not all(route.exact for route in routes):
            service.allow(invoker(execution_arn, statement_id))
            return
        for route in routes:
            own = statement_id if len(routes) == 1 else f"{statement_id}-{_slug(route.key)}"
            service.allow(invoker(execution_arn, own, route.source))

    def _api(self) -> aws.apigatewayv2.Api:
        cors = self._args.cors
        return aws.apigatewayv2.Api(
            self.child("api"),
            name=self._args.name,
            protocol_type="HTTP",
            cors_configuration={
                "allow_origins": list(cors.origins),
                "allow_methods": list(cors.methods),
                "allow_headers": list(cors.headers),
                "max_age": cors.max_age_s,
            }
            if cors
            else None,
            tags=self._args.scope.tags(),
            opts=self.inside(),
        )

    def _log_group(self) -> aws.cloudwatch.LogGroup:
        return make_log_group(
            self,
            "access-logs",
            name=self._args.log_group,
            retention_days=self._args.log_retention_days,
            kms_key_arn=self._args.kms_key_arn,
            protect=self._args.protect,
            tags=self._args.scope.tags(),
        )

    def _stage(self, log_group: aws.cloudwatch.LogGroup) -> None:
        aws.apigatewayv2.Stage(
            self.child("stage"),
            api_id=self.api.id,
            name="$default",
            auto_deploy=True,
            access_log_settings={"destination_arn": log_group.arn, "format": _ACCESS_LOG},
            default_route_settings={
                "throttling_rate_limit": self._args.throttling.rate_limit,
                "throttling_burst_limit": self._args.throttling.burst_limit,
            },
            tags=self._args.scope.tags(),
            opts=self.inside(),
        )

    def _authorizer(self) -> aws.apigatewayv2.Authorizer | None:
        tokens = self._args.authorizer
        if tokens is None:
            return None
        return aws.apigatewayv2.Authorizer(
            self.child("authorizer"),
            api_id=self.api.id,
            name=f"{self._args.name}-jwt",
            authorizer_type="JWT",
            identity_sources=["$request.header.Authorization"],
            jwt_configuration={"issuer": tokens.issuer, "audiences": list(tokens.audience)},
            opts=self.inside(),
        )

    def _integration(self, service_name: str, service: LambdaService) -> aws.apigatewayv2.Integration:
        return aws.apigatewayv2.Integration(
            self.child(f"{service_name}-integration"),
            api_id=self.api.id,
            integration_type="AWS_PROXY",
            integration_method="POST",
            integration_uri=service.alias.invoke_arn,
            payload_format_version="2.0",
            timeout_milliseconds=limits.HTTP_API_TIMEOUT_MS,
            opts=self.inside(),
        )

    def _route(
        self,
        route: Route,
        integration: aws.apigatewayv2.Integration,
        authorizer: aws.apigatewayv2.Authorizer | None,
    ) -> None:
        by_token = None if route.public or route.iam else authorizer
        aws.apigatewayv2.Route(
            self.child(f"{_slug(route.key)}-route"),
            api_id=self.api.id,
            route_key=route.key,
            target=pulumi.Output.concat("integrations/", integration.id),
            authorization_type="AWS_IAM" if route.iam else "JWT" if by_token else "NONE",
            authorizer_id=by_token.id if by_token else None,
            opts=self.inside(),
        )


def _slug(route_key: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", route_key.lower()).strip("-")
