from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.provider import Endpoint
from sandbox.provider.clients import client
from tests.sandbox.provider.client import Client, RefusedError
from tests.sandbox.provider.walk import refused, replaced, walk

VPC = "aws:ec2/vpc:Vpc"
SUBNET = "aws:ec2/subnet:Subnet"
TABLE = "aws:ec2/routeTable:RouteTable"
ROUTE = "aws:ec2/route:Route"
ASSOCIATION = "aws:ec2/routeTableAssociation:RouteTableAssociation"
GATEWAY = "aws:ec2/internetGateway:InternetGateway"
EIP = "aws:ec2/eip:Eip"
NAT = "aws:ec2/natGateway:NatGateway"
GROUP = "aws:ec2/securityGroup:SecurityGroup"
ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"
TAGGED = {"tags": {"System": "shop"}}


@pytest.fixture
def vpc(endpoint: Endpoint) -> Iterator[str]:
    ec2 = client(endpoint, "ec2", "us-east-1")
    made = ec2.create_vpc(CidrBlock="10.3.0.0/16")["Vpc"]["VpcId"]
    yield made
    for subnet in ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [made]}])["Subnets"]:
        ec2.delete_subnet(SubnetId=subnet["SubnetId"])
    ec2.delete_vpc(VpcId=made)


@pytest.fixture
def subnet(endpoint: Endpoint, vpc: str) -> str:
    made = client(endpoint, "ec2", "us-east-1").create_subnet(VpcId=vpc, CidrBlock="10.3.0.0/24")
    return str(made["Subnet"]["SubnetId"])


@pytest.fixture
def table(endpoint: Endpoint, vpc: str) -> str:
    made = client(endpoint, "ec2", "us-east-1").create_route_table(VpcId=vpc)
    return str(made["RouteTable"]["RouteTableId"])


def test_the_life_of_a_network(live: Client) -> None:
    base: dict[str, Any] = {"cidrBlock": "10.4.0.0/16"}
    made = walk(
        live,
        VPC,
        base | {"enableDnsHostnames": True},
        base | {"enableDnsHostnames": False, "enableDnsSupport": False, **TAGGED},
        base | {"enableDnsHostnames": True, "tags": {"Stage": "dev"}},
    )
    assert made.outputs["arn"] == f"arn:aws:ec2:us-east-1:000000000000:vpc/{made.id}"
    assert str(made.outputs["mainRouteTableId"]).startswith("rtb-")
    assert str(made.outputs["defaultSecurityGroupId"]).startswith("sg-")
    assert str(made.outputs["defaultNetworkAclId"]).startswith("acl-")


def test_the_life_of_a_subnet(live: Client, vpc: str) -> None:
    base = {"vpcId": vpc, "cidrBlock": "10.3.1.0/24", "availabilityZone": "us-east-1b"}
    walk(live, SUBNET, base, base | {"mapPublicIpOnLaunch": True, **TAGGED}, base)


def test_the_life_of_a_route_table(live: Client, vpc: str) -> None:
    walk(live, TABLE, {"vpcId": vpc}, {"vpcId": vpc, **TAGGED})


def test_the_life_of_a_route(live: Client, table: str) -> None:
    base = {"routeTableId": table, "destinationCidrBlock": "0.0.0.0/0"}
    made = walk(
        live,
        ROUTE,
        base | {"gatewayId": "igw-1"},
        base | {"natGatewayId": "nat-1"},
        base | {"natGatewayId": "nat-2"},
        import_id=f"{table}_0.0.0.0/0",
    )
    assert made.id == f"r-{table}{zlib.crc32(b'0.0.0.0/0')}"


def test_a_route_that_the_table_has_is_refused(live: Client, table: str) -> None:
    base = {"routeTableId": table, "destinationCidrBlock": "0.0.0.0/0", "gatewayId": "igw-1"}
    made = live.create(ROUTE, base)
    with pytest.raises(RefusedError, match=r"has a route to 0\.0\.0\.0/0 already"):
        live.create(ROUTE, base)
    live.delete(made)


def test_the_life_of_an_association(live: Client, table: str, subnet: str) -> None:
    made = {"routeTableId": table, "subnetId": subnet}
    walk(live, ASSOCIATION, made, import_id=f"{subnet}/{table}")
    there = live.create(ASSOCIATION, made)
    with pytest.raises(RefusedError, match="has a route table already"):
        live.create(ASSOCIATION, made)
    live.delete(there)


def test_the_life_of_an_internet_gateway(live: Client, vpc: str) -> None:
    made = walk(live, GATEWAY, {}, {"vpcId": vpc}, {"vpcId": vpc, **TAGGED})
    assert made.outputs["vpcId"] == vpc


def test_the_life_of_an_address(live: Client) -> None:
    made = walk(live, EIP, {"domain": "vpc"}, {"domain": "vpc", **TAGGED})
    assert made.outputs["allocationId"] == made.id
    assert made.outputs["publicIp"]


def test_the_life_of_a_nat_gateway(live: Client, subnet: str) -> None:
    base = {"subnetId": subnet, "allocationId": "eipalloc-1"}
    walk(live, NAT, base, base | TAGGED)


