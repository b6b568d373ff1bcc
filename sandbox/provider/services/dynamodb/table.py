"""Tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from ...check import Failure
from ...clients import Aws
from ...errors import ProviderError, is_missing
from ...resource import Properties, ResourceType, Update
from ...schema import arn, boolean, integer, object_of, set_of, string
from ...settings import Settings
from .. import given, tag_list, tag_map
from .answers import told_capacity, told_encryption, told_indexes, told_keys, told_stream, told_ttl
from .requests import definitions, encryption, global_index, index_of, keys, on_demand, steps, throughput
from .rules import CAPACITIES, attributes, capacity, indexes

_NAME: Final[Mapping[str, Any]] = {
    "minimum": 3,
    "maximum": 255,
    "pattern": r"[a-zA-Z0-9_.-]+",
    "meaning": "letters, digits, _, . and -",
}
_KEY: Final[Mapping[str, Any]] = {"minimum": 1, "maximum": 255}
_PROJECTIONS: Final = ("ALL", "INCLUDE", "KEYS_ONLY")
_MOST_LOCAL_INDEXES: Final = 5
_MOST_GLOBAL_INDEXES: Final = 20


class Table(ResourceType):
    """A table. Its id is its name.

    The rules: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_CreateTable.html and
    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html
    """

    token = "aws:dynamodb/table:Table"
    service = "dynamodb"
    props = {
        "name": string(replaces=True, **_NAME),
        "attributes": set_of(
            object_of(
                {"name": string(required=True, **_KEY), "type": string(required=True, values=("S", "N", "B"))}
            ),
            required=True,
            minimum=1,
        ),
        "billingMode": string(default="PROVISIONED", shape="BillingMode"),
        "deletionProtectionEnabled": boolean(),
        "globalSecondaryIndexes": set_of(
            object_of(
                {
                    "name": string(required=True, **_NAME),
                    "hashKey": string(required=True, **_KEY),
                    "rangeKey": string(**_KEY),
                    "nonKeyAttributes": set_of(string(**_KEY)),
                    "projectionType": string(required=True, values=_PROJECTIONS),
                    "readCapacity": integer(minimum=1),
                    "writeCapacity": integer(minimum=1),
                }
            ),
            maximum=_MOST_GLOBAL_INDEXES,
        ),
        "hashKey": string(required=True, replaces=True, **_KEY),
        "localSecondaryIndexes": set_of(
            object_of(
                {
                    "name": string(required=True, **_NAME),
                    "rangeKey": string(required=True, **_KEY),
                    "nonKeyAttributes": set_of(string(**_KEY)),
                    "projectionType": string(required=True, values=_PROJECTIONS),
                }
            ),
            replaces=True,
            maximum=_MOST_LOCAL_INDEXES,
        ),
        "onDemandThroughput": object_of(
            {
                "maxReadRequestUnits": integer(default=-1, minimum=-1),
                "maxWriteRequestUnits": integer(default=-1, minimum=-1),
            }
        ),
        "pointInTimeRecovery": object_of({"enabled": boolean(required=True)}, settled=True),
        "rangeKey": string(replaces=True, **_KEY),
        "readCapacity": integer(settled=True, minimum=1),
        "serverSideEncryption": object_of(
            {"enabled": boolean(required=True), "kmsKeyArn": arn(settled=True)}, settled=True
        ),
        "streamEnabled": boolean(),
        "streamViewType": string(settled=True, shape="StreamViewType"),
        "tableClass": string(default="STANDARD", shape="TableClass"),
        "ttl": object_of({"attributeName": string(**_KEY), "enabled": boolean(default=False)}, settled=True),
        "writeCapacity": integer(settled=True, minimum=1),
    }
    outputs = ("arn", "streamArn", "streamLabel")
    autoname = "name"
    autoname_limit = 255
    identity = ("name",)
    tagged = True

    def check(self, inputs: Properties, settings: Settings) -> Iterable[Failure]:
        """Keys and attributes fit each other; indexes, capacity and streams are what CreateTable takes."""
        del settings
        yield from attributes(inputs)
        yield from indexes(inputs)
        yield from capacity(inputs)
        stream, view = inputs.get("streamEnabled"), inputs.get("streamViewType")
        if stream is True and view is None:
            yield Failure(path="streamViewType", reason="missing; a stream has one: e.g. NEW_AND_OLD_IMAGES")
        if stream in (None, False) and view is not None:
            yield Failure(
                path="streamViewType", reason="only a stream has one: set streamEnabled, or leave it out"
            )
        ttl = inputs.get("ttl")
        if isinstance(ttl, dict) and ttl.get("enabled") is True and not ttl.get("attributeName"):
            yield Failure(path="ttl.attributeName", reason="missing; it says which attribute has the time")
        encryption = inputs.get("serverSideEncryption")
        if isinstance(encryption, dict) and encryption["enabled"] is False and encryption.get("kmsKeyArn"):
            yield Failure(path="serverSideEncryption.kmsKeyArn", reason="set enabled, or leave the key out")

    def unsettled(self, changed: frozenset[str], news: Properties) -> Iterable[str]:
        """Another stream is another ARN; what isn't said of stream or capacity any more is AWS's choice."""
        if changed & {"streamEnabled", "streamViewType"}:
            yield from ("streamArn", "streamLabel")
            if "streamViewType" not in news:
                yield "streamViewType"
        if "billingMode" in changed:
            yield from (key for key in CAPACITIES if key not in news)

    def id_of(self, inputs: Properties) -> str:
        """Its name."""
        return str(inputs["name"])

    def create(self, aws: Aws, inputs: Properties) -> str:
        """Make the table with its indexes."""
        indexes = [
            global_index(each, inputs["billingMode"]) for each in inputs.get("globalSecondaryIndexes", [])
        ]
        stream = {"StreamEnabled": True, "StreamViewType": inputs.get("streamViewType")}
        request = given(
            TableName=inputs["name"],
            AttributeDefinitions=definitions(inputs),
            BillingMode=inputs["billingMode"],
            DeletionProtectionEnabled=inputs.get("deletionProtectionEnabled"),
            GlobalSecondaryIndexes=indexes or None,
            KeySchema=keys(inputs),
            LocalSecondaryIndexes=[
                {
                    **index_of(each),
                    "KeySchema": keys({"hashKey": inputs["hashKey"], "rangeKey": each["rangeKey"]}),
                }
                for each in inputs.get("localSecondaryIndexes", [])
            ]
            or None,
            OnDemandThroughput=on_demand(inputs),
            ProvisionedThroughput=throughput(inputs, inputs["billingMode"]),
            SSESpecification=encryption(inputs),
            StreamSpecification=stream if inputs.get("streamEnabled") else None,
            TableClass=inputs["tableClass"],
            Tags=tag_list(inputs.get("tagsAll")) or None,
        )
        aws.client("dynamodb").create_table(**request)
        return self.id_of(inputs)

    def finish(self, aws: Aws, id: str, inputs: Properties) -> None:
        """What AWS takes only once the table is there."""
        _active(aws, id)
        if inputs.get("ttl", {}).get("enabled"):
            _set_ttl(aws, id, inputs["ttl"])
        if inputs.get("pointInTimeRecovery", {}).get("enabled"):
            _set_recovery(aws, id, inputs["pointInTimeRecovery"])

    def read(self, aws: Aws, id: str, known: Properties) -> Properties | None:
        """The table as AWS describes it, in five calls."""
        del known
        dynamodb = aws.client("dynamodb")
        table = dynamodb.describe_table(TableName=id)["Table"]
        if table["TableStatus"] == "DELETING":
            return None
        backups = dynamodb.describe_continuous_backups(TableName=id)["ContinuousBackupsDescription"]
        recovery = backups.get("PointInTimeRecoveryDescription", {}).get("PointInTimeRecoveryStatus")
        ttl = dynamodb.describe_time_to_live(TableName=id)["TimeToLiveDescription"]
        return {
            "name": id,
            "arn": table["TableArn"],
            "attributes": [
                {"name": each["AttributeName"], "type": each["AttributeType"]}
                for each in table["AttributeDefinitions"]
            ],
            "pointInTimeRecovery": {"enabled": recovery == "ENABLED"},
            "ttl": told_ttl(ttl),
            "tagsAll": tag_map(_all_tags(aws, table["TableArn"])),
            **told_keys(table["KeySchema"]),
            **told_capacity(table),
            **told_stream(table),
            **told_indexes(table),
            "deletionProtectionEnabled": table.get("DeletionProtectionEnabled", False),
            "serverSideEncryption": told_encryption(table),
            "tableClass": table.get("TableClassSummary", {}).get("TableClass", "STANDARD"),
        }

    def update(self, aws: Aws, update: Update) -> None:
        """One kind of change a call, in the order that AWS wants: UpdateTable takes few of them together."""
        name, news, changed = update.id, update.news, update.changed
        for request in steps(update):
            aws.client("dynamodb").update_table(TableName=name, **request)
            _active(aws, name)
        if "ttl" in changed and news.get("ttl"):
            _change_ttl(aws, name, update.olds.get("ttl") or {}, news["ttl"])
        if "pointInTimeRecovery" in changed and news.get("pointInTimeRecovery"):
            _set_recovery(aws, name, news["pointInTimeRecovery"])
        removed, added = update.tags()
        if removed:
            aws.client("dynamodb").untag_resource(ResourceArn=update.olds["arn"], TagKeys=removed)
        if added:
            aws.client("dynamodb").tag_resource(ResourceArn=update.olds["arn"], Tags=tag_list(added))

    def delete(self, aws: Aws, id: str, state: Properties) -> None:
        """Delete the table with its items, and wait until its name is free."""
        del state
        dynamodb = aws.client("dynamodb")
        dynamodb.delete_table(TableName=id)

        def gone() -> bool | None:
            try:
                dynamodb.describe_table(TableName=id)
            except Exception as error:
                if is_missing(error):
                    return True
                raise
            return None

        aws.wait(f"table {id} is gone", gone)


def _set_ttl(aws: Aws, name: str, ttl: Properties) -> None:
    specification = {"AttributeName": ttl["attributeName"], "Enabled": ttl["enabled"]}
    aws.client("dynamodb").update_time_to_live(TableName=name, TimeToLiveSpecification=specification)


def _change_ttl(aws: Aws, name: str, old: Properties, new: Properties) -> None:
    attribute = new.get("attributeName") or old.get("attributeName")
    if old.get("enabled") and new.get("enabled") and old.get("attributeName") != attribute:
        raise ProviderError(
            f"ttl.attributeName: AWS doesn't change it from {old['attributeName']} to {attribute} while it "
            "is on: set ttl.enabled to false first"
        )
    if attribute and bool(old.get("enabled")) != bool(new.get("enabled")):
        _set_ttl(aws, name, {"attributeName": attribute, "enabled": bool(new.get("enabled"))})


def _set_recovery(aws: Aws, name: str, recovery: Properties) -> None:
    aws.client("dynamodb").update_continuous_backups(
        TableName=name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": recovery["enabled"]}
    )


def _active(aws: Aws, name: str) -> None:
    def settled() -> bool | None:
        table = aws.client("dynamodb").describe_table(TableName=name)["Table"]
        states = {
            table["TableStatus"],
            *(each["IndexStatus"] for each in table.get("GlobalSecondaryIndexes", [])),
        }
        return True if states == {"ACTIVE"} else None

    aws.wait(f"table {name} and its indexes are ACTIVE", settled)


def _all_tags(aws: Aws, table_arn: str) -> Iterator[Mapping[str, str]]:
    pages = aws.client("dynamodb").get_paginator("list_tags_of_resource").paginate(ResourceArn=table_arn)
    for page in pages:
        yield from page["Tags"]
