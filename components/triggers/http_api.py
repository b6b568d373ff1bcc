"""HTTP APIs in front of services."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components import limits
from components.component import Component
from components.problems import Problem, refuse
from components.service import LambdaService
from components.triggers.api import METHOD, ApiArgs, Route, access_log, invoker, make_access_logs, slug

# https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html
_ACCESS_LOG = access_log({"routeKey": "$context.routeKey"})


@dataclass(frozen=True, kw_only=True)
class JwtAuthorizer:
    """Who issues the tokens that an API takes (an https URL), and for which audiences.

    Those of a user pool of the program are its outputs: `issuer`, and `client_id` as the only audience.
    """

    issuer: pulumi.Input[str]
    audience: tuple[pulumi.Input[str], ...]


@dataclass(frozen=True, kw_only=True)
class HttpApiArgs(ApiArgs):
    """An HTTP API.

    authorizer: without one, every route that isn't by IAM is open to whoever knows the URL.
    """

    ROUTE = re.compile(rf"{METHOD} (/\S*)|\$default")
    ROUTES = "'<METHOD> /<path>' or '$default'"
    ORIGINS = "exact origins, as 'https://game.example'"

    what: str = "api"
    authorizer: JwtAuthorizer | None = None

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
        self._stage(make_access_logs(self, args))
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
            own = statement_id if len(routes) == 1 else f"{statement_id}-{slug(route.key)}"
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
            self.child(f"{slug(route.key)}-route"),
            api_id=self.api.id,
            route_key=route.key,
            target=pulumi.Output.concat("integrations/", integration.id),
            authorization_type="AWS_IAM" if route.iam else "JWT" if by_token else "NONE",
            authorizer_id=by_token.id if by_token else None,
            opts=self.inside(),
        )
