"""DynamoDB: tables. Replicas, restores, imports and warm throughput aren't here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from ..check import Failure, join
from ..clients import Aws
from ..errors import ProviderError, is_missing
from ..resource import Properties, ResourceType, Update
from ..schema import arn, boolean, integer, object_of, set_of, string
from ..settings import Settings
from ..values import UNKNOWN, has_unknown
from . import given, tag_list, tag_map

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
_MOST_PROJECTED: Final = 100
_ON_DEMAND: Final = "PAY_PER_REQUEST"
_CAPACITIES: Final = ("readCapacity", "writeCapacity")
_MANAGED_KEY: Final = "alias/aws/dynamodb"


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
        yield from _attributes(inputs)
        yield from _indexes(inputs)
        yield from _capacity(inputs)
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
            yield from (key for key in _CAPACITIES if key not in news)

    def create(self, aws: Aws, inputs: Properties) -> str:
        """Make the table with its indexes."""
        indexes = [
            _global_index(each, inputs["billingMode"]) for each in inputs.get("globalSecondaryIndexes", [])
        ]
        stream = {"StreamEnabled": True, "StreamViewType": inputs.get("streamViewType")}
        request = given(
            TableName=inputs["name"],
            AttributeDefinitions=_definitions(inputs),
            BillingMode=inputs["billingMode"],
            DeletionProtectionEnabled=inputs.get("deletionProtectionEnabled"),
            GlobalSecondaryIndexes=indexes or None,
            KeySchema=_keys(inputs),
            LocalSecondaryIndexes=[
                {
                    **_index(each),
                    "KeySchema": _keys({"hashKey": inputs["hashKey"], "rangeKey": each["rangeKey"]}),
                }
                for each in inputs.get("localSecondaryIndexes", [])
            ]
            or None,
            OnDemandThroughput=_on_demand(inputs),
            ProvisionedThroughput=_throughput(inputs, inputs["billingMode"]),
            SSESpecification=_encryption(inputs),
            StreamSpecification=stream if inputs.get("streamEnabled") else None,
            TableClass=inputs["tableClass"],
            Tags=tag_list(inputs.get("tagsAll")) or None,
        )
        aws.client("dynamodb").create_table(**request)
        return str(inputs["name"])

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
            "ttl": _told_ttl(ttl),
            "tagsAll": tag_map(_all_tags(aws, table["TableArn"])),
            **_told_keys(table["KeySchema"]),
            **_told_capacity(table),
            **_told_stream(table),
            **_told_indexes(table),
            "deletionProtectionEnabled": table.get("DeletionProtectionEnabled", False),
            "serverSideEncryption": _told_encryption(table),
            "tableClass": table.get("TableClassSummary", {}).get("TableClass", "STANDARD"),
        }

    def update(self, aws: Aws, update: Update) -> None:
        """One kind of change a call, in the order that AWS wants: UpdateTable takes few of them together."""
        name, news, changed = update.id, update.news, update.changed
        for request in _steps(update):
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


# ---- what CreateTable takes


def _attributes(inputs: Properties) -> Iterator[Failure]:
    every = (
        (*inputs.get("globalSecondaryIndexes", ()), *inputs.get("localSecondaryIndexes", ()))
        if not any(inputs.get(key) is UNKNOWN for key in ("globalSecondaryIndexes", "localSecondaryIndexes"))
        else None
    )
    if every is None or has_unknown(
        [inputs["attributes"], inputs["hashKey"], inputs.get("rangeKey"), list(every)]
    ):
        return
    keys = {each[key] for each in (inputs, *every) for key in ("hashKey", "rangeKey") if key in each}
    names = Counter(each["name"] for each in inputs["attributes"])
    if twice := sorted(name for name, times in names.items() if times > 1):
        yield Failure(path="attributes", reason=f"{', '.join(twice)}: named more than once; name each once")
    if missing := sorted(keys - names.keys()):
        yield Failure(
            path="attributes",
            reason=f"{', '.join(missing)}: missing; every key of the table and its indexes has its type here",
        )
    if unused := sorted(names.keys() - keys):
        yield Failure(
            path="attributes",
            reason=f"{', '.join(unused)}: not a key of table or index; only keys are declared: leave it out",
        )
    if inputs["hashKey"] == inputs.get("rangeKey"):
        yield Failure(
            path="rangeKey", reason=f'"{inputs["rangeKey"]}" is the hashKey; give another attribute'
        )


def _indexes(inputs: Properties) -> Iterator[Failure]:
    if inputs.get("localSecondaryIndexes") and "rangeKey" not in inputs:
        yield Failure(
            path="localSecondaryIndexes", reason="only a table with a rangeKey has them: give it one"
        )
    names: Counter[Any] = Counter()
    projected = 0
    for kind in ("globalSecondaryIndexes", "localSecondaryIndexes"):
        found = inputs.get(kind, [])
        for position, index in enumerate(found if isinstance(found, list) else []):
            if index is UNKNOWN:
                continue
            names[index["name"]] += 1
            others, projection = index.get("nonKeyAttributes"), index["projectionType"]
            projected += len(others) if isinstance(others, list) else 0
            path = join(f"{kind}[{position}]", "nonKeyAttributes")
            if projection == "INCLUDE" and not others:
                yield Failure(
                    path=path, reason="missing; projectionType INCLUDE names the attributes it includes"
                )
            elif projection in ("ALL", "KEYS_ONLY") and others:
                yield Failure(path=path, reason=f"projectionType {projection} names none: leave it out")
    if twice := sorted(str(name) for name, times in names.items() if times > 1 and name is not UNKNOWN):
        yield Failure(path="globalSecondaryIndexes", reason=f"{', '.join(twice)}: two indexes have this name")
    if projected > _MOST_PROJECTED:
        yield Failure(
            path="globalSecondaryIndexes",
            reason=f"{projected} nonKeyAttributes in all; allowed: at most {_MOST_PROJECTED}: use ALL",
        )


def _capacity(inputs: Properties) -> Iterator[Failure]:
    mode, indexes = inputs["billingMode"], inputs.get("globalSecondaryIndexes", [])
    if mode is UNKNOWN:
        return
    owners = [("", inputs)]
    if isinstance(indexes, list):
        owners += [
            (f"globalSecondaryIndexes[{n}]", each) for n, each in enumerate(indexes) if isinstance(each, dict)
        ]
    for prefix, owner in owners:
        for key in _CAPACITIES:
            if mode == _ON_DEMAND and key in owner:
                yield Failure(
                    path=join(prefix, key),
                    reason=f"billingMode {mode} has no capacity: leave it out, or say PROVISIONED",
                )
            elif mode != _ON_DEMAND and key not in owner:
                yield Failure(
                    path=join(prefix, key),
                    reason=f"missing; billingMode {mode} needs it: give it, or say {_ON_DEMAND}",
                )
    if mode != _ON_DEMAND and inputs.get("onDemandThroughput"):
        yield Failure(path="onDemandThroughput", reason=f"only billingMode {_ON_DEMAND} has it; found {mode}")


# ---- requests


def _definitions(inputs: Properties) -> list[Properties]:
    return [{"AttributeName": each["name"], "AttributeType": each["type"]} for each in inputs["attributes"]]


def _keys(owner: Properties) -> list[Properties]:
    found = [("hashKey", "HASH"), ("rangeKey", "RANGE")]
    return [{"AttributeName": owner[key], "KeyType": kind} for key, kind in found if owner.get(key)]


def _index(index: Properties) -> Properties:
    projection = given(ProjectionType=index["projectionType"], NonKeyAttributes=index.get("nonKeyAttributes"))
    return {"IndexName": index["name"], "KeySchema": _keys(index), "Projection": projection}


def _global_index(index: Properties, billing_mode: str) -> Properties:
    return {**_index(index), **given(ProvisionedThroughput=_throughput(index, billing_mode))}


def _throughput(owner: Properties, billing_mode: str) -> Properties | None:
    if billing_mode == _ON_DEMAND:
        return None
    return {"ReadCapacityUnits": owner["readCapacity"], "WriteCapacityUnits": owner["writeCapacity"]}


def _on_demand(inputs: Properties) -> Properties | None:
    wanted = inputs.get("onDemandThroughput")
    if wanted is None:
        return None
    return {
        "MaxReadRequestUnits": wanted.get("maxReadRequestUnits", -1),
        "MaxWriteRequestUnits": wanted.get("maxWriteRequestUnits", -1),
    }


def _encryption(inputs: Properties) -> Properties | None:
    wanted = inputs.get("serverSideEncryption")
    if wanted is None or not wanted["enabled"]:
        return None if wanted is None else {"Enabled": False}
    return given(Enabled=True, SSEType="KMS", KMSMasterKeyId=wanted.get("kmsKeyArn"))


def _steps(update: Update) -> Iterator[Properties]:
    """The requests of UpdateTable, one at a time: indexes go first and come last."""
    olds, news, changed = update.olds, update.news, update.changed
    before = {each["name"]: each for each in olds.get("globalSecondaryIndexes") or []}
    after = {each["name"]: each for each in news.get("globalSecondaryIndexes", [])}
    remade = {name for name in before.keys() & after.keys() if _shape(before[name]) != _shape(after[name])}
    for name in sorted((before.keys() - after.keys()) | remade):
        yield {"GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": name}}]}
    yield from _billing(
        olds, news, {name: after[name] for name in (before.keys() & after.keys()) - remade}, before
    )
    if changed & {"streamEnabled", "streamViewType"}:
        if olds.get("streamEnabled"):
            yield {"StreamSpecification": {"StreamEnabled": False}}
        if news.get("streamEnabled"):
            yield {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": news["streamViewType"]}}
    if "tableClass" in changed:
        yield {"TableClass": news["tableClass"]}
    if "deletionProtectionEnabled" in changed:
        yield {"DeletionProtectionEnabled": news.get("deletionProtectionEnabled", False)}
    if "onDemandThroughput" in changed and news["billingMode"] == _ON_DEMAND:
        yield {"OnDemandThroughput": _on_demand({"onDemandThroughput": {}} | news)}
    for name in sorted((after.keys() - before.keys()) | remade):
        yield {
            "AttributeDefinitions": _definitions(news),
            "GlobalSecondaryIndexUpdates": [{"Create": _global_index(after[name], news["billingMode"])}],
        }
    if "serverSideEncryption" in changed and news.get("serverSideEncryption"):
        yield {"SSESpecification": _encryption(news)}


def _billing(
    olds: Properties, news: Properties, kept: Mapping[str, Properties], before: Mapping[str, Properties]
) -> Iterator[Properties]:
    mode = news["billingMode"]
    if mode == _ON_DEMAND:
        if olds["billingMode"] != mode:
            yield {"BillingMode": mode}
        return
    switched = olds["billingMode"] != mode
    request: Properties = {}
    if switched or any(olds.get(key) != news[key] for key in _CAPACITIES):
        request = {"BillingMode": mode, "ProvisionedThroughput": _throughput(news, mode)}
    moved = [
        {"Update": {"IndexName": name, "ProvisionedThroughput": _throughput(index, mode)}}
        for name, index in sorted(kept.items())
        if switched or any(before[name].get(key) != index[key] for key in _CAPACITIES)
    ]
    if request or moved:
        yield {**request, **({"GlobalSecondaryIndexUpdates": moved} if moved else {})}


def _shape(index: Properties) -> tuple[Any, ...]:
    """What of an index only another index can have."""
    others = tuple(sorted(index.get("nonKeyAttributes") or ()))
    return index["hashKey"], index.get("rangeKey"), index["projectionType"], others


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


# ---- answers


def _all_tags(aws: Aws, table_arn: str) -> Iterator[Mapping[str, str]]:
    pages = aws.client("dynamodb").get_paginator("list_tags_of_resource").paginate(ResourceArn=table_arn)
    for page in pages:
        yield from page["Tags"]


def _told_keys(schema: Iterable[Mapping[str, str]]) -> Properties:
    names = {"HASH": "hashKey", "RANGE": "rangeKey"}
    return {names[each["KeyType"]]: each["AttributeName"] for each in schema}


def _told_throughput(table: Properties, owner: Properties) -> Properties:
    """Of a table or an index; nothing where it is paid by request, whatever AWS still says of it."""
    if _told_mode(table) == _ON_DEMAND:
        return {}
    throughput = owner.get("ProvisionedThroughput") or {}
    names = {"readCapacity": "ReadCapacityUnits", "writeCapacity": "WriteCapacityUnits"}
    return {key: throughput[name] for key, name in names.items() if throughput.get(name)}


def _told_mode(table: Properties) -> str:
    return str(table.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED"))


def _told_capacity(table: Properties) -> Properties:
    limits = table.get("OnDemandThroughput")
    return {
        "billingMode": _told_mode(table),
        "onDemandThroughput": {
            "maxReadRequestUnits": limits.get("MaxReadRequestUnits", -1),
            "maxWriteRequestUnits": limits.get("MaxWriteRequestUnits", -1),
        }
        if limits and set(limits.values()) != {-1}
        else None,
        **_told_throughput(table, table),
    }


def _told_stream(table: Properties) -> Properties:
    stream = table.get("StreamSpecification") or {}
    return {
        "streamArn": table.get("LatestStreamArn") or "",
        "streamEnabled": stream.get("StreamEnabled", False),
        "streamLabel": table.get("LatestStreamLabel") or "",
        "streamViewType": stream.get("StreamViewType"),
    }


def _told_indexes(table: Properties) -> Properties:
    local = [_told_index(each) for each in table.get("LocalSecondaryIndexes", [])]
    for each in local:
        del each["hashKey"]
    return {
        "globalSecondaryIndexes": [
            {**_told_index(each), **_told_throughput(table, each)}
            for each in table.get("GlobalSecondaryIndexes", [])
        ],
        "localSecondaryIndexes": local,
    }


def _told_index(index: Properties) -> Properties:
    others = index["Projection"].get("NonKeyAttributes")
    return {
        "name": index["IndexName"],
        **_told_keys(index["KeySchema"]),
        "projectionType": index["Projection"]["ProjectionType"],
        **({"nonKeyAttributes": others} if others else {}),
    }


def _told_ttl(ttl: Properties) -> Properties:
    on = ttl.get("TimeToLiveStatus") in ("ENABLED", "ENABLING")
    return {"enabled": True, "attributeName": ttl["AttributeName"]} if on else {"enabled": False}


def _told_encryption(table: Properties) -> Properties:
    told = table.get("SSEDescription") or {}
    if told.get("Status") not in ("ENABLED", "ENABLING", "UPDATING"):
        return {"enabled": False}
    key = told.get("KMSMasterKeyArn", "")
    return {"enabled": True, **({"kmsKeyArn": key} if key and not key.endswith(_MANAGED_KEY) else {})}


TYPES = (Table(),)
