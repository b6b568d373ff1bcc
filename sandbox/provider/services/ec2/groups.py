"""Security groups; their rules are resources of their own."""

from __future__ import annotations

from ...clients import Aws
from ...resource import Properties
from ...schema import string
from .common import VPC_ID, Ec2Type, only


class SecurityGroup(Ec2Type):
    """A security group.

    As with the real provider it starts without any rule: AWS's own, which lets everything out, is taken away.
    """

    token = "aws:ec2/securityGroup:SecurityGroup"
    kind = "security-group"
    props = {
        "name": string(
            replaces=True, minimum=1, maximum=255, pattern=r"(?!sg-).*", meaning="no sg-... at the start"
        ),
        "description": string(
            default="Managed by Pulumi",
            replaces=True,
            minimum=1,
            maximum=255,
            pattern=r"[a-zA-Z0-9. _\-:/()#,@\[\]+=&;{}!$*]*",
            meaning="letters, digits, spaces and . _ - : / ( ) # , @ [ ] + = & ; { } ! $ *",
        ),
        "vpcId": string(replaces=True, settled=True, pattern=VPC_ID, meaning="vpc-..."),
    }
    outputs = ("arn", "ownerId")
    autoname = "name"
    autoname_limit = 255
    identity = ("name", "vpcId")

    def create(self, aws: Aws, inputs: Properties) -> str:
        """Make the group."""
        where = {"VpcId": inputs["vpcId"]} if "vpcId" in inputs else {}
        made = aws.client("ec2").create_security_group(
            GroupName=inputs["name"], Description=inputs["description"], **where, **self.tags(inputs)
        )
        return str(made["GroupId"])

    def finish(self, aws: Aws, id: str, inputs: Properties) -> None:
        """Take AWS's own rule away, if it is still there."""
        del inputs
        ec2 = aws.client("ec2")
        if ec2.describe_security_groups(GroupIds=[id])["SecurityGroups"][0]["IpPermissionsEgress"]:
            everything = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
            ec2.revoke_security_group_egress(GroupId=id, IpPermissions=[everything])

    def read(self, aws: Aws, id: str, known: Properties) -> Properties | None:
        """The group as AWS describes it."""
        del known
        group = only(aws.client("ec2").describe_security_groups(GroupIds=[id])["SecurityGroups"])
        if group is None:
            return None
        return {
            **self.told(aws, id, group),
            "name": group["GroupName"],
            "description": group["Description"],
            "ownerId": group["OwnerId"],
            "vpcId": group["VpcId"],
        }

    def delete(self, aws: Aws, id: str, state: Properties) -> None:
        """Delete the group."""
        del state
        aws.client("ec2").delete_security_group(GroupId=id)
