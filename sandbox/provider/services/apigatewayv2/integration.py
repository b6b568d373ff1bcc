"""What HTTP APIs call."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from ...check import Failure
from ...resource import Properties
from ...schema import integer, map_of, object_of, set_of, string
from ...settings import Settings
from ...values import UNKNOWN
from .. import given
from .common import InsideApi

_LAMBDA: Final = (
    r"arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:[\w-]+(:[\w$-]+)?",
    r"arn:aws[a-z-]*:apigateway:[a-z0-9-]+:lambda:path/2015-03-31/functions/arn:aws[^/]+/invocations",
)


class Integration(InsideApi):
    """What an API calls."""

    token = "aws:apigatewayv2/integration:Integration"
    kind = "Integration"
    props = {
        "apiId": string(required=True, replaces=True),
        "connectionType": string(default="INTERNET", shape="ConnectionType"),
        "description": string(maximum=1_024),
        "integrationMethod": string(
            settled=True, values=("ANY", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
        ),
        "integrationType": string(required=True, replaces=True, shape="IntegrationType"),
        "integrationUri": string(minimum=1, maximum=2_048),
        # The real provider says it, though only WebSocket APIs have it.
        "passthroughBehavior": string(
            default="WHEN_NO_MATCH", values=("WHEN_NO_MATCH",), local="only WebSocket APIs have it"
        ),
        "payloadFormatVersion": string(default="1.0", values=("1.0", "2.0")),
        "requestParameters": map_of(string(minimum=1, maximum=512)),
        "responseParameters": set_of(
            object_of(
                {
                    "statusCode": string(required=True, pattern=r"[1-5]\d\d", meaning="an HTTP status code"),
                    "mappings": map_of(string(minimum=1, maximum=512), required=True),
                }
            )
        ),
        # https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
        "timeoutMilliseconds": integer(settled=True, minimum=50, maximum=30_000),
    }

    outputs = ("integrationResponseSelectionExpression",)

    def check(self, inputs: Properties, settings: Settings) -> Iterable[Failure]:
        """A Lambda proxy calls a function; an HTTP proxy a URL, with the payload as it is."""
        del settings
        kind, uri = inputs["integrationType"], inputs.get("integrationUri")
        if kind in ("AWS_PROXY", "HTTP_PROXY"):
            if uri is None:
                yield Failure(path="integrationUri", reason=f"missing; {kind} calls something: give its URI")
            yield from _lambda_proxy(uri) if kind == "AWS_PROXY" else _http_proxy(inputs, uri)
        elif kind is not UNKNOWN:
            yield Failure(
                path="integrationType",
                reason=f'"{kind}" is for WebSocket APIs; an HTTP API has AWS_PROXY and HTTP_PROXY',
            )
        if inputs["connectionType"] == "VPC_LINK":
            yield Failure(
                path="connectionType", reason='the sandbox has no VPC links; leave it, or give "INTERNET"'
            )

    def _is_it(self, told: Properties, inputs: Properties) -> bool:
        return told.get("IntegrationUri") == inputs.get("integrationUri")  # two of one content are alike

    def _request(self, inputs: Properties) -> Properties:
        mappings = inputs.get("responseParameters")
        return given(
            ConnectionType=inputs["connectionType"],
            Description=inputs.get("description"),
            IntegrationMethod=inputs.get("integrationMethod"),
            IntegrationType=inputs["integrationType"],
            IntegrationUri=inputs.get("integrationUri"),
            PayloadFormatVersion=inputs["payloadFormatVersion"],
            RequestParameters=inputs.get("requestParameters"),
            ResponseParameters={each["statusCode"]: each["mappings"] for each in mappings}
            if mappings is not None
            else None,
            TimeoutInMillis=inputs.get("timeoutMilliseconds"),
        )

    def _emptied(self) -> Properties:
        return {"description": "", "requestParameters": {}, "responseParameters": []}

    def _told(self, told: Properties) -> Properties:
        return {
            "connectionType": told["ConnectionType"],
            "description": told.get("Description") or None,
            "integrationMethod": told.get("IntegrationMethod"),
            "integrationResponseSelectionExpression": told.get("IntegrationResponseSelectionExpression", ""),
            "integrationType": told["IntegrationType"],
            "integrationUri": told.get("IntegrationUri") or None,
            "payloadFormatVersion": told["PayloadFormatVersion"],
            "requestParameters": told.get("RequestParameters"),
            "responseParameters": [
                {"statusCode": code, "mappings": mappings}
                for code, mappings in sorted(told.get("ResponseParameters", {}).items())
            ],
            "timeoutMilliseconds": told["TimeoutInMillis"],
        }


def _lambda_proxy(uri: Any) -> Iterator[Failure]:
    if isinstance(uri, str) and not any(re.fullmatch(each, uri) for each in _LAMBDA):
        yield Failure(
            path="integrationUri",
            reason=f'"{uri}" isn\'t allowed; AWS_PROXY calls a function: give its ARN or invokeArn',
        )


def _http_proxy(inputs: Properties, uri: Any) -> Iterator[Failure]:
    if isinstance(uri, str) and not uri.startswith(("http://", "https://")):
        yield Failure(path="integrationUri", reason=f'"{uri}" isn\'t allowed; HTTP_PROXY calls an HTTP URL')
    if "integrationMethod" not in inputs:
        yield Failure(path="integrationMethod", reason="missing; HTTP_PROXY needs one, e.g. ANY")
    if inputs["payloadFormatVersion"] == "2.0":
        yield Failure(path="payloadFormatVersion", reason='"2.0" isn\'t allowed; HTTP_PROXY has "1.0"')
