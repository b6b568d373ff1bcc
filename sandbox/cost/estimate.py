"""The estimate: each resource's charges, by system and service."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, TypeAlias

from sandbox.ownership import FUNCTION, SHARED, Owners, Resource

from .prices import Price, Prices
from .usage import Usage, Usages

HOURS: Final = 730
"""Of a month, as AWS's calculator counts."""
_ZONES: Final = 2


@dataclass(frozen=True, kw_only=True)
class Charge:
    """One line of the estimate.

    :ivar what: in words, e.g. ``"duration"``
    :ivar quantity: in the price's unit, in a month
    :ivar key: of the price
    """

    system: str
    service: str
    resource: str
    what: str
    quantity: float
    key: str
    price: Price

    @property
    def usd(self) -> float:
        """In a month."""
        return self.quantity * self.price.usd


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """What everything costs in a month.

    :ivar unpriced: types that cost something or may, and that the table has no price for
    """

    charges: tuple[Charge, ...]
    unpriced: tuple[str, ...]

    @property
    def usd(self) -> float:
        """Everything."""
        return sum(charge.usd for charge in self.charges)

    def by_service(self) -> dict[tuple[str, str], float]:
        """USD by system and service, in alphabetical order, what is shared last."""
        found: dict[tuple[str, str], float] = {}
        for charge in self.charges:
            key = charge.system, charge.service
            found[key] = found.get(key, 0.0) + charge.usd
        return dict(sorted(found.items(), key=lambda item: (item[0][0], item[0][1] == SHARED, item[0][1])))

    def of_prices(self, prefix: str) -> float:
        """USD of the prices whose keys begin so."""
        return sum(charge.usd for charge in self.charges if charge.key.startswith(prefix))


_Line: TypeAlias = tuple[str, float, str]
"""(what, quantity, key of the price)."""


def estimate(resources: Sequence[Resource], usages: Usages, prices: Prices) -> Estimate:
    """Estimate what resources cost in a month."""
    return _Estimator(resources, usages, prices).run()


@dataclass
class _Estimator:
    resources: Sequence[Resource]
    usages: Usages
    prices: Prices
    _secrets: set[str] = field(default_factory=set)

    def run(self) -> Estimate:
        charges: list[Charge] = []
        unpriced: set[str] = set()
        for resource in self.resources:
            if resource.type in _LINES:
                owner = self.owners.of(resource)
                for what, quantity, key in _LINES[resource.type](self, resource):
                    price = self.prices.by_key[key]
                    charges.append(
                        Charge(
                            system=owner.system,
                            service=owner.service,
                            resource=resource.name,
                            what=what,
                            quantity=quantity,
                            key=key,
                            price=price,
                        )
                    )
            elif resource.type.startswith("aws:") and resource.type not in self.prices.free:
                unpriced.add(resource.type)
        return Estimate(charges=tuple(charges), unpriced=tuple(sorted(unpriced)))

    @cached_property
    def owners(self) -> Owners:
        """Whose each resource is."""
        return Owners(self.resources)

    def usage(self, resource: Resource) -> Usage:
        """The figures for a resource: its service's, and what is said about the resource by its name."""
        owner = self.owners.of(resource)
        named = resource.inputs.get("name") or resource.inputs.get("bucket") or ""
        return self.usages.of(owner.system, owner.service, resource.name, str(named))

    def calls_through(self, api: Resource) -> float:
        """The requests to an API: what is said, or the calls of the services that API Gateway may invoke."""
        said = self.usage(api).requests
        if said is not None:
            return said
        system = self.owners.of(api).system
        called = {
            self.owners.of(each)
            for each in self.resources
            if each.type == "aws:lambda/permission:Permission"
            and each.inputs.get("principal") == "apigateway.amazonaws.com"
        }
        return sum(self.usages.of(system, each.service).calls for each in called if each.system == system)

    def first_mention(self, secret: str) -> bool:
        """Whether a secret wasn't counted yet."""
        new = secret not in self._secrets
        self._secrets.add(secret)
        return new

    def zones(self) -> int:
        """How many private subnets the network has."""
        subnets = [
            each
            for each in self.resources
            if each.type == "aws:ec2/subnet:Subnet" and each.tags.get("SubnetType") != "Public"
        ]
        networks = [each for each in self.resources if each.type == "aws:ec2/vpc:Vpc"]
        return round(len(subnets) / len(networks)) if subnets and networks else _ZONES


# --- what each type costs ----------------------------------------------------------------------------------


def _architecture(resource: Resource) -> str:
    return "arm64" if "arm64" in (resource.inputs.get("architectures") or ()) else "x86_64"


def _function(found: _Estimator, resource: Resource) -> Iterator[_Line]:
    usage = found.usage(resource)
    seconds = usage.calls * usage.durationMs / 1_000
    memory_gb = (resource.inputs.get("memorySize") or 128) / 1_024
    yield "requests", usage.calls, "lambda.requests"
    yield "duration", seconds * memory_gb, f"lambda.{_architecture(resource)}"
    extra_mb = ((resource.inputs.get("ephemeralStorage") or {}).get("size") or 512) - 512
    if extra_mb > 0:
        yield "more than 512 MB of /tmp", seconds * extra_mb / 1_024, "lambda.storage"
    if (resource.inputs.get("tracingConfig") or {}).get("mode") == "Active":
        yield "traces, if each call has one", usage.calls, "xray.traces"


