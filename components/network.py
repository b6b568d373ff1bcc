"""Where a service runs: a network that is there already, by its ids, or one that the program makes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Network
from typing import TYPE_CHECKING, Final

import pulumi
import pulumi_aws as aws

from components.component import Component
from components.limits import NETWORK_BITS, NETWORK_ZONES, SUBNETS
from components.naming import Scope
from components.problems import Problem, refuse

if TYPE_CHECKING:
    import pulumi_awsx as awsx

# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/resource-ids.html
_ID = {
    "vpc_id": ("vpc", re.compile(r"vpc-([0-9a-f]{8}|[0-9a-f]{17})")),
    "subnet_ids": ("subnet", re.compile(r"subnet-([0-9a-f]{8}|[0-9a-f]{17})")),
    "security_group_id": ("sg", re.compile(r"sg-([0-9a-f]{8}|[0-9a-f]{17})")),
}


def id_problems(where: str, what: str, kind: str, identifier: str) -> Iterator[Problem]:
    """Say that an id hasn't the shape of its kind (`vpc_id`, `subnet_ids`, `security_group_id`)."""
    prefix, shape = _ID[kind]
    if not shape.fullmatch(identifier):
        yield Problem(
            where=where,
            what=what,
            got=repr(identifier),
            allowed=f"'{prefix}-' and 8 or 17 hexadecimal digits",
        )


@dataclass(frozen=True, kw_only=True)
class Network:
    """Private subnets in at least two availability zones, and the functions' security group.

    Raises InvalidArgumentsError for fewer than two subnets, a subnet named twice, or what isn't an id.
    """

    vpc_id: str
    subnet_ids: tuple[str, ...]
    security_group_id: str

    def __post_init__(self) -> None:
        refuse(self._problems())

    def subnets(self) -> Sequence[pulumi.Input[str]]:
        """List the subnets, as resources take them."""
        return list(self.subnet_ids)

    def _problems(self) -> Iterator[Problem]:
        yield from id_problems("network", "vpc_id", "vpc_id", self.vpc_id)
        yield from id_problems("network", "security_group_id", "security_group_id", self.security_group_id)
        for subnet in self.subnet_ids:
            yield from id_problems("network", "subnet_ids", "subnet_ids", subnet)
        distinct = len(set(self.subnet_ids))
        if distinct != len(self.subnet_ids) or distinct not in SUBNETS:
            yield Problem(
                where="network",
                what="subnet_ids",
                got=f"{', '.join(self.subnet_ids) or 'none'}",
                allowed=f"{SUBNETS}, each once",
                mend="Name a private subnet in each of two availability zones, so that losing one zone loses "
                "no service.",
            )


HTTPS_PORT: Final = 443
_ANYWHERE: Final = "0.0.0.0/0"
_GATEWAYS: Final = ("s3", "dynamodb")
_SERVICE: Final = re.compile(r"[a-z0-9]+([.-][a-z0-9]+)*")
_ZONE: Final = re.compile(r"[a-z]")


class Nat(StrEnum):
    """The way to the internet that a network has: none, one gateway, or one in each availability zone."""

    NONE = "none"
    SINGLE = "single"
    ONE_PER_ZONE = "onePerZone"


@dataclass(frozen=True, kw_only=True)
class NetworkArgs:
    """A network that the program makes: private subnets, and the ways from them to AWS's services.

    S3 and DynamoDB are reached by gateway endpoints, which cost nothing. The other services are reached by an
    interface endpoint each; or else by NAT, and then there are none.

    zones: the letters of the region's availability zones, one private subnet in each.
    cidr: a network's addresses; each subnet gets a sixteenth of them.
    services: what the functions call, as their endpoints are named (`secretsmanager`, `bedrock-runtime`).
    """

    scope: Scope
    zones: tuple[str, ...] = ("a", "b")
    cidr: str = "10.0.0.0/16"
    nat: Nat = Nat.NONE
    services: tuple[str, ...] = ()

    def problems(self) -> Iterator[Problem]:
        """Say what can't be made."""
        where = f"system {self.scope.system}"
        zones = set(self.zones)
        good = all(_ZONE.fullmatch(zone) for zone in self.zones)
        if not good or len(zones) != len(self.zones) or len(zones) not in NETWORK_ZONES:
            yield Problem(
                where=where,
                what="network zones",
                got=", ".join(map(repr, self.zones)) or "none",
                allowed=f"{NETWORK_ZONES}, each once, by their letters: a and b are {self.scope.region}a and "
                f"{self.scope.region}b",
            )
        try:
            fits = IPv4Network(self.cidr).prefixlen in NETWORK_BITS
        except ValueError:
            fits = False
        if not fits:
            yield Problem(
                where=where,
                what="network cidr",
                got=repr(self.cidr),
                allowed=f"an IPv4 network of {NETWORK_BITS} without host bits, such as '10.0.0.0/16'",
            )
        for service in self.services:
            if not _SERVICE.fullmatch(service):
                yield Problem(
                    where=where,
                    what="network services",
                    got=repr(service),
                    allowed="the end of an endpoint's service name, such as 'secretsmanager'",
                )

    @property
    def zone_names(self) -> list[str]:
        """The availability zones, by AWS's names."""
        return [f"{self.scope.region}{zone}" for zone in self.zones]

    @property
    def private_blocks(self) -> list[str]:
        """The private subnets' addresses: the first sixteenths."""
        blocks = IPv4Network(self.cidr).subnets(prefixlen_diff=4)
        return [str(block) for block, _ in zip(blocks, self.zones, strict=False)]

    @property
    def public_blocks(self) -> list[str]:
        """The NAT gateways' subnets' addresses: a 256th each, from the end."""
        blocks = list(IPv4Network(self.cidr).subnets(prefixlen_diff=8))
        return [str(block) for block in blocks[-len(self.zones) :]]


