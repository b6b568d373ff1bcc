from __future__ import annotations

from dataclasses import replace

import pytest

from components.data.table import Index, Key, Table, TableArgs
from components.problems import InvalidArgumentsError
from tests.components.sample import SCOPE
from tests.mocks import declare

ARN = "arn:aws:dynamodb:ap-southeast-1:123456789012:table/typerush-dev-texts"
TEXTS = TableArgs(
    scope=SCOPE, what="texts", hash_key=Key(name="difficulty"), range_key=Key(name="text_id"), protect=True
)
BY_TIME = Index(name="by-time", hash_key=Key(name="difficulty"), range_key=Key(name="written", type="N"))


def test_a_table() -> None:
    table = declare(lambda: Table("texts", TEXTS))["texts-table"]
    assert table.inputs == {
        "name": "typerush-dev-texts",
        "billingMode": "PAY_PER_REQUEST",
        "hashKey": "difficulty",
        "rangeKey": "text_id",
        "attributes": [{"name": "difficulty", "type": "S"}, {"name": "text_id", "type": "S"}],
        "pointInTimeRecovery": {"enabled": True},
        "serverSideEncryption": {"enabled": True},
        "deletionProtectionEnabled": True,
        "tags": {"System": "typerush", "Service": "shared", "Stage": "dev", "ManagedBy": "pulumi"},
    }
    assert table.protect


def test_a_table_with_an_index() -> None:
    args = replace(TEXTS, indexes=(BY_TIME,), protect=False)
    table = declare(lambda: Table("texts", args))["texts-table"]
    assert table.inputs["globalSecondaryIndexes"] == [
        {"name": "by-time", "hashKey": "difficulty", "rangeKey": "written", "projectionType": "ALL"}
    ]
    assert table.inputs["attributes"] == [
        {"name": "difficulty", "type": "S"},
        {"name": "text_id", "type": "S"},
        {"name": "written", "type": "N"},
    ]
    assert table.inputs["deletionProtectionEnabled"] is False
    assert not table.protect


def test_grants() -> None:
    assert [
        grant.statement()
        for grant in (
            TEXTS.grant_get(),
            TEXTS.grant_read(),
            TEXTS.grant_put(),
            TEXTS.grant_query_index("by-time"),
        )
    ] == [
        {"Sid": "GetTexts", "Effect": "Allow", "Action": ["dynamodb:GetItem"], "Resource": [ARN]},
        {
            "Sid": "ReadTexts",
            "Effect": "Allow",
            "Action": ["dynamodb:GetItem", "dynamodb:Query"],
            "Resource": [ARN],
        },
        {"Sid": "PutTexts", "Effect": "Allow", "Action": ["dynamodb:PutItem"], "Resource": [ARN]},
        {
            "Sid": "QueryByTimeOfTexts",
            "Effect": "Allow",
            "Action": ["dynamodb:Query"],
            "Resource": [f"{ARN}/index/by-time"],
        },
    ]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"what": "t" * 250}, "characters long; allowed: at most 255"),
        ({"range_key": Key(name="difficulty", type="N")}, "the attribute 'difficulty' is of two types"),
        ({"indexes": (BY_TIME, BY_TIME)}, "the index 'by-time' is there twice"),
    ],
)
def test_an_impossible_table_is_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidArgumentsError) as error:
        declare(lambda: Table("texts", replace(TEXTS, **change)))  # type: ignore[arg-type]
    assert message in str(error.value)


def test_items_that_expire_and_grants_one_action_each() -> None:
    args = replace(TEXTS, expires_by="expiration")
    table = declare(lambda: Table("texts", args))["texts-table"]
    assert table.inputs["ttl"] == {"attributeName": "expiration", "enabled": True}
    grants = (TEXTS.grant_get(), TEXTS.grant_put(), TEXTS.grant_update(), TEXTS.grant_delete())
    assert [grant.actions for grant in grants] == [
        ("dynamodb:GetItem",),
        ("dynamodb:PutItem",),
        ("dynamodb:UpdateItem",),
        ("dynamodb:DeleteItem",),
    ]
