"""``awsx.ec2.Vpc``: a network with subnets in several availability zones, and what leads out of it.

Supported is what is said explicitly: the zones by name and each subnet's addresses; not what awsx works out
by itself from sizes, nor its own VPC endpoints, nor IPv6.

Source: https://github.com/pulumi/pulumi-awsx, awsx/ec2/vpc.ts and subnetDistributorNew.ts
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from itertools import combinations
from typing import Any, Final

from ..errors import ProviderError
from ..values import PropertyMap, Value, has_unknown, plain
from .children import Child, Component

ARGUMENTS = frozenset(
    {
        "availabilityZoneNames",
        "cidrBlock",
        "enableDnsHostnames",
        "enableDnsSupport",
        "instanceTenancy",
        "natGateways",
        "region",
        "subnetSpecs",
        "subnetStrategy",
        "tags",
    }
)
_PLAIN: Final = ("availabilityZoneNames", "cidrBlock", "natGateways", "subnetSpecs", "subnetStrategy")
_OF_THE_NETWORK: Final = ("enableDnsHostnames", "enableDnsSupport", "instanceTenancy")
_TYPES: Final = ("public", "private", "isolated")
"""In the order in which awsx makes the subnets of a zone: a NAT gateway comes before what uses it."""
_SPEC: Final = frozenset({"cidrBlocks", "name", "tags", "type"})
_STRATEGIES: Final = ("none", "oneperaz", "single")
_STRATEGY_NAMES: Final = "None, OnePerAz, Single"
_ANYWHERE: Final = "0.0.0.0/0"
_DEFAULT_BLOCK: Final = "10.0.0.0/16"


@dataclass(frozen=True, kw_only=True)
class _Subnet:
    name: str
    zone: int
    type: str
    block: str
    tags: Mapping[str, Any]


@dataclass(kw_only=True)
class _Made:
    """What was made so far, for the outputs."""

    subnets: dict[str, list[Child]] = field(default_factory=lambda: {each: [] for each in _TYPES})
    every: list[Child] = field(default_factory=list)
    tables: list[Child] = field(default_factory=list)
    associations: list[Child] = field(default_factory=list)
    routes: list[Child] = field(default_factory=list)
    nats: list[Child] = field(default_factory=list)
    addresses: list[Child] = field(default_factory=list)


def construct(component: Component, name: str, inputs: PropertyMap) -> PropertyMap:
    """Register the network and everything in it."""
    for key in _PLAIN:
        if has_unknown(inputs.get(key)):
            raise ProviderError(f"{key}: isn't known yet; awsx takes plain values here")
    zones = plain(inputs.get("availabilityZoneNames")) or []
    specs = plain(inputs.get("subnetSpecs")) or []
    block = plain(inputs.get("cidrBlock")) or _DEFAULT_BLOCK
    strategy = _strategy(plain(inputs.get("natGateways")) or {}, specs)
    _check(plain(inputs.get("subnetStrategy")), zones, specs)
    subnets = list(_subnets(name, zones, specs))
    _refuse_overlaps(block, subnets)
    return _Network(component, name, inputs, zones, strategy).make(block, subnets, specs)


class _Network:
    def __init__(
        self, component: Component, name: str, inputs: PropertyMap, zones: list[str], strategy: str
    ) -> None:
        self.component = component
        self.name = name
        self.inputs = inputs
        self.zones = zones
        self.strategy = strategy
        self.made = _Made()
        self.own_tags: dict[str, Value] = _tags(inputs)
        self.tags = {"Name": name, **self.own_tags}

    def make(self, block: str, subnets: list[_Subnet], specs: list[dict[str, Any]]) -> PropertyMap:
        """Make all of it; the answer is the component's outputs."""
        given = {key: self.inputs.get(key) for key in _OF_THE_NETWORK}
        vpc = self.component.add(
            "aws:ec2/vpc:Vpc",
            self.name,
            {**given, "cidrBlock": block, "region": self.inputs.get("region"), "tags": self.tags},
        )
        gateway = self._add("aws:ec2/internetGateway:InternetGateway", self.name, vpc, vpcId=vpc.output_id)
        for subnet in subnets:
            self._subnet(vpc, gateway, subnet)
        return self._outputs(vpc, gateway, specs)

    def _add(self, type: str, name: str, parent: Child, **inputs: Value) -> Child:
        tags = {} if "tags" in inputs or type in _UNTAGGED else {"tags": self.tags}
        every = {"region": self.inputs.get("region"), **tags, **inputs}
        return self.component.add(type, name, every, parent=parent, after=[parent])

    def _subnet(self, vpc: Child, gateway: Child, subnet: _Subnet) -> None:
        made = self.made
        tags = {**self.tags, "Name": subnet.name, "SubnetType": subnet.type}
        child = self._add(
            "aws:ec2/subnet:Subnet",
            subnet.name,
            vpc,
            vpcId=vpc.output_id,
            availabilityZone=self.zones[subnet.zone],
            mapPublicIpOnLaunch=subnet.type.lower() == "public",
            cidrBlock=subnet.block,
            assignIpv6AddressOnCreation=False,
            tags={**self.tags, **subnet.tags, "Name": subnet.name, "SubnetType": subnet.type},
        )
        made.every.append(child)
        made.subnets[subnet.type.lower()].append(child)
        table = self._add("aws:ec2/routeTable:RouteTable", subnet.name, child, vpcId=vpc.output_id, tags=tags)
        made.tables.append(table)
        made.associations.append(
            self._add(
                "aws:ec2/routeTableAssociation:RouteTableAssociation",
                subnet.name,
                table,
                routeTableId=table.output_id,
                subnetId=child.output_id,
            )
        )
        if subnet.type.lower() == "public" and self._wants_nat(subnet.zone):
            self._nat(child, subnet.zone)
        self._route(table, gateway, subnet)

    def _wants_nat(self, zone: int) -> bool:
        """In each zone, or only in the first."""
        return len(self.made.nats) < {"none": 0, "single": 1}.get(self.strategy, zone + 1)

    def _nat(self, subnet: Child, zone: int) -> None:
        name = f"{self.name}-{zone + 1}"
        tags = {**self.own_tags, "Name": name}
        address = self._add("aws:ec2/eip:Eip", name, subnet, tags=tags)
        self.made.addresses.append(address)
        self.made.nats.append(
            self._add(
                "aws:ec2/natGateway:NatGateway",
                name,
                subnet,
                subnetId=subnet.output_id,
                allocationId=address["allocationId"],
                tags=tags,
            )
        )

    def _route(self, table: Child, gateway: Child, subnet: _Subnet) -> None:
        kind = subnet.type.lower()
        target: dict[str, Value] = {}
        if kind == "public":
            target = {"gatewayId": gateway.output_id}
        elif kind == "private" and self.strategy != "none":
            nat = self.made.nats[0 if self.strategy == "single" else subnet.zone]
            target = {"natGatewayId": nat.output_id}
        if target:
            self.made.routes.append(
                self._add(
                    "aws:ec2/route:Route",
                    subnet.name,
                    table,
                    routeTableId=table.output_id,
                    destinationCidrBlock=_ANYWHERE,
                    **target,
                )
            )

    def _outputs(self, vpc: Child, gateway: Child, specs: list[dict[str, Any]]) -> PropertyMap:
        made = self.made
        by_type: PropertyMap = {}
        for kind, found in made.subnets.items():
            by_type[f"{kind}Subnets"] = _references(found)
            by_type[f"{kind}SubnetIds"] = [each.output_id for each in found]
        return {
            **by_type,
            "eips": _references(made.addresses),
            "internetGateway": gateway.reference,
            "natGateways": _references(made.nats),
            "routeTableAssociations": _references(made.associations),
            "routeTables": _references(made.tables),
            "routes": _references(made.routes),
            "subnetLayout": [
                {key: each[key] for key in ("cidrBlocks", "name", "type") if key in each} for each in specs
            ],
            "subnets": _references(made.every),
            "vpc": vpc.reference,
            "vpcEndpoints": [],
            "vpcId": vpc.output_id,
        }


