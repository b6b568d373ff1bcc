"""Route tables: their routes, and the subnets that use them."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from typing import Any, Final

from ...check import Failure
from ...clients import Aws
from ...errors import ProviderError
from ...resource import Properties, ResourceType, Update
from ...schema import string
from ...settings import Settings
from .. import given
from .common import ROUTE_TABLE_ID, SUBNET_ID, VPC_ID, Ec2Type, only

_TARGETS: Final = ("gatewayId", "natGatewayId")


class RouteTable(Ec2Type):
    """A route table; its routes are resources of their own."""

    token = "aws:ec2/routeTable:RouteTable"
    kind = "route-table"
    props = {"vpcId": string(required=True, replaces=True, pattern=VPC_ID, meaning="vpc-...")}
    outputs = ("arn", "ownerId")

    def create(self, aws: Aws, inputs: Properties) -> str:
        """Make the table, with the network's own route in it."""
        made = aws.client("ec2").create_route_table(VpcId=inputs["vpcId"], **self.tags(inputs))
        return str(made["RouteTable"]["RouteTableId"])

    def read(self, aws: Aws, id: str, known: Properties) -> Properties | None:
        """The table as AWS describes it."""
        del known
        table = _table(aws, id)
        if table is None:
            return None
        return {**self.told(aws, id, table), "ownerId": table["OwnerId"], "vpcId": table["VpcId"]}

    def delete(self, aws: Aws, id: str, state: Properties) -> None:
        """Delete the table."""
        del state
        aws.client("ec2").delete_route_table(RouteTableId=id)


class Route(ResourceType):
    """Where a route table sends what goes to a network. Its id is made as the real provider makes it."""

    token = "aws:ec2/route:Route"
    service = "ec2"
    props = {
        "destinationCidrBlock": string(required=True, replaces=True, minimum=1),
        "gatewayId": string(minimum=1),
        "natGatewayId": string(minimum=1),
        "routeTableId": string(required=True, replaces=True, pattern=ROUTE_TABLE_ID, meaning="rtb-..."),
    }
    outputs = ("instanceId", "instanceOwnerId", "origin", "state")
    identity = ("routeTableId", "destinationCidrBlock")

    def check(self, inputs: Properties, settings: Settings) -> Iterable[Failure]:
        """One target."""
        del settings
        found = [key for key in _TARGETS if key in inputs]
        if len(found) != 1:
            reason = f"found {' and '.join(found) or 'none'}; give exactly one of {', '.join(_TARGETS)}"
            yield Failure(path="", reason=reason)

    def id_of(self, inputs: Properties) -> str:
        """Of the table, and a checksum of the destination."""
        return f"r-{inputs['routeTableId']}{zlib.crc32(inputs['destinationCidrBlock'].encode())}"

    def imported_by(self) -> str:
        """Its table and its destination."""
        return "<routeTableId>_<destinationCidrBlock>"

    def create(self, aws: Aws, inputs: Properties) -> str:
        """Put the route into its table, unless it has one: the embedded AWS would take a second."""
        table = _table(aws, inputs["routeTableId"])
        if table and _route(table, inputs["destinationCidrBlock"]):
            raise ProviderError(
                f"the route table {inputs['routeTableId']} has a route to {inputs['destinationCidrBlock']} "
                "already: delete it, or give another destination"
            )
        aws.client("ec2").create_route(**_request(inputs))
        return self.id_of(inputs)

    def read(self, aws: Aws, id: str, known: Properties) -> Properties | None:
        """Look for the destination in the table."""
        name, _, destination = id.partition("_")
        if destination:
            known = {"routeTableId": name, "destinationCidrBlock": destination}
        table = _table(aws, known["routeTableId"])
        route = _route(table, known["destinationCidrBlock"]) if table else None
        if route is None:
            return None
        return {
            "id": self.id_of(known),
            "destinationCidrBlock": known["destinationCidrBlock"],
            "gatewayId": route.get("GatewayId"),
            "natGatewayId": route.get("NatGatewayId"),
            "routeTableId": known["routeTableId"],
            "origin": route["Origin"],
            "state": route["State"],
        }

    def update(self, aws: Aws, update: Update) -> None:
        """Another target takes the old one's place."""
        aws.client("ec2").replace_route(**_request(update.news))

    def delete(self, aws: Aws, id: str, state: Properties) -> None:
        """Take the route out of its table."""
        del id
        aws.client("ec2").delete_route(
            RouteTableId=state["routeTableId"], DestinationCidrBlock=state["destinationCidrBlock"]
        )


class RouteTableAssociation(ResourceType):
    """That a subnet uses a route table.

    AWS gives the association another id when it gets another table, which the real provider hides; here that
    replaces it.
    """

    token = "aws:ec2/routeTableAssociation:RouteTableAssociation"
    service = "ec2"
    props = {
        "routeTableId": string(required=True, replaces=True, pattern=ROUTE_TABLE_ID, meaning="rtb-..."),
        "subnetId": string(required=True, replaces=True, pattern=SUBNET_ID, meaning="subnet-..."),
    }
    identity = ("subnetId",)

    def find(self, aws: Aws, inputs: Properties, owner: str) -> Iterator[str]:
        """A subnet has one."""
        del owner
        found = _association(aws, "SubnetId", inputs["subnetId"])
        if found:
            yield str(found["RouteTableAssociationId"])

    def imported_by(self) -> str:
        """Its subnet and its table."""
        return "<subnetId>/<routeTableId>"

    def create(self, aws: Aws, inputs: Properties) -> str:
        """Give the subnet its table."""
        for there in self.find(aws, inputs, ""):
            raise ProviderError(f"the subnet {inputs['subnetId']} has a route table already ({there})")
        made = aws.client("ec2").associate_route_table(
            RouteTableId=inputs["routeTableId"], SubnetId=inputs["subnetId"]
        )
        return str(made["AssociationId"])

    def read(self, aws: Aws, id: str, known: Properties) -> Properties | None:
        """Look for the id, or for an import's subnet, among all tables."""
        del known
        subnet, _, table = id.partition("/")
        found = _association(aws, *(("SubnetId", subnet) if table else ("RouteTableAssociationId", id)))
        if found is None:
            return None
        return {
            "id": found["RouteTableAssociationId"],
            "routeTableId": found["RouteTableId"],
            "subnetId": found["SubnetId"],
        }

    def delete(self, aws: Aws, id: str, state: Properties) -> None:
        """Let the subnet go back to the network's main table."""
        del state
        aws.client("ec2").disassociate_route_table(AssociationId=id)


def _request(inputs: Properties) -> dict[str, Any]:
    return given(
        RouteTableId=inputs["routeTableId"],
        DestinationCidrBlock=inputs["destinationCidrBlock"],
        GatewayId=inputs.get("gatewayId"),
        NatGatewayId=inputs.get("natGatewayId"),
    )


def _table(aws: Aws, id: str) -> dict[str, Any] | None:
    return only(aws.client("ec2").describe_route_tables(RouteTableIds=[id])["RouteTables"])


def _route(table: dict[str, Any], destination: str) -> dict[str, Any] | None:
    return only([each for each in table["Routes"] if each.get("DestinationCidrBlock") == destination])


def _association(aws: Aws, key: str, value: str) -> dict[str, Any] | None:
    for page in aws.client("ec2").get_paginator("describe_route_tables").paginate():
        for table in page["RouteTables"]:
            found = only([each for each in table["Associations"] if each.get(key) == value])
            if found:
                return found
    return None
