"""What belongs to a function: its log group, its alarms, who calls it and how, where failures go.

As everywhere in the view, a link counts whichever way the program made it: by an output, a name or an ARN.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

from policies.view.arn import Arn
from policies.view.graph import ALIAS, FUNCTION, QUEUE, Graph, Link
from policies.view.resource import Block, MalformedError, Resource
from policies.view.values import UNKNOWN, Unknown, Value, plain

LOG_GROUP: Final = "aws:cloudwatch/logGroup:LogGroup"
METRIC_ALARM: Final = "aws:cloudwatch/metricAlarm:MetricAlarm"
PERMISSION: Final = "aws:lambda/permission:Permission"
INVOKE_CONFIG: Final = "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig"
EVENT_TARGET: Final = "aws:cloudwatch/eventTarget:EventTarget"
SCHEDULE: Final = "aws:scheduler/schedule:Schedule"
HTTP_API: Final = "aws:apigatewayv2/api:Api"
HTTP_INTEGRATION: Final = "aws:apigatewayv2/integration:Integration"
REST_INTEGRATION: Final = "aws:apigateway/integration:Integration"

LATEST: Final = "$LATEST"

Qualifier: TypeAlias = str | Unknown
"""A version's number, an alias's name, or LATEST."""


@dataclass(frozen=True, kw_only=True)
class Call:
    """Something that calls a function. function: None when what is called can't be known.

    how: as a message says it. qualifier: what of the function is called.
    """

    by: Resource
    path: str
    how: str
    function: Resource | None
    qualifier: Qualifier = LATEST


@dataclass(frozen=True, kw_only=True)
class Front:
    """An API in front of a function. waits_s: how long it waits for an answer."""

    integration: Resource
    kind: str
    waits_s: float


# Names


def name_of(resource: Resource, key: str = "name") -> str:
    """A resource's physical name, or where that isn't known the name that the program gave it."""
    name = plain(resource.computed(key))
    return name if isinstance(name, str) and name else resource.name


def queue_of(graph: Graph, resource: Resource, path: str) -> Link:
    """The queue that a property names by ARN, name or URL."""
    try:
        found = graph.link(resource, path, QUEUE)
    except MalformedError:
        return UNKNOWN
    if isinstance(found, str) and found.startswith("https://"):
        return graph.follow(resource, path, found.rsplit("/", 1)[-1], QUEUE)
    return found


# Logs and alarms


def log_group_of(graph: Graph, function: Resource) -> Link:
    """The log group that a function writes to: the named one, else the one that Lambda takes."""
    named = _link(graph, function, "loggingConfig.logGroup", LOG_GROUP)
    if named is not None:
        return named
    name = plain(function.computed("name"))
    if isinstance(name, str):
        return graph.follow(function, "name", f"/aws/lambda/{name}", LOG_GROUP)
    after = [
        group
        for group in graph.of_type(LOG_GROUP)
        if function.urn in group.property_dependencies.get("name", ())
    ]
    return after[0] if len(after) == 1 else UNKNOWN


def alarmed_metrics(graph: Graph, function: Resource) -> frozenset[str]:
    """The metrics of a function that alarms of the stack watch."""
    return frozenset(graph.remember(_alarms).get(function.urn, ()))


def _alarms(graph: Graph) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for alarm in graph.of_type(METRIC_ALARM):
        for metric, function in _watched(graph, alarm):
            found[function.urn].add(metric)
    return found


def _watched(graph: Graph, alarm: Resource) -> Iterator[tuple[str, Resource]]:
    """The metrics and functions that an alarm watches, also by metric math."""
    blocks: list[tuple[Block, str]] = [(alarm, "dimensions")]
    try:
        queries = alarm.blocks("metricQueries")
    except MalformedError:
        queries = None
    for query in queries if isinstance(queries, list) else ():
        metric = plain(query.values.get("metric")) if isinstance(query, Block) else None
        if isinstance(metric, dict):
            blocks.append((Block(metric), "metricQueries"))
    for block, path in blocks:
        metric = _text(block, "metricName")
        dimensions = plain(block.values.get("dimensions"))
        if _text(block, "namespace") != "AWS/Lambda" or not isinstance(metric, str):
            continue
        name = plain(dimensions.get("FunctionName")) if isinstance(dimensions, dict) else dimensions
        if isinstance(name, str) or name is UNKNOWN:
            yield from ((metric, function) for function, _ in functions_meant(graph, alarm, path, name))


# Calls


def calls(graph: Graph) -> list[Call]:
    """Everything of the stack that calls functions asynchronously.

    https://docs.aws.amazon.com/lambda/latest/dg/lambda-services.html
    """
    return graph.remember(_calls)


def _calls(graph: Graph) -> list[Call]:
    return [*_calls_by_property(graph), *_calls_by_permission(graph)]


_CALLERS: Final = (
    (EVENT_TARGET, "arn", "an EventBridge rule"),
    (SCHEDULE, "target.arn", "a schedule"),
    ("aws:sns/topicSubscription:TopicSubscription", "endpoint", "an SNS topic"),
    ("aws:cloudwatch/logSubscriptionFilter:LogSubscriptionFilter", "destinationArn", "a log subscription"),
    (INVOKE_CONFIG, "destinationConfig.onSuccess.destination", "another function's destination"),
    (INVOKE_CONFIG, "destinationConfig.onFailure.destination", "another function's destination"),
)

_CALLING_SERVICES: Final = {
    "s3": "S3",
    "sns": "SNS",
    "events": "EventBridge",
    "logs": "CloudWatch Logs",
    "lambda.alarms.cloudwatch": "a CloudWatch alarm",
    "ses": "SES",
    "iot": "IoT",
    "config": "Config",
    "codecommit": "CodeCommit",
    "codepipeline": "CodePipeline",
    "cloudformation": "CloudFormation",
}


def _calls_by_property(graph: Graph) -> Iterator[Call]:
    for kind, path, how in _CALLERS:
        for by in graph.of_type(kind):
            yield from _called(graph, by, path, how, _text(by, path))
    for by in graph.of_type("aws:s3/bucketNotification:BucketNotification"):
        blocks = plain(by.values.get("lambdaFunctions"))
        for block in blocks if isinstance(blocks, list) else [blocks]:
            item = plain(block)
            target = item if item in (None, UNKNOWN) else _text(_as_block(item), "lambdaFunctionArn")
            yield from _called(graph, by, "lambdaFunctions", "S3", target)
    for by in graph.of_type(INVOKE_CONFIG):
        function = graph.function_of(by, "functionName")
        if isinstance(function, Resource):
            how = "what its asynchronous configuration is for"
            yield Call(
                by=by, path="functionName", how=how, function=function, qualifier=named_qualifier(graph, by)
            )


def _as_block(value: Value) -> Block:
    return Block(value) if isinstance(value, dict) else Block({})


def _called(graph: Graph, by: Resource, path: str, how: str, value: Value) -> Iterator[Call]:
    meant = functions_meant(graph, by, path, value)
    for function, qualifier in meant:
        yield Call(by=by, path=path, how=how, function=function, qualifier=qualifier)
    if value is UNKNOWN and not meant and not by.property_dependencies.get(path.split(".")[0]):
        yield Call(by=by, path=path, how=how, function=None)


def _calls_by_permission(graph: Graph) -> Iterator[Call]:
    for permission in graph.of_type(PERMISSION):
        principal = _text(permission, "principal")
        if not isinstance(principal, str) or ".amazonaws.com" not in principal:
            continue
        how = _CALLING_SERVICES.get(principal.split(".amazonaws.com")[0])
        function = graph.function_of(permission, "function")
        if how is not None and isinstance(function, Resource):
            yield Call(
                by=permission,
                path="principal",
                how=how,
                function=function,
                qualifier=named_qualifier(graph, permission, "function"),
            )


def failure_qualifiers(graph: Graph, function: Resource) -> set[Qualifier]:
    """What of a function has a destination for events that it failed on."""
    return graph.remember(_failure_qualifiers).get(function.urn, set())


def _failure_qualifiers(graph: Graph) -> dict[str, set[Qualifier]]:
    found: dict[str, set[Qualifier]] = defaultdict(set)
    for config in graph.of_type(INVOKE_CONFIG):
        of = graph.function_of(config, "functionName")
        destination = _text(config, "destinationConfig.onFailure.destination")
        comes = destination is not UNKNOWN or bool(config.property_dependencies.get("destinationConfig"))
        kept = destination is not None and comes
        if kept and isinstance(of, Resource):
            found[of.urn].add(named_qualifier(graph, config))
    return found


def named_qualifier(graph: Graph, resource: Resource, function_path: str = "functionName") -> Qualifier:
    """The qualifier that a resource names, in a property of its own or in the function's name."""
    named = _link(graph, resource, "qualifier", ALIAS)
    if isinstance(named, Resource):
        return _alias_name(named)
    if named is not None:
        return named
    value = _text(resource, function_path)
    return qualifier_in(value) if isinstance(value, str) else LATEST