_UNTAGGED: Final = frozenset({"aws:ec2/route:Route", "aws:ec2/routeTableAssociation:RouteTableAssociation"})


def _references(children: Iterable[Child]) -> list[Value]:
    return [each.reference for each in children]


def _tags(inputs: PropertyMap) -> dict[str, Value]:
    given = inputs.get("tags") or {}
    if not isinstance(given, dict):
        raise ProviderError("tags: a map of strings is wanted whose keys are known")
    return given


def _strategy(nat: dict[str, Any], specs: list[dict[str, Any]]) -> str:
    if others := sorted(nat.keys() - {"strategy"}):
        raise ProviderError(f"natGateways.{others[0]}: the sandbox doesn't support this; supported: strategy")
    given = str(nat.get("strategy", "OnePerAz"))
    if given.lower() not in _STRATEGIES:
        raise ProviderError(f"natGateways.strategy: {given!r} isn't allowed; allowed: {_STRATEGY_NAMES}")
    types = {str(each.get("type")).lower() for each in specs}
    if given.lower() != "none" and not ("public" in types and types & {"private", "isolated"}):
        raise ProviderError(
            f"natGateways.strategy: {given} wants public subnets for the gateways, and private ones that use "
            "them; say None, or add them to subnetSpecs"
        )
    return given.lower()


