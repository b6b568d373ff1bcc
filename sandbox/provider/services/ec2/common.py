"""What EC2's types have in common: ids that AWS gives, ARNs made of them, tags with calls of their own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from ...clients import Aws
from ...resource import OWNER_TAG, Properties, ResourceType, Update
from .. import tag_list, tag_map

VPC_ID = r"vpc-[0-9a-zA-Z]+"
SUBNET_ID = r"subnet-[0-9a-zA-Z]+"
ROUTE_TABLE_ID = r"rtb-[0-9a-zA-Z]+"


class Ec2Type(ResourceType):
    """A resource of EC2 whose id AWS gives.

    :cvar kind: its kind in ARNs and when it is tagged, e.g. ``"subnet"``
    """

    service = "ec2"
    tagged = True
    kind: ClassVar[str]

    def arn(self, aws: Aws, id: str) -> str:
        """The ARN of an id."""
        return f"arn:{aws.partition}:ec2:{aws.region}:{aws.account_id}:{self.kind}/{id}"

    def tags(self, inputs: Properties) -> dict[str, Any]:
        """The member of a request that tags what it creates."""
        tags = tag_list(inputs.get("tagsAll"))
        return {"TagSpecifications": [{"ResourceType": self.kind, "Tags": tags}]} if tags else {}

    def find(self, aws: Aws, inputs: Properties, owner: str) -> Iterator[str]:
        """Look for the tag."""
        wanted = {"key": OWNER_TAG, "value": owner, "resource-type": self.kind}
        filters = [{"Name": name, "Values": [value]} for name, value in wanted.items()]
        for page in aws.client("ec2").get_paginator("describe_tags").paginate(Filters=filters):
            for each in page["Tags"]:
                yield str(each["ResourceId"])

    def told(self, aws: Aws, id: str, answer: dict[str, Any]) -> Properties:
        """What AWS says of every one of them."""
        return {"arn": self.arn(aws, id), "tagsAll": tag_map(answer.get("Tags", []))}

    def update(self, aws: Aws, update: Update) -> None:
        """Tags change in place."""
        removed, added = update.tags()
        if removed:
            aws.client("ec2").delete_tags(Resources=[update.id], Tags=[{"Key": key} for key in removed])
        if added:
            aws.client("ec2").create_tags(Resources=[update.id], Tags=tag_list(added))


def only(answers: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The one answer, if there is any."""
    return answers[0] if answers else None