def functions_meant(
    graph: Graph, resource: Resource, path: str, value: Value
) -> list[tuple[Resource, Qualifier]]:
    """The functions of the stack that a value can mean: one, or all that an unknown one can come from."""
    if value is UNKNOWN:
        urns = resource.property_dependencies.get(path.split(".")[0], ())
        candidates = [found for urn in urns if (found := graph.get(urn)) is not None]
        meant = [_as_function(graph, found, LATEST) for found in candidates]
        return [found for found in meant if found is not None]
    if not isinstance(value, str):
        return []
    invocation = re.search(r"functions/(arn:[^/]+)/invocations$", value)
    text = invocation.group(1) if invocation else value
    arn = Arn.parse(text)
    if arn is not None and arn.service != "lambda":
        return []
    linked = graph.follow(resource, path, text if arn else text.split(":")[0], FUNCTION, ALIAS)
    one = _as_function(graph, linked, qualifier_in(text)) if isinstance(linked, Resource) else None
    return [one] if one is not None else []


def qualifier_in(text: str) -> str:
    """The qualifier in a function's ARN or name: `arn:...:function:orders:live`, `orders:live`."""
    arn = Arn.parse(text)
    parts = arn.resource.split(":")[1:] if arn is not None else text.split(":")
    return parts[1] if len(parts) > 1 else LATEST