def _check(strategy: str | None, zones: list[str], specs: list[dict[str, Any]]) -> None:
    if strategy not in {"Auto", "Exact", "AutoMerge"}:
        raise ProviderError(
            f'subnetStrategy: the sandbox supports "Auto" with each subnet\'s cidrBlocks, not {strategy!r}'
        )
    if not zones:
        raise ProviderError("availabilityZoneNames: the sandbox wants the zones' names, e.g. us-east-1a")
    if not specs:
        raise ProviderError("subnetSpecs: the sandbox wants each kind of subnet, with type and cidrBlocks")
    names = [(str(each.get("type")).lower(), each.get("name")) for each in specs]
    for index, spec in enumerate(specs):
        where = f"subnetSpecs[{index}]"
        if others := sorted(spec.keys() - _SPEC):
            raise ProviderError(
                f"{where}.{others[0]}: the sandbox doesn't support it; supported: {', '.join(sorted(_SPEC))}"
            )
        if names[index][0] not in _TYPES:
            raise ProviderError(
                f"{where}.type: {spec.get('type')!r} isn't allowed; allowed: Public, Private, Isolated"
            )
        if names.count(names[index]) > 1:
            raise ProviderError(f"{where}.name: two subnets of a type need names of their own")
        if len(spec.get("cidrBlocks") or []) != len(zones):
            raise ProviderError(f"{where}.cidrBlocks: give one for each of the {len(zones)} zones")


def _subnets(name: str, zones: list[str], specs: list[dict[str, Any]]) -> Iterator[_Subnet]:
    ordered = sorted(specs, key=lambda spec: _TYPES.index(spec["type"].lower()))
    for zone in range(len(zones)):
        for spec in ordered:
            yield _Subnet(
                name=f"{name}-{spec.get('name') or spec['type'].lower()}-{zone + 1}",
                zone=zone,
                type=spec["type"],
                block=spec["cidrBlocks"][zone],
                tags=spec.get("tags") or {},
            )


def _refuse_overlaps(block: str, subnets: list[_Subnet]) -> None:
    try:
        whole = IPv4Network(block)
        parts = {each.name: IPv4Network(each.block) for each in subnets}
    except ValueError as error:
        raise ProviderError(f"cidrBlock, subnetSpecs: {error}") from None
    for name, part in parts.items():
        if not part.subnet_of(whole):
            raise ProviderError(f"subnetSpecs: {name} ({part}) isn't inside {whole}")
    for (one, first), (other, second) in combinations(parts.items(), 2):
        if first.overlaps(second):
            raise ProviderError(f"subnetSpecs: {one} ({first}) and {other} ({second}) overlap")
