from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.provider.services.dynamodb.table import Table
from sandbox.provider.settings import Settings
from sandbox.provider.values import UNKNOWN
from tests.sandbox.provider.client import Client, RefusedError
from tests.sandbox.provider.walk import refused, replaced, walk

TABLE = "aws:dynamodb/table:Table"
BASE: dict[str, Any] = {
    "name": "texts",
    "billingMode": "PAY_PER_REQUEST",
    "hashKey": "id",
    "attributes": [{"name": "id", "type": "S"}],
}
ATTRIBUTES = [{"name": "id", "type": "S"}, {"name": "level", "type": "S"}, {"name": "pick", "type": "N"}]
INDEX = {"name": "by-level", "hashKey": "level", "rangeKey": "pick", "projectionType": "ALL"}
PAID = {"readCapacity": 1, "writeCapacity": 2}
SORTED = BASE | {"rangeKey": "level", "attributes": ATTRIBUTES}
LOCAL = {"name": "by-pick", "rangeKey": "pick", "projectionType": "KEYS_ONLY"}


def test_a_life(live: Client) -> None:
    made = walk(
        live,
        TABLE,
        BASE,
        BASE
        | {
            "pointInTimeRecovery": {"enabled": True},
            "serverSideEncryption": {"enabled": True},
            "deletionProtectionEnabled": True,
            "ttl": {"attributeName": "until", "enabled": True},
            "tags": {"System": "shop"},
        },
        BASE
        | {
            "pointInTimeRecovery": {"enabled": False},
            "serverSideEncryption": {
                "enabled": True,
                "kmsKeyArn": "arn:aws:kms:us-east-1:000000000000:key/00000000-0000-0000-0000-000000000000",
            },
            "ttl": {"enabled": False},
        },
        BASE | {"tableClass": "STANDARD_INFREQUENT_ACCESS", "serverSideEncryption": {"enabled": False}},
        BASE | {"onDemandThroughput": {"maxReadRequestUnits": 10}},
    )
    assert made.id == "texts"
    assert made.outputs["arn"] == "arn:aws:dynamodb:us-east-1:000000000000:table/texts"


def test_streams(live: Client) -> None:
    base = BASE | {"name": "streams"}
    made = live.create(TABLE, base | {"streamEnabled": True, "streamViewType": "KEYS_ONLY"})
    first = made.outputs["streamArn"]
    assert first == f"{made.outputs['arn']}/stream/{made.outputs['streamLabel']}"
    news = base | {"streamEnabled": True, "streamViewType": "NEW_IMAGE"}
    previewed = live.update(made, news, preview=True).outputs
    assert {previewed["streamArn"], previewed["streamLabel"]} == {UNKNOWN}
    made = live.update(made, news)
    assert made.outputs["streamViewType"] == "NEW_IMAGE"
    assert made.outputs["streamArn"] != first
    made = live.update(made, base)
    assert made.outputs["streamEnabled"] is False
    assert "streamViewType" not in made.outputs


def test_indexes(live: Client) -> None:
    base = BASE | {"name": "indexes"}
    included = {"projectionType": "INCLUDE", "nonKeyAttributes": ["text", "author"]}
    walk(
        live,
        TABLE,
        base | {"attributes": ATTRIBUTES, "globalSecondaryIndexes": [INDEX]},
        base | {"attributes": ATTRIBUTES, "globalSecondaryIndexes": [INDEX | included]},
        base
        | {
            "attributes": ATTRIBUTES,
            "globalSecondaryIndexes": [
                {"name": "by-pick", "hashKey": "pick", "projectionType": "KEYS_ONLY"},
                {"name": "by-only-level", "hashKey": "level", "projectionType": "ALL"},
            ],
        },
        base,
        base | {"attributes": ATTRIBUTES, "globalSecondaryIndexes": [INDEX]},
    )


