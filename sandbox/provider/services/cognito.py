"""Cognito: user pools, and the applications that sign users in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from ..check import Failure
from ..clients import Aws
from ..resource import Properties, ResourceType, Update
from ..schema import boolean, integer, object_of, set_of, string
from ..settings import Settings
from . import given

_FLAGS: Final = ("requireLowercase", "requireNumbers", "requireSymbols", "requireUppercase")
_UNITS: Final = ("seconds", "minutes", "hours", "days")
_DEFAULT_UNITS: Final = {"accessToken": "hours", "idToken": "hours", "refreshToken": "days"}


class UserPool(ResourceType):
    """A user pool. Its id is the one that Cognito gives it.

    Limits: https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_CreateUserPool.html
    """

    token = "aws:cognito/userPool:UserPool"
    service = "cognito-idp"
    props = {
        "name": string(replaces=True, shape="UserPoolNameType"),
        "accountRecoverySetting": object_of(
            {
                "recoveryMechanisms": set_of(
                    object_of(
                        {
                            "name": string(required=True, shape="RecoveryOptionNameType"),
                            "priority": integer(required=True, shape="PriorityType"),
                        }
                    ),
                    minimum=1,
                    maximum=2,
                )
            },
            settled=True,
        ),
        "adminCreateUserConfig": object_of({"allowAdminCreateUserOnly": boolean()}, settled=True),
        "aliasAttributes": set_of(string(shape="AliasAttributeType"), replaces=True),
        "autoVerifiedAttributes": set_of(string(shape="VerifiedAttributeType")),
        "deletionProtection": string(default="INACTIVE", shape="DeletionProtectionType"),
        "mfaConfiguration": string(default="OFF", shape="UserPoolMfaType"),
        "passwordPolicy": object_of(
            {
                "minimumLength": integer(minimum=6, maximum=99),
                **{flag: boolean() for flag in _FLAGS},
                "temporaryPasswordValidityDays": integer(settled=True, minimum=0, maximum=365),
            },
            settled=True,
        ),
        "userPoolTier": string(settled=True, shape="UserPoolTierType"),
        "usernameAttributes": set_of(string(shape="UsernameAttributeType"), replaces=True),
        "usernameConfiguration": object_of(
            {"caseSensitive": boolean(required=True)}, replaces=True, settled=True
        ),
    }
    outputs = (
        *("arn", "creationDate", "customDomain", "domain", "endpoint"),
        *("estimatedNumberOfUsers", "lastModifiedDate"),
    )
    autoname = "name"
    autoname_limit = 128
    tagged = True

    def check(self, inputs: Properties, settings: Settings) -> Iterable[Failure]:
        """A user's name is an address, or has addresses beside it."""
        del settings
        if inputs.get("aliasAttributes") and inputs.get("usernameAttributes"):
            yield Failure(
                path="aliasAttributes", reason="give aliasAttributes or usernameAttributes, not both"
            )

    def unsettled(self, changed: frozenset[str], news: Properties) -> Iterable[str]:
        """Every change is dated."""
        del changed, news
        return ("lastModifiedDate",)

    def find(self, aws: Aws, inputs: Properties, owner: str) -> Iterator[str]:
        """Look through the pools of its name; the tag is told of each alone."""
        del owner
        for page in aws.client("cognito-idp").get_paginator("list_user_pools").paginate(MaxResults=60):
            for each in page["UserPools"]:
                if each["Name"] == inputs["name"]:
                    yield str(each["Id"])

    def create(self, aws: Aws, inputs: Properties) -> str:
        """Make the pool."""
        names = inputs.get("usernameConfiguration")
        made = aws.client("cognito-idp").create_user_pool(
            PoolName=inputs["name"],
            **given(
                AliasAttributes=inputs.get("aliasAttributes"),
                UsernameAttributes=inputs.get("usernameAttributes"),
                UsernameConfiguration={"CaseSensitive": names["caseSensitive"]} if names else None,
            ),
            **_pool(inputs),
        )
        return str(made["UserPool"]["Id"])

    def read(self, aws: Aws, id: str, known: Properties) -> Properties | None:
        """The pool as AWS describes it."""
        del known
        told = aws.client("cognito-idp").describe_user_pool(UserPoolId=id)["UserPool"]
        names = told.get("UsernameConfiguration")
        return {
            "name": told["Name"],
            "accountRecoverySetting": _recovery(told),
            "adminCreateUserConfig": {
                "allowAdminCreateUserOnly": told["AdminCreateUserConfig"]["AllowAdminCreateUserOnly"]
            },
            "aliasAttributes": told.get("AliasAttributes"),
            "autoVerifiedAttributes": told.get("AutoVerifiedAttributes"),
            "deletionProtection": told.get("DeletionProtection", "INACTIVE"),
            "mfaConfiguration": told.get("MfaConfiguration", "OFF"),
            "passwordPolicy": {
                _lower(key): value
                for key, value in told["Policies"]["PasswordPolicy"].items()
                if _lower(key) in (self.props["passwordPolicy"].fields or {})
            },
            "userPoolTier": told.get("UserPoolTier"),
            "usernameAttributes": told.get("UsernameAttributes"),
            "usernameConfiguration": {"caseSensitive": names["CaseSensitive"]} if names else None,
            "tagsAll": told.get("UserPoolTags") or {},
            "arn": told["Arn"],
            "creationDate": told["CreationDate"].isoformat(),
            "customDomain": told.get("CustomDomain") or "",
            "domain": told.get("Domain") or "",
            "estimatedNumberOfUsers": told.get("EstimatedNumberOfUsers", 0),
            "lastModifiedDate": told["LastModifiedDate"].isoformat(),
            "endpoint": f"cognito-idp.{aws.region}.amazonaws.com/{id}",
        }

    def update(self, aws: Aws, update: Update) -> None:
        """Set the whole pool: AWS goes back to its own choice of what isn't said."""
        kept = {
            key: update.news.get(key, update.olds.get(key))
            for key, prop in self.props.items()
            if prop.settled
        }
        aws.client("cognito-idp").update_user_pool(UserPoolId=update.id, **_pool(update.news | kept))

    def delete(self, aws: Aws, id: str, state: Properties) -> None:
        """Delete the pool with its users; AWS refuses while it is protected."""
        del state
        aws.client("cognito-idp").delete_user_pool(UserPoolId=id)


