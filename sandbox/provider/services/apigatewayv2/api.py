"""HTTP APIs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from ...check import Failure
from ...clients import Aws
from ...resource import OWNER_TAG, Properties, ResourceType, Update
from ...schema import boolean, integer, object_of, set_of, string
from ...settings import Settings
from ...values import UNKNOWN
from .. import given
from .common import NAME, arn_of, endpoint, execution_arn, lower, members, retag

_SELECTION: Final = "$request.method $request.path"


class Api(ResourceType):
    """An HTTP API. Its id is AWS's."""

    token = "aws:apigatewayv2/api:Api"
    service = "apigatewayv2"
    props = {
        "name": string(**NAME),
        "apiKeySelectionExpression": string(
            default="$request.header.x-api-key",
            values=("$request.header.x-api-key", "$context.authorizer.usageIdentifierKey"),
        ),
        "corsConfiguration": object_of(
            {
                "allowCredentials": boolean(),
                "allowHeaders": set_of(string()),
                "allowMethods": set_of(string()),
                "allowOrigins": set_of(string()),
                "exposeHeaders": set_of(string()),
                "maxAge": integer(minimum=-1, maximum=86_400),
            }
        ),
        "description": string(maximum=1_024),
        "disableExecuteApiEndpoint": boolean(),
        "protocolType": string(required=True, replaces=True, shape="ProtocolType"),
        "routeSelectionExpression": string(default=_SELECTION),
        "version": string(minimum=1, maximum=64),
    }
    outputs = ("apiEndpoint", "arn", "executionArn")
    autoname = "name"
    autoname_limit = 128
    identity = ("name",)
    tagged = True

    def check(self, inputs: Properties, settings: Settings) -> Iterable[Failure]:
        """An HTTP API; credentials aren't for every origin."""
        del settings
        if inputs["protocolType"] == "WEBSOCKET":
            yield Failure(path="protocolType", reason='the sandbox has HTTP APIs only; give "HTTP"')
        elif inputs["protocolType"] == "HTTP" and inputs["routeSelectionExpression"] not in (
            UNKNOWN,
            _SELECTION,
        ):
            yield Failure(
                path="routeSelectionExpression",
                reason=f'"{inputs["routeSelectionExpression"]}" isn\'t allowed; give "{_SELECTION}"',
            )
        cors = inputs.get("corsConfiguration")
        if (
            isinstance(cors, dict)
            and cors.get("allowCredentials") is True
            and "*" in cors.get("allowOrigins", [])
        ):
            yield Failure(
                path="corsConfiguration.allowOrigins",
                reason='"*" isn\'t allowed with allowCredentials; name the origins',
            )

    def find(self, aws: Aws, inputs: Properties, owner: str) -> Iterator[str]:
        """Look for the tag."""
        for page in aws.client("apigatewayv2").get_paginator("get_apis").paginate():
            for each in page["Items"]:
                if each.get("Tags", {}).get(OWNER_TAG) == owner:
                    yield str(each["ApiId"])

    def create(self, aws: Aws, inputs: Properties) -> str:
        """Make the API."""
        made = aws.client("apigatewayv2").create_api(
            **_api(inputs), ProtocolType=inputs["protocolType"], Tags=inputs.get("tagsAll") or {}
        )
        return str(made["ApiId"])

    def read(self, aws: Aws, id: str, known: Properties) -> Properties | None:
        """The API as AWS describes it."""
        del known
        client = aws.client("apigatewayv2")
        api = client.get_api(ApiId=id)
        cors = api.get("CorsConfiguration")
        return {
            "name": api["Name"],
            "apiEndpoint": endpoint(aws, id),
            "apiKeySelectionExpression": api["ApiKeySelectionExpression"],
            "arn": arn_of(aws, id),
            "corsConfiguration": {lower(key): value for key, value in cors.items()} if cors else None,
            "description": api.get("Description") or None,
            "disableExecuteApiEndpoint": api.get("DisableExecuteApiEndpoint", False),
            "executionArn": execution_arn(aws, id),
            "protocolType": api["ProtocolType"],
            "routeSelectionExpression": api["RouteSelectionExpression"],
            "version": api.get("Version") or None,
            # The tags in the embedded AWS's own description stay as they were at the beginning.
            "tagsAll": client.get_tags(ResourceArn=arn_of(aws, id))["Tags"],
        }

    def update(self, aws: Aws, update: Update) -> None:
        """Everything but the protocol changes in place; CORS is taken away by a call of its own."""
        client = aws.client("apigatewayv2")
        if "corsConfiguration" in update.changed and not update.news.get("corsConfiguration"):
            client.delete_cors_configuration(ApiId=update.id)
        if update.changed - {"tags", "tagsAll"}:
            emptied = {"description": "", "version": "", "disableExecuteApiEndpoint": False}
            client.update_api(ApiId=update.id, **_api(emptied | update.news))
        retag(aws, update)

    def delete(self, aws: Aws, id: str, state: Properties) -> None:
        """Delete the API with everything in it."""
        del state
        aws.client("apigatewayv2").delete_api(ApiId=id)


def _api(inputs: Properties) -> Properties:
    cors = inputs.get("corsConfiguration")
    return given(
        Name=inputs["name"],
        ApiKeySelectionExpression=inputs["apiKeySelectionExpression"],
        CorsConfiguration=members(cors) if cors else None,
        Description=inputs.get("description"),
        DisableExecuteApiEndpoint=inputs.get("disableExecuteApiEndpoint"),
        RouteSelectionExpression=inputs["routeSelectionExpression"],
        Version=inputs.get("version"),
    )
