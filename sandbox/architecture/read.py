"""From a stage's resources to what is drawn.

What refers to what is read from the dependencies of the properties, so it is there in a first preview too,
where ids aren't known yet. Grants are read from the roles' policies, whose names and ARNs are known.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from sandbox.ownership import FUNCTION, Owners, Resource

from .model import Architecture, Edge, Kind, Node

CALLS: Final = "calls"
GRANT: Final = "grant"
FAILURES: Final = "failures"
_QUEUE: Final = "aws:sqs/queue:Queue"
_BUCKET: Final = "aws:s3/bucket:Bucket"
_POOL: Final = "aws:cognito/userPool:UserPool"
_IMAGES: Final = "aws:ecr/repository:Repository"
_ROLE: Final = "aws:iam/role:Role"
_URL: Final = "aws:lambda/functionUrl:FunctionUrl"
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
    _IMAGES: ("images", "name"),
}
"""Types that hold data: what they are called, and the input with their name."""
_WHO: Final[Mapping[str, str]] = {
    "": "open",
    "NONE": "open",
    "AWS_IAM": "signed",
    "JWT": "token",
    "COGNITO_USER_POOLS": "token",
}
"""Types of authorization: who may call a route."""
_PORTS: Final[Mapping[int, str]] = {3306: "MySQL", 5432: "PostgreSQL", 6379: "Redis"}
_OUTSIDE: Final[Mapping[str, str]] = {
    "dynamodb": "table",
    "s3": "bucket",
    "sqs": "queue",
    "lambda": "function",
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
            self._networks,
            self._images,
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
        urls = {self._owners.of(each): f"function URL ({_who(each.inputs)})" for each in self._all(_URL)}
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
                urls.get(owner, ""),
            )

    def _data(self) -> None:
        failed = self._take_failures()
        for token, (what, key) in _DATA.items():
            for each in self._all(token):
                name = str(each.inputs.get(key) or each.name)
                failures = each.urn in failed
                self._node(
                    each,
                    Kind.FAILURES if failures else Kind.DATA,
                    self._short(each, name),
                    "what failed" if failures else what,
                )

    def _take_failures(self) -> set[str]:
        """The queues that something names for what it fails on or can't deliver."""
        found = {
            self._of_type(each, key, _QUEUE)
            for each in self._resources
            for key in ("deadLetterConfig", "redrivePolicy", "destinationConfig")
            if key in each.depends
        }
        named = {arn for each in self._all(_QUEUE) for arn in _dead_letters(each)}
        return {urn for urn in found if urn} | {
            each.urn
            for each in self._all(_QUEUE)
            for arn in named
            if arn.endswith(f":{each.inputs.get('name')}")
        }

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
            told = (
                [str(schedule)] if schedule else ["event rule", *_keys(str(each.inputs.get("eventPattern")))]
            )
            off = "off" if each.inputs.get("state") == "DISABLED" else ""
            self._node(each, Kind.TRIGGER, name, *told, off)

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
                self._edge(api, service, CALLS, f"{each.inputs.get('routeKey')} ({_who(each.inputs)})")

    def _rest_methods(self) -> None:
        who = {
            (self._of_type(each, "resourceId", _PATH), each.inputs.get("httpMethod")): _who(each.inputs)
            for each in self._all("aws:apigateway/method:Method")
        }
        for each in self._all("aws:apigateway/integration:Integration"):
            api = self._of_type(each, "restApi", _REST_API)
            service = self._service(each, "uri")
            if api and service:
                method = str(each.inputs.get("httpMethod") or "ANY")
                caller = who.get((self._of_type(each, "resourceId", _PATH), each.inputs.get("httpMethod")))
                self._edge(
                    api, service, CALLS, f"{method} {self._path(each)}" + (f" ({caller})" if caller else "")
                )

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
            used = any(each.urn in (other.depends.get("authorizerId") or ()) for other in self._resources)
            self._edge(api, pool, GRANT, "checks tokens of" if used else "no route asks for tokens of")

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
            source = source or self._by_arn(str(each.inputs.get("eventSourceArn") or ""))[0]
            if source and service:
                size = each.inputs.get("batchSize")
                self._edge(source, service, CALLS, f"batches of {size}" if size else "")

    def _callers(self) -> None:
        for each in self._all("aws:lambda/permission:Permission"):
            principal = str(each.inputs.get("principal") or "")
            function = self._functions.get(self._owners.of(each))
            role = re.fullmatch(r"arn:aws[a-z-]*:iam::\d*:(role|user)/(.+)", principal)
            if function and role:
                by_url = each.inputs.get("action") == "lambda:InvokeFunctionUrl"
                caller = self._caller(self._owners.of(each).system, role[2], role[1])
                self._edge(caller, function.urn, CALLS, "calls its URL" if by_url else "invokes")

    def _caller(self, system: str, name: str, what: str = "role") -> str:
        """A role or user that a policy or permission names: one of the stage's, or one from outside."""
        for each in self._all(_ROLE):
            if each.inputs.get("name") == name:
                return self._role(each)
        return self._outside(system, name, what)

    def _role(self, role: Resource) -> str:
        """The thing that has a role: the function that runs under it, or the role as such."""
        for function in self._functions.values():
            if role.urn in (function.depends.get("role") or ()):
                return function.urn
        if role.urn not in self._nodes:
            name = self._short(role, str(role.inputs.get("name") or role.name))
            self._node(role, Kind.CALLER, name, f"role of {_trusted(role.inputs.get('assumeRolePolicy'))}")
        return role.urn

    # --- what services may do ------------------------------------------------------------------------------

    def _grants(self) -> None:
        for each, document in self._policies():
            system = self._owners.of(each).system
            holder = self._holder(each, system)
            if holder is None:
                continue
            for actions, arns in _allowed(document):
                for arn in arns:
                    self._grant(holder, system, actions, arn)

    def _policies(self) -> Iterator[tuple[Resource, Any]]:
        """Each policy of a role: the resource that says whose it is, and the document."""
        for each in self._all("aws:iam/rolePolicy:RolePolicy"):
            yield each, each.inputs.get("policy")
        for each in self._all(_ROLE):
            for inline in each.inputs.get("inlinePolicies") or ():
                yield each, inline.get("policy")
        for each in self._all("aws:iam/rolePolicyAttachment:RolePolicyAttachment"):
            policy = self._of_type(each, "policyArn", "aws:iam/policy:Policy")
            if policy:
                yield each, self._by_urn[policy].inputs.get("policy")

    def _holder(self, policy: Resource, system: str) -> str | None:
        """What may do as a policy says; ``None`` if nothing tells whose it is."""
        if policy.type == _ROLE:
            return self._role(policy)
        role = self._of_type(policy, "role", _ROLE)
        if role:
            return self._role(self._by_urn[role])
        name = policy.inputs.get("role")
        return self._caller(system, name) if isinstance(name, str) else None

    def _grant(self, holder: str, system: str, actions: Sequence[str], arn: str) -> None:
        told = [action for action in actions if not _FOR_EVERY_SERVICE.match(action)]
        if not told:
            return
        target, part = self._by_arn(arn)
        if target is None:
            of = told[0].partition(":")[0]
            if arn == "*":
                target = self._outside(system, of, "any resource")
            else:
                target = self._outside(system, _resource_name(arn), _OUTSIDE.get(of, of))
        failures = self._nodes[target].kind is Kind.FAILURES
        within = f" ({part})" if part else ""
        labels = sorted({f"{action.partition(':')[2]}{within}" for action in told})
        self._edge(holder, target, FAILURES if failures else GRANT, *labels)

    def _networks(self) -> None:
        """The ports that functions may reach, as rules of their security groups say."""
        for rule in self._all("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"):
            to, port = rule.inputs.get("referencedSecurityGroupId"), rule.inputs.get("fromPort")
            if not to or not isinstance(port, int | float):
                continue
            for owner, function in self._functions.items():
                groups = (function.inputs.get("vpcConfig") or {}).get("securityGroupIds") or ()
                if rule.inputs.get("securityGroupId") in groups:
                    what = _PORTS.get(int(port), f"port {port:g}")
                    target = self._outside(owner.system, what, f"behind {to}")
                    self._edge(function.urn, target, GRANT, f"TCP {port:g}")

    def _images(self) -> None:
        for owner, function in self._functions.items():
            uri = str(function.inputs.get("imageUri") or "")
            for each in self._all(_IMAGES):
                known = f"/{each.inputs.get('name')}:" in uri
                if known or each.urn in (function.depends.get("imageUri") or ()):
                    self._edge(each.urn, function.urn, CALLS, f"image of {owner.service}")

    def _by_arn(self, arn: str) -> tuple[str | None, str]:
        """The thing that an ARN means, and which part of it (an index, a prefix of keys)."""
        for token, (_, key) in _DATA.items():
            service = token.split(":")[1].partition("/")[0]
            for each in self._all(token):
                name = str(each.inputs.get(key) or "")
                rest = arn.split(":", 5)[5:] or [""]
                path = rest[0].removeprefix("table/").removeprefix("repository/")
                if name and f":{service}:" in arn and (path == name or path.startswith(f"{name}/")):
                    return each.urn, path.removeprefix(name).lstrip("/").removeprefix("index/").removesuffix(
                        "*"
                    )
        for function in self._functions.values():
            found = re.search(rf":function:{re.escape(str(function.inputs.get('name')))}(?::(.+)|$)", arn)
            if found:
                return function.urn, found[1] or ""
        return None, ""

    def _redrives(self) -> None:
        for each in self._all(_QUEUE):
            target = self._of_type(each, "redrivePolicy", _QUEUE)
            policy = str(each.inputs.get("redrivePolicy") or "")
            target = target or next((self._by_arn(arn)[0] for arn in _dead_letters(each)), None)
            if target:
                times = re.findall(r'"maxReceiveCount":\s*"?(\d+)', policy)
                self._edge(each.urn, target, FAILURES, f"after {times[0]} times" if times else "")


def _dead_letters(queue: Resource) -> list[str]:
    return re.findall(r'"deadLetterTargetArn":\s*"(arn:[^"]+)"', str(queue.inputs.get("redrivePolicy") or ""))


def _who(inputs: Mapping[str, Any]) -> str:
    kind = inputs.get("authorizationType") or inputs.get("authorization") or ""
    return _WHO.get(str(kind), "own authorizer")


def _trusted(document: Any) -> str:
    """Who may take a role on, in short."""
    if "token.actions.githubusercontent.com" in str(document):
        return "GitHub Actions"
    found = re.findall(r'"([a-z0-9-]+)\.amazonaws\.com"|:(?:role|user)/([^"]+)"', str(document or ""))
    return ", ".join(service or name for service, name in found) or "somebody"


def _keys(pattern: str) -> list[str]:
    """The keys of objects that an event is about."""
    try:
        found = json.loads(pattern)["detail"]["object"]["key"]
    except (ValueError, LookupError, TypeError):
        return []
    texts = [each.values() if isinstance(each, dict) else [each] for each in found]
    return [text for each in texts for text in each if isinstance(text, str)]


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
