from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.provider import Endpoint
from sandbox.provider.clients import client
from sandbox.provider.resource import OWNER_TAG
from tests.sandbox.engine.lab import errors, ok
from tests.sandbox.provider.remote import programs

NETWORK = """
made = awsx.ec2.Vpc(
    "net",
    cidr_block="10.0.0.0/16",
    availability_zone_names=["ap-southeast-1a", "ap-southeast-1b"],
    enable_dns_hostnames=True,
    nat_gateways={"strategy": NAT},
    subnet_strategy="Auto",
    subnet_specs=[
        {"type": "Private", "cidr_blocks": ["10.0.0.0/20", "10.0.16.0/20"]},
        {"type": "Public", "cidr_blocks": ["10.0.240.0/24", "10.0.241.0/24"]},
    ],
    tags={"System": "shop"},
    opts=inside,
)
pulumi.export("vpc", made.vpc_id)
pulumi.export("block", made.vpc.cidr_block)
pulumi.export("private", made.private_subnet_ids)
pulumi.export("tables", made.route_tables.apply(lambda tables: len(tables)))
"""
OUTER = "lab:index:Outer$awsx:ec2:Vpc"
VPC = f"{OUTER}$aws:ec2/vpc:Vpc"
SUBNET = f"{VPC}$aws:ec2/subnet:Subnet"
TABLE = f"{SUBNET}$aws:ec2/routeTable:RouteTable"
ASSOCIATION = f"{TABLE}$aws:ec2/routeTableAssociation:RouteTableAssociation"
ROUTE = f"{TABLE}$aws:ec2/route:Route"
EIP = f"{SUBNET}$aws:ec2/eip:Eip"
NAT = f"{SUBNET}$aws:ec2/natGateway:NatGateway"
IN_EACH_ZONE = {
    (kind, f"net-{name}-{number}")
    for number in (1, 2)
    for name in ("private", "public")
    for kind in (SUBNET, TABLE, ASSOCIATION)
}
NETWORK_ITSELF = {(OUTER, "net"), (VPC, "net"), (f"{VPC}$aws:ec2/internetGateway:InternetGateway", "net")}
TO_THE_INTERNET = {(ROUTE, "net-public-1"), (ROUTE, "net-public-2")}


def text(nat: str) -> str:
    return NETWORK.replace("NAT", repr(nat))


@pytest.mark.parametrize(
    ("nat", "more"),
    [
        ("None", set()),
        ("Single", {(EIP, "net-1"), (NAT, "net-1"), (ROUTE, "net-private-1"), (ROUTE, "net-private-2")}),
        (
            "OnePerAz",
            {
                *((kind, f"net-{number}") for kind in (EIP, NAT) for number in (1, 2)),
                *((ROUTE, f"net-private-{number}") for number in (1, 2)),
            },
        ),
    ],
)
def test_its_children_are_those_of_the_real_package(
    tmp_path: Path, nat: str, more: set[tuple[str, str]]
) -> None:
    lab = programs.lab(tmp_path, None)
    programs.program(lab, text(nat))
    result = ok(lab.preview())
    found = {tuple(step.urn.split("::")[-2:]) for step in result.steps if "awsx" in step.urn}
    assert found == NETWORK_ITSELF | IN_EACH_ZONE | TO_THE_INTERNET | more


def test_a_network_is_made_and_taken_away(tmp_path: Path, endpoint: Endpoint) -> None:
    lab = programs.lab(tmp_path, endpoint)
    programs.program(lab, text("Single"))
    result = ok(lab.up())
    assert result.outputs["block"] == "10.0.0.0/16"
    assert result.outputs["tables"] == 4
    ec2 = client(endpoint, "ec2", "ap-southeast-1")
    where = [{"Name": "vpc-id", "Values": [result.outputs["vpc"]]}]
    subnets = {each["SubnetId"]: each for each in ec2.describe_subnets(Filters=where)["Subnets"]}
    private = result.outputs["private"]
    assert isinstance(private, list)
    assert [subnets[str(each)]["CidrBlock"] for each in private] == ["10.0.0.0/20", "10.0.16.0/20"]
    tags = {tag["Key"]: tag["Value"] for tag in subnets[str(private[0])]["Tags"]}
    assert tags.pop(OWNER_TAG).startswith("urn:pulumi:dev::lab::")
    assert tags == {
        "ManagedBy": "pulumi",
        "Name": "net-private-1",
        "SubnetType": "Private",
        "System": "shop",
    }
    (nat,) = ec2.describe_nat_gateways(Filters=where)["NatGateways"]
    used = {
        association["SubnetId"]: route.get("NatGatewayId") or route.get("GatewayId")
        for table in ec2.describe_route_tables(Filters=where)["RouteTables"]
        for association in table["Associations"]
        for route in table["Routes"]
        if route["DestinationCidrBlock"] == "0.0.0.0/0"
    }
    assert [used[str(each)] for each in private] == [nat["NatGatewayId"]] * 2
    assert not {op for op, count in ok(lab.up()).changes.items() if count} - {"same"}
    programs.program(lab, text("None"))
    ok(lab.up())
    programs.program(lab, "")
    ok(lab.up())
    assert not ec2.describe_subnets(Filters=where)["Subnets"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (
            ("\"strategy\": 'None'", "\"strategy\": 'Two'"),
            "strategy: 'Two' isn't allowed; allowed: None, OnePerAz",
        ),
        (("'None'}", '\'None\', "elastic_ip_allocation_ids": ["a"]}'), "natGateways.elasticIpAllocationIds"),
        (("'None'", "'Single'"), ""),
        (('"Auto"', '"Legacy"'), 'subnetStrategy: the sandbox supports "Auto"'),
        (
            ('"10.0.16.0/20"', '"10.0.0.0/21"'),
            "net-private-1 (10.0.0.0/20) and net-private-2 (10.0.0.0/21) overlap",
        ),
        (('"10.0.16.0/20"', '"10.1.0.0/20"'), "net-private-2 (10.1.0.0/20) isn't inside 10.0.0.0/16"),
        ((', "10.0.16.0/20"', ""), "subnetSpecs[0].cidrBlocks: give one for each of the 2 zones"),
        (
            ("enable_dns_hostnames=True", "vpc_endpoint_specs=[]"),
            "vpcEndpointSpecs: the sandbox doesn't support",
        ),
        (
            ('"type": "Public", ', '"type": "Public", "size": 16, '),
            "subnetSpecs[1].size: the sandbox doesn't",
        ),
    ],
)
def test_what_is_not_supported_is_refused_by_name(
    tmp_path: Path, change: tuple[str, str], reason: str
) -> None:
    lab = programs.lab(tmp_path, None)
    programs.program(lab, text("None").replace(*change))
    found = errors(lab.preview())
    assert len(found) == (1 if reason else 0), found
    assert reason in "".join(found)
