"""API Gateway version 2: HTTP APIs. WebSocket APIs aren't here, nor what only they have."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from ..check import Failure
from ..clients import Aws
from ..errors import ProviderError
from ..resource import Properties, ResourceType, Update
from ..schema import arn, boolean, integer, map_of, number, object_of, set_of, string
from ..settings import Settings
from ..values import UNKNOWN
from . import given

_SELECTION: Final = "$request.method $request.path"
_NAME: Final[Mapping[str, Any]] = {"minimum": 1, "maximum": 128}
_ROUTE_KEY: Final = (
    r"\$default|(ANY|DELETE|GET|HEAD|OPTIONS|PATCH|POST|PUT) "
    r"/([^/{}?#\s]+|\{[\w.:-]+\})?(/([^/{}?#\s]+|\{[\w.:-]+\}))*(/\{[\w.:-]+\+\}|(?<= /)\{[\w.:-]+\+\})?/?"
)
"""https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html"""
_LAMBDA: Final = (
    r"arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:[\w-]+(:[\w$-]+)?",
    r"arn:aws[a-z-]*:apigateway:[a-z0-9-]+:lambda:path/2015-03-31/functions/arn:aws[^/]+/invocations",
)
_REQUEST_IDS: Final = ("$context.requestId", "$context.extendedRequestId")


class Api(ResourceType):
    """An HTTP API. Its id is AWS's."""

    token = "aws:apigatewayv2/api:Api"
    service = "apigatewayv2"
    props = {
        "name": string(**_NAME),
        "apiKeySelectionExpression": string(
            default="$request.header.x-api-key",
            values=("$request.header.x-api-key", "$context.authorizer.usageIdentifierKey"),
        ),
        "corsConfiguration": object_of(
            {
                "allowCredentials": boolean(),
                "allowHeaders": set_of(string()),
                "allowMethods": set_of(string()),
                "allowOrigins": set_of(string()),
                "exposeHeaders": set_of(string()),
                "maxAge": integer(minimum=-1, maximum=86_400),
            }
        ),
        "description": string(maximum=1_024),
        "disableExecuteApiEndpoint": boolean(),
        "protocolType": string(required=True, replaces=True, shape="ProtocolType"),
        "routeSelectionExpression": string(default=_SELECTION),
        "version": string(minimum=1, maximum=64),
    }
    outputs = ("apiEndpoint", "arn", "executionArn")
    autoname = "name"
    autoname_limit = 128
    identity = ("name",)
    tagged = True

    def check(self, inputs: Properties, settings: Settings) -> Iterable[Failure]:
        """An HTTP API; credentials aren't for every origin."""
        del settings
        if inputs["protocolType"] == "WEBSOCKET":
            yield Failure(path="protocolType", reason='the sandbox has HTTP APIs only; give "HTTP"')
        elif inputs["protocolType"] == "HTTP" and inputs["routeSelectionExpression"] not in (
            UNKNOWN,
            _SELECTION,
        ):
            yield Failure(
                path="routeSelectionExpression",
                reason=f'"{inputs["routeSelectionExpression"]}" isn\'t allowed; give "{_SELECTION}"',
            )
        cors = inputs.get("corsConfiguration")
        if (
            isinstance(cors, dict)
            and cors.get("allowCredentials") is True
            and "*" in cors.get("allowOrigins", [])
        ):
            yield Failure(
                path="corsConfiguration.allowOrigins",
                reason='"*" isn\'t allowed with allowCredentials; name the origins',
            )

    def create(self, aws: Aws, inputs: Properties) -> str:
        """Make the API."""
        made = aws.client("apigatewayv2").create_api(
            **_api(inputs), ProtocolType=inputs["protocolType"], Tags=inputs.get("tagsAll") or {}
        )
        return str(made["ApiId"])

    def read(self, aws: Aws, id: str, known: Properties) -> Properties | None:
        """The API as AWS describes it."""
        del known
        client = aws.client("apigatewayv2")
        api = client.get_api(ApiId=id)
        cors = api.get("CorsConfiguration")
        return {
            "name": api["Name"],
            "apiEndpoint": _endpoint(aws, id),
            "apiKeySelectionExpression": api["ApiKeySelectionExpression"],
            "arn": _arn(aws, id),
            "corsConfiguration": {_lower(key): value for key, value in cors.items()} if cors else None,
            "description": api.get("Description") or None,
            "disableExecuteApiEndpoint": api.get("DisableExecuteApiEndpoint", False),
            "executionArn": _execution_arn(aws, id),
            "protocolType": api["ProtocolType"],
            "routeSelectionExpression": api["RouteSelectionExpression"],
            "version": api.get("Version") or None,
            # The tags in the embedded AWS's own description stay as they were at the beginning.
            "tagsAll": client.get_tags(ResourceArn=_arn(aws, id))["Tags"],
        }

    def update(self, aws: Aws, update: Update) -> None:
        """Everything but the protocol changes in place; CORS is taken away by a call of its own."""
        client = aws.client("apigatewayv2")
        if "corsConfiguration" in update.changed and not update.news.get("corsConfiguration"):
            client.delete_cors_configuration(ApiId=update.id)
        if update.changed - {"tags", "tagsAll"}:
            emptied = {"description": "", "version": "", "disableExecuteApiEndpoint": False}
            client.update_api(ApiId=update.id, **_api(emptied | update.news))
        _retag(aws, update)

    def delete(self, aws: Aws, id: str, state: Properties) -> None:
        """Delete the API with everything in it."""
        del state
        aws.client("apigatewayv2").delete_api(ApiId=id)