@dataclass(frozen=True, kw_only=True)
class MadeNetwork:
    """The ids of a network that the program makes."""

    vpc_id: pulumi.Output[str]
    subnet_ids: pulumi.Output[Sequence[str]]
    security_group_id: pulumi.Output[str]

    def subnets(self) -> pulumi.Output[Sequence[str]]:
        """List the subnets, as resources take them."""
        return self.subnet_ids


class NewNetwork(Component):
    """Makes a network: the VPC with its subnets, the security groups, the endpoints.

    Raises InvalidArgumentsError for what NetworkArgs can't ask for.
    """

    def __init__(self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        refuse(args.problems())
        super().__init__("fleet:components:NewNetwork", name, opts)
        self.args = args
        self.vpc = self._vpc()
        self.functions = self._group("functions", "functions")
        # Where it leads is the route tables' matter: without NAT to the gateway endpoints only.
        self._let_out()
        self._gateway_endpoints()
        if args.nat is Nat.NONE:
            self._interface_endpoints()
        self.ids = MadeNetwork(
            vpc_id=self.vpc.vpc_id,
            subnet_ids=self.vpc.private_subnet_ids,
            security_group_id=self.functions.id,
        )
        self.finish({"vpcId": self.vpc.vpc_id, "subnetIds": self.vpc.private_subnet_ids})

    def _vpc(self) -> awsx.ec2.Vpc:
        import pulumi_awsx as awsx  # 60 ms, which only a network that is made costs

        args = self.args
        strategies = {
            Nat.NONE: awsx.ec2.NatGatewayStrategy.NONE,
            Nat.SINGLE: awsx.ec2.NatGatewayStrategy.SINGLE,
            Nat.ONE_PER_ZONE: awsx.ec2.NatGatewayStrategy.ONE_PER_AZ,
        }
        private = awsx.ec2.SubnetSpecArgs(type=awsx.ec2.SubnetType.PRIVATE, cidr_blocks=args.private_blocks)
        public = awsx.ec2.SubnetSpecArgs(type=awsx.ec2.SubnetType.PUBLIC, cidr_blocks=args.public_blocks)
        return awsx.ec2.Vpc(
            self.child("vpc"),
            cidr_block=args.cidr,
            availability_zone_names=args.zone_names,
            # Interface endpoints answer under the services' own names.
            enable_dns_hostnames=True,
            enable_dns_support=True,
            nat_gateways=awsx.ec2.NatGatewayConfigurationArgs(strategy=strategies[args.nat]),
            subnet_strategy=awsx.ec2.SubnetAllocationStrategy.AUTO,
            subnet_specs=[private] if args.nat is Nat.NONE else [private, public],
            tags=args.scope.tags(),
            opts=self.inside(),
        )

    def _group(self, what: str, description: str) -> aws.ec2.SecurityGroup:
        scope = self.args.scope
        return aws.ec2.SecurityGroup(
            self.child(what),
            name=scope.name(what),
            description=f"{scope.name()}: {description}",
            vpc_id=self.vpc.vpc_id,
            tags={**scope.tags(), "Name": scope.name(what)},
            opts=self.inside(),
        )

    def _let_out(self) -> None:
        aws.vpc.SecurityGroupEgressRule(
            self.child("functions-https"),
            security_group_id=self.functions.id,
            cidr_ipv4=_ANYWHERE,
            ip_protocol="tcp",
            from_port=HTTPS_PORT,
            to_port=HTTPS_PORT,
            description=f"{self.args.scope.name()}: functions to AWS services",
            tags=self.args.scope.tags(),
            opts=self.inside(),
        )

    def _gateway_endpoints(self) -> None:
        tables = self.vpc.route_tables.apply(lambda found: [table.id for table in found])
        for service in _GATEWAYS:
            self._endpoint(service, "Gateway", route_table_ids=tables)

    def _interface_endpoints(self) -> None:
        if not self.args.services:
            return
        group = self._group("endpoints", "endpoints of AWS services")
        aws.vpc.SecurityGroupIngressRule(
            self.child("endpoints-https"),
            security_group_id=group.id,
            referenced_security_group_id=self.functions.id,
            ip_protocol="tcp",
            from_port=HTTPS_PORT,
            to_port=HTTPS_PORT,
            description=f"{self.args.scope.name()}: functions to the endpoints",
            tags=self.args.scope.tags(),
            opts=self.inside(),
        )
        for service in self.args.services:
            self._endpoint(
                service,
                "Interface",
                subnet_ids=self.vpc.private_subnet_ids,
                security_group_ids=[group.id],
                private_dns_enabled=True,
            )

    def _endpoint(
        self,
        service: str,
        kind: str,
        *,
        route_table_ids: pulumi.Input[Sequence[pulumi.Input[str]]] | None = None,
        subnet_ids: pulumi.Input[Sequence[pulumi.Input[str]]] | None = None,
        security_group_ids: Sequence[pulumi.Input[str]] | None = None,
        private_dns_enabled: bool | None = None,
    ) -> None:
        scope = self.args.scope
        aws.ec2.VpcEndpoint(
            self.child(service),
            vpc_id=self.vpc.vpc_id,
            service_name=f"com.amazonaws.{scope.region}.{service}",
            vpc_endpoint_type=kind,
            route_table_ids=route_table_ids,
            subnet_ids=subnet_ids,
            security_group_ids=security_group_ids,
            private_dns_enabled=private_dns_enabled,
            tags={**scope.tags(), "Name": scope.name(service)},
            opts=self.inside(),
        )