def test_the_life_of_a_security_group(live: Client, vpc: str, endpoint: Endpoint) -> None:
    base = {"vpcId": vpc, "name": "shop-dev", "description": "functions of shop"}
    made = live.create(GROUP, base)
    ec2 = client(endpoint, "ec2", "us-east-1")
    (group,) = ec2.describe_security_groups(GroupIds=[made.id])["SecurityGroups"]
    assert group["IpPermissionsEgress"] == []
    live.delete(made)
    walk(live, GROUP, base, base | TAGGED)


def test_the_life_of_a_gateway_endpoint(live: Client, vpc: str, table: str) -> None:
    base = {"vpcId": vpc, "serviceName": "com.amazonaws.us-east-1.s3"}
    walk(live, ENDPOINT, base | {"routeTableIds": [table]}, base | {"routeTableIds": [table], **TAGGED})


def test_the_life_of_an_interface_endpoint(live: Client, vpc: str, subnet: str) -> None:
    service = "com.amazonaws.us-east-1.secretsmanager"
    base = {"vpcId": vpc, "serviceName": service, "vpcEndpointType": "Interface", "subnetIds": [subnet]}
    used = base | {"securityGroupIds": ["sg-1"], "privateDnsEnabled": True}
    policy = json.dumps({"Statement": []})
    walk(
        live,
        ENDPOINT,
        used,
        used | {"policy": policy},
        used | {"policy": policy, "securityGroupIds": ["sg-2"]},
    )


@pytest.mark.parametrize(
    ("type", "base", "changes", "expected"),
    [
        (
            VPC,
            {"cidrBlock": "10.0.0.0/16"},
            {"cidrBlock": "10.1.0.0/16", "enableDnsHostnames": True, "instanceTenancy": "dedicated"},
            {"cidrBlock", "instanceTenancy"},
        ),
        (
            SUBNET,
            {"vpcId": "vpc-1", "cidrBlock": "10.0.0.0/24"},
            {
                "vpcId": "vpc-2",
                "cidrBlock": "10.0.1.0/24",
                "availabilityZone": "us-east-1a",
                "mapPublicIpOnLaunch": True,
            },
            {"vpcId", "cidrBlock", "availabilityZone"},
        ),
        (
            ROUTE,
            {"routeTableId": "rtb-1", "destinationCidrBlock": "0.0.0.0/0", "gatewayId": "igw-1"},
            {"routeTableId": "rtb-2", "destinationCidrBlock": "10.0.0.0/8", "gatewayId": "igw-2"},
            {"routeTableId", "destinationCidrBlock"},
        ),
        (GATEWAY, {"vpcId": "vpc-1"}, {"vpcId": "vpc-2"}, set()),
        (
            NAT,
            {"subnetId": "subnet-1"},
            {"allocationId": "eipalloc-1", "subnetId": "subnet-2"},
            {"allocationId", "subnetId"},
        ),
        (
            GROUP,
            {"name": "a", "vpcId": "vpc-1"},
            {"name": "b", "vpcId": "vpc-2", "description": "d"},
            {"name", "vpcId", "description"},
        ),
        (
            ENDPOINT,
            {"vpcId": "vpc-1", "serviceName": "com.amazonaws.us-east-1.sqs", "vpcEndpointType": "Interface"},
            {"vpcId": "vpc-2", "serviceName": "com.amazonaws.us-east-1.logs", "subnetIds": ["subnet-1"]},
            {"vpcId", "serviceName"},
        ),
    ],
)
def test_what_replaces(
    offline: Client, type: str, base: dict[str, Any], changes: dict[str, Any], expected: set[str]
) -> None:
    assert replaced(offline, type, base, **changes) == expected


@pytest.mark.parametrize(
    ("type", "inputs", "path", "reason"),
    [
        (VPC, {"cidrBlock": "10.0.0.0/8"}, "cidrBlock", "give a network of /16 to /28"),
        (VPC, {"cidrBlock": "10.0.0.1/16"}, "cidrBlock", "without host bits"),
        (
            SUBNET,
            {"vpcId": "vpc-1", "cidrBlock": "10.0.0.0/24", "availabilityZone": "eu-west-1a"},
            "availabilityZone",
            '"eu-west-1a" isn\'t a zone of us-east-1',
        ),
        (ROUTE, {"routeTableId": "rtb-1", "destinationCidrBlock": "0.0.0.0/0"}, "", "found none"),
        (
            ENDPOINT,
            {"vpcId": "vpc-1", "serviceName": "com.amazonaws.us-east-1.s3", "subnetIds": ["subnet-1"]},
            "subnetIds",
            "an endpoint of vpcEndpointType Gateway has none",
        ),
        (GROUP, {"name": "sg-mine"}, "name", "no sg-... at the start"),
    ],
)
def test_refusals(offline: Client, type: str, inputs: dict[str, Any], path: str, reason: str) -> None:
    found = refused(offline, type, inputs)
    assert list(found) == [path]
    assert reason in found[path]