def _api(inputs: Properties) -> Properties:
    cors = inputs.get("corsConfiguration")
    return given(
        Name=inputs["name"],
        ApiKeySelectionExpression=inputs["apiKeySelectionExpression"],
        CorsConfiguration=_members(cors) if cors else None,
        Description=inputs.get("description"),
        DisableExecuteApiEndpoint=inputs.get("disableExecuteApiEndpoint"),
        RouteSelectionExpression=inputs["routeSelectionExpression"],
        Version=inputs.get("version"),
    )


_LIMITS_OF_ROUTES: Final = {
    "detailedMetricsEnabled": boolean(default=False),
    "throttlingBurstLimit": integer(minimum=0),
    "throttlingRateLimit": number(minimum=0),
}


class Stage(ResourceType):
    """A stage of an API. Its id is its name; it is imported by ``API-ID/NAME``."""

    token = "aws:apigatewayv2/stage:Stage"
    service = "apigatewayv2"
    props = {
        "apiId": string(required=True, replaces=True),
        "name": string(
            replaces=True, pattern=r"\$default|[\w-]{1,128}", meaning="$default, or 1 to 128 of A-Za-z0-9_-"
        ),
        "accessLogSettings": object_of(
            {"destinationArn": arn(required=True), "format": string(required=True, minimum=1)}
        ),
        "autoDeploy": boolean(default=False),
        "defaultRouteSettings": object_of(_LIMITS_OF_ROUTES, settled=True),
        "deploymentId": string(settled=True),
        "description": string(maximum=1_024),
        "routeSettings": set_of(object_of({"routeKey": string(required=True), **_LIMITS_OF_ROUTES})),
        "stageVariables": map_of(string()),
    }
    outputs = ("arn", "executionArn", "invokeUrl")
    autoname = "name"
    autoname_limit = 128
    identity = ("name",)
    tagged = True

    def check(self, inputs: Properties, settings: Settings) -> Iterable[Failure]:
        """An access log line has a request's id; a stage that deploys itself names no deployment."""
        del settings
        logs = inputs.get("accessLogSettings")
        line = logs.get("format") if isinstance(logs, dict) else None
        if isinstance(line, str) and not any(each in line for each in _REQUEST_IDS):
            # https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging.html
            yield Failure(
                path="accessLogSettings.format",
                reason=f"found none of {' and '.join(_REQUEST_IDS)}; put one in",
            )
        if inputs.get("autoDeploy") is True and inputs.get("deploymentId"):
            yield Failure(
                path="deploymentId", reason="a stage with autoDeploy deploys itself: leave one of both out"
            )

    def create(self, aws: Aws, inputs: Properties) -> str:
        """Make the stage, unless it is there: the embedded AWS would overwrite it, AWS refuses."""
        client = aws.client("apigatewayv2")
        names = [each["StageName"] for each in client.get_stages(ApiId=inputs["apiId"])["Items"]]
        if inputs["name"] in names:
            raise ProviderError(f"the API {inputs['apiId']} has a stage {inputs['name']} already: import it")
        made = client.create_stage(
            ApiId=inputs["apiId"],
            StageName=inputs["name"],
            Tags=inputs.get("tagsAll") or {},
            **_stage(inputs),
        )
        return str(made["StageName"])

    def read(self, aws: Aws, id: str, known: Properties) -> Properties | None:
        """The stage as AWS describes it."""
        api, name = _inside_api(id, known, "STAGE-NAME")
        client = aws.client("apigatewayv2")
        stage = client.get_stage(ApiId=api, StageName=name)
        logs, limits = stage.get("AccessLogSettings"), stage.get("DefaultRouteSettings")
        routes = stage.get("RouteSettings", {})
        # A variable is removed by setting it to an empty string, which the embedded AWS then keeps.
        variables = {key: value for key, value in stage.get("StageVariables", {}).items() if value}
        return {
            "id": name,
            "apiId": api,
            "name": name,
            "accessLogSettings": {_lower(key): value for key, value in logs.items()} if logs else None,
            "arn": _arn(aws, api, "stages", name),
            "autoDeploy": stage.get("AutoDeploy", False),
            "defaultRouteSettings": _limits(limits) if limits else None,
            "deploymentId": stage.get("DeploymentId"),
            "description": stage.get("Description") or None,
            "executionArn": f"{_execution_arn(aws, api)}/{name}",
            "invokeUrl": f"{_endpoint(aws, api)}/{'' if name == '$default' else name}",
            "routeSettings": [{"routeKey": key, **_limits(each)} for key, each in sorted(routes.items())],
            "stageVariables": variables or None,
            "tagsAll": client.get_tags(ResourceArn=_arn(aws, api, "stages", name))["Tags"],
        }

    def update(self, aws: Aws, update: Update) -> None:
        """One call takes all: the embedded AWS's DeleteAccessLogSettings deletes the whole stage."""
        if update.changed - {"tags", "tagsAll"}:
            emptied: Properties = {"accessLogSettings": {}, "description": "", "routeSettings": []}
            request = _stage(emptied | update.news)
            gone = update.olds.get("stageVariables", {}).keys() - update.news.get("stageVariables", {}).keys()
            request["StageVariables"] = update.news.get("stageVariables", {}) | dict.fromkeys(gone, "")
            client = aws.client("apigatewayv2")
            client.update_stage(ApiId=update.olds["apiId"], StageName=update.id, **request)
        _retag(aws, update)

    def delete(self, aws: Aws, id: str, state: Properties) -> None:
        """Delete the stage."""
        aws.client("apigatewayv2").delete_stage(ApiId=state["apiId"], StageName=id)


