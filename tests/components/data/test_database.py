from __future__ import annotations

from components.data.database import DatabaseAccess
from tests.components.sample import DATABASE, NETWORK, SCOPE
from tests.mocks import declare


def test_the_functions_reach_the_database_on_one_port() -> None:
    graph = declare(lambda: DatabaseAccess("access", scope=SCOPE, network=NETWORK, database=DATABASE))
    both = {
        "ipProtocol": "tcp",
        "fromPort": 5432,
        "toPort": 5432,
        "description": "typerush-dev: functions to the database",
        "tags": {"System": "typerush", "Service": "shared", "Stage": "dev", "ManagedBy": "pulumi"},
    }
    functions, database = NETWORK.security_group_id, DATABASE.security_group_id
    assert graph["access-ingress"].inputs == {
        **both,
        "securityGroupId": database,
        "referencedSecurityGroupId": functions,
    }
    assert graph["access-egress"].inputs == {
        **both,
        "securityGroupId": functions,
        "referencedSecurityGroupId": database,
    }
