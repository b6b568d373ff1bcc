"""What leads out of a network: internet gateways, and NAT gateways with their addresses."""

from __future__ import annotations

from ...clients import Aws
from ...resource import Properties, Update
from ...schema import NOT_TOLD, string
from .. import given, tag_map
from .common import SUBNET_ID, VPC_ID, Ec2Type, only


class InternetGateway(Ec2Type):
    """An internet gateway, attached to a network."""

    token = "aws:ec2/internetGateway:InternetGateway"
    kind = "internet-gateway"
    props = {"vpcId": string(settled=True, pattern=VPC_ID, meaning="vpc-...")}
    outputs = ("arn", "ownerId")

    def create(self, aws: Aws, inputs: Properties) -> str:
        """Make the gateway."""
        made = aws.client("ec2").create_internet_gateway(**self.tags(inputs))
        return str(made["InternetGateway"]["InternetGatewayId"])

    def finish(self, aws: Aws, id: str, inputs: Properties) -> None:
        """Attach it."""
        if "vpcId" in inputs:
            aws.client("ec2").attach_internet_gateway(InternetGatewayId=id, VpcId=inputs["vpcId"])

    def read(self, aws: Aws, id: str, known: Properties) -> Properties | None:
        """The gateway as AWS describes it."""
        del known
        found = aws.client("ec2").describe_internet_gateways(InternetGatewayIds=[id])["InternetGateways"]
        gateway = only(found)
        if gateway is None:
            return None
        attached = only(gateway["Attachments"])
        return {
            **self.told(aws, id, gateway),
            "ownerId": gateway["OwnerId"],
            "vpcId": attached["VpcId"] if attached else None,
        }

    def update(self, aws: Aws, update: Update) -> None:
        """Another network, and tags."""
        ec2 = aws.client("ec2")
        if "vpcId" in update.changed:
            if update.olds.get("vpcId"):
                ec2.detach_internet_gateway(InternetGatewayId=update.id, VpcId=update.olds["vpcId"])
            if update.news.get("vpcId"):
                ec2.attach_internet_gateway(InternetGatewayId=update.id, VpcId=update.news["vpcId"])
        super().update(aws, update)

    def delete(self, aws: Aws, id: str, state: Properties) -> None:
        """Detach and delete it."""
        if state.get("vpcId"):
            aws.client("ec2").detach_internet_gateway(InternetGatewayId=id, VpcId=state["vpcId"])
        aws.client("ec2").delete_internet_gateway(InternetGatewayId=id)


class Eip(Ec2Type):
    """An address that stays. Its id is that of its allocation."""

    token = "aws:ec2/eip:Eip"
    kind = "elastic-ip"
    props = {"domain": string(replaces=True, settled=True, values=("vpc", "standard"))}
    outputs = (
        "allocationId",
        "arn",
        "associationId",
        "carrierIp",
        "customerOwnedIp",
        "privateDns",
        "privateIp",
        "ptrRecord",
        "publicDns",
        "publicIp",
    )

    def create(self, aws: Aws, inputs: Properties) -> str:
        """Take an address."""
        made = aws.client("ec2").allocate_address(Domain=inputs.get("domain", "vpc"), **self.tags(inputs))
        return str(made["AllocationId"])

    def read(self, aws: Aws, id: str, known: Properties) -> Properties | None:
        """The address as AWS describes it."""
        del known
        address = only(aws.client("ec2").describe_addresses(AllocationIds=[id])["Addresses"])
        if address is None:
            return None
        return {
            **self.told(aws, id, address),
            "allocationId": id,
            "domain": address["Domain"],
            "publicIp": address["PublicIp"],
        }

    def delete(self, aws: Aws, id: str, state: Properties) -> None:
        """Give the address back."""
        del state
        aws.client("ec2").release_address(AllocationId=id)


class NatGateway(Ec2Type):
    """A NAT gateway. The embedded AWS doesn't tell its addresses back."""

    token = "aws:ec2/natGateway:NatGateway"
    kind = "natgateway"
    props = {
        "allocationId": string(
            replaces=True, local=NOT_TOLD, pattern=r"eipalloc-[0-9a-zA-Z]+", meaning="eipalloc-..."
        ),
        "connectivityType": string(default="public", replaces=True, values=("private", "public")),
        "subnetId": string(required=True, replaces=True, pattern=SUBNET_ID, meaning="subnet-..."),
    }
    outputs = (
        "associationId",
        "autoProvisionZones",
        "autoScalingIps",
        "networkInterfaceId",
        "publicIp",
        "regionalNatGatewayAddresses",
        "regionalNatGatewayAutoMode",
        "routeTableId",
    )

    def create(self, aws: Aws, inputs: Properties) -> str:
        """Make the gateway."""
        made = aws.client("ec2").create_nat_gateway(
            SubnetId=inputs["subnetId"],
            ConnectivityType=inputs["connectivityType"],
            **given(AllocationId=inputs.get("allocationId")),
            **self.tags(inputs),
        )
        return str(made["NatGateway"]["NatGatewayId"])

    def finish(self, aws: Aws, id: str, inputs: Properties) -> None:
        """Wait until it works."""
        aws.wait(f"NAT gateway {id} becomes available", lambda: self._in(aws, id, "available") or None)

    def read(self, aws: Aws, id: str, known: Properties) -> Properties | None:
        """The gateway as AWS describes it; one that is deleted stays described for an hour."""
        del known
        found = aws.client("ec2").describe_nat_gateways(NatGatewayIds=[id])["NatGateways"]
        gateway = only([each for each in found if each["State"] not in {"deleted", "deleting"}])
        if gateway is None:
            return None
        return {
            "tagsAll": tag_map(gateway.get("Tags", [])),
            "connectivityType": gateway["ConnectivityType"],
            "subnetId": gateway["SubnetId"],
        }

    def delete(self, aws: Aws, id: str, state: Properties) -> None:
        """Delete it and wait until it is gone: its address is free only then."""
        del state
        aws.client("ec2").delete_nat_gateway(NatGatewayId=id)
        aws.wait(f"NAT gateway {id} is deleted", lambda: self._in(aws, id, "deleted") or None)

    @staticmethod
    def _in(aws: Aws, id: str, state: str) -> bool:
        found = aws.client("ec2").describe_nat_gateways(NatGatewayIds=[id])["NatGateways"]
        return [each["State"] for each in found] == [state]
