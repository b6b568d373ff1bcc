"""A table's properties from what AWS tells."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from ...resource import Properties
from .rules import ON_DEMAND

_MANAGED_KEY: Final = "alias/aws/dynamodb"


def told_keys(schema: Iterable[Mapping[str, str]]) -> Properties:
    """The hash and the range key."""
    names = {"HASH": "hashKey", "RANGE": "rangeKey"}
    return {names[each["KeyType"]]: each["AttributeName"] for each in schema}


def _told_throughput(table: Properties, owner: Properties) -> Properties:
    """Of a table or an index; nothing where it is paid by request, whatever AWS still says of it."""
    if _told_mode(table) == ON_DEMAND:
        return {}
    throughput = owner.get("ProvisionedThroughput") or {}
    names = {"readCapacity": "ReadCapacityUnits", "writeCapacity": "WriteCapacityUnits"}
    return {key: throughput[name] for key, name in names.items() if throughput.get(name)}


def _told_mode(table: Properties) -> str:
    return str(table.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED"))


def told_capacity(table: Properties) -> Properties:
    """How a table is paid, and how much it takes."""
    limits = table.get("OnDemandThroughput")
    return {
        "billingMode": _told_mode(table),
        "onDemandThroughput": {
            "maxReadRequestUnits": limits.get("MaxReadRequestUnits", -1),
            "maxWriteRequestUnits": limits.get("MaxWriteRequestUnits", -1),
        }
        if limits and set(limits.values()) != {-1} and _told_mode(table) == ON_DEMAND
        else None,
        **_told_throughput(table, table),
    }


def told_stream(table: Properties) -> Properties:
    """Whether there is a stream, and of what."""
    stream = table.get("StreamSpecification") or {}
    return {
        "streamArn": table.get("LatestStreamArn") or "",
        "streamEnabled": stream.get("StreamEnabled", False),
        "streamLabel": table.get("LatestStreamLabel") or "",
        "streamViewType": stream.get("StreamViewType"),
    }


def told_indexes(table: Properties) -> Properties:
    """The indexes of both kinds."""
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
        **told_keys(index["KeySchema"]),
        "projectionType": index["Projection"]["ProjectionType"],
        **({"nonKeyAttributes": others} if others else {}),
    }


def told_ttl(ttl: Properties) -> Properties:
    """Which attribute has the time to live, if one has."""
    on = ttl.get("TimeToLiveStatus") in ("ENABLED", "ENABLING")
    return {"enabled": True, "attributeName": ttl["AttributeName"]} if on else {"enabled": False}


def told_encryption(table: Properties) -> Properties:
    """Whether a key encrypts it, and which if it isn't AWS's."""
    told = table.get("SSEDescription") or {}
    if told.get("Status") not in ("ENABLED", "ENABLING", "UPDATING"):
        return {"enabled": False}
    key = told.get("KMSMasterKeyArn", "")
    return {"enabled": True, **({"kmsKeyArn": key} if key and not key.endswith(_MANAGED_KEY) else {})}
