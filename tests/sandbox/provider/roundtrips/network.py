"""Networks, gateways, routes, security groups and their rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from hypothesis import strategies as st

from sandbox.provider.values import PropertyMap

from .drawing import Draw
from .values import POLICIES, keep_one, named, one_of, some_of, without
from .world import World

_SOURCES = ("cidrIpv4", "cidrIpv6", "referencedSecurityGroupId")
_INTERFACE = ("privateDnsEnabled", "securityGroupIds", "subnetIds")
_PORTS = {"tcp": (0, 65_535), "udp": (53, 53), "icmp": (8, -1), "icmpv6": (-1, -1)}


def _nothing(world: World) -> Draw:
    del world
    return Draw()


def _vpc(world: World) -> Draw:
    del world

    def fit(inputs: PropertyMap) -> PropertyMap:
        return inputs if inputs.get("enableDnsSupport", True) else inputs | {"enableDnsHostnames": False}

    return Draw(given={"cidrBlock": one_of("10.80.0.0/16", "192.168.4.0/24")}, fit=fit)


def _subnet(world: World) -> Draw:
    return Draw(
        given={
            "availabilityZone": one_of("us-east-1a", "us-east-1b"),
            "availabilityZoneId": one_of("use1-az1", "use1-az2"),
            "cidrBlock": one_of("10.77.20.0/24", "10.77.32.0/20"),
            "vpcId": st.just(world.vpcs[0]),
        },
        fit=lambda inputs: keep_one(inputs, "availabilityZone", "availabilityZoneId"),
    )


def _in_vpc(world: World) -> Draw:
    return Draw(given={"vpcId": one_of(*world.vpcs)})


def _nat_gateway(world: World) -> Draw:
    def fit(inputs: PropertyMap) -> PropertyMap:
        return without(inputs, "allocationId") if inputs.get("connectivityType") == "private" else inputs

    addresses = one_of(world.make("ec2/eip:Eip").id)
    return Draw(given={"allocationId": addresses, "subnetId": one_of(*world.subnets)}, fit=fit)


def _route(world: World) -> Draw:
    def fit(inputs: PropertyMap) -> PropertyMap:
        inputs = keep_one(inputs, "natGatewayId", "gatewayId")
        return inputs if "natGatewayId" in inputs else {"gatewayId": "igw-0"} | inputs

    return Draw(
        given={
            "destinationCidrBlock": one_of("0.0.0.0/0", "10.9.0.0/16"),
            "gatewayId": one_of("igw-1", "igw-2"),
            "natGatewayId": one_of("nat-1", "nat-2"),
            "routeTableId": one_of(*world.route_tables),
        },
        fit=fit,
    )


def _association(world: World) -> Draw:
    return Draw(given={"routeTableId": one_of(*world.route_tables), "subnetId": one_of(*world.subnets)})


def _group(world: World) -> Draw:
    descriptions = one_of("functions of a shop", "a/b: c (d)")
    return Draw(
        given={"description": descriptions, "name": named("trip-g"), "vpcId": st.just(world.vpcs[0])},
        always=("name", "vpcId"),
    )


def _rule(world: World) -> Draw:
    def fit(inputs: PropertyMap) -> PropertyMap:
        # A rule keeps its kind of source: which one it is depends on what doesn't change.
        kind = _SOURCES[world.groups.index(inputs["securityGroupId"])]
        source = {kind: inputs.get(kind, "::/0" if kind == "cidrIpv6" else "10.0.0.0/8")}
        if kind == "referencedSecurityGroupId":
            source[kind] = inputs.get(kind, world.groups[0])
        ports = dict(zip(("fromPort", "toPort"), _PORTS.get(inputs["ipProtocol"], ()), strict=False))
        return without(inputs, *_SOURCES, "fromPort", "toPort") | source | ports

    return Draw(
        given={
            "cidrIpv4": one_of("10.0.0.0/16", "0.0.0.0/0"),
            "cidrIpv6": one_of("::/0", "2001:db8::/32"),
            "description": one_of("from the office", "a/b: c (d)"),
            "fromPort": st.just(0),
            "ipProtocol": one_of("-1", "tcp", "udp", "icmp", "icmpv6", "50"),
            "referencedSecurityGroupId": one_of(*world.groups),
            "securityGroupId": one_of(*world.groups),
            "toPort": st.just(0),
        },
        fit=fit,
    )


def _endpoint(world: World) -> Draw:
    def fit(inputs: PropertyMap) -> PropertyMap:
        interface = inputs.get("vpcEndpointType") == "Interface"
        return without(inputs, *(("routeTableIds",) if interface else _INTERFACE))

    return Draw(
        given={
            "policy": POLICIES,
            "routeTableIds": some_of(*world.route_tables),
            "securityGroupIds": some_of(*world.groups),
            "serviceName": one_of("com.amazonaws.us-east-1.s3", "com.amazonaws.us-east-1.sqs"),
            "subnetIds": some_of(*world.subnets),
            "vpcId": st.just(world.vpcs[0]),
        },
        fit=fit,
    )


CASES: Mapping[str, Callable[[World], Draw]] = {
    "aws:ec2/eip:Eip": _nothing,
    "aws:ec2/internetGateway:InternetGateway": _in_vpc,
    "aws:ec2/natGateway:NatGateway": _nat_gateway,
    "aws:ec2/route:Route": _route,
    "aws:ec2/routeTable:RouteTable": _in_vpc,
    "aws:ec2/routeTableAssociation:RouteTableAssociation": _association,
    "aws:ec2/securityGroup:SecurityGroup": _group,
    "aws:ec2/subnet:Subnet": _subnet,
    "aws:ec2/vpc:Vpc": _vpc,
    "aws:ec2/vpcEndpoint:VpcEndpoint": _endpoint,
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": _rule,
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": _rule,
}
