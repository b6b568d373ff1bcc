"""What HTTP APIs answer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from ...check import Failure
from ...clients import Aws
from ...errors import ProviderError
from ...resource import Properties
from ...schema import set_of, string
from ...settings import Settings
from ...values import UNKNOWN
from .. import given
from .common import InsideApi

_ROUTE_KEY: Final = (
    r"\$default|(ANY|DELETE|GET|HEAD|OPTIONS|PATCH|POST|PUT) "
    r"/([^/{}?#\s]+|\{[\w.:-]+\})?(/([^/{}?#\s]+|\{[\w.:-]+\}))*(/\{[\w.:-]+\+\}|(?<= /)\{[\w.:-]+\+\})?/?"
)
"""https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html"""


class Route(InsideApi):
    """What an API answers."""

    token = "aws:apigatewayv2/route:Route"
    kind = "Route"
    props = {
        "apiId": string(required=True, replaces=True),
        "authorizationScopes": set_of(string(minimum=1, maximum=64), maximum=10),
        "authorizationType": string(default="NONE", shape="AuthorizationType"),
        "authorizerId": string(),
        "operationName": string(minimum=1, maximum=64),
        "routeKey": string(required=True, pattern=_ROUTE_KEY, meaning="$default, or e.g. GET /pets/{id}"),
        "target": string(
            pattern=r"integrations/[\w-]+", maximum=128, meaning='"integrations/" and an integration\'s id'
        ),
    }

    def check(self, inputs: Properties, settings: Settings) -> Iterable[Failure]:
        """An authorizer where the type of authorization has one, and only there."""
        del settings
        kind, authorizer = inputs["authorizationType"], inputs.get("authorizerId")
        if kind in ("JWT", "CUSTOM") and authorizer in (None, ""):
            yield Failure(
                path="authorizerId", reason=f"missing; authorizationType {kind} needs an authorizer"
            )
        if kind in ("NONE", "AWS_IAM") and authorizer not in (None, ""):
            yield Failure(
                path="authorizerId",
                reason=f"authorizationType {kind} has no authorizer: leave it out, or say JWT or CUSTOM",
            )
        if kind not in ("JWT", UNKNOWN) and inputs.get("authorizationScopes"):
            yield Failure(
                path="authorizationScopes", reason=f"only JWT has scopes; found {kind}: leave them out"
            )

    def _is_it(self, told: Properties, inputs: Properties) -> bool:
        return bool(told["RouteKey"] == inputs["routeKey"])  # an API can't have two of a key

    def create(self, aws: Aws, inputs: Properties) -> str:
        """Make the route, unless the API has one of its key: the embedded AWS would take a second."""
        if any(self.find(aws, inputs, "")):
            raise ProviderError(
                f"the API {inputs['apiId']} has a route {inputs['routeKey']} already: import it, or delete it"
            )
        return super().create(aws, inputs)

    def _request(self, inputs: Properties) -> Properties:
        return given(
            AuthorizationScopes=inputs.get("authorizationScopes"),
            AuthorizationType=inputs["authorizationType"],
            AuthorizerId=inputs.get("authorizerId"),
            OperationName=inputs.get("operationName"),
            RouteKey=inputs["routeKey"],
            Target=inputs.get("target"),
        )

    def _emptied(self) -> Properties:
        return {"authorizationScopes": [], "authorizerId": "", "operationName": "", "target": ""}

    def _told(self, told: Properties) -> Properties:
        return {
            "authorizationScopes": told.get("AuthorizationScopes") or None,
            "authorizationType": told["AuthorizationType"],
            "authorizerId": told.get("AuthorizerId"),
            "operationName": told.get("OperationName") or None,
            "routeKey": told["RouteKey"],
            "target": told.get("Target") or None,
        }