def test_capacity(live: Client) -> None:
    base = BASE | {"name": "capacity", "attributes": ATTRIBUTES, "globalSecondaryIndexes": [INDEX]}
    paid = base | PAID | {"billingMode": "PROVISIONED", "globalSecondaryIndexes": [INDEX | PAID]}
    walk(
        live,
        TABLE,
        base,
        paid,
        paid | {"readCapacity": 5},
        paid | {"globalSecondaryIndexes": [INDEX | PAID | {"writeCapacity": 7}]},
        base,
    )


def test_local_indexes_stay(live: Client) -> None:
    made = walk(live, TABLE, SORTED | {"name": "local", "localSecondaryIndexes": [LOCAL]})
    assert made.outputs["localSecondaryIndexes"] == [LOCAL]


def test_a_protected_table_isn_t_deleted(live: Client) -> None:
    inputs = BASE | {"name": "protected"}
    made = live.create(TABLE, inputs | {"deletionProtectionEnabled": True})
    with pytest.raises(RefusedError, match="protected against deletion"):
        live.delete(made)
    live.delete(live.update(made, inputs))


def test_the_attribute_of_a_time_to_live_stays(live: Client) -> None:
    inputs = BASE | {"name": "ttl", "ttl": {"attributeName": "a", "enabled": True}}
    made = live.create(TABLE, inputs)
    with pytest.raises(RefusedError, match=r"from a to b while it is on: set ttl\.enabled to false first"):
        live.update(made, inputs | {"ttl": {"attributeName": "b", "enabled": True}})


def test_what_replaces(offline: Client) -> None:
    key = {"name": "level", "type": "S"}
    changes: dict[str, Any] = {
        "name": "other",
        "region": "eu-west-1",
        "deletionProtectionEnabled": True,
        "pointInTimeRecovery": {"enabled": True},
        "serverSideEncryption": {"enabled": True},
        "tableClass": "STANDARD_INFREQUENT_ACCESS",
        "ttl": {"attributeName": "a", "enabled": True},
    }
    assert replaced(offline, TABLE, BASE, **changes) == {"name", "region"}
    made = offline.create(TABLE, BASE, preview=True)
    diff = offline.diff(made, BASE | {"hashKey": "level", "attributes": [key]})
    assert (list(diff.replaces), diff.deleteBeforeReplace) == (["hashKey"], True)
    diff = offline.diff(made, BASE | {"rangeKey": "level", "attributes": [*BASE["attributes"], key]})
    assert list(diff.replaces) == ["rangeKey"]
    made = offline.create(TABLE, SORTED | {"localSecondaryIndexes": [LOCAL]}, preview=True)
    changed = [LOCAL | {"projectionType": "ALL"}]
    diff = offline.diff(made, SORTED | {"localSecondaryIndexes": changed})
    assert list(diff.replaces) == ["localSecondaryIndexes"]


def test_preview(offline: Client) -> None:
    outputs = offline.create(TABLE, BASE, preview=True).outputs
    unknown = ("arn", "streamArn", "streamLabel", "readCapacity", "pointInTimeRecovery", "ttl")
    assert {outputs[key] for key in unknown if outputs[key] is not UNKNOWN} == set()
    assert (outputs["hashKey"], outputs["tableClass"]) == ("id", "STANDARD")


def test_sets_have_no_order(offline: Client) -> None:
    included = INDEX | {"projectionType": "INCLUDE", "nonKeyAttributes": ["a", "b"]}
    inputs = BASE | {"attributes": ATTRIBUTES, "globalSecondaryIndexes": [included]}
    made = offline.create(TABLE, inputs, preview=True)
    news = inputs | {
        "attributes": ATTRIBUTES[::-1],
        "globalSecondaryIndexes": [included | {"nonKeyAttributes": ["b", "a"]}],
    }
    assert not offline.diff(made, news).detailedDiff


