"""CloudWatch Logs."""

from __future__ import annotations

from ..clients import Aws
from ..resource import Properties, ResourceType, Update
from ..schema import OURS, arn, boolean, integer, string

_RETENTION_DAYS = (
    *(
        0,
        1,
        3,
        5,
        7,
        14,
        30,
        60,
        90,
        120,
        150,
        180,
        365,
        400,
        545,
        731,
        1096,
        1827,
        2192,
        2557,
        2922,
        3288,
        3653,
    ),
)
"""0 keeps for ever. https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html"""


class LogGroup(ResourceType):
    """A log group. Its id is its name."""

    token = "aws:cloudwatch/logGroup:LogGroup"
    service = "logs"
    props = {
        "name": string(replaces=True, shape="LogGroupName"),
        "kmsKeyId": arn(),
        "logGroupClass": string(replaces=True, settled=True, shape="LogGroupClass"),
        "retentionInDays": integer(default=0, values=_RETENTION_DAYS),
        "skipDestroy": boolean(default=False, local=OURS),
    }
    outputs = ("arn",)
    autoname = "name"
    autoname_limit = 512
    identity = ("name",)
    stuck = ("kmsKeyId",)
    tagged = True

    def id_of(self, inputs: Properties) -> str:
        """Its name."""
        return str(inputs["name"])

    def create(self, aws: Aws, inputs: Properties) -> str:
        """Make the group; its retention is a call of its own."""
        request = {
            "logGroupName": inputs["name"],
            "kmsKeyId": inputs.get("kmsKeyId"),
            "logGroupClass": inputs.get("logGroupClass"),
            "tags": inputs.get("tagsAll"),
        }
        aws.client("logs").create_log_group(**{key: value for key, value in request.items() if value})
        return self.id_of(inputs)

    def finish(self, aws: Aws, id: str, inputs: Properties) -> None:
        """Set the retention."""
        if inputs["retentionInDays"]:
            self._retain(aws, id, inputs["retentionInDays"])

    def read(self, aws: Aws, id: str, known: Properties) -> Properties | None:
        """The group as AWS describes it."""
        del known
        logs = aws.client("logs")
        pages = logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=id)
        for group in (each for page in pages for each in page["logGroups"]):
            if group["logGroupName"] == id:
                plain_arn = group["arn"].removesuffix(":*")
                return {
                    "name": id,
                    "arn": plain_arn,
                    "kmsKeyId": group.get("kmsKeyId"),
                    "logGroupClass": group.get("logGroupClass", "STANDARD"),
                    "retentionInDays": group.get("retentionInDays", 0),
                    "tagsAll": logs.list_tags_for_resource(resourceArn=plain_arn).get("tags", {}),
                }
        return None

    def update(self, aws: Aws, update: Update) -> None:
        """Retention and tags change in place."""
        logs = aws.client("logs")
        if "retentionInDays" in update.changed:
            self._retain(aws, update.id, update.news["retentionInDays"])
        removed, added = update.tags()
        if removed:
            logs.untag_resource(resourceArn=update.olds["arn"], tagKeys=removed)
        if added:
            logs.tag_resource(resourceArn=update.olds["arn"], tags=added)

    def delete(self, aws: Aws, id: str, state: Properties) -> None:
        """Delete the group, unless the program said to leave it."""
        if not state.get("skipDestroy"):
            aws.client("logs").delete_log_group(logGroupName=id)

    @staticmethod
    def _retain(aws: Aws, name: str, days: int) -> None:
        if days:
            aws.client("logs").put_retention_policy(logGroupName=name, retentionInDays=days)
        else:
            aws.client("logs").delete_retention_policy(logGroupName=name)


TYPES = (LogGroup(),)