def _stage(inputs: Properties) -> Properties:
    logs, limits, routes = (
        inputs.get(key) for key in ("accessLogSettings", "defaultRouteSettings", "routeSettings")
    )
    return given(
        AccessLogSettings=_members(logs) if logs is not None else None,
        AutoDeploy=inputs["autoDeploy"],
        DefaultRouteSettings=_members(limits) if limits is not None else None,
        DeploymentId=inputs.get("deploymentId") if not inputs["autoDeploy"] else None,
        Description=inputs.get("description"),
        RouteSettings={
            each["routeKey"]: _members({key: value for key, value in each.items() if key != "routeKey"})
            for each in routes
        }
        if routes is not None
        else None,
        StageVariables=inputs.get("stageVariables"),
    )


def _limits(settings: Mapping[str, Any]) -> Properties:
    return {"detailedMetricsEnabled": False, **{_lower(key): value for key, value in settings.items()}}


class _InsideApi(ResourceType):
    """What has an id of its own inside an API. It is imported by ``API-ID/ID``."""

    service = "apigatewayv2"
    kind: str
    """AWS's word for it, e.g. ``"Route"``: the operations and ids are named after it."""

    def _call(self, aws: Aws, verb: str, api: str, **members: Any) -> Properties:
        operation: Callable[..., Properties] = getattr(
            aws.client(self.service), f"{verb}_{self.kind.lower()}"
        )
        return operation(ApiId=api, **members)

    def create(self, aws: Aws, inputs: Properties) -> str:
        """Make it."""
        made = self._call(aws, "create", inputs["apiId"], **self._request(inputs))
        return str(made[f"{self.kind}Id"])

    def read(self, aws: Aws, id: str, known: Properties) -> Properties | None:
        """What AWS says of it."""
        api, own = _inside_api(id, known, f"{self.kind.upper()}-ID")
        told = self._call(aws, "get", api, **{f"{self.kind}Id": own})
        return {"id": own, "apiId": api, **self._told(told)}

    def update(self, aws: Aws, update: Update) -> None:
        """Say all of it again."""
        request = self._request(self._emptied() | update.news)
        self._call(aws, "update", update.olds["apiId"], **{f"{self.kind}Id": update.id}, **request)

    def delete(self, aws: Aws, id: str, state: Properties) -> None:
        """Delete it."""
        self._call(aws, "delete", state["apiId"], **{f"{self.kind}Id": id})

    def _request(self, inputs: Properties) -> Properties:
        raise NotImplementedError

    def _told(self, told: Properties) -> Properties:
        raise NotImplementedError

    def _emptied(self) -> Properties:
        """What an update says of an input that isn't given any more."""
        return {}


