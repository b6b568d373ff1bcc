from __future__ import annotations

import pytest

from components.data.db_instance import DbInstance
from components.problems import InvalidArgumentsError
from tests.components.sample import SCOPE
from tests.mocks import ACCOUNT, REGION

FINANCIAL = DbInstance(scope=SCOPE, identifier="ss-financial-dev")
ARN = f"arn:aws:rds:{REGION}:{ACCOUNT}:db:ss-financial-dev"


def test_each_grant_is_one_action_on_one_instance() -> None:
    grants = (FINANCIAL.grant_describe(), FINANCIAL.grant_start(), FINANCIAL.grant_stop())
    assert [(grant.actions, grant.resources) for grant in grants] == [
        (("rds:DescribeDBInstances",), (ARN,)),
        (("rds:StartDBInstance",), (ARN,)),
        (("rds:StopDBInstance",), (ARN,)),
    ]
    assert len({grant.sid for grant in grants}) == 3


def test_ids_are_kept_in_lower_case_by_rds() -> None:
    assert DbInstance(scope=SCOPE, identifier="SS-Financial-Dev").arn == ARN


@pytest.mark.parametrize(
    "identifier", ["", "1-db", "db-", "a--b", "a" * 64, "a_b", ARN, "db.example.com", "*"]
)
def test_what_is_not_an_id_is_refused(identifier: str) -> None:
    with pytest.raises(InvalidArgumentsError, match="allowed: 1 to 63 letters, digits and single hyphens"):
        DbInstance(scope=SCOPE, identifier=identifier)
