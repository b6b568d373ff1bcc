"""Whose data a caller may see: with a token, their own.

The REST API's authorizer verifies the token and hands over its claims. Where the stage applies no authorizer
there are none, and everybody sees everything: dev has no real people's data.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import Request
from spendsense.errors import RefusedError
from spendsense.secrets import CognitoSecret, cognito_secret


class Guard:
    """Checks claims against the user pool and app client of the Cognito secret, which is read when needed."""

    def __init__(self, read_secret: Callable[[], CognitoSecret] = cognito_secret) -> None:
        self._read_secret = read_secret
        self._secret: CognitoSecret | None = None

    def check(self, request: Request, user: str) -> None:
        """Raise RefusedError when the request's token isn't for this API, or not the user's."""
        claims = _claims(request)
        if claims is None:
            return
        # A Cognito authorizer of a REST API looks neither at the app client nor at the kind of token.
        # https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-integrate-with-cognito.html
        if not self._fits(claims):
            self._secret = None  # it may have changed since
            if not self._fits(claims):
                raise RefusedError("the token isn't an ID token of this application", 401)
        if claims.get("sub") != user:
            raise RefusedError("the token is somebody else's", 403)

    def _fits(self, claims: dict[str, Any]) -> bool:
        self._secret = self._secret or self._read_secret()
        secret = self._secret
        return (claims.get("token_use"), claims.get("aud"), claims.get("iss")) == (
            "id",
            secret.client_id,
            secret.issuer,
        )


def _claims(request: Request) -> dict[str, Any] | None:
    event: Any = request.scope.get("aws.event") or {}
    authorizer = (event.get("requestContext") or {}).get("authorizer") or {}
    claims = authorizer.get("claims")
    return claims if isinstance(claims, dict) else None
