from __future__ import annotations

from dataclasses import replace

import pytest

from components.data.user_pool import UserPool, UserPoolArgs
from components.problems import InvalidArgumentsError
from tests.components.sample import SCOPE
from tests.mocks import declare

USERS = UserPoolArgs(scope=SCOPE)


def test_a_pool_and_its_client() -> None:
    graph = declare(lambda: UserPool("users", replace(USERS, protect=True)))
    pool, client = graph["users-pool"], graph["users-client"]
    assert pool.inputs["name"] == client.inputs["name"] == "typerush-dev-users"
    assert pool.inputs["deletionProtection"] == "ACTIVE"
    assert pool.inputs["adminCreateUserConfig"] == {"allowAdminCreateUserOnly": True}
    assert pool.protect
    assert client.property_dependencies["userPoolId"] == {"users-pool"}
    assert client.inputs["explicitAuthFlows"] == ["ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_USER_SRP_AUTH"]
    assert client.inputs["preventUserExistenceErrors"] == "ENABLED"


def test_people_may_sign_up_and_scripts_may_send_passwords_if_asked() -> None:
    graph = declare(lambda: UserPool("users", replace(USERS, sign_up=True, password_flow=True)))
    assert graph["users-pool"].inputs["adminCreateUserConfig"] == {"allowAdminCreateUserOnly": False}
    assert "ALLOW_USER_PASSWORD_AUTH" in graph["users-client"].inputs["explicitAuthFlows"]
    assert not graph["users-pool"].protect


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"what": "u" * 128}, "is 141 characters long; allowed: at most 128"),
        ({"token_minutes": 4}, "user pool users: token_minutes is 4; allowed: 5 to 1440 minutes"),
    ],
)
def test_what_is_impossible(change: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidArgumentsError, match=message):
        declare(lambda: UserPool("users", replace(USERS, **change)))  # type: ignore[arg-type]
