"""REST APIs in front of services."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Final

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
from components.triggers.http_api import STATEMENT_ID, Cors, Route, Throttling
from components.triggers.targets import target_problems

EVERY_ORIGIN: Final = "*"

_SERVICE = "apigateway.amazonaws.com"
_ORIGIN = re.compile(r"https?://[A-Za-z0-9.-]+(:\d+)?")
_PART = r"([A-Za-z0-9._~-]+|\{[A-Za-z0-9._-]+\})"
_ROUTE = re.compile(
    rf"(GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS|ANY) (/|(/{_PART})*(/{_PART}|/\{{[A-Za-z0-9._-]+\+\}}))"
)
_PARAMETER = re.compile(r"\{([A-Za-z0-9._-]+)\+?\}")
_PREFLIGHT_STATUS = "204"

# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html
_ACCESS_LOG = json.dumps(
    {
        "requestId": "$context.requestId",
        "requestTime": "$context.requestTime",
        "ip": "$context.identity.sourceIp",
        "method": "$context.httpMethod",
        "resourcePath": "$context.resourcePath",
        "status": "$context.status",
        "protocol": "$context.protocol",
        "responseLength": "$context.responseLength",
        "responseLatencyMs": "$context.responseLatency",
        "integrationLatencyMs": "$context.integrationLatency",
        "integrationError": "$context.integrationErrorMessage",
        "authorizerError": "$context.authorizer.error",
        "validationError": "$context.error.validationErrorString",
    }
)


@dataclass(frozen=True, kw_only=True)
class CognitoAuthorizer:
    """The user pools whose ID tokens an API takes.

    applied: whether its routes ask for one; the authorizer is made in either case.
    """

    user_pool_arns: tuple[str, ...]
    applied: bool = True


@dataclass(frozen=True, kw_only=True)
class RestApiArgs:
    """A REST API. The stage of this program is the API's stage, the first part of its URLs' paths.

    what: its short name; the physical one is `<system>-<stage>-<what>`, without one `<system>-<stage>`.
    authorizer: without one that is applied, every route that isn't by IAM is open to whoever knows the URL.
    cors: of one origin (or EVERY_ORIGIN alone), the API answers preflights itself; of several, the service
    that the path goes to does, since only it can tell which origin asks. The API's own errors carry the
    first one.
    statement_id: of the permission that the API has on each service.
    """

    scope: Scope
    routes: tuple[Route, ...]
    what: str | None = None
    statement_id: str = STATEMENT_ID
    throttling: Throttling = field(default_factory=Throttling)
    authorizer: CognitoAuthorizer | None = None
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
        """The name of the access logs' group, below /aws/vendedlogs/ as every API's."""
        return f"/aws/vendedlogs/apigateway/{self.name}"

    @property
    def services(self) -> frozenset[str]:
        """The services that routes go to."""
        return frozenset(route.service for route in self.routes)

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

    def problems(self) -> Iterator[Problem]:
        """Say what is impossible about the API."""
        where = f"API {self.what or self.name}"
        yield from Kind.API.problems(where, self.name)
        yield from Kind.LOG_GROUP.problems(where, self.log_group)
        yield from Shape.KMS_KEY.problems(where, "kms_key_arn", self.kms_key_arn, region=self.scope.region)
        yield from retention_problems(where, self.log_retention_days)
        yield from self._route_problems(where)
        for what, number in (
            ("rate_limit", self.throttling.rate_limit),
            ("burst_limit", self.throttling.burst_limit),
        ):
            if number <= 0:
                yield Problem(where=where, what=f"throttling.{what}", got=str(number), allowed="more than 0")
        yield from self._authorizer_problems(where)
        yield from self._cors_problems(where)

    def target_problems(self, services: Collection[str]) -> Iterator[Problem]:
        """Say which routes go to services that aren't there."""
        for route in self.routes:
            what = f"the service of {route.key!r}"
            yield from target_problems(f"API {self.what or self.name}", what, route.service, services)

    def _route_problems(self, where: str) -> Iterator[Problem]:
        keys = [route.key for route in self.routes]
        if not keys:
            yield Problem(where=where, what="routes", got="none", allowed="at least one")
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
                    allowed="'<METHOD> /<path>', whose last part may be '{name+}' for all the rest",
                )
            elif key.startswith("OPTIONS ") and self.cors:
                yield Problem(
                    where=where,
                    what=f"the route {key!r}",
                    got="declared beside cors",
                    allowed="one of the two: cors answers every preflight",
                )
        for route in self.routes:
            if route.public and route.iam:
                yield Problem(
                    where=where,
                    what=f"the route {route.key!r}",
                    got="public, and by IAM",
                    allowed="one of the two",
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

    def _cors_problems(self, where: str) -> Iterator[Problem]:
        if self.cors is None:
            return
        if not self.cors.origins:
            yield Problem(where=where, what="cors.origins", got="empty", allowed="at least one origin")
        for origin in self.cors.origins:
            if self.cors.origins != (EVERY_ORIGIN,) and not _ORIGIN.fullmatch(origin):
                yield Problem(
                    where=where,
                    what="cors.origins",
                    got=repr(origin),
                    allowed="exact origins, as 'https://app.example', or '*' alone",
                    mend="Name the sites whose pages call the API.",
                )


class RestApi(Component):
    """A REST API whose routes go to services, with access logs, throttling, validation, and tokens if asked.

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
        stage = self._stage(self._deployment(), self._log_group())
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
                        self.child(f"{_slug(at)}-path"),
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
                self.child(f"{_slug(route.key)}-method"),
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
            f"{_slug(route.key)}-integration",
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
                self.child(f"options-{_slug(path)}-method"),
                rest_api=self.api.id,
                resource_id=self._resources[path],
                http_method="OPTIONS",
                authorization="NONE",  # a browser asks without credentials
                opts=self.inside(),
            )
            if len(cors.origins) > 1:
                self._call(method, f"options-{_slug(path)}-integration", behind[path])
            else:
                self._answer(method, f"options-{_slug(path)}", _headers(cors))

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
                    self.child(f"{_slug(kind)}-response"),
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


def invoker(stage_execution_arn: pulumi.Input[str], statement_id: str = STATEMENT_ID) -> Invoker:
    """Let a REST API invoke a service: any route of this one stage."""
    return Invoker.by_service(
        statement_id, _SERVICE, source_arn=pulumi.Output.concat(stage_execution_arn, "/*/*")
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


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "root"
