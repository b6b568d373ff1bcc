"""What REST APIs call, and how its answers become theirs."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from ...check import Failure
from ...clients import Aws
from ...resource import Properties, Update
from ...schema import NOT_TOLD, arn, integer, map_of, string
from ...settings import Settings
from ...values import UNKNOWN
from .. import given
from .common import METHODS, Part
from .method import PLACE, PLACE_PROPS, STATUS_PROPS, header_failures

_MOCK, _PROXY = "MOCK", "AWS_PROXY"
_FUNCTION: Final = (
    r"arn:aws[a-z-]*:apigateway:[a-z0-9-]+:lambda:path/2015-03-31/functions/"
    r"arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:[\w-]+(:[\w$-]+)?/invocations"
)


class Integration(Part):
    """What a method calls: a function, a URL, or nothing at all.

    Limits: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html
    """

    token = "aws:apigateway/integration:Integration"
    prefix = "agi"
    place = PLACE
    props = {
        **PLACE_PROPS,
        "cacheNamespace": string(settled=True, local=NOT_TOLD),
        "connectionType": string(default="INTERNET", values=("INTERNET", "VPC_LINK")),
        "credentials": arn(replaces=True),
        "integrationHttpMethod": string(replaces=True, values=METHODS),
        "passthroughBehavior": string(
            settled=True, replaces=True, values=("WHEN_NO_MATCH", "WHEN_NO_TEMPLATES", "NEVER")
        ),
        "requestParameters": map_of(string()),
        "requestTemplates": map_of(string()),
        "timeoutMilliseconds": integer(default=29_000, minimum=50, maximum=300_000),
        "type": string(required=True, replaces=True, values=(_MOCK, _PROXY, "AWS", "HTTP", "HTTP_PROXY")),
        "uri": string(),
    }
    identity = ("httpMethod",)

    def check(self, inputs: Properties, settings: Settings) -> Iterable[Failure]:
        """A Lambda proxy calls a function's invokeArn by POST; a mock calls nothing."""
        del settings
        kind, uri = inputs["type"], inputs.get("uri")
        if kind not in (_MOCK, UNKNOWN) and uri is None:
            yield Failure(path="uri", reason=f"missing; {kind} calls something: give its URI")
        if kind == _PROXY:
            if isinstance(uri, str) and not re.fullmatch(_FUNCTION, uri):
                yield Failure(
                    path="uri",
                    reason=f'"{uri}" isn\'t allowed; AWS_PROXY calls a function: give its invokeArn',
                )
            if inputs.get("integrationHttpMethod") not in ("POST", UNKNOWN):
                # https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
                yield Failure(
                    path="integrationHttpMethod", reason='a function is called by "POST": give that'
                )
        if kind in ("AWS", "HTTP"):
            yield Failure(
                path="type",
                reason=f'the sandbox doesn\'t map requests as "{kind}"; it has AWS_PROXY, HTTP_PROXY, MOCK',
            )
        if inputs["connectionType"] == "VPC_LINK":
            yield Failure(
                path="connectionType", reason='the sandbox has no VPC links; leave it, or give "INTERNET"'
            )

    def create(self, aws: Aws, inputs: Properties) -> str:
        """Give the method its integration."""
        self._put(aws, inputs)
        return self.id_of(inputs)

    def read(self, aws: Aws, id: str, known: Properties) -> Properties | None:
        """The integration as AWS describes it."""
        place = self.placed(id, known)
        told = aws.client(self.service).get_integration(**self.where(place))
        mock = told["type"] == _MOCK
        return {
            "id": self.id_of(place),
            **place,
            "connectionType": told.get("connectionType", "INTERNET"),
            "credentials": told.get("credentials"),
            # The embedded AWS also says how it calls nothing.
            "integrationHttpMethod": None if mock else told.get("httpMethod"),
            "passthroughBehavior": told["passthroughBehavior"],
            "requestParameters": told.get("requestParameters") or None,
            "requestTemplates": told.get("requestTemplates") or None,
            "timeoutMilliseconds": told["timeoutInMillis"],
            "type": told["type"],
            "uri": told.get("uri") or None,
        }

    def update(self, aws: Aws, update: Update) -> None:
        """Give it anew, and its responses back: the embedded AWS can't patch a template of a media type."""
        client, where = aws.client(self.service), self.where(update.news)
        responses = client.get_integration(**where).get("integrationResponses", {})
        self._put(aws, update.news)
        for response in responses.values():
            client.put_integration_response(**where, **response)

    def delete(self, aws: Aws, id: str, state: Properties) -> None:
        """Take it away with its responses."""
        aws.client(self.service).delete_integration(**self.where(state))

    def _put(self, aws: Aws, inputs: Properties) -> None:
        aws.client(self.service).put_integration(
            **self.where(inputs),
            type=inputs["type"],
            connectionType=inputs["connectionType"],
            timeoutInMillis=inputs["timeoutMilliseconds"],
            **given(
                cacheNamespace=inputs.get("cacheNamespace"),
                credentials=inputs.get("credentials"),
                integrationHttpMethod=inputs.get("integrationHttpMethod"),
                passthroughBehavior=inputs.get("passthroughBehavior"),
                requestParameters=inputs.get("requestParameters"),
                requestTemplates=inputs.get("requestTemplates"),
                uri=inputs.get("uri"),
            ),
        )


class IntegrationResponse(Part):
    """How an answer of what was called becomes one of the method's responses."""

    token = "aws:apigateway/integrationResponse:IntegrationResponse"
    prefix = "agir"
    place = PLACE | {"statusCode": "statusCode"}
    props = {
        **STATUS_PROPS,
        "responseParameters": map_of(string()),
        "responseTemplates": map_of(string()),
        "selectionPattern": string(),
    }
    identity = ("httpMethod", "statusCode")

    def check(self, inputs: Properties, settings: Settings) -> Iterable[Failure]:
        """Headers' names."""
        del settings
        yield from header_failures(inputs)

    def create(self, aws: Aws, inputs: Properties) -> str:
        """Add it to the integration."""
        self._put(aws, inputs)
        return self.id_of(inputs)

    def read(self, aws: Aws, id: str, known: Properties) -> Properties | None:
        """The response as AWS describes it."""
        place = self.placed(id, known)
        told = aws.client(self.service).get_integration_response(**self.where(place))
        return {
            "id": self.id_of(place),
            **place,
            "responseParameters": told.get("responseParameters") or None,
            "responseTemplates": told.get("responseTemplates") or None,
            "selectionPattern": told.get("selectionPattern") or None,
        }

    def update(self, aws: Aws, update: Update) -> None:
        """Add it anew."""
        self._put(aws, update.news)

    def delete(self, aws: Aws, id: str, state: Properties) -> None:
        """Take it away."""
        aws.client(self.service).delete_integration_response(**self.where(state))

    def _put(self, aws: Aws, inputs: Properties) -> None:
        aws.client(self.service).put_integration_response(
            **self.where(inputs),
            **given(
                responseParameters=inputs.get("responseParameters"),
                responseTemplates=inputs.get("responseTemplates"),
                selectionPattern=inputs.get("selectionPattern"),
            ),
        )