@pytest.mark.parametrize(
    ("change", "path", "reason"),
    [
        (
            {"rangeKey": "level"},
            "attributes",
            "level: missing; every key of the table and its indexes has its type",
        ),
        ({"attributes": ATTRIBUTES}, "attributes", "level, pick: not a key of table or index"),
        ({"attributes": [{"name": "id", "type": "X"}]}, "attributes[0].type", "allowed: S, N, B"),
        ({"attributes": BASE["attributes"] * 2}, "attributes", "id: named more than once"),
        ({"rangeKey": "id"}, "rangeKey", '"id" is the hashKey; give another attribute'),
        ({"name": "ab"}, "name", "2 characters isn't allowed; allowed: 3 to 255 characters"),
        ({"name": "a b c"}, "name", "allowed: letters, digits, _, . and -"),
        ({"readCapacity": 1}, "readCapacity", "billingMode PAY_PER_REQUEST has no capacity"),
        ({"billingMode": "FREE"}, "billingMode", "allowed: PROVISIONED, PAY_PER_REQUEST"),
        ({"streamEnabled": True}, "streamViewType", "missing; a stream has one"),
        ({"streamViewType": "KEYS_ONLY"}, "streamViewType", "only a stream has one"),
        ({"ttl": {"enabled": True}}, "ttl.attributeName", "missing; it says which attribute has the time"),
        (
            {"localSecondaryIndexes": [LOCAL], "attributes": [ATTRIBUTES[0], ATTRIBUTES[2]]},
            "localSecondaryIndexes",
            "only a table with a rangeKey has them",
        ),
        (
            {"globalSecondaryIndexes": [INDEX | {"projectionType": "INCLUDE"}], "attributes": ATTRIBUTES},
            "globalSecondaryIndexes[0].nonKeyAttributes",
            "missing; projectionType INCLUDE names the attributes it includes",
        ),
        (
            {"globalSecondaryIndexes": [INDEX, INDEX], "attributes": ATTRIBUTES},
            "globalSecondaryIndexes",
            "by-level: two indexes have this name",
        ),
        (
            {"globalSecondaryIndexes": [INDEX | {"readCapacity": 1}], "attributes": ATTRIBUTES},
            "globalSecondaryIndexes[0].readCapacity",
            "billingMode PAY_PER_REQUEST has no capacity",
        ),
        ({"replicas": [{}]}, "replicas", "the sandbox doesn't support this property"),
    ],
)
def test_refusals(offline: Client, change: dict[str, Any], path: str, reason: str) -> None:
    found = refused(offline, TABLE, BASE | change)
    assert list(found) == [path]
    assert reason in found[path]


def test_provisioned_capacity_is_required(offline: Client) -> None:
    paid = BASE | {"billingMode": "PROVISIONED", "attributes": ATTRIBUTES, "globalSecondaryIndexes": [INDEX]}
    assert refused(offline, TABLE, paid).keys() == {
        "readCapacity",
        "writeCapacity",
        "globalSecondaryIndexes[0].readCapacity",
        "globalSecondaryIndexes[0].writeCapacity",
    }


def test_what_isn_t_known_passes(offline: Client) -> None:
    for key in ("attributes", "billingMode", "globalSecondaryIndexes", "hashKey", "rangeKey", "ttl"):
        assert not refused(offline, TABLE, BASE | {key: UNKNOWN}), key


NAMES = st.sets(st.sampled_from("abcdef"), min_size=1)


@given(keys=st.lists(st.sampled_from("abcdef"), min_size=1, max_size=6, unique=True), declared=NAMES)
def test_attributes_are_the_keys(keys: list[str], declared: set[str]) -> None:
    def indexes() -> Iterator[dict[str, str]]:
        for position, key in enumerate(keys[1:]):
            yield {"name": f"index-{position}", "hashKey": key, "projectionType": "ALL"}

    inputs = {
        "name": "any",
        "billingMode": "PAY_PER_REQUEST",
        "hashKey": keys[0],
        "attributes": [{"name": name, "type": "S"} for name in sorted(declared)],
        "globalSecondaryIndexes": list(indexes()),
    }
    assert (not list(Table().check(inputs, Settings()))) == (declared == set(keys))
