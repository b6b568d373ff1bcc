"""What a REST API's resources take, and with which statuses they answer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from ...check import Failure
from ...clients import Aws
from ...errors import ProviderError
from ...resource import Properties, Update
from ...schema import boolean, map_of, string
from ...settings import Settings
from ...values import UNKNOWN
from .. import given
from .common import METHODS, REST_API, STATUS, Part, text, truth

PLACE: Final = {"restApi": "restApiId", "resourceId": "resourceId", "httpMethod": "httpMethod"}
PLACE_PROPS: Final = {
    "restApi": REST_API,
    "resourceId": string(required=True, replaces=True),
    "httpMethod": string(required=True, replaces=True, values=METHODS),
}
STATUS_PROPS: Final = {
    **PLACE_PROPS,
    "statusCode": string(required=True, replaces=True, pattern=STATUS, meaning="a status, e.g. 200"),
}
_NEEDS_AUTHORIZER: Final = ("CUSTOM", "COGNITO_USER_POOLS")


class Method(Part):
    """A method of a resource: who may call it, and what a call has to have."""

    token = "aws:apigateway/method:Method"
    prefix = "agm"
    place = PLACE
    props = {
        **PLACE_PROPS,
        "apiKeyRequired": boolean(default=False),
        "authorization": string(required=True, values=("NONE", "AWS_IAM", *_NEEDS_AUTHORIZER)),
        "authorizerId": string(),
        "operationName": string(),
        "requestParameters": map_of(boolean()),
        "requestValidatorId": string(),
    }
    identity = ("httpMethod",)

    def check(self, inputs: Properties, settings: Settings) -> Iterable[Failure]:
        """An authorizer where the kind of authorization has one, and only there; parameters' names."""
        del settings
        kind, authorizer = inputs["authorization"], inputs.get("authorizerId")
        if kind in _NEEDS_AUTHORIZER and authorizer in (None, ""):
            yield Failure(path="authorizerId", reason=f"missing; authorization {kind} needs an authorizer")
        if kind in ("NONE", "AWS_IAM") and authorizer not in (None, ""):
            yield Failure(
                path="authorizerId",
                reason=f"authorization {kind} has no authorizer: leave it out, or say {_NEEDS_AUTHORIZER[1]}",
            )
        parameters = inputs.get("requestParameters")
        for name in parameters if isinstance(parameters, dict) else ():
            if not name.startswith(
                tuple(f"method.request.{part}." for part in ("header", "path", "querystring"))
            ):
                yield Failure(
                    path=f"requestParameters.{name}",
                    reason="allowed: method.request., then header., path. or querystring., and a name",
                )

    def create(self, aws: Aws, inputs: Properties) -> str:
        """Make the method, unless it is there: the embedded AWS would overwrite it with its integration."""
        client = aws.client(self.service)
        resource = client.get_resource(restApiId=inputs["restApi"], resourceId=inputs["resourceId"])
        if inputs["httpMethod"] in resource.get("resourceMethods", {}):
            raise ProviderError(f"{resource['path']} has a method {inputs['httpMethod']} already: import it")
        client.put_method(
            **self.where(inputs),
            authorizationType=inputs["authorization"],
            apiKeyRequired=inputs["apiKeyRequired"],
            **given(
                authorizerId=inputs.get("authorizerId"),
                operationName=inputs.get("operationName"),
                requestParameters=inputs.get("requestParameters"),
                requestValidatorId=inputs.get("requestValidatorId"),
            ),
        )
        return self.id_of(inputs)

    def read(self, aws: Aws, id: str, known: Properties) -> Properties | None:
        """The method as AWS describes it."""
        place = self.placed(id, known)
        told = aws.client(self.service).get_method(**self.where(place))
        parameters = {name: truth(value) for name, value in (told.get("requestParameters") or {}).items()}
        return {
            "id": self.id_of(place),
            **place,
            "apiKeyRequired": truth(told.get("apiKeyRequired")),
            "authorization": told["authorizationType"],
            "authorizerId": told.get("authorizerId") or None,
            "operationName": told.get("operationName") or None,
            "requestParameters": parameters or None,
            "requestValidatorId": told.get("requestValidatorId") or None,
        }

    def update(self, aws: Aws, update: Update) -> None:
        """Patch what changed, so that the integration stays."""
        news = update.news
        operations: list[dict[str, Any]] = []
        for key, name, value in (
            ("authorization", "authorizationType", news["authorization"]),
            ("authorizerId", "authorizerId", news.get("authorizerId", "")),
            ("operationName", "operationName", news.get("operationName", "")),
            ("requestValidatorId", "requestValidatorId", news.get("requestValidatorId")),
            ("apiKeyRequired", "apiKeyRequired", text(news["apiKeyRequired"])),
        ):
            if key in update.changed:
                operations.append(
                    {"op": "replace", "path": f"/{name}", **({} if value is None else {"value": value})}
                )
        olds: Properties = update.olds.get("requestParameters") or {}
        wanted: Properties = news.get("requestParameters") or {}
        for name in olds.keys() - wanted.keys():
            operations.append({"op": "remove", "path": f"/requestParameters/{name}"})
        for name, required in wanted.items():
            if olds.get(name) != required:
                path = f"/requestParameters/{name}"
                operations.append({"op": "add", "path": path, "value": text(required)})
        aws.client(self.service).update_method(**self.where(news), patchOperations=operations)

    def delete(self, aws: Aws, id: str, state: Properties) -> None:
        """Delete it with its integration."""
        aws.client(self.service).delete_method(**self.where(state))


class MethodResponse(Part):
    """A status that a method answers with, and the headers that may come with it."""

    token = "aws:apigateway/methodResponse:MethodResponse"
    prefix = "agmr"
    place = PLACE | {"statusCode": "statusCode"}
    props = {
        **STATUS_PROPS,
        "responseModels": map_of(string()),
        "responseParameters": map_of(boolean()),
    }
    identity = ("httpMethod", "statusCode")

    def check(self, inputs: Properties, settings: Settings) -> Iterable[Failure]:
        """Headers' names."""
        del settings
        yield from header_failures(inputs)

    def create(self, aws: Aws, inputs: Properties) -> str:
        """Declare it."""
        self._put(aws, inputs)
        return self.id_of(inputs)

    def read(self, aws: Aws, id: str, known: Properties) -> Properties | None:
        """The response as AWS describes it."""
        place = self.placed(id, known)
        told = aws.client(self.service).get_method_response(**self.where(place))
        return {
            "id": self.id_of(place),
            **place,
            "responseModels": told.get("responseModels") or None,
            "responseParameters": told.get("responseParameters") or None,
        }

    def update(self, aws: Aws, update: Update) -> None:
        """Declare it anew: the embedded AWS has no call to change it."""
        self._put(aws, update.news)

    def delete(self, aws: Aws, id: str, state: Properties) -> None:
        """Delete it."""
        aws.client(self.service).delete_method_response(**self.where(state))

    def _put(self, aws: Aws, inputs: Properties) -> None:
        aws.client(self.service).put_method_response(
            **self.where(inputs),
            **given(
                responseModels=inputs.get("responseModels"),
                responseParameters=inputs.get("responseParameters"),
            ),
        )


def header_failures(inputs: Properties) -> Iterable[Failure]:
    """Say which of the response's parameters are no headers."""
    parameters = inputs.get("responseParameters")
    for name in parameters if isinstance(parameters, dict) else ():
        if name is not UNKNOWN and not name.startswith("method.response.header."):
            yield Failure(
                path=f"responseParameters.{name}", reason="allowed: method.response.header., and a header"
            )