def _provisioned(found: _Estimator, resource: Resource) -> Iterator[_Line]:
    count = resource.inputs.get("provisionedConcurrentExecutions") or 0
    for function in found.resources:
        if function.type == FUNCTION and found.owners.of(function) == found.owners.of(resource):
            memory_gb = (function.inputs.get("memorySize") or 128) / 1_024
            key = f"lambda.provisioned.{_architecture(function)}"
            yield f"{count} provisioned", count * memory_gb * HOURS * 3_600, key
            return


def _log_group(found: _Estimator, resource: Resource) -> Iterator[_Line]:
    usage = found.usage(resource)
    yield "log lines written", usage.calls * usage.logKb / 1_000_000, "logs.ingested"


def _table(found: _Estimator, resource: Resource) -> Iterator[_Line]:
    usage = found.usage(resource)
    if resource.inputs.get("billingMode") == "PAY_PER_REQUEST":
        indexes = len(resource.inputs.get("globalSecondaryIndexes") or ())
        writes = usage.calls if usage.writes is None else usage.writes
        yield "reads", usage.calls if usage.reads is None else usage.reads, "dynamodb.reads"
        yield "writes, to the table and its indexes", writes * (1 + indexes), "dynamodb.writes"
    yield "storage", usage.storageGb, "dynamodb.storage"
    if (resource.inputs.get("pointInTimeRecovery") or {}).get("enabled"):
        yield "point-in-time recovery", usage.storageGb, "dynamodb.backup"


def _api(kind: str) -> Callable[[_Estimator, Resource], Iterator[_Line]]:
    def lines(found: _Estimator, resource: Resource) -> Iterator[_Line]:
        yield "requests", found.calls_through(resource), f"api.{kind}"

    return lines


def _queue(found: _Estimator, resource: Resource) -> Iterator[_Line]:
    yield "requests", found.usage(resource).requests or 0, "sqs.requests"


def _bucket(found: _Estimator, resource: Resource) -> Iterator[_Line]:
    usage = found.usage(resource)
    yield "storage", usage.storageGb, "s3.storage"
    yield "requests", usage.requests or 0, "s3.requests"


def _one(what: str, key: str) -> Callable[[_Estimator, Resource], Iterator[_Line]]:
    def lines(found: _Estimator, resource: Resource) -> Iterator[_Line]:
        del found, resource
        yield what, 1, key

    return lines


def _hours(what: str, key: str) -> Callable[[_Estimator, Resource], Iterator[_Line]]:
    def lines(found: _Estimator, resource: Resource) -> Iterator[_Line]:
        del found, resource
        yield what, HOURS, key

    return lines


def _endpoint(found: _Estimator, resource: Resource) -> Iterator[_Line]:
    if resource.inputs.get("vpcEndpointType") == "Interface":
        zones = len(resource.inputs.get("subnetIds") or ()) or found.zones()
        yield f"in {zones} zones", HOURS * zones, "vpc.endpoint"


def _repository(found: _Estimator, resource: Resource) -> Iterator[_Line]:
    yield "storage", found.usage(resource).storageGb, "ecr.storage"


def _user_pool(found: _Estimator, resource: Resource) -> Iterator[_Line]:
    yield "active users", found.usage(resource).users, "cognito.users"


def _rule(found: _Estimator, resource: Resource) -> Iterator[_Line]:
    if resource.inputs.get("eventBusName", "default") != "default":
        yield "events", found.usage(resource).events, "events.custom"


def _role_policy(found: _Estimator, resource: Resource) -> Iterator[_Line]:
    """The secrets that services read; they exist outside the program, and are paid for all the same."""
    for arn in _readable_secrets(resource.inputs.get("policy")):
        if found.first_mention(arn):
            yield f"secret {arn.rpartition(':')[2]}, named by the stage", 1, "secretsmanager.secret"


def _readable_secrets(document: Any) -> Iterable[str]:
    try:
        statements = json.loads(document)["Statement"]
    except (TypeError, ValueError, KeyError):
        return ()
    found: list[str] = []
    for statement in statements if isinstance(statements, list) else [statements]:
        actions, resources = (
            [each] if isinstance(each, str) else each or []
            for each in (statement.get("Action"), statement.get("Resource"))
        )
        if statement.get("Effect") == "Allow" and "secretsmanager:GetSecretValue" in actions:
            found += resources
    return found


_LINES: Final[Mapping[str, Callable[[_Estimator, Resource], Iterator[_Line]]]] = {
    "aws:apigateway/restApi:RestApi": _api("rest"),
    "aws:apigatewayv2/api:Api": _api("http"),
    "aws:cloudwatch/dashboard:Dashboard": _one("dashboard", "cloudwatch.dashboard"),
    "aws:cloudwatch/eventRule:EventRule": _rule,
    "aws:cloudwatch/logGroup:LogGroup": _log_group,
    "aws:cloudwatch/metricAlarm:MetricAlarm": _one("alarm", "cloudwatch.alarm"),
    "aws:cognito/userPool:UserPool": _user_pool,
    "aws:dynamodb/table:Table": _table,
    "aws:ec2/eip:Eip": _hours("address", "vpc.address"),
    "aws:ec2/natGateway:NatGateway": _hours("gateway", "vpc.nat"),
    "aws:ec2/vpcEndpoint:VpcEndpoint": _endpoint,
    "aws:ecr/repository:Repository": _repository,
    "aws:iam/rolePolicy:RolePolicy": _role_policy,
    "aws:lambda/function:Function": _function,
    "aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig": _provisioned,
    "aws:s3/bucket:Bucket": _bucket,
    "aws:secretsmanager/secret:Secret": _one("secret", "secretsmanager.secret"),
    "aws:sqs/queue:Queue": _queue,
}
