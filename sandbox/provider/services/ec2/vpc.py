"""Networks and their subnets, IPv4 only: the embedded AWS has no IPv6."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network
from typing import Any, Final

from ...check import Failure
from ...clients import Aws
from ...resource import Properties, Update
from ...schema import boolean, string
from ...settings import Settings
from .. import given
from .common import VPC_ID, Ec2Type, only

_BITS: Final = range(16, 29)
"""https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html"""


def _network(inputs: Properties) -> Iterator[Failure]:
    block = inputs.get("cidrBlock")
    if not isinstance(block, str):
        return
    try:
        good = "/" in block and IPv4Network(block).prefixlen in _BITS
    except ValueError:
        good = False
    if not good:
        yield Failure(
            path="cidrBlock",
            reason=f'"{block}" isn\'t allowed; give a network of /16 to /28 without host bits',
        )


class Vpc(Ec2Type):
    """A network."""

    token = "aws:ec2/vpc:Vpc"
    kind = "vpc"
    props = {
        "cidrBlock": string(required=True, replaces=True),
        "enableDnsHostnames": boolean(settled=True),
        "enableDnsSupport": boolean(default=True),
        "instanceTenancy": string(default="default", values=("default", "dedicated")),
    }
    outputs = (
        "arn",
        "defaultNetworkAclId",
        "defaultRouteTableId",
        "defaultSecurityGroupId",
        "dhcpOptionsId",
        "ipv6AssociationId",
        "mainRouteTableId",
        "ownerId",
    )
    stuck = ("instanceTenancy",)

    def check(self, inputs: Properties, settings: Settings) -> Iterable[Failure]:
        """Its addresses are a network that AWS takes."""
        del settings
        yield from _network(inputs)

    def also_replaces(self, olds: Properties, news: Properties) -> Iterable[str]:
        """AWS changes `instanceTenancy` to "default", and nothing else."""
        if news.get("instanceTenancy", "default") != "default":
            yield "instanceTenancy"

    def create(self, aws: Aws, inputs: Properties) -> str:
        """Make the network."""
        made = aws.client("ec2").create_vpc(
            CidrBlock=inputs["cidrBlock"], InstanceTenancy=inputs["instanceTenancy"], **self.tags(inputs)
        )
        return str(made["Vpc"]["VpcId"])

    def finish(self, aws: Aws, id: str, inputs: Properties) -> None:
        """Whether names are resolved are attributes with calls of their own."""
        _set_dns(aws, id, inputs, frozenset({"enableDnsHostnames", "enableDnsSupport"}))

    def read(self, aws: Aws, id: str, known: Properties) -> Properties | None:
        """The network as AWS describes it, and its two attributes."""
        del known
        ec2 = aws.client("ec2")
        vpc = only(ec2.describe_vpcs(VpcIds=[id])["Vpcs"])
        if vpc is None:
            return None
        main = only(
            ec2.describe_route_tables(
                Filters=[{"Name": "vpc-id", "Values": [id]}, {"Name": "association.main", "Values": ["true"]}]
            )["RouteTables"]
        )
        groups = ec2.describe_security_groups(
            Filters=[{"Name": "vpc-id", "Values": [id]}, {"Name": "group-name", "Values": ["default"]}]
        )["SecurityGroups"]
        acls = ec2.describe_network_acls(
            Filters=[{"Name": "vpc-id", "Values": [id]}, {"Name": "default", "Values": ["true"]}]
        )["NetworkAcls"]
        table = main["RouteTableId"] if main else None
        return {
            **self.told(aws, id, vpc),
            "cidrBlock": vpc["CidrBlock"],
            "enableDnsHostnames": _attribute(ec2, id, "enableDnsHostnames"),
            "enableDnsSupport": _attribute(ec2, id, "enableDnsSupport"),
            "instanceTenancy": vpc["InstanceTenancy"],
            "defaultNetworkAclId": acls[0]["NetworkAclId"] if acls else None,
            "defaultRouteTableId": table,
            "defaultSecurityGroupId": groups[0]["GroupId"] if groups else None,
            "dhcpOptionsId": vpc["DhcpOptionsId"],
            "mainRouteTableId": table,
            "ownerId": vpc["OwnerId"],
        }

    def update(self, aws: Aws, update: Update) -> None:
        """Its two attributes and its tags change in place."""
        _set_dns(aws, update.id, update.news, update.changed)
        super().update(aws, update)

    def delete(self, aws: Aws, id: str, state: Properties) -> None:
        """Delete the network; AWS refuses while anything is in it."""
        del state
        aws.client("ec2").delete_vpc(VpcId=id)


def _set_dns(aws: Aws, id: str, inputs: Properties, changed: frozenset[str]) -> None:
    for key in ("enableDnsSupport", "enableDnsHostnames"):  # host names need the support
        if key in changed and key in inputs:
            name = key[0].upper() + key[1:]
            aws.client("ec2").modify_vpc_attribute(VpcId=id, **{name: {"Value": inputs[key]}})


def _attribute(ec2: Any, id: str, key: str) -> bool:
    answer = ec2.describe_vpc_attribute(VpcId=id, Attribute=key)
    return bool(answer[key[0].upper() + key[1:]]["Value"])


class Subnet(Ec2Type):
    """A part of a network, in one availability zone."""

    token = "aws:ec2/subnet:Subnet"
    kind = "subnet"
    props = {
        "assignIpv6AddressOnCreation": boolean(default=False, values=(False,)),
        "availabilityZone": string(
            replaces=True,
            settled=True,
            pattern=r"[a-z]{2}(-[a-z]+)+-\d[a-z]",
            meaning="a zone, e.g. us-east-1a",
        ),
        "availabilityZoneId": string(replaces=True, settled=True, minimum=1),
        "cidrBlock": string(required=True, replaces=True),
        "mapPublicIpOnLaunch": boolean(default=False),
        "vpcId": string(required=True, replaces=True, pattern=VPC_ID, meaning="vpc-..."),
    }
    outputs = ("arn", "ipv6CidrBlockAssociationId", "ownerId")
    identity = ("vpcId", "cidrBlock")

    def check(self, inputs: Properties, settings: Settings) -> Iterable[Failure]:
        """Its addresses are a network, and its zone is one of its region."""
        yield from _network(inputs)
        zone, region = inputs.get("availabilityZone"), inputs.get("region") or settings.region
        if isinstance(zone, str) and isinstance(region, str) and region and zone[:-1] != region:
            yield Failure(path="availabilityZone", reason=f'"{zone}" isn\'t a zone of {region}')

    def create(self, aws: Aws, inputs: Properties) -> str:
        """Make the subnet."""
        made = aws.client("ec2").create_subnet(
            VpcId=inputs["vpcId"],
            CidrBlock=inputs["cidrBlock"],
            **given(
                AvailabilityZone=inputs.get("availabilityZone"),
                AvailabilityZoneId=inputs.get("availabilityZoneId"),
            ),
            **self.tags(inputs),
        )
        return str(made["Subnet"]["SubnetId"])

    def finish(self, aws: Aws, id: str, inputs: Properties) -> None:
        """Public addresses are an attribute with a call of its own."""
        if inputs["mapPublicIpOnLaunch"]:
            _give_public_addresses(aws, id, True)

    def read(self, aws: Aws, id: str, known: Properties) -> Properties | None:
        """The subnet as AWS describes it."""
        del known
        subnet = only(aws.client("ec2").describe_subnets(SubnetIds=[id])["Subnets"])
        if subnet is None:
            return None
        return {
            **self.told(aws, id, subnet),
            "assignIpv6AddressOnCreation": subnet.get("AssignIpv6AddressOnCreation", False),
            "availabilityZone": subnet["AvailabilityZone"],
            "availabilityZoneId": subnet["AvailabilityZoneId"],
            "cidrBlock": subnet["CidrBlock"],
            "mapPublicIpOnLaunch": subnet["MapPublicIpOnLaunch"],
            "ownerId": subnet["OwnerId"],
            "vpcId": subnet["VpcId"],
        }

    def update(self, aws: Aws, update: Update) -> None:
        """Public addresses and tags change in place."""
        if "mapPublicIpOnLaunch" in update.changed:
            _give_public_addresses(aws, update.id, update.news["mapPublicIpOnLaunch"])
        super().update(aws, update)

    def delete(self, aws: Aws, id: str, state: Properties) -> None:
        """Delete the subnet."""
        del state
        aws.client("ec2").delete_subnet(SubnetId=id)


def _give_public_addresses(aws: Aws, id: str, wanted: bool) -> None:
    aws.client("ec2").modify_subnet_attribute(SubnetId=id, MapPublicIpOnLaunch={"Value": wanted})