def _as_function(graph: Graph, found: Resource, qualifier: Qualifier) -> tuple[Resource, Qualifier] | None:
    if found.type == FUNCTION:
        return found, qualifier
    if found.type == ALIAS:
        function = graph.function_of(found, "functionName")
        return (function, _alias_name(found)) if isinstance(function, Resource) else None
    return None


def _alias_name(alias: Resource) -> Qualifier:
    name = plain(alias.computed("name"))
    return name if isinstance(name, str) else UNKNOWN


# APIs


def fronts_of(graph: Graph, function: Resource) -> list[Front]:
    """The APIs that wait for a function's answer, and how long.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html
    """
    return graph.remember(_fronts).get(function.urn, [])


def _fronts(graph: Graph) -> dict[str, list[Front]]:
    found: dict[str, list[Front]] = defaultdict(list)
    for kind, path, most_ms in (
        (HTTP_INTEGRATION, "integrationUri", 30_000),
        (REST_INTEGRATION, "uri", 29_000),
        (HTTP_API, "target", 30_000),
    ):
        for integration in graph.of_type(kind):
            for behind, _ in functions_meant(graph, integration, path, _text(integration, path)):
                found[behind.urn].append(_front(graph, integration, most_ms))
    return found


def _front(graph: Graph, integration: Resource, most_ms: int) -> Front:
    kind = "REST API" if integration.type == REST_INTEGRATION else "HTTP API"
    if integration.type == HTTP_INTEGRATION:
        api = _link(graph, integration, "apiId", HTTP_API)
        if isinstance(api, Resource) and _text(api, "protocolType") == "WEBSOCKET":
            kind, most_ms = "WebSocket API", 29_000
    try:
        given = integration.number("timeoutMilliseconds")
    except MalformedError:
        given = None
    waits = given if isinstance(given, int | float) else most_ms
    return Front(integration=integration, kind=kind, waits_s=waits / 1000)


def _link(graph: Graph, resource: Resource, path: str, *types: str) -> Link:
    try:
        return graph.link(resource, path, *types)
    except MalformedError:
        return UNKNOWN


def _text(block: Block, path: str) -> str | Unknown | None:
    """Read a string; one of a wrong type can't be known (the rule about it says so)."""
    try:
        return block.text(path)
    except MalformedError:
        return UNKNOWN
