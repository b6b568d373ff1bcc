"""Ways from a network to AWS's services that don't lead over the internet."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from ...check import Failure
from ...clients import Aws
from ...resource import Properties, Update
from ...schema import NOT_TOLD, boolean, json_document, set_of, string
from ...settings import Settings
from .. import given
from .common import ROUTE_TABLE_ID, SUBNET_ID, VPC_ID, Ec2Type, only

_GATEWAY: Final = "Gateway"
_ONLY_INTERFACE: Final = ("privateDnsEnabled", "securityGroupIds", "subnetIds")


class VpcEndpoint(Ec2Type):
    """An endpoint in a network: a gateway in route tables, or interfaces in subnets.

    The embedded AWS doesn't tell back who may use it, and whether the service's own name leads to it.
    """

    token = "aws:ec2/vpcEndpoint:VpcEndpoint"
    kind = "vpc-endpoint"
    props = {
        "policy": json_document(settled=True, local=NOT_TOLD),
        "privateDnsEnabled": boolean(settled=True, local=NOT_TOLD),
        "routeTableIds": set_of(string(pattern=ROUTE_TABLE_ID, meaning="rtb-..."), settled=True),
        "securityGroupIds": set_of(
            string(pattern=r"sg-[0-9a-zA-Z]+", meaning="sg-..."), settled=True, local=NOT_TOLD
        ),
        "serviceName": string(
            required=True, replaces=True, pattern=r"[a-z0-9.-]+", meaning="e.g. com.amazonaws.us-east-1.s3"
        ),
        "subnetIds": set_of(string(pattern=SUBNET_ID, meaning="subnet-..."), settled=True),
        "vpcEndpointType": string(default=_GATEWAY, replaces=True, values=(_GATEWAY, "Interface")),
        "vpcId": string(required=True, replaces=True, pattern=VPC_ID, meaning="vpc-..."),
    }
    outputs = (
        "arn",
        "cidrBlocks",
        "dnsEntries",
        "networkInterfaceIds",
        "ownerId",
        "prefixListId",
        "requesterManaged",
        "state",
    )

    def check(self, inputs: Properties, settings: Settings) -> Iterable[Failure]:
        """Gateways are in route tables, interfaces in subnets."""
        del settings
        kind = inputs.get("vpcEndpointType")
        wrong = _ONLY_INTERFACE if kind == _GATEWAY else ("routeTableIds",) if kind == "Interface" else ()
        for key in wrong:
            if inputs.get(key):
                yield Failure(
                    path=key, reason=f"an endpoint of vpcEndpointType {kind} has none: leave it out"
                )

    def create(self, aws: Aws, inputs: Properties) -> str:
        """Make the endpoint."""
        made = aws.client("ec2").create_vpc_endpoint(
            VpcId=inputs["vpcId"],
            ServiceName=inputs["serviceName"],
            VpcEndpointType=inputs["vpcEndpointType"],
            **given(
                PolicyDocument=inputs.get("policy"),
                PrivateDnsEnabled=inputs.get("privateDnsEnabled"),
                RouteTableIds=inputs.get("routeTableIds"),
                SecurityGroupIds=inputs.get("securityGroupIds"),
                SubnetIds=inputs.get("subnetIds"),
            ),
            **self.tags(inputs),
        )
        return str(made["VpcEndpoint"]["VpcEndpointId"])

    def finish(self, aws: Aws, id: str, inputs: Properties) -> None:
        """Wait until it works."""

        def done() -> bool | None:
            found = aws.client("ec2").describe_vpc_endpoints(VpcEndpointIds=[id])["VpcEndpoints"]
            return found[0]["State"].lower() == "available" or None

        aws.wait(f"VPC endpoint {id} becomes available", done)

    def read(self, aws: Aws, id: str, known: Properties) -> Properties | None:
        """The endpoint as AWS describes it."""
        del known
        endpoint = only(aws.client("ec2").describe_vpc_endpoints(VpcEndpointIds=[id])["VpcEndpoints"])
        if endpoint is None:
            return None
        return {
            **self.told(aws, id, endpoint),
            "ownerId": endpoint["OwnerId"],
            "routeTableIds": sorted(endpoint.get("RouteTableIds", [])) or None,
            "serviceName": endpoint["ServiceName"],
            "state": endpoint["State"],
            "subnetIds": sorted(endpoint.get("SubnetIds", [])) or None,
            "vpcEndpointType": endpoint["VpcEndpointType"],
            "vpcId": endpoint["VpcId"],
        }

    def update(self, aws: Aws, update: Update) -> None:
        """Where it is, who may use it, its policy, and tags."""
        request: Properties = {}
        for key, name in (
            ("routeTableIds", "RouteTableIds"),
            ("securityGroupIds", "SecurityGroupIds"),
            ("subnetIds", "SubnetIds"),
        ):
            if key in update.changed:
                olds, news = set(update.olds.get(key) or ()), set(update.news.get(key) or ())
                request |= given(
                    **{
                        f"Add{name}": sorted(news - olds) or None,
                        f"Remove{name}": sorted(olds - news) or None,
                    }
                )
        if "policy" in update.changed:
            policy = update.news.get("policy")
            request |= {"PolicyDocument": policy} if policy else {"ResetPolicy": True}
        if "privateDnsEnabled" in update.changed:
            request["PrivateDnsEnabled"] = bool(update.news.get("privateDnsEnabled"))
        if request:
            aws.client("ec2").modify_vpc_endpoint(VpcEndpointId=update.id, **request)
        super().update(aws, update)

    def delete(self, aws: Aws, id: str, state: Properties) -> None:
        """Delete the endpoint."""
        del state
        aws.client("ec2").delete_vpc_endpoints(VpcEndpointIds=[id])
