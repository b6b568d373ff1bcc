"""A table's properties as AWS takes them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ...resource import Properties, Update
from .. import given
from .rules import CAPACITIES, ON_DEMAND


def definitions(inputs: Properties) -> list[Properties]:
    """The attributes with their types."""
    return [{"AttributeName": each["name"], "AttributeType": each["type"]} for each in inputs["attributes"]]


def keys(owner: Properties) -> list[Properties]:
    """The key schema of a table or an index."""
    found = [("hashKey", "HASH"), ("rangeKey", "RANGE")]
    return [{"AttributeName": owner[key], "KeyType": kind} for key, kind in found if owner.get(key)]


def index_of(index: Properties) -> Properties:
    """An index without its capacity."""
    projection = given(ProjectionType=index["projectionType"], NonKeyAttributes=index.get("nonKeyAttributes"))
    return {"IndexName": index["name"], "KeySchema": keys(index), "Projection": projection}


def global_index(index: Properties, billing_mode: str) -> Properties:
    """A global index, with its capacity where it has one."""
    return {**index_of(index), **given(ProvisionedThroughput=throughput(index, billing_mode))}


def throughput(owner: Properties, billing_mode: str) -> Properties | None:
    """The capacity of a table or an index; ``None`` where it is paid by request."""
    if billing_mode == ON_DEMAND:
        return None
    return {"ReadCapacityUnits": owner["readCapacity"], "WriteCapacityUnits": owner["writeCapacity"]}


def on_demand(inputs: Properties) -> Properties | None:
    """The most that a table paid by request takes."""
    wanted = inputs.get("onDemandThroughput")
    if wanted is None:
        return None
    return {
        "MaxReadRequestUnits": wanted.get("maxReadRequestUnits", -1),
        "MaxWriteRequestUnits": wanted.get("maxWriteRequestUnits", -1),
    }


def encryption(inputs: Properties) -> Properties | None:
    """How it is encrypted."""
    wanted = inputs.get("serverSideEncryption")
    if wanted is None or not wanted["enabled"]:
        return None if wanted is None else {"Enabled": False}
    return given(Enabled=True, SSEType="KMS", KMSMasterKeyId=wanted.get("kmsKeyArn"))


def steps(update: Update) -> Iterator[Properties]:
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
    if changed & {"billingMode", "onDemandThroughput"} and news["billingMode"] == ON_DEMAND:
        yield {"OnDemandThroughput": on_demand({"onDemandThroughput": {}} | news)}
    for name in sorted((after.keys() - before.keys()) | remade):
        yield {
            "AttributeDefinitions": definitions(news),
            "GlobalSecondaryIndexUpdates": [{"Create": global_index(after[name], news["billingMode"])}],
        }
    if "serverSideEncryption" in changed and news.get("serverSideEncryption"):
        yield {"SSESpecification": encryption(news)}


def _billing(
    olds: Properties, news: Properties, kept: Mapping[str, Properties], before: Mapping[str, Properties]
) -> Iterator[Properties]:
    mode = news["billingMode"]
    if mode == ON_DEMAND:
        if olds["billingMode"] != mode:
            yield {"BillingMode": mode}
        return
    switched = olds["billingMode"] != mode
    request: Properties = {}
    if switched or any(olds.get(key) != news[key] for key in CAPACITIES):
        request = {"BillingMode": mode, "ProvisionedThroughput": throughput(news, mode)}
    moved = [
        {"Update": {"IndexName": name, "ProvisionedThroughput": throughput(index, mode)}}
        for name, index in sorted(kept.items())
        if switched or any(before[name].get(key) != index[key] for key in CAPACITIES)
    ]
    if request or moved:
        yield {**request, **({"GlobalSecondaryIndexUpdates": moved} if moved else {})}


def _shape(index: Properties) -> tuple[Any, ...]:
    """What of an index only another index can have."""
    others = tuple(sorted(index.get("nonKeyAttributes") or ()))
    return index["hashKey"], index.get("rangeKey"), index["projectionType"], others
