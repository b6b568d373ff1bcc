"""What a REST API itself answers when it doesn't get as far as calling anything."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from ...check import Failure
from ...clients import Aws
from ...resource import Properties, Update
from ...schema import map_of, string
from ...settings import Settings
from .. import given
from .common import STATUS, Part

_BUILT_IN: Final = {"application/json": '{"message":$context.error.messageString}'}
"""What AWS fills in when no template is given."""
_STATUSES: Final = {
    "ACCESS_DENIED": "403",
    "API_CONFIGURATION_ERROR": "500",
    "AUTHORIZER_CONFIGURATION_ERROR": "500",
    "AUTHORIZER_FAILURE": "500",
    "BAD_REQUEST_BODY": "400",
    "BAD_REQUEST_PARAMETERS": "400",
    "EXPIRED_TOKEN": "403",
    "INTEGRATION_FAILURE": "504",
    "INTEGRATION_TIMEOUT": "504",
    "INVALID_API_KEY": "403",
    "INVALID_SIGNATURE": "403",
    "MISSING_AUTHENTICATION_TOKEN": "403",
    "QUOTA_EXCEEDED": "429",
    "REQUEST_TOO_LARGE": "413",
    "RESOURCE_NOT_FOUND": "404",
    "THROTTLED": "429",
    "UNAUTHORIZED": "401",
    "UNSUPPORTED_MEDIA_TYPE": "415",
    "WAF_FILTERED": "403",
}
"""https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html"""


class GatewayResponse(Part):
    """The answer to a kind of error; ``DEFAULT_4XX`` and ``DEFAULT_5XX`` stand for all that have none."""

    token = "aws:apigateway/response:Response"
    prefix = "aggr"
    place = {"restApiId": "restApiId", "responseType": "responseType"}
    props = {
        "restApiId": string(required=True, replaces=True),
        "responseType": string(required=True, replaces=True, shape="GatewayResponseType"),
        "responseParameters": map_of(string()),
        "responseTemplates": map_of(string()),
        "statusCode": string(pattern=STATUS, meaning="a status, e.g. 403"),
    }
    identity = ("responseType",)

    def check(self, inputs: Properties, settings: Settings) -> Iterable[Failure]:
        """Headers' names."""
        del settings
        parameters = inputs.get("responseParameters")
        for name in parameters if isinstance(parameters, dict) else ():
            if not name.startswith("gatewayresponse.header."):
                yield Failure(
                    path=f"responseParameters.{name}", reason="allowed: gatewayresponse.header., and a header"
                )

    def create(self, aws: Aws, inputs: Properties) -> str:
        """Put it in the place of the built-in answer."""
        self._put(aws, inputs)
        return self.id_of(inputs)

    def read(self, aws: Aws, id: str, known: Properties) -> Properties | None:
        """The answer as AWS describes it; a built-in one is none of ours."""
        place = self.placed(id, known)
        told = aws.client(self.service).get_gateway_response(**self.where(place))
        if told.get("defaultResponse"):
            return None
        templates = told.get("responseTemplates") or None
        status, own = told.get("statusCode"), _STATUSES.get(place["responseType"])
        return {
            "id": self.id_of(place),
            **place,
            "responseParameters": told.get("responseParameters") or None,
            "responseTemplates": None if templates == _BUILT_IN else templates,
            # A kind of error has a status of its own, which AWS tells too.
            "statusCode": status if known.get("statusCode") or status != own else None,
        }

    def update(self, aws: Aws, update: Update) -> None:
        """Put it anew."""
        self._put(aws, update.news)

    def delete(self, aws: Aws, id: str, state: Properties) -> None:
        """Let the built-in answer be given again."""
        aws.client(self.service).delete_gateway_response(**self.where(state))

    def _put(self, aws: Aws, inputs: Properties) -> None:
        aws.client(self.service).put_gateway_response(
            **self.where(inputs),
            **given(
                responseParameters=inputs.get("responseParameters"),
                responseTemplates=inputs.get("responseTemplates"),
                statusCode=inputs.get("statusCode"),
            ),
        )