class Integration(_InsideApi):
    """What an API calls."""

    token = "aws:apigatewayv2/integration:Integration"
    kind = "Integration"
    props = {
        "apiId": string(required=True, replaces=True),
        "connectionType": string(default="INTERNET", shape="ConnectionType"),
        "description": string(maximum=1_024),
        "integrationMethod": string(
            settled=True, values=("ANY", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
        ),
        "integrationType": string(required=True, replaces=True, shape="IntegrationType"),
        "integrationUri": string(minimum=1, maximum=2_048),
        # The real provider says it, though only WebSocket APIs have it.
        "passthroughBehavior": string(default="WHEN_NO_MATCH", values=("WHEN_NO_MATCH",), local=True),
        "payloadFormatVersion": string(default="1.0", values=("1.0", "2.0")),
        "requestParameters": map_of(string(minimum=1, maximum=512)),
        "responseParameters": set_of(
            object_of(
                {
                    "statusCode": string(required=True, pattern=r"[1-5]\d\d", meaning="an HTTP status code"),
                    "mappings": map_of(string(minimum=1, maximum=512), required=True),
                }
            )
        ),
        # https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
        "timeoutMilliseconds": integer(settled=True, minimum=50, maximum=30_000),
    }

    def check(self, inputs: Properties, settings: Settings) -> Iterable[Failure]:
        """A Lambda proxy calls a function; an HTTP proxy a URL, with the payload as it is."""
        del settings
        kind, uri = inputs["integrationType"], inputs.get("integrationUri")
        if kind in ("AWS_PROXY", "HTTP_PROXY"):
            if uri is None:
                yield Failure(path="integrationUri", reason=f"missing; {kind} calls something: give its URI")
            yield from _lambda_proxy(uri) if kind == "AWS_PROXY" else _http_proxy(inputs, uri)
        elif kind is not UNKNOWN:
            yield Failure(
                path="integrationType",
                reason=f'"{kind}" is for WebSocket APIs; an HTTP API has AWS_PROXY and HTTP_PROXY',
            )
        if inputs["connectionType"] == "VPC_LINK":
            yield Failure(
                path="connectionType", reason='the sandbox has no VPC links; leave it, or give "INTERNET"'
            )

    def _request(self, inputs: Properties) -> Properties:
        mappings = inputs.get("responseParameters")
        return given(
            ConnectionType=inputs["connectionType"],
            Description=inputs.get("description"),
            IntegrationMethod=inputs.get("integrationMethod"),
            IntegrationType=inputs["integrationType"],
            IntegrationUri=inputs.get("integrationUri"),
            PayloadFormatVersion=inputs["payloadFormatVersion"],
            RequestParameters=inputs.get("requestParameters"),
            ResponseParameters={each["statusCode"]: each["mappings"] for each in mappings}
            if mappings is not None
            else None,
            TimeoutInMillis=inputs.get("timeoutMilliseconds"),
        )

    def _emptied(self) -> Properties:
        return {"description": "", "requestParameters": {}, "responseParameters": []}

    def _told(self, told: Properties) -> Properties:
        return {
            "connectionType": told["ConnectionType"],
            "description": told.get("Description") or None,
            "integrationMethod": told.get("IntegrationMethod"),
            "integrationType": told["IntegrationType"],
            "integrationUri": told.get("IntegrationUri") or None,
            "payloadFormatVersion": told["PayloadFormatVersion"],
            "requestParameters": told.get("RequestParameters"),
            "responseParameters": [
                {"statusCode": code, "mappings": mappings}
                for code, mappings in sorted(told.get("ResponseParameters", {}).items())
            ],
            "timeoutMilliseconds": told["TimeoutInMillis"],
        }


def _lambda_proxy(uri: Any) -> Iterator[Failure]:
    if isinstance(uri, str) and not any(re.fullmatch(each, uri) for each in _LAMBDA):
        yield Failure(
            path="integrationUri",
            reason=f'"{uri}" isn\'t allowed; AWS_PROXY calls a function: give its ARN or invokeArn',
        )


def _http_proxy(inputs: Properties, uri: Any) -> Iterator[Failure]:
    if isinstance(uri, str) and not uri.startswith(("http://", "https://")):
        yield Failure(path="integrationUri", reason=f'"{uri}" isn\'t allowed; HTTP_PROXY calls an HTTP URL')
    if "integrationMethod" not in inputs:
        yield Failure(path="integrationMethod", reason="missing; HTTP_PROXY needs one, e.g. ANY")
    if inputs["payloadFormatVersion"] == "2.0":
        yield Failure(path="payloadFormatVersion", reason='"2.0" isn\'t allowed; HTTP_PROXY has "1.0"')


class Route(_InsideApi):
    """What an API answers."""

    token = "aws:apigatewayv2/route:Route"
    kind = "Route"
    props = {
        "apiId": string(required=True, replaces=True),
        "authorizationScopes": set_of(string(minimum=1, maximum=64), maximum=10),
        "authorizationType": string(default="NONE", shape="AuthorizationType"),
        "authorizerId": string(),
        "operationName": string(minimum=1, maximum=64),
        "routeKey": string(required=True, pattern=_ROUTE_KEY, meaning="$default, or e.g. GET /pets/{id}"),
        "target": string(
            pattern=r"integrations/[\w-]+", maximum=128, meaning='"integrations/" and an integration\'s id'
        ),
    }

    def check(self, inputs: Properties, settings: Settings) -> Iterable[Failure]:
        """An authorizer where the type of authorization has one, and only there."""
        del settings
        kind, authorizer = inputs["authorizationType"], inputs.get("authorizerId")
        if kind in ("JWT", "CUSTOM") and authorizer in (None, ""):
            yield Failure(
                path="authorizerId", reason=f"missing; authorizationType {kind} needs an authorizer"
            )
        if kind in ("NONE", "AWS_IAM") and authorizer not in (None, ""):
            yield Failure(
                path="authorizerId",
                reason=f"authorizationType {kind} has no authorizer: leave it out, or say JWT or CUSTOM",
            )
        if kind not in ("JWT", UNKNOWN) and inputs.get("authorizationScopes"):
            yield Failure(
                path="authorizationScopes", reason=f"only JWT has scopes; found {kind}: leave them out"
            )

    def create(self, aws: Aws, inputs: Properties) -> str:
        """Make the route, unless the API has one of its key: the embedded AWS would take a second."""
        pages = aws.client(self.service).get_paginator("get_routes").paginate(ApiId=inputs["apiId"])
        if any(each["RouteKey"] == inputs["routeKey"] for page in pages for each in page["Items"]):
            raise ProviderError(
                f"the API {inputs['apiId']} has a route {inputs['routeKey']} already: import it, or delete it"
            )
        return super().create(aws, inputs)

    def _request(self, inputs: Properties) -> Properties:
        return given(
            AuthorizationScopes=inputs.get("authorizationScopes"),
            AuthorizationType=inputs["authorizationType"],
            AuthorizerId=inputs.get("authorizerId"),
            OperationName=inputs.get("operationName"),
            RouteKey=inputs["routeKey"],
            Target=inputs.get("target"),
        )

    def _emptied(self) -> Properties:
        return {"authorizationScopes": [], "authorizerId": "", "operationName": "", "target": ""}

    def _told(self, told: Properties) -> Properties:
        return {
            "authorizationScopes": told.get("AuthorizationScopes") or None,
            "authorizationType": told["AuthorizationType"],
            "authorizerId": told.get("AuthorizerId"),
            "operationName": told.get("OperationName") or None,
            "routeKey": told["RouteKey"],
            "target": told.get("Target") or None,
        }


_OF_REQUEST: Final = (
    *("authorizerCredentialsArn", "authorizerPayloadFormatVersion", "authorizerResultTtlInSeconds"),
    *("authorizerUri", "enableSimpleResponses"),
)
"""What only an authorizer of type REQUEST has."""


class Authorizer(_InsideApi):
    """Who decides whether a request may go on: a JWT's issuer, or a function.

    https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-authorizers.html
    """

    token = "aws:apigatewayv2/authorizer:Authorizer"
    kind = "Authorizer"
    props = {
        "apiId": string(required=True, replaces=True),
        "authorizerCredentialsArn": arn(),
        "authorizerPayloadFormatVersion": string(values=("1.0", "2.0")),
        "authorizerResultTtlInSeconds": integer(settled=True, minimum=0, maximum=3_600),
        "authorizerType": string(required=True, shape="AuthorizerType"),
        "authorizerUri": string(minimum=1, maximum=2_048),
        "enableSimpleResponses": boolean(),
        "identitySources": set_of(string(minimum=1)),
        "jwtConfiguration": object_of({"audiences": set_of(string(minimum=1)), "issuer": string(minimum=1)}),
        "name": string(**_NAME),
    }
    autoname = "name"
    autoname_limit = 128
    identity = ("name",)

    def check(self, inputs: Properties, settings: Settings) -> Iterable[Failure]:
        """What each of the two types needs."""
        del settings
        if inputs["authorizerType"] == "JWT":
            yield from _jwt(inputs)
        elif inputs["authorizerType"] == "REQUEST":
            yield from _by_function(inputs)

    def update(self, aws: Aws, update: Update) -> None:
        """All but the type, which the embedded AWS doesn't change."""
        if update.olds["authorizerType"] != update.news["authorizerType"]:
            raise ProviderError(
                "the embedded AWS doesn't change authorizerType: rename the resource, so that it is made anew"
            )
        super().update(aws, update)

    def _request(self, inputs: Properties) -> Properties:
        jwt = inputs.get("jwtConfiguration")
        return given(
            AuthorizerCredentialsArn=inputs.get("authorizerCredentialsArn"),
            AuthorizerPayloadFormatVersion=inputs.get("authorizerPayloadFormatVersion"),
            AuthorizerResultTtlInSeconds=inputs.get("authorizerResultTtlInSeconds"),
            AuthorizerType=inputs["authorizerType"],
            AuthorizerUri=inputs.get("authorizerUri"),
            EnableSimpleResponses=inputs.get("enableSimpleResponses"),
            IdentitySource=inputs.get("identitySources", []),
            JwtConfiguration=given(Audience=jwt.get("audiences"), Issuer=jwt.get("issuer")) if jwt else None,
            Name=inputs["name"],
        )

    def _emptied(self) -> Properties:
        return {"authorizerCredentialsArn": "", "enableSimpleResponses": False}

    def _told(self, told: Properties) -> Properties:
        jwt = told.get("JwtConfiguration")
        found = {
            "authorizerType": told["AuthorizerType"],
            "identitySources": told.get("IdentitySource"),
            "jwtConfiguration": {"audiences": jwt.get("Audience"), "issuer": jwt.get("Issuer")}
            if jwt
            else None,
            "name": told["Name"],
        }
        if told["AuthorizerType"] == "REQUEST":  # the embedded AWS says these of a JWT authorizer too
            found |= {key: told.get(f"{key[0].upper()}{key[1:]}") for key in _OF_REQUEST}
            found["authorizerCredentialsArn"] = told.get("AuthorizerCredentialsArn") or None
        return found


def _jwt(inputs: Properties) -> Iterator[Failure]:
    jwt = inputs.get("jwtConfiguration")
    if jwt is not UNKNOWN:
        for key, example in (
            ("issuer", "the URL of who signs the tokens"),
            ("audiences", "for whom they are"),
        ):
            if not (jwt or {}).get(key):
                yield Failure(
                    path=f"jwtConfiguration.{key}", reason=f"missing; a JWT authorizer needs it: {example}"
                )
        issuer = (jwt or {}).get("issuer")
        if isinstance(issuer, str) and not issuer.startswith(("https://", "http://")):
            yield Failure(
                path="jwtConfiguration.issuer", reason=f'"{issuer}" isn\'t allowed; give a URL, https://...'
            )
    sources = inputs.get("identitySources", [])
    if isinstance(sources, list) and len(sources) != 1:
        yield Failure(
            path="identitySources",
            reason=f"found {len(sources)}; a JWT authorizer has one: e.g. $request.header.Authorization",
        )
    for key in _OF_REQUEST:
        if inputs.get(key) not in (None, "", False):
            yield Failure(path=key, reason="only an authorizer of type REQUEST has it: leave it out")


def _by_function(inputs: Properties) -> Iterator[Failure]:
    for key in ("authorizerUri", "authorizerPayloadFormatVersion"):
        if key not in inputs:
            yield Failure(path=key, reason="missing; an authorizer of type REQUEST needs it")
    if inputs.get("jwtConfiguration"):
        yield Failure(path="jwtConfiguration", reason="only an authorizer of type JWT has it: leave it out")
    if inputs.get("enableSimpleResponses") is True and inputs.get("authorizerPayloadFormatVersion") == "1.0":
        yield Failure(path="enableSimpleResponses", reason='wants authorizerPayloadFormatVersion "2.0"')


def _inside_api(id: str, known: Properties, what: str) -> tuple[str, str]:
    """The API and the own id of what is in one: an import's id has both."""
    if "apiId" in known:
        return known["apiId"], id
    api, _, own = id.partition("/")
    if not own:
        raise ProviderError(f"the id {id!r} isn't allowed; it is imported by API-ID/{what}")
    return api, own


def _retag(aws: Aws, update: Update) -> None:
    client = aws.client("apigatewayv2")
    removed, added = update.tags()
    if removed:
        client.untag_resource(ResourceArn=update.olds["arn"], TagKeys=removed)
    if added:
        client.tag_resource(ResourceArn=update.olds["arn"], Tags=added)


def _arn(aws: Aws, *path: str) -> str:
    return f"arn:{aws.partition}:apigateway:{aws.region}::/apis/{'/'.join(path)}"


def _execution_arn(aws: Aws, api: str) -> str:
    return f"arn:{aws.partition}:execute-api:{aws.region}:{aws.account_id}:{api}"


def _endpoint(aws: Aws, api: str) -> str:
    """Where the embedded AWS serves an API (``<api>.execute-api.localhost`` doesn't resolve)."""
    return f"{aws.endpoint.url.rstrip('/')}/_aws/execute-api/{api}"


def _members(value: Mapping[str, Any]) -> Properties:
    return {f"{key[0].upper()}{key[1:]}": item for key, item in value.items() if item is not None}


def _lower(key: str) -> str:
    return f"{key[0].lower()}{key[1:]}"


TYPES = (Api(), Stage(), Integration(), Route(), Authorizer())
