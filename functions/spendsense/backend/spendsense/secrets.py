"""Secrets: read on a cold start, kept, and read again when they no longer do."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from spendsense import deadline
from spendsense.errors import UnavailableError

_CONFIG = Config(connect_timeout=1, read_timeout=2, retries={"total_max_attempts": 2, "mode": "standard"})


@dataclass(frozen=True, kw_only=True)
class DatabaseSecret:
    """How to reach the database, in the form in which RDS keeps it in Secrets Manager; `ca` (PEM) is ours."""

    host: str
    username: str
    password: str = field(repr=False)
    port: int = 5432
    dbname: str = "postgres"
    ca: str | None = None


@dataclass(frozen=True, kw_only=True)
class CognitoSecret:
    """Whose tokens the API takes: the user pool's id (`us-east-1_Abc`) and the app client's."""

    user_pool_id: str
    client_id: str

    @property
    def issuer(self) -> str:
        """What the pool's tokens say about who issued them."""
        region = self.user_pool_id.partition("_")[0]
        return f"https://cognito-idp.{region}.amazonaws.com/{self.user_pool_id}"


def database_secret() -> DatabaseSecret:
    """Read the secret that DATABASE_SECRET_ARN names. Raises UnavailableError, without any value."""
    known = _read("DATABASE_SECRET_ARN")
    # Port and database have the defaults of RDS's own secrets:
    # https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_secret_json_structure.html
    try:
        port = int(known.get("port", DatabaseSecret.port))
    except (TypeError, ValueError):
        port = 0
    if not 1 <= port <= 65_535:
        raise UnavailableError("DATABASE_SECRET_ARN: its port is not a number from 1 to 65535")
    return DatabaseSecret(
        host=_text(known, "DATABASE_SECRET_ARN", "host"),
        username=_text(known, "DATABASE_SECRET_ARN", "username"),
        password=_text(known, "DATABASE_SECRET_ARN", "password"),
        port=port,
        dbname=_text({"dbname": DatabaseSecret.dbname, **known}, "DATABASE_SECRET_ARN", "dbname"),
        ca=_text(known, "DATABASE_SECRET_ARN", "ca") if "ca" in known else None,
    )


def cognito_secret() -> CognitoSecret:
    """Read the secret that COGNITO_SECRET_ARN names. Raises UnavailableError."""
    known = _read("COGNITO_SECRET_ARN")
    return CognitoSecret(
        user_pool_id=_text(known, "COGNITO_SECRET_ARN", "user_pool_id"),
        client_id=_text(known, "COGNITO_SECRET_ARN", "client_id"),
    )


def _read(variable: str) -> dict[str, Any]:
    arn = os.environ.get(variable)
    if not arn:
        raise UnavailableError(f"{variable} is not set: it names a secret")
    deadline.check()
    try:
        answer = boto3.client("secretsmanager", config=_CONFIG).get_secret_value(SecretId=arn)
    except (ClientError, BotoCoreError) as error:
        told: Any = getattr(error, "response", None) or {}
        denied = told.get("Error", {}).get("Code") in {"AccessDenied", "AccessDeniedException"}
        how = "is denied to the function's role" if denied else "failed"
        raise UnavailableError(f"secretsmanager:GetSecretValue on {arn} {how}") from error
    try:
        content = json.loads(answer.get("SecretString") or "")
    except ValueError:
        content = None  # the parser's own message quotes the secret
    if not isinstance(content, dict):
        raise UnavailableError(f"{variable}: the secret is not a JSON object")
    return content


def _text(known: Mapping[str, Any], variable: str, name: str) -> str:
    value = known.get(name)
    if isinstance(value, str) and value:
        return value
    raise UnavailableError(f"{variable}: the secret has no {name} (a string that isn't empty)")