class UserPoolClient(ResourceType):
    """An application that signs the users of a pool in. Its id is the one that Cognito gives it.

    Limits:
    https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_CreateUserPoolClient.html
    """

    token = "aws:cognito/userPoolClient:UserPoolClient"
    service = "cognito-idp"
    props = {
        "name": string(shape="ClientNameType"),
        "accessTokenValidity": integer(settled=True, shape="AccessTokenValidityType"),
        "allowedOauthFlows": set_of(string(shape="OAuthFlowType"), settled=True, maximum=3),
        "allowedOauthFlowsUserPoolClient": boolean(settled=True),
        "allowedOauthScopes": set_of(string(shape="ScopeType"), settled=True, maximum=50),
        "authSessionValidity": integer(settled=True, shape="AuthSessionValidityType"),
        "callbackUrls": set_of(string(minimum=1, maximum=1_024), settled=True, maximum=100),
        "enableTokenRevocation": boolean(settled=True),
        "explicitAuthFlows": set_of(string(shape="ExplicitAuthFlowsType"), settled=True),
        "generateSecret": boolean(replaces=True, local="AWS tells the secret, not that it was asked for"),
        "idTokenValidity": integer(settled=True, shape="IdTokenValidityType"),
        "logoutUrls": set_of(string(minimum=1, maximum=1_024), settled=True, maximum=100),
        "preventUserExistenceErrors": string(settled=True, shape="PreventUserExistenceErrorTypes"),
        "readAttributes": set_of(string(shape="ClientPermissionType"), settled=True),
        "refreshTokenValidity": integer(settled=True, shape="RefreshTokenValidityType"),
        "supportedIdentityProviders": set_of(string(minimum=1, maximum=32), settled=True),
        "tokenValidityUnits": object_of(
            {unit: string(default=default, values=_UNITS) for unit, default in _DEFAULT_UNITS.items()}
        ),
        "userPoolId": string(required=True, replaces=True, shape="UserPoolIdType"),
        "writeAttributes": set_of(string(shape="ClientPermissionType"), settled=True),
    }
    outputs = ("clientSecret",)
    autoname = "name"
    autoname_limit = 128

    def imported_by(self) -> str:
        """Its pool and its id."""
        return "<userPoolId>/<id>"

    def find(self, aws: Aws, inputs: Properties, owner: str) -> Iterator[str]:
        """Look through the pool's clients of its name: clients have no tags."""
        del owner
        listing = aws.client("cognito-idp").get_paginator("list_user_pool_clients")
        for page in listing.paginate(UserPoolId=inputs["userPoolId"]):
            for each in page["UserPoolClients"]:
                if each["ClientName"] == inputs["name"]:
                    yield str(each["ClientId"])

    def create(self, aws: Aws, inputs: Properties) -> str:
        """Make the client."""
        made = aws.client("cognito-idp").create_user_pool_client(
            GenerateSecret=bool(inputs.get("generateSecret")), **_client(inputs)
        )
        return str(made["UserPoolClient"]["ClientId"])

    def read(self, aws: Aws, id: str, known: Properties) -> Properties | None:
        """The client as AWS describes it."""
        pool, _, client = id.rpartition("/")
        pool = pool or known["userPoolId"]
        told = aws.client("cognito-idp").describe_user_pool_client(UserPoolId=pool, ClientId=client)
        described = told["UserPoolClient"]
        units = described.get("TokenValidityUnits")
        return {
            "id": client,
            "name": described["ClientName"],
            "userPoolId": pool,
            "generateSecret": bool(described.get("ClientSecret")),
            "clientSecret": described.get("ClientSecret", ""),
            "tokenValidityUnits": {_lower(key): value for key, value in units.items()} if units else None,
            **{key: described[name] for key, name in _ATTRIBUTES.items() if described.get(name) is not None},
        }

    def update(self, aws: Aws, update: Update) -> None:
        """Set the whole client: AWS goes back to its own choice of what isn't said."""
        kept = {key: update.news.get(key, update.olds.get(key)) for key in _ATTRIBUTES}
        aws.client("cognito-idp").update_user_pool_client(ClientId=update.id, **_client(update.news | kept))

    def delete(self, aws: Aws, id: str, state: Properties) -> None:
        """Delete the client."""
        aws.client("cognito-idp").delete_user_pool_client(UserPoolId=state["userPoolId"], ClientId=id)


