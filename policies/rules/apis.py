"""API-01 to API-04: HTTP, WebSocket and REST APIs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from policies.finding import Finding, Severity
from policies.rule import Context, Rule, Setting, resources
from policies.rules.reading import UNREADABLE, known, matches_any, missing, shown
from policies.view import UNKNOWN, Graph, MalformedError, Resource, Unknown, plain
from policies.view.graph import Link
from policies.view.joins import HTTP_API, name_of

HTTP_STAGE: Final = "aws:apigatewayv2/stage:Stage"
ROUTE: Final = "aws:apigatewayv2/route:Route"
REST_API: Final = "aws:apigateway/restApi:RestApi"
REST_STAGE: Final = "aws:apigateway/stage:Stage"
METHOD: Final = "aws:apigateway/method:Method"
METHOD_SETTINGS: Final = "aws:apigateway/methodSettings:MethodSettings"
REST_RESOURCE: Final = "aws:apigateway/resource:Resource"
REST_ANSWERS: Final = (
    "aws:apigateway/integrationResponse:IntegrationResponse",
    "aws:apigateway/response:Response",
)


def _logs(stage: Resource, context: Context) -> Iterator[Finding]:
    if stage.type == HTTP_API:
        if stage.has("target"):
            yield _no_logs(stage, "the API makes its own stage, without access logs")
    elif found := missing(stage, "accessLogSettings.destinationArn", "accessLogSettings isn't given"):
        yield _no_logs(stage, found)


def _no_logs(stage: Resource, found: str) -> Finding:
    return Finding(
        resource=stage, subject="accessLogSettings", found=found, allowed="a log group and a format"
    )


API_01 = Rule(
    id="API-01",
    title="An API has no access logs",
    severity=Severity.MEDIUM,
    what="Every stage of an API writes access logs.",
    why="Who called what, and what was refused before it reached a function, is otherwise unknown.",
    mend="Set access_log_settings on the stage, to a log group of the stack.",
    source="https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging.html",
    over=resources(HTTP_STAGE, REST_STAGE, HTTP_API),
    check=_logs,
)


def _authorized(resource: Resource, context: Context) -> Iterator[Finding]:
    if resource.type == ROUTE:
        api = context.graph.link(resource, "apiId", HTTP_API)
        protocol = api.text("protocolType") if isinstance(api, Resource) else None
        key = resource.text("routeKey")
        if protocol == "WEBSOCKET" and key != "$connect":
            return  # only the connection is authorized
        routes = [(key, resource.text("authorizationType"))]
    elif resource.type == METHOD:
        api = context.graph.link(resource, "restApi", REST_API)
        path = _path(context.graph, resource)
        method = resource.text("httpMethod")
        key = f"{method} {path}" if isinstance(method, str) else method
        routes = [(key, resource.text("authorization"))]
    else:
        api = resource
        routes = list(_declared_routes(resource))
    for key, kind in routes:
        yield from _open_route(resource, api, key, kind, context)


def _open_route(
    resource: Resource,
    api: Link,
    key: str | Unknown | None,
    kind: str | Unknown | None,
    context: Context,
) -> Iterator[Finding]:
    if kind not in (None, "NONE") and kind is not UNKNOWN:
        return
    route = key if isinstance(key, str) else "a route that can't be known"
    if route.startswith("OPTIONS "):
        return  # a browser asks without credentials what it may send
    name = name_of(api) if isinstance(api, Resource) else str(api)
    if matches_any(f"{name} {route}", context.settings["public"]):
        return
    found = (
        f"whether {route} has an authorizer {UNREADABLE}"
        if kind is UNKNOWN
        else f"{route} is open to anybody"
    )
    yield Finding(
        resource=resource,
        subject=route,
        found=found,
        allowed=f'an authorizer, or "{name} {route}" among the stage\'s public routes',
    )


def _path(graph: Graph, method: Resource) -> str:
    """The path of a method of a REST API, as far as its resources are of the stack."""
    parts: list[str] = []
    at = _above(graph, method, "resourceId")
    while at is not None and len(parts) < 100:
        part = plain(at.values.get("pathPart"))
        parts.insert(0, part if isinstance(part, str) else "?")
        at = _above(graph, at, "parentId")
    return "/" + "/".join(parts)


def _above(graph: Graph, resource: Resource, path: str) -> Resource | None:
    try:
        found = graph.link(resource, path, REST_RESOURCE)
    except MalformedError:
        return None
    return found if isinstance(found, Resource) else None


def _declared_routes(api: Resource) -> Iterator[tuple[str | Unknown, str | Unknown | None]]:
    """The routes that an API declares itself: the one of a quick create, those of an OpenAPI document."""
    if api.type == HTTP_API and api.has("target"):
        yield api.text("routeKey") or "$default", None
    body = api.read("body")
    if body is UNKNOWN:
        yield UNKNOWN, UNKNOWN
        return
    try:
        content = json.loads(body) if isinstance(body, str) else None
    except ValueError:
        yield UNKNOWN, UNKNOWN  # YAML, or broken
        return
    if not isinstance(content, dict):
        return
    paths = content.get("paths")
    for path, operations in paths.items() if isinstance(paths, dict) else ():
        for method, operation in operations.items() if isinstance(operations, dict) else ():
            if method.lower() in _METHODS and isinstance(operation, dict):
                name = "ANY" if method == _ANY_METHOD else method.upper()
                yield f"{name} {path}", "declared" if _is_secured(content, operation) else None


_ANY_METHOD: Final = "x-amazon-apigateway-any-method"
_METHODS: Final = frozenset(
    {"get", "put", "post", "delete", "options", "head", "patch", "trace", _ANY_METHOD}
)


def _is_secured(content: Mapping[str, Any], operation: Mapping[str, Any]) -> bool:
    auth = operation.get("x-amazon-apigateway-auth") or content.get("x-amazon-apigateway-auth")
    if isinstance(auth, dict) and auth.get("type", "NONE") != "NONE":
        return True
    return bool(operation.get("security", content.get("security")))


API_02 = Rule(
    id="API-02",
    title="A route is open to anybody",
    severity=Severity.CRITICAL,
    what="Every route of an API has an authorizer, unless the stage's configuration declares it public. "
    "Preflight requests (OPTIONS) need none; of a WebSocket API only the connection is authorized.",
    why="Whoever finds the URL can otherwise call the function behind it, read what it answers, and cost "
    "money.",
    mend="Set authorization_type and authorizer_id on the route; or declare it public, on purpose.",
    source="https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-access-control.html",
    settings={
        "public": Setting(
            schema={"type": "array", "items": {"type": "string"}},
            default=[],
            what="Public routes, as `<API's name> <method> <path>`; * and ? are wildcards",
        )
    },
    over=resources(ROUTE, METHOD, HTTP_API, REST_API),
    check=_authorized,
)


def _throttled(stage: Resource, context: Context) -> Iterator[Finding]:
    if stage.type == HTTP_API:
        if not stage.has("target"):
            return  # its stages speak for it
        settings: list[tuple[Resource, str]] = []
    elif stage.type == HTTP_STAGE:
        settings = [(stage, "defaultRouteSettings")]
    else:
        settings = [
            (other, "settings")
            for other in context.graph.of_type(METHOD_SETTINGS)
            if other.text("methodPath") == "*/*" and _is_for(context.graph, other, stage)
        ]
    lacks = [[name for name in _LIMITS if not _is_limit(by, f"{path}.{name}")] for by, path in settings]
    if not lacks or all(lacks):
        names = ", ".join(sorted(lacks, key=len)[0] if lacks else _LIMITS)
        yield Finding(
            resource=stage,
            subject="throttling",
            found=f"no limit of its own: {names}",
            allowed="a rate and a burst for every route",
        )


_LIMITS: Final = ("throttlingRateLimit", "throttlingBurstLimit")


def _is_limit(resource: Resource, path: str) -> bool:
    value = resource.number(path)
    return isinstance(value, int | float) and value > 0


def _is_for(graph: Graph, settings: Resource, stage: Resource) -> bool:
    """Whether method settings are for a stage: linked to it, or by the names of both API and stage."""
    try:
        if graph.link(settings, "stageName", REST_STAGE) is stage:
            return True
        same_api = graph.link(settings, "restApi", REST_API) == graph.link(stage, "restApi", REST_API)
        return same_api and settings.text("stageName") == stage.text("stageName") is not None
    except MalformedError:
        return False


API_03 = Rule(
    id="API-03",
    title="An API isn't throttled",
    severity=Severity.MEDIUM,
    what="Every stage of an API limits the rate and the burst of all its routes.",
    why="The account's limit is the only one otherwise: one caller can use it up, and the functions' "
    "concurrency with it.",
    mend="Set throttling_rate_limit and throttling_burst_limit: default_route_settings of an HTTP API's "
    "stage, "
    'MethodSettings for "*/*" of a REST API.',
    source="https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-throttling.html",
    over=resources(HTTP_STAGE, REST_STAGE, HTTP_API),
    check=_throttled,
)

_ORIGIN: Final = "Access-Control-Allow-Origin"
_EVERYWHERE: Final = frozenset({"*", "https://*", "http://*"})


def _cors(resource: Resource, context: Context) -> Iterator[Finding]:
    if resource.type == HTTP_API:
        subject = "corsConfiguration.allowOrigins"
        origins = resource.texts(subject)
    else:
        subject = "responseParameters"
        block = resource.block(subject)
        values = block.values if block is not None and block is not UNKNOWN else {}
        origins = [
            value.strip("'") if isinstance(value, str) else UNKNOWN
            for key, wrapped in values.items()
            if key.endswith(_ORIGIN)
            for value in [plain(wrapped)]
        ]
        origins = UNKNOWN if block is UNKNOWN else origins
    wide = sorted(_EVERYWHERE.intersection(known(origins))) if isinstance(origins, list) else []
    if wide:
        found = f"web pages of {', '.join(wide)} may call it"
    elif origins is UNKNOWN or (origins and UNKNOWN in origins):
        found = shown(subject, UNKNOWN)
    else:
        return
    yield Finding(resource=resource, subject=subject, found=found, allowed="exact origins")


API_04 = Rule(
    id="API-04",
    title="Every web page may call an API",
    severity=Severity.MEDIUM,
    what="No API's CORS allows all origins. It is for prod: other stages disable the rule.",
    why="A page of anybody can otherwise call the API from a visitor's browser.",
    mend="Name the origins of one's own pages.",
    source="https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html",
    over=resources(HTTP_API, *REST_ANSWERS),
    check=_cors,
    early=True,
)
