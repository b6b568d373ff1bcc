"""User pools of Cognito: who may sign in, and the application that signs them in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_aws as aws

from components import limits
from components.component import Component
from components.naming import Kind, Scope
from components.problems import Problem, refuse

# Users sign in with a password that never travels (SRP), and stay signed in with a refresh token.
_FLOWS: Final = ("ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_USER_SRP_AUTH")
_PASSWORD_FLOW: Final = "ALLOW_USER_PASSWORD_AUTH"  # noqa: S105 -- the name of a flow


@dataclass(frozen=True, kw_only=True)
class UserPoolArgs:
    """A pool of users who sign in with their address.

    what: its short name; the physical one is `<system>-<stage>-<what>`.
    sign_up: whether people make their own account; otherwise an administrator makes it.
    token_minutes: how long an ID or access token is valid.
    password_flow: also take name and password directly, for tests and scripts without SRP.
    protect: keep the pool from being deleted, by AWS and by Pulumi.
    """

    scope: Scope
    what: str = "users"
    sign_up: bool = False
    token_minutes: int = 60
    password_flow: bool = False
    protect: bool = False

    @property
    def name(self) -> str:
        """The pool's physical name. Its id, which ARN and issuer are made of, is AWS's."""
        return self.scope.name(self.what)

    def problems(self) -> Iterator[Problem]:
        """Say what is impossible about the pool."""
        where = f"user pool {self.what}"
        yield from Kind.USER_POOL.problems(where, self.name)
        if self.token_minutes not in limits.TOKEN_MINUTES:
            yield Problem(
                where=where,
                what="token_minutes",
                got=str(self.token_minutes),
                allowed=str(limits.TOKEN_MINUTES),
            )


class UserPool(Component):
    """A user pool and the one client that its users sign in by.

    pool, client: the resources. issuer, client_id: what an authorizer needs; unknown at a first preview.
    """

    def __init__(self, name: str, args: UserPoolArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        refuse(args.problems())
        super().__init__("fleet:components:UserPool", name, opts)
        self._args = args
        self.pool = self._pool()
        self.client = self._client()
        self.issuer: pulumi.Output[str] = pulumi.Output.concat("https://", self.pool.endpoint)
        self.client_id: pulumi.Output[str] = self.client.id
        self.finish({"id": self.pool.id, "issuer": self.issuer, "clientId": self.client_id})

    def _pool(self) -> aws.cognito.UserPool:
        return aws.cognito.UserPool(
            self.child("pool"),
            name=self._args.name,
            username_attributes=["email"],
            username_configuration={"case_sensitive": False},
            auto_verified_attributes=["email"],
            account_recovery_setting={"recovery_mechanisms": [{"name": "verified_email", "priority": 1}]},
            admin_create_user_config={"allow_admin_create_user_only": not self._args.sign_up},
            # Length over kinds of characters: https://pages.nist.gov/800-63-4/sp800-63b.html#passwordver
            password_policy={
                "minimum_length": 12,
                "require_lowercase": True,
                "require_numbers": True,
                "require_symbols": False,
                "require_uppercase": True,
                "temporary_password_validity_days": 7,
            },
            deletion_protection="ACTIVE" if self._args.protect else "INACTIVE",
            tags=self._args.scope.tags(),
            opts=self.inside(protect=self._args.protect or None),
        )

    def _client(self) -> aws.cognito.UserPoolClient:
        return aws.cognito.UserPoolClient(
            self.child("client"),
            name=self._args.name,
            user_pool_id=self.pool.id,
            explicit_auth_flows=sorted([*_FLOWS, *([_PASSWORD_FLOW] if self._args.password_flow else [])]),
            # Whoever tries names doesn't learn which exist.
            prevent_user_existence_errors="ENABLED",
            enable_token_revocation=True,
            access_token_validity=self._args.token_minutes,
            id_token_validity=self._args.token_minutes,
            token_validity_units={"access_token": "minutes", "id_token": "minutes", "refresh_token": "days"},
            opts=self.inside(),
        )
