"""Who decides whether a request to an HTTP API may go on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from ...check import Failure
from ...resource import Properties
from ...schema import arn, boolean, integer, object_of, set_of, string
from ...settings import Settings
from ...values import UNKNOWN
from .. import given
from .common import NAME, InsideApi

_OF_REQUEST: Final = (
    *("authorizerCredentialsArn", "authorizerPayloadFormatVersion", "authorizerResultTtlInSeconds"),
    *("authorizerUri", "enableSimpleResponses"),
)
"""What only an authorizer of type REQUEST has."""


class Authorizer(InsideApi):
    """Who decides whether a request may go on: a JWT's issuer, or a function.

    https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-authorizers.html
    """

    token = "aws:apigatewayv2/authorizer:Authorizer"
    kind = "Authorizer"
    props = {
        "apiId": string(required=True, replaces=True),
        "authorizerCredentialsArn": arn(),
        "authorizerPayloadFormatVersion": string(values=("1.0", "2.0")),
        "authorizerResultTtlInSeconds": integer(settled=True, minimum=0, maximum=3_600),
        "authorizerType": string(required=True, shape="AuthorizerType"),
        "authorizerUri": string(minimum=1, maximum=2_048),
        "enableSimpleResponses": boolean(),
        "identitySources": set_of(string(minimum=1)),
        "jwtConfiguration": object_of({"audiences": set_of(string(minimum=1)), "issuer": string(minimum=1)}),
        "name": string(**NAME),
    }
    autoname = "name"
    autoname_limit = 128
    identity = ("name",)
    stuck = ("authorizerType",)

    def check(self, inputs: Properties, settings: Settings) -> Iterable[Failure]:
        """What each of the two types needs."""
        del settings
        if inputs["authorizerType"] == "JWT":
            yield from _jwt(inputs)
        elif inputs["authorizerType"] == "REQUEST":
            yield from _by_function(inputs)

    def _is_it(self, told: Properties, inputs: Properties) -> bool:
        return bool(told["Name"] == inputs["name"])

    def _request(self, inputs: Properties) -> Properties:
        jwt = inputs.get("jwtConfiguration")
        return given(
            AuthorizerCredentialsArn=inputs.get("authorizerCredentialsArn"),
            AuthorizerPayloadFormatVersion=inputs.get("authorizerPayloadFormatVersion"),
            AuthorizerResultTtlInSeconds=inputs.get("authorizerResultTtlInSeconds"),
            AuthorizerType=inputs["authorizerType"],
            AuthorizerUri=inputs.get("authorizerUri"),
            EnableSimpleResponses=inputs.get("enableSimpleResponses"),
            IdentitySource=inputs.get("identitySources", []),
            JwtConfiguration=given(Audience=jwt.get("audiences"), Issuer=jwt.get("issuer")) if jwt else None,
            Name=inputs["name"],
        )

    def _emptied(self) -> Properties:
        return {"authorizerCredentialsArn": "", "enableSimpleResponses": False}

    def _told(self, told: Properties) -> Properties:
        jwt = told.get("JwtConfiguration")
        found = {
            "authorizerType": told["AuthorizerType"],
            "identitySources": told.get("IdentitySource"),
            "jwtConfiguration": {"audiences": jwt.get("Audience"), "issuer": jwt.get("Issuer")}
            if jwt
            else None,
            "name": told["Name"],
        }
        if told["AuthorizerType"] == "REQUEST":  # the embedded AWS says these of a JWT authorizer too
            found |= {key: told.get(f"{key[0].upper()}{key[1:]}") for key in _OF_REQUEST}
            found["authorizerCredentialsArn"] = told.get("AuthorizerCredentialsArn") or None
        return found


def _jwt(inputs: Properties) -> Iterator[Failure]:
    jwt = inputs.get("jwtConfiguration")
    if jwt is not UNKNOWN:
        for key, example in (
            ("issuer", "the URL of who signs the tokens"),
            ("audiences", "for whom they are"),
        ):
            if not (jwt or {}).get(key):
                yield Failure(
                    path=f"jwtConfiguration.{key}", reason=f"missing; a JWT authorizer needs it: {example}"
                )
        issuer = (jwt or {}).get("issuer")
        if isinstance(issuer, str) and not issuer.startswith(("https://", "http://")):
            yield Failure(
                path="jwtConfiguration.issuer", reason=f'"{issuer}" isn\'t allowed; give a URL, https://...'
            )
    sources = inputs.get("identitySources", [])
    if isinstance(sources, list) and len(sources) != 1:
        yield Failure(
            path="identitySources",
            reason=f"found {len(sources)}; a JWT authorizer has one: e.g. $request.header.Authorization",
        )
    for key in _OF_REQUEST:
        if inputs.get(key) not in (None, "", False):
            yield Failure(path=key, reason="only an authorizer of type REQUEST has it: leave it out")


def _by_function(inputs: Properties) -> Iterator[Failure]:
    for key in ("authorizerUri", "authorizerPayloadFormatVersion"):
        if key not in inputs:
            yield Failure(path=key, reason="missing; an authorizer of type REQUEST needs it")
    if inputs.get("jwtConfiguration"):
        yield Failure(path="jwtConfiguration", reason="only an authorizer of type JWT has it: leave it out")
    if inputs.get("enableSimpleResponses") is True and inputs.get("authorizerPayloadFormatVersion") == "1.0":
        yield Failure(path="enableSimpleResponses", reason='wants authorizerPayloadFormatVersion "2.0"')
