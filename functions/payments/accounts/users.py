"""Users and their orders in the app table: every question has a key, none scans."""

from __future__ import annotations

import os
from typing import Any, Final

import boto3
from boto3.dynamodb.conditions import Key
from botocore.config import Config

# What a call takes at worst, 4.5 s: two attempts, each with these two waits, and up to a second between
# them. A request makes two calls, and the function has 10 s.
_CONFIG: Final = Config(
    connect_timeout=0.5, read_timeout=1.25, retries={"total_max_attempts": 2, "mode": "standard"}
)
_table: Any = boto3.resource("dynamodb", config=_CONFIG).Table(os.environ["TABLE_NAME"])

BY_ADDRESS: Final = "GSI1"
_PROFILE: Final = "PROFILE"
_PAGE: Final = 100


class AddressTakenError(Exception):
    """Another user has this address."""


def put(user_id: str, email: str, name: str) -> tuple[dict[str, Any], bool]:
    """Store a user's profile; say whether the user is new.

    Raises AddressTakenError if another user has the address. Two who take one address in the same moment may
    both get it, since an index follows its table only after a moment; `find` gives both then.
    """
    if any(user["user_id"] != user_id for user in find(email)):
        raise AddressTakenError
    profile = {"user_id": user_id, "email": email, "name": name}
    keys = {"PK": f"USER#{user_id}", "SK": _PROFILE, "GSI1PK": f"EMAIL#{email}", "GSI1SK": f"USER#{user_id}"}
    before = _table.put_item(Item=keys | profile, ReturnValues="ALL_OLD")
    return profile, "Attributes" not in before


def get(user_id: str) -> dict[str, Any] | None:
    """A user's profile; None if there is no such user."""
    found = _table.get_item(Key={"PK": f"USER#{user_id}", "SK": _PROFILE})
    return _profile(found["Item"]) if "Item" in found else None


def find(email: str) -> list[dict[str, Any]]:
    """The users with an address: one, as a rule."""
    found = _table.query(
        IndexName=BY_ADDRESS, KeyConditionExpression=Key("GSI1PK").eq(f"EMAIL#{email}"), Limit=_PAGE
    )
    return [_profile(item) for item in found["Items"]]


def orders(user_id: str, after: str | None) -> tuple[list[dict[str, Any]], str | None]:
    """A page of a user's orders, by their ids, and the id to go on after; None when that was all."""
    user = f"USER#{user_id}"
    start = {"ExclusiveStartKey": {"PK": user, "SK": f"ORDER#{after}"}} if after else {}
    found = _table.query(
        KeyConditionExpression=Key("PK").eq(user) & Key("SK").begins_with("ORDER#"), Limit=_PAGE, **start
    )
    last = found.get("LastEvaluatedKey")
    return [_order(item) for item in found["Items"]], last["SK"].removeprefix("ORDER#") if last else None


def _profile(item: dict[str, Any]) -> dict[str, Any]:
    return {name: item[name] for name in ("user_id", "email", "name")}


def _order(item: dict[str, Any]) -> dict[str, Any]:
    facts = {name: item[name] for name in ("order_id", "currency", "accepted_at")}
    return facts | {"amount": int(item["amount"])}
