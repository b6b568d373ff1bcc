from __future__ import annotations

import pytest

from tests.sandbox.provider.client import Client, InvalidError

GROUP = "aws:cloudwatch/logGroup:LogGroup"


def test_round_trip(live: Client) -> None:
    live.configure(defaultTags={"tags": {"Stage": "test"}})
    inputs = {"name": "/shop/round-trip", "retentionInDays": 7, "tags": {"System": "shop"}}
    made = live.create(GROUP, inputs)
    assert made.id == "/shop/round-trip"
    assert made.outputs == {
        "name": "/shop/round-trip",
        "arn": "arn:aws:logs:us-east-1:000000000000:log-group:/shop/round-trip",
        "logGroupClass": "STANDARD",
        "region": "us-east-1",
        "retentionInDays": 7,
        "skipDestroy": False,
        "tags": {"System": "shop"},
        "tagsAll": {"Stage": "test", "System": "shop"},
    }
    seen = live.read(made)
    assert (seen.inputs, seen.outputs) == (made.inputs, made.outputs)
    assert not live.diff(made, inputs).detailedDiff

    changed = inputs | {"retentionInDays": 90, "tags": {"Team": "web"}}
    assert sorted(live.diff(made, changed).detailedDiff) == [
        *("retentionInDays", "tags.System", "tags.Team", "tagsAll.System", "tagsAll.Team"),
    ]
    made = live.update(made, changed)
    assert made.outputs["retentionInDays"] == 90
    assert made.outputs["tagsAll"] == {"Stage": "test", "Team": "web"}
    assert live.read(made).outputs == made.outputs

    live.delete(made)
    assert live.read(made).id == ""
    live.delete(made)


def test_import(live: Client) -> None:
    made = live.create(GROUP, {"name": "/shop/import", "retentionInDays": 7, "tags": {"a": "b"}})
    found = live.imported(GROUP, "/shop/import")
    assert found.outputs == {k: v for k, v in made.outputs.items() if k != "skipDestroy"}
    assert not live.diff(found, {"name": "/shop/import", "retentionInDays": 7, "tags": {"a": "b"}}).diffs
    live.delete(made)


def test_retention_is_one_of_the_allowed(offline: Client) -> None:
    with pytest.raises(InvalidError, match=r"retentionInDays: 8 isn't allowed; allowed: 0, 1, 3, 5, 7, 14"):
        offline.check(GROUP, {"name": "g", "retentionInDays": 8})


def test_a_group_gets_a_name_that_it_keeps(offline: Client) -> None:
    first = offline.check(GROUP, {}, name="group")
    assert first["name"].startswith("group-")
    assert len(first["name"]) == len("group-") + 7
    assert "name" in first["__defaults"]
    assert offline.check(GROUP, {"retentionInDays": 7}, olds=first)["name"] == first["name"]
