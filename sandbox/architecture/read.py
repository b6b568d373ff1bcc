"""From a stage's resources to what is drawn.

What refers to what is read from the dependencies of the properties, so it is there in a first preview too,
where ids aren't known yet. Grants are read from the roles' policies, whose names and ARNs are known.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from sandbox.ownership import FUNCTION, SHARED, Owners, Resource

from .model import Architecture, Edge, Kind, Node

CALLS: Final = "calls"
GRANT: Final = "grant"
FAILURES: Final = "failures"
_QUEUE: Final = "aws:sqs/queue:Queue"
_BUCKET: Final = "aws:s3/bucket:Bucket"
_POOL: Final = "aws:cognito/userPool:UserPool"
_RULE: Final = "aws:cloudwatch/eventRule:EventRule"
_HTTP_API: Final = "aws:apigatewayv2/api:Api"
_REST_API: Final = "aws:apigateway/restApi:RestApi"
_PATH: Final = "aws:apigateway/resource:Resource"
_FOR_EVERY_SERVICE: Final = re.compile(r"logs:|xray:|ec2:")
"""Of grants: what each service may do for itself, and which would hide the rest."""
_DATA: Final[Mapping[str, tuple[str, str]]] = {
    "aws:dynamodb/table:Table": ("table", "name"),
    _BUCKET: ("bucket", "bucket"),
    _QUEUE: ("queue", "name"),
    _POOL: ("user pool", "name"),
    "aws:ecr/repository:Repository": ("images", "name"),
}
"""Types that hold data: what they are called, and the input with their name."""
_OUTSIDE: Final[Mapping[str, str]] = {
    "secretsmanager": "secret",
    "bedrock": "model",
    "rds": "database",
    "cloudwatch": "metrics",
    "kms": "key",
    "ssm": "parameter",
    "sns": "topic",
}


def read(resources: Sequence[Resource], *, stage: str) -> Architecture:
    """Read the architecture of a stage."""
    return _Reader(resources).read(stage)


class _Reader:
    def __init__(self, resources: Sequence[Resource]) -> None:
        self._resources = resources
        self._by_urn = {resource.urn: resource for resource in resources}
        self._owners = Owners(resources)
        self._nodes: dict[str, Node] = {}
        self._edges: dict[tuple[str, str, str], list[str]] = {}
        self._functions = {self._owners.of(each): each for each in self._all(FUNCTION)}

    def read(self, stage: str) -> Architecture:
        for make in (self._services, self._data, self._apis, self._rules):
            make()
        for make in (
            self._http_routes,
            self._rest_methods,
            self._authorizers,
            self._targets,
            self._sources,
            self._callers,
            self._grants,
            self._redrives,
        ):
            make()
        edges = [
            Edge(source=source, target=target, kind=kind, labels=tuple(dict.fromkeys(labels)))
            for (source, target, kind), labels in sorted(self._edges.items())
        ]
        return Architecture(
            stage=stage, nodes=tuple(sorted(self._nodes.values(), key=lambda n: n.id)), edges=tuple(edges)
        )

    def _all(self, *types: str) -> Iterator[Resource]:
        return (resource for resource in self._resources if resource.type in types)

    def _node(self, resource: Resource, kind: Kind, title: str, *details: str) -> None:
        system = self._owners.of(resource).system
        self._nodes[resource.urn] = Node(
            id=resource.urn, kind=kind, system=system, title=title, details=tuple(filter(None, details))
        )

    def _edge(self, source: str, target: str, kind: str, *labels: str) -> None:
        if source in self._nodes and target in self._nodes and source != target:
            self._edges.setdefault((source, target, kind), []).extend(labels)

    def _referred(self, resource: Resource, key: str, found: Callable[[Resource], bool]) -> str | None:
        """What an input came from, through other resources if it must be (a route, its integration, ...)."""
        seen: set[str] = set()
        waiting = list(resource.depends.get(key) or ())
        while waiting:
            urn = waiting.pop(0)
            other = self._by_urn.get(urn)
            if other is None or urn in seen:
                continue
            seen.add(urn)
            if found(other):
                return urn
            waiting += [each for urns in other.depends.values() for each in urns]
        return None

    def _service(self, resource: Resource, key: str) -> str | None:
        """The service that an input leads to: by its function, or by an alias beside it."""

        def is_called(other: Resource) -> bool:
            return other.type.startswith("aws:lambda/") and self._owners.of(other) in self._functions

        urn = self._referred(resource, key, is_called)
        return self._functions[self._owners.of(self._by_urn[urn])].urn if urn else None

    def _of_type(self, resource: Resource, key: str, *types: str) -> str | None:
        return self._referred(resource, key, lambda other: other.type in types)

    # --- nodes ---------------------------------------------------------------------------------------------

    def _services(self) -> None:
        with_url = {self._owners.of(each) for each in self._all("aws:lambda/functionUrl:FunctionUrl")}
        for owner, each in self._functions.items():
            inputs = each.inputs
            size = f"{inputs.get('memorySize') or 128} MB, {inputs.get('timeout') or 3} s"
            self._node(
                each,
                Kind.SERVICE,
                owner.service,
                str(inputs.get("runtime") or "container image"),
                size,
                "in the VPC" if inputs.get("vpcConfig") else "",
                "function URL" if owner in with_url else "",
            )

    def _data(self) -> None:
        for token, (what, key) in _DATA.items():
            for each in self._all(token):
                name = str(each.inputs.get(key) or each.name)
                failures = token == _QUEUE and name.endswith("-dlq")
                self._node(
                    each,
                    Kind.FAILURES if failures else Kind.DATA,
                    self._short(each, name),
                    "what failed" if failures else what,
                )

    def _short(self, resource: Resource, name: str) -> str:
        """A name without the system and the stage that it begins with, and the account that it ends with."""
        name = re.sub(r"-\d{12}-[a-z]{2}(-[a-z]+)+-\d$", "", name)
        stage = resource.tags.get("Stage")
        found = re.match(rf".*?-{re.escape(stage)}-(.+)$", name) if stage else None
        return found[1] if found else name

    def _apis(self) -> None:
        for each in self._all(_HTTP_API):
            self._node(each, Kind.TRIGGER, "HTTP API", self._short(each, str(each.inputs.get("name") or "")))
        for each in self._all(_REST_API):
            self._node(each, Kind.TRIGGER, "REST API", self._short(each, str(each.inputs.get("name") or "")))

    def _rules(self) -> None:
        for each in self._all(_RULE):
            schedule = each.inputs.get("scheduleExpression")
            name = self._short(each, str(each.inputs.get("name") or each.name))
            self._node(each, Kind.TRIGGER, name, str(schedule) if schedule else "event rule")

    def _outside(self, system: str, title: str, what: str) -> str:
        key = f"outside {system} {what} {title}"
        node = Node(id=key, kind=Kind.OUTSIDE, system=system, title=title, details=(what,))
        self._nodes.setdefault(key, node)
        return key

    # --- what runs services --------------------------------------------------------------------------------

    def _http_routes(self) -> None:
        for each in self._all("aws:apigatewayv2/route:Route"):
            api = self._of_type(each, "apiId", _HTTP_API)
            service = self._service(each, "target")
            if api and service:
                self._edge(api, service, CALLS, str(each.inputs.get("routeKey") or ""))

    def _rest_methods(self) -> None:
        for each in self._all("aws:apigateway/integration:Integration"):
            api = self._of_type(each, "restApi", _REST_API)
            service = self._service(each, "uri")
            if api and service:
                method = str(each.inputs.get("httpMethod") or "ANY")
                self._edge(api, service, CALLS, f"{method} {self._path(each)}")

    def _path(self, resource: Resource) -> str:
        """Of a REST API's integration: its resource's parts, from the root."""
        parts: list[str] = []
        urn = self._of_type(resource, "resourceId", _PATH)
        while urn:
            parts.insert(0, str(self._by_urn[urn].inputs.get("pathPart") or ""))
            urn = self._of_type(self._by_urn[urn], "parentId", _PATH)
        return "/" + "/".join(parts)

    def _authorizers(self) -> None:
        for each in self._all(
            "aws:apigatewayv2/authorizer:Authorizer", "aws:apigateway/authorizer:Authorizer"
        ):
            api = self._of_type(each, "apiId", _HTTP_API) or self._of_type(each, "restApi", _REST_API)
            if api is None:
                continue
            pools = (self._of_type(each, key, _POOL) for key in ("jwtConfiguration", "providerArns"))
            pool = next(filter(None, pools), None) or self._outside(
                self._nodes[api].system, _issuer(each.inputs), "tokens"
            )
            self._edge(api, pool, GRANT, "checks tokens of")

    def _targets(self) -> None:
        for each in self._all("aws:cloudwatch/eventTarget:EventTarget"):
            rule = self._of_type(each, "rule", _RULE)
            service = self._service(each, "arn")
            if rule and service:
                self._edge(rule, service, CALLS)
            letters = self._of_type(each, "deadLetterConfig", _QUEUE)
            if rule and letters:
                self._edge(rule, letters, FAILURES)
        buckets = {str(each.inputs.get("bucket")): each.urn for each in self._all(_BUCKET)}
        for rule_resource in self._all(_RULE):
            pattern = str(rule_resource.inputs.get("eventPattern") or "")
            for name, urn in buckets.items():
                if f'"{name}"' in pattern:
                    self._edge(urn, rule_resource.urn, CALLS, *_detail_types(pattern))

    def _sources(self) -> None:
        for each in self._all("aws:lambda/eventSourceMapping:EventSourceMapping"):
            service = self._service(each, "functionName")
            source = self._referred(each, "eventSourceArn", lambda other: other.type in _DATA)
            source = source or self._by_arn(str(each.inputs.get("eventSourceArn") or ""))
            if source and service:
                size = each.inputs.get("batchSize")
                self._edge(source, service, CALLS, f"batches of {size}" if size else "")

    def _callers(self) -> None:
        for each in self._all("aws:lambda/permission:Permission"):
            principal = str(each.inputs.get("principal") or "")
            function = self._functions.get(self._owners.of(each))
            role = re.fullmatch(r"arn:aws[a-z-]*:iam::\d*:(role|user)/(.+)", principal)
            if function and role:
                caller = self._outside(self._owners.of(each).system, role[2], f"{role[1]} that calls")
                self._edge(caller, function.urn, CALLS, "invokes")

    # --- what services may do ------------------------------------------------------------------------------

    def _grants(self) -> None:
        for each in self._all("aws:iam/rolePolicy:RolePolicy"):
            owner = self._owners.of(each)
            function = self._functions.get(owner)
            if function is None or owner.service == SHARED:
                continue
            for actions, arns in _allowed(each.inputs.get("policy")):
                for arn in arns:
                    self._grant(function.urn, owner.system, actions, arn)

    def _grant(self, service: str, system: str, actions: Sequence[str], arn: str) -> None:
        told = [action for action in actions if not _FOR_EVERY_SERVICE.match(action)]
        if not told:
            return
        target = self._by_arn(arn)
        if target is None:
            of = told[0].partition(":")[0]
            name = _resource_name(arn) if arn != "*" else of
            target = self._outside(system, name, _OUTSIDE.get(of, of))
        failures = self._nodes[target].kind is Kind.FAILURES
        self._edge(service, target, FAILURES if failures else GRANT, *(a.partition(":")[2] for a in told))

    def _by_arn(self, arn: str) -> str | None:
        for token, (_, key) in _DATA.items():
            service = token.split(":")[1].partition("/")[0]
            for each in self._all(token):
                name = str(each.inputs.get(key) or "")
                rest = arn.split(":", 5)[5:] or [""]
                path = rest[0].removeprefix("table/").removeprefix("repository/")
                if name and f":{service}:" in arn and (path == name or path.startswith(f"{name}/")):
                    return each.urn
        for function in self._functions.values():
            if re.search(rf":function:{re.escape(str(function.inputs.get('name')))}(:|$)", arn):
                return function.urn
        return None

    def _redrives(self) -> None:
        for each in self._all(_QUEUE):
            target = self._of_type(each, "redrivePolicy", _QUEUE)
            policy = str(each.inputs.get("redrivePolicy") or "")
            target = target or self._by_arn((re.findall(r'"(arn:[^"]+)"', policy) or [""])[0])
            if target:
                times = re.findall(r'"maxReceiveCount":\s*"?(\d+)', policy)
                self._edge(each.urn, target, FAILURES, f"after {times[0]} times" if times else "")


def _allowed(document: Any) -> Iterator[tuple[list[str], list[str]]]:
    """(actions, resources) of what a policy allows."""
    try:
        statements = json.loads(document)["Statement"]
    except (TypeError, ValueError, KeyError):
        return
    for statement in statements if isinstance(statements, list) else [statements]:
        if statement.get("Effect") == "Allow":
            yield _listed(statement.get("Action")), _listed(statement.get("Resource"))


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else [str(each) for each in value or ()]


def _resource_name(arn: str) -> str:
    """The end of an ARN: what tells it from its siblings."""
    name = arn.rpartition("/")[2] if "/" in arn else arn.rpartition(":")[2]
    if ":secret:" in arn:
        name = re.sub(r"-[A-Za-z0-9]{6}$", "", arn.partition(":secret:")[2])
    return name or arn


def _issuer(inputs: Mapping[str, Any]) -> str:
    issuer = str((inputs.get("jwtConfiguration") or {}).get("issuer") or "")
    arns: Iterable[str] = inputs.get("providerArns") or ()
    return next((_resource_name(arn) for arn in arns if arn), issuer.rpartition("/")[2] or "issuer")


def _detail_types(pattern: str) -> list[str]:
    try:
        found = json.loads(pattern).get("detail-type", [])
    except (ValueError, AttributeError):
        return []
    return [str(each) for each in found] if isinstance(found, list) else [str(found)]