_ATTRIBUTES: Final[Mapping[str, str]] = {
    "accessTokenValidity": "AccessTokenValidity",
    "allowedOauthFlows": "AllowedOAuthFlows",
    "allowedOauthFlowsUserPoolClient": "AllowedOAuthFlowsUserPoolClient",
    "allowedOauthScopes": "AllowedOAuthScopes",
    "authSessionValidity": "AuthSessionValidity",
    "callbackUrls": "CallbackURLs",
    "enableTokenRevocation": "EnableTokenRevocation",
    "explicitAuthFlows": "ExplicitAuthFlows",
    "idTokenValidity": "IdTokenValidity",
    "logoutUrls": "LogoutURLs",
    "preventUserExistenceErrors": "PreventUserExistenceErrors",
    "readAttributes": "ReadAttributes",
    "refreshTokenValidity": "RefreshTokenValidity",
    "supportedIdentityProviders": "SupportedIdentityProviders",
    "writeAttributes": "WriteAttributes",
}
"""A client's inputs that AWS knows by another spelling only."""


def _pool(inputs: Properties) -> dict[str, Any]:
    """What both making and changing a pool take."""
    recovery = (inputs.get("accountRecoverySetting") or {}).get("recoveryMechanisms")
    admin = inputs.get("adminCreateUserConfig") or {}
    passwords = inputs.get("passwordPolicy")
    return given(
        AccountRecoverySetting={"RecoveryMechanisms": [_upper(each) for each in recovery]}
        if recovery
        else None,
        AdminCreateUserConfig={"AllowAdminCreateUserOnly": bool(admin.get("allowAdminCreateUserOnly"))},
        AutoVerifiedAttributes=inputs.get("autoVerifiedAttributes") or [],
        DeletionProtection=inputs["deletionProtection"],
        MfaConfiguration=inputs["mfaConfiguration"],
        Policies={"PasswordPolicy": _upper(passwords)} if passwords else None,
        UserPoolTags=inputs.get("tagsAll") or {},
        UserPoolTier=inputs.get("userPoolTier"),
    )


def _client(inputs: Properties) -> dict[str, Any]:
    units = inputs.get("tokenValidityUnits")
    return given(
        UserPoolId=inputs["userPoolId"],
        ClientName=inputs["name"],
        TokenValidityUnits=_upper(_DEFAULT_UNITS | units) if units else {},
        **{name: inputs.get(key) for key, name in _ATTRIBUTES.items()},
    )


def _recovery(told: Mapping[str, Any]) -> Properties | None:
    mechanisms = (told.get("AccountRecoverySetting") or {}).get("RecoveryMechanisms")
    if not mechanisms:
        return None
    return {
        "recoveryMechanisms": [{_lower(key): value for key, value in each.items()} for each in mechanisms]
    }


def _upper(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {key[0].upper() + key[1:]: value for key, value in fields.items() if not key.startswith("__")}


def _lower(key: str) -> str:
    return key[0].lower() + key[1:]


TYPES = (UserPool(), UserPoolClient())
