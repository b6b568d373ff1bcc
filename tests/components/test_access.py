from __future__ import annotations

from dataclasses import replace

import pytest

from components.access import RoleAccess, RoleAccessArgs
from components.data.table import Key, TableArgs
from components.problems import InvalidArgumentsError
from tests.components.sample import SCOPE
from tests.mocks import ACCOUNT, REGION, declare

TABLE = TableArgs(scope=SCOPE, what="metadata", hash_key=Key(name="key"))
ACCESS = RoleAccessArgs(
    scope=SCOPE,
    what="metadata-writer",
    role_arn=f"arn:aws:iam::{ACCOUNT}:role/services/backend",
    grants=(TABLE.grant_put(),),
)


def test_a_role_gets_one_policy_more() -> None:
    policy = declare(lambda: RoleAccess("access", ACCESS))["access-policy"]
    assert (policy.inputs["role"], policy.inputs["name"]) == ("backend", "typerush-dev-metadata-writer")
    assert policy.policy == [
        {
            "Sid": "PutMetadata",
            "Effect": "Allow",
            "Action": ["dynamodb:PutItem"],
            "Resource": [f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/typerush-dev-metadata"],
        }
    ]


def test_what_is_not_one_role_is_refused() -> None:
    with pytest.raises(InvalidArgumentsError, match="Name one role exactly"):
        declare(lambda: RoleAccess("access", replace(ACCESS, role_arn=f"arn:aws:iam::{ACCOUNT}:root")))
