from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from sandbox.provider.values import UNKNOWN, Secret
from tests.sandbox.provider.client import Client
from tests.sandbox.provider.walk import kept, refused, replaced, walk

POOL = "aws:cognito/userPool:UserPool"
CLIENT = "aws:cognito/userPoolClient:UserPoolClient"


def test_the_life_of_a_pool(live: Client) -> None:
    base = {"name": "users"}
    made = walk(
        live,
        POOL,
        base,
        base
        | {
            "accountRecoverySetting": {"recoveryMechanisms": [{"name": "verified_email", "priority": 1}]},
            "adminCreateUserConfig": {"allowAdminCreateUserOnly": True},
            "autoVerifiedAttributes": ["email"],
            "passwordPolicy": {"minimumLength": 12, "requireNumbers": True, "requireSymbols": False},
            "tags": {"System": "shop"},
            "userPoolTier": "ESSENTIALS",
        },
        base | {"deletionProtection": "ACTIVE"},
        base | {"tags": {"System": "other"}},
    )
    assert made.id.startswith("us-east-1_")
    assert made.outputs["endpoint"] == f"cognito-idp.us-east-1.amazonaws.com/{made.id}"


def test_a_pool_whose_users_sign_in_by_address(live: Client) -> None:
    inputs = {
        "name": "by-address",
        "usernameAttributes": ["email"],
        "usernameConfiguration": {"caseSensitive": False},
    }
    made = live.create(POOL, inputs)
    kept(live, made, inputs)
    live.delete(made)


def test_the_life_of_a_client(live: Client) -> None:
    pool = live.create(POOL, {"name": "with-client"})
    base = {"name": "web", "userPoolId": pool.id}
    walk(
        live,
        CLIENT,
        base,
        base
        | {
            "accessTokenValidity": 5,
            "explicitAuthFlows": ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
            "idTokenValidity": 5,
            "preventUserExistenceErrors": "ENABLED",
            "refreshTokenValidity": 1,
            "tokenValidityUnits": {"accessToken": "minutes", "idToken": "minutes"},
        },
        base | {"name": "mobile"},
        import_id=f"{pool.id}/{{id}}",
    )
    live.delete(pool)


def test_what_the_program_keeps_secret_is_read_back_as_a_secret(live: Client) -> None:
    pool = live.create(POOL, {"name": "with-secret"})
    made = live.create(CLIENT, {"name": "server", "userPoolId": pool.id, "generateSecret": True})
    hidden = Secret(element=made.outputs["clientSecret"])  # as the SDK asks the engine to keep it
    seen = live.read(replace(made, outputs=made.outputs | {"clientSecret": hidden}))
    assert seen.outputs["clientSecret"] == hidden
    live.delete(made)
    live.delete(pool)


def test_what_replaces(offline: Client) -> None:
    assert replaced(
        offline,
        POOL,
        {"name": "users", "usernameConfiguration": {"caseSensitive": True}},
        name="others",
        usernameAttributes=["email"],
        usernameConfiguration={"caseSensitive": False},
        deletionProtection="ACTIVE",
        autoVerifiedAttributes=["email"],
    ) == {"name", "usernameAttributes", "usernameConfiguration"}
    assert replaced(
        offline,
        CLIENT,
        {"name": "web", "userPoolId": "us-east-1_a"},
        name="other",
        userPoolId="us-east-1_b",
        generateSecret=True,
    ) == {"userPoolId", "generateSecret"}


def test_preview(offline: Client) -> None:
    made = offline.create(POOL, {"name": "users"}, preview=True)
    assert {made.outputs[key] for key in ("arn", "endpoint", "passwordPolicy")} == {UNKNOWN}
    assert made.outputs["mfaConfiguration"] == "OFF"


@pytest.mark.parametrize(
    ("inputs", "path", "reason"),
    [
        ({"mfaConfiguration": "MAYBE"}, "mfaConfiguration", "allowed: OFF, ON, OPTIONAL"),
        ({"passwordPolicy": {"minimumLength": 5}}, "passwordPolicy.minimumLength", "allowed: 6 to 99"),
        (
            {"aliasAttributes": ["email"], "usernameAttributes": ["email"]},
            "aliasAttributes",
            "not both",
        ),
        ({"lambdaConfig": {}}, "lambdaConfig", "the sandbox doesn't support this property"),
    ],
)
def test_refusals(offline: Client, inputs: dict[str, Any], path: str, reason: str) -> None:
    found = refused(offline, POOL, {"name": "users"} | inputs)
    assert list(found) == [path]
    assert reason in found[path]
