"""REST APIs in front of services."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Final

import pulumi
import pulumi_aws as aws

from components import limits
from components.arns import Shape
from components.component import Component
from components.problems import Problem, refuse
from components.service import LambdaService
from components.triggers.api import (
    METHOD,
    ApiArgs,
    Cors,
    Route,
    access_log,
    invoker,
    make_access_logs,
    slug,
)

EVERY_ORIGIN: Final = "*"

_PART = r"([A-Za-z0-9._~-]+|\{[A-Za-z0-9._-]+\})"
_PARAMETER = re.compile(r"\{([A-Za-z0-9._-]+)\+?\}")
_PREFLIGHT_STATUS = "204"

# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html
_ACCESS_LOG = access_log(
    {"method": "$context.httpMethod", "resourcePath": "$context.resourcePath"},
    {"validationError": "$context.error.validationErrorString"},
)


@dataclass(frozen=True, kw_only=True)
class CognitoAuthorizer:
    """The user pools whose ID tokens an API takes.

    applied: whether its routes ask for one; the authorizer is made in either case.
    """

    user_pool_arns: tuple[str, ...]
    applied: bool = True


@dataclass(frozen=True, kw_only=True)
class RestApiArgs(ApiArgs):
    """A REST API. The stage of this program is the API's stage, the first part of its URLs' paths.

    authorizer: without one that is applied, every route that isn't by IAM is open to whoever knows the URL.
    cors: of one origin (or EVERY_ORIGIN alone), the API answers preflights itself; of several, the service
    that the path goes to does, since only it can tell which origin asks. The API's own errors carry the
    first one.
    """

    ROUTE = re.compile(rf"{METHOD} (/|(/{_PART})*(/{_PART}|/\{{[A-Za-z0-9._-]+\+\}}))")
    ROUTES = "'<METHOD> /<path>', whose last part may be '{name+}' for all the rest"
    ORIGINS = "exact origins, as 'https://app.example', or '*' alone"

    authorizer: CognitoAuthorizer | None = None

    @property
    def digest(self) -> str:
        """Identify all that a deployment is a snapshot of: what changes it has to be deployed."""
        content = {
            "routes": [asdict(route) for route in self.routes],
            "authorizer": asdict(self.authorizer) if self.authorizer else None,
            "cors": asdict(self.cors) if self.cors else None,
            "services": {name: self.scope.name(name) for name in sorted(self.services)},
            "timeout": limits.REST_API_TIMEOUT_MS,
        }
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    def _route_problems(self, where: str) -> Iterator[Problem]:
        if not self.routes:
            yield Problem(where=where, what="routes", got="none", allowed="at least one")
        yield from super()._route_problems(where)

    def _key_problems(self, where: str, key: str) -> Iterator[Problem]:
        yield from super()._key_problems(where, key)
        if self.cors and key.startswith("OPTIONS ") and self.ROUTE.fullmatch(key):
            yield Problem(
                where=where,
                what=f"the route {key!r}",
                got="declared beside cors",
                allowed="one of the two: cors answers every preflight",
            )

    def _authorizer_problems(self, where: str) -> Iterator[Problem]:
        if self.authorizer is None:
            return
        if not self.authorizer.user_pool_arns:
            yield Problem(
                where=where, what="authorizer.user_pool_arns", got="empty", allowed="at least one user pool"
            )
        for arn in self.authorizer.user_pool_arns:
            yield from Shape.USER_POOL.problems(where, "authorizer.user_pool_arns", arn)

    def _origin_problems(self, where: str, origins: tuple[str, ...]) -> Iterator[Problem]:
        if origins != (EVERY_ORIGIN,):
            yield from super()._origin_problems(where, origins)


class RestApi(Component):
    """A REST API whose routes go to services, with access logs, throttling, and tokens if asked.

    Its validator asks for the parameters of a route's path. Methods have no models of bodies: services check
    those. https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-method-request-validation.html

    The account's role for logs, which an account has once, isn't made here: without it AWS refuses a stage
    with access logs. https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html

    services: by the short names that the routes use; those without a route aren't called.
    """

    def __init__(
        self,
        name: str,
        args: RestApiArgs,
        services: Mapping[str, LambdaService],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        refuse([*args.problems(), *args.target_problems(services)])
        super().__init__("fleet:components:RestApi", name, opts)
        self._args = args
        self._services = services
        self._deployed: list[pulumi.Resource] = []
        self.api = self._api()
        self._resources = self._paths()
        self._validator = self._request_validator()
        self._authorizer = self._cognito()
        self.authorizer_id: pulumi.Output[str] | None = self._authorizer.id if self._authorizer else None
        for route in args.routes:
            self._route(route)
        if args.cors:
            self._answer_preflights(args.cors)
            self._answer_errors(args.cors)
        stage = self._stage(self._deployment(), make_access_logs(self, args))
        self._limit(stage)
        self.url = stage.invoke_url
        for service in sorted(args.services):
            services[service].allow(invoker(stage.execution_arn, args.statement_id))
        self.finish({"url": self.url, "authorizerId": self.authorizer_id})

    def _api(self) -> aws.apigateway.RestApi:
        return aws.apigateway.RestApi(
            self.child("api"),
            name=self._args.name,
            endpoint_configuration={"types": "REGIONAL"},
            tags=self._args.scope.tags(),
            opts=self.inside(),
        )

    def _paths(self) -> dict[str, pulumi.Output[str]]:
        """Make every part of every path once, and give their ids by path."""
        ids: dict[str, pulumi.Output[str]] = {"/": self.api.root_resource_id}
        for path in sorted({_split(route.key)[1] for route in self._args.routes}):
            parent = "/"
            for part in path.strip("/").split("/") if path != "/" else ():
                at = f"{parent.rstrip('/')}/{part}"
                if at not in ids:
                    ids[at] = aws.apigateway.Resource(
                        self.child(f"{slug(at)}-path"),
                        rest_api=self.api.id,
                        parent_id=ids[parent],
                        path_part=part,
                        opts=self.inside(),
                    ).id
                parent = at
        return ids

    def _request_validator(self) -> aws.apigateway.RequestValidator:
        return aws.apigateway.RequestValidator(
            self.child("validator"),
            rest_api=self.api.id,
            name=f"{self._args.name}-all",
            validate_request_body=True,
            validate_request_parameters=True,
            opts=self.inside(),
        )

    def _cognito(self) -> aws.apigateway.Authorizer | None:
        if self._args.authorizer is None:
            return None
        return aws.apigateway.Authorizer(
            self.child("authorizer"),
            rest_api=self.api.id,
            name=f"{self._args.name}-cognito",
            type="COGNITO_USER_POOLS",
            identity_source="method.request.header.Authorization",
            provider_arns=list(self._args.authorizer.user_pool_arns),
            opts=self.inside(),
        )

    def _route(self, route: Route) -> None:
        method, path = _split(route.key)
        applied = self._args.authorizer is not None and self._args.authorizer.applied
        by_token = None if route.public or route.iam or not applied else self._authorizer
        self._call(
            aws.apigateway.Method(
                self.child(f"{slug(route.key)}-method"),
                rest_api=self.api.id,
                resource_id=self._resources[path],
                http_method=method,
                authorization="AWS_IAM" if route.iam else "COGNITO_USER_POOLS" if by_token else "NONE",
                authorizer_id=by_token.id if by_token else None,
                request_parameters={f"method.request.path.{name}": True for name in _PARAMETER.findall(path)}
                or None,
                request_validator_id=self._validator.id,
                opts=self.inside(),
            ),
            f"{slug(route.key)}-integration",
            route.service,
        )

    def _call(self, method: aws.apigateway.Method, child: str, service: str) -> None:
        integration = aws.apigateway.Integration(
            self.child(child),
            rest_api=self.api.id,
            resource_id=method.resource_id,
            http_method=method.http_method,
            type="AWS_PROXY",
            integration_http_method="POST",
            uri=self._services[service].alias.invoke_arn,
            timeout_milliseconds=limits.REST_API_TIMEOUT_MS,
            opts=self.inside(),
        )
        self._deployed += [method, integration]

    def _answer_preflights(self, cors: Cors) -> None:
        behind = {_split(route.key)[1]: route.service for route in reversed(self._args.routes)}
        for path in sorted(behind):
            method = aws.apigateway.Method(
                self.child(f"options-{slug(path)}-method"),
                rest_api=self.api.id,
                resource_id=self._resources[path],
                http_method="OPTIONS",
                authorization="NONE",  # a browser asks without credentials
                opts=self.inside(),
            )
            if len(cors.origins) > 1:
                self._call(method, f"options-{slug(path)}-integration", behind[path])
            else:
                self._answer(method, f"options-{slug(path)}", _headers(cors))

    def _answer(self, method: aws.apigateway.Method, child: str, headers: Mapping[str, str]) -> None:
        """Let the API itself answer with headers and nothing else."""
        resource_id, http_method = method.resource_id, method.http_method
        status = f'{{"statusCode": {_PREFLIGHT_STATUS}}}'
        integration = aws.apigateway.Integration(
            self.child(f"{child}-integration"),
            rest_api=self.api.id,
            resource_id=resource_id,
            http_method=http_method,
            type="MOCK",
            request_templates={"application/json": status},
            opts=self.inside(),
        )
        declared = aws.apigateway.MethodResponse(
            self.child(f"{child}-response"),
            rest_api=self.api.id,
            resource_id=resource_id,
            http_method=http_method,
            status_code=_PREFLIGHT_STATUS,
            response_parameters={f"method.response.header.{name}": True for name in headers},
            opts=self.inside(),
        )
        answer = aws.apigateway.IntegrationResponse(
            self.child(f"{child}-answer"),
            rest_api=self.api.id,
            resource_id=resource_id,
            http_method=http_method,
            status_code=declared.status_code,
            response_parameters={f"method.response.header.{name}": value for name, value in headers.items()},
            opts=self.inside(depends_on=[integration]),
        )
        self._deployed += [method, integration, declared, answer]

    def _answer_errors(self, cors: Cors) -> None:
        """Let pages read what the API itself refuses, too."""
        for kind in ("DEFAULT_4XX", "DEFAULT_5XX"):
            self._deployed.append(
                aws.apigateway.Response(
                    self.child(f"{slug(kind)}-response"),
                    rest_api_id=self.api.id,
                    response_type=kind,
                    response_parameters={
                        f"gatewayresponse.header.{name}": value for name, value in _headers(cors).items()
                    },
                    opts=self.inside(),
                )
            )

    def _deployment(self) -> aws.apigateway.Deployment:
        return aws.apigateway.Deployment(
            self.child("deployment"),
            rest_api=self.api.id,
            triggers={"routes": self._args.digest},
            opts=self.inside(depends_on=self._deployed),
        )

    def _stage(
        self, deployment: aws.apigateway.Deployment, log_group: aws.cloudwatch.LogGroup
    ) -> aws.apigateway.Stage:
        return aws.apigateway.Stage(
            self.child("stage"),
            rest_api=self.api.id,
            deployment=deployment.id,
            stage_name=self._args.scope.stage,
            access_log_settings={"destination_arn": log_group.arn, "format": _ACCESS_LOG},
            tags=self._args.scope.tags(),
            opts=self.inside(),
        )

    def _limit(self, stage: aws.apigateway.Stage) -> None:
        aws.apigateway.MethodSettings(
            self.child("settings"),
            rest_api=self.api.id,
            stage_name=stage.stage_name,
            method_path="*/*",
            settings={
                "throttling_rate_limit": self._args.throttling.rate_limit,
                "throttling_burst_limit": self._args.throttling.burst_limit,
                "metrics_enabled": True,
                # Access logs say who called; what was in a request is nobody's business.
                "logging_level": "OFF",
                "data_trace_enabled": False,
            },
            opts=self.inside(),
        )


def _headers(cors: Cors) -> dict[str, str]:
    """The headers of CORS as API Gateway takes fixed values: in quotes."""
    return {
        "Access-Control-Allow-Headers": f"'{','.join(cors.headers)}'",
        "Access-Control-Allow-Methods": f"'{','.join(cors.methods)}'",
        "Access-Control-Allow-Origin": f"'{cors.origins[0]}'",
        "Access-Control-Max-Age": f"'{cors.max_age_s}'",
    }


def _split(key: str) -> tuple[str, str]:
    method, _, path = key.partition(" ")
    return method, path
