"""REST APIs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ...check import Failure
from ...clients import Aws
from ...resource import OWNER_TAG, Properties, ResourceType, Update
from ...schema import boolean, object_of, string
from ...settings import Settings
from ...values import UNKNOWN
from .. import given
from .common import arn_of, execution_arn, replace, retag, text, truth

_REGIONAL = "REGIONAL"


class RestApi(ResourceType):
    """A REST API with its root. Its id is AWS's."""

    token = "aws:apigateway/restApi:RestApi"
    service = "apigateway"
    props = {
        "name": string(minimum=1, maximum=1_024),
        "apiKeySource": string(settled=True, values=("HEADER", "AUTHORIZER")),
        "description": string(maximum=1_024),
        "disableExecuteApiEndpoint": boolean(settled=True),
        "endpointConfiguration": object_of(
            {"types": string(required=True, values=("EDGE", "PRIVATE", _REGIONAL))}, settled=True
        ),
    }
    outputs = ("arn", "createdDate", "executionArn", "rootResourceId")
    autoname = "name"
    autoname_limit = 128
    tagged = True

    def check(self, inputs: Properties, settings: Settings) -> Iterable[Failure]:
        """Of the kinds of endpoints, only one is like what is embedded."""
        del settings
        endpoint = inputs.get("endpointConfiguration")
        kind = endpoint.get("types") if isinstance(endpoint, dict) else _REGIONAL
        if kind not in (_REGIONAL, UNKNOWN):
            yield Failure(
                path="endpointConfiguration.types",
                reason=f'"{kind}" isn\'t in the sandbox, which has no edge and no VPC endpoints; '
                f'give "{_REGIONAL}"',
            )

    def find(self, aws: Aws, inputs: Properties, owner: str) -> Iterator[str]:
        """Look for the tag."""
        for page in aws.client("apigateway").get_paginator("get_rest_apis").paginate():
            for each in page["items"]:
                if each.get("tags", {}).get(OWNER_TAG) == owner:
                    yield str(each["id"])

    def create(self, aws: Aws, inputs: Properties) -> str:
        """Make the API."""
        endpoint = inputs.get("endpointConfiguration") or {"types": _REGIONAL}
        made = aws.client("apigateway").create_rest_api(
            name=inputs["name"],
            endpointConfiguration={"types": [endpoint["types"]]},
            tags=inputs.get("tagsAll") or {},
            **given(
                apiKeySource=inputs.get("apiKeySource"),
                description=inputs.get("description"),
                disableExecuteApiEndpoint=inputs.get("disableExecuteApiEndpoint"),
            ),
        )
        return str(made["id"])

    def read(self, aws: Aws, id: str, known: Properties) -> Properties | None:
        """The API as AWS describes it."""
        del known
        client = aws.client("apigateway")
        api = client.get_rest_api(restApiId=id)
        return {
            "name": api["name"],
            "apiKeySource": api["apiKeySource"],
            "arn": arn_of(aws, id),
            "createdDate": api["createdDate"].isoformat(),
            "description": api.get("description") or None,
            "disableExecuteApiEndpoint": truth(api.get("disableExecuteApiEndpoint")),
            "endpointConfiguration": {"types": api["endpointConfiguration"]["types"][0]},
            "executionArn": execution_arn(aws, id),
            "rootResourceId": api["rootResourceId"],
            # The tags in the embedded AWS's own description stay as they were at the beginning.
            "tagsAll": client.get_tags(resourceArn=arn_of(aws, id))["tags"],
        }

    def update(self, aws: Aws, update: Update) -> None:
        """All changes in place."""
        news = update.news
        values = {
            "name": news["name"],
            "apiKeySource": news.get("apiKeySource"),
            "description": news.get("description", ""),
            "disableExecuteApiEndpoint": text(bool(news.get("disableExecuteApiEndpoint"))),
        }
        changed = {key: value for key, value in values.items() if key in update.changed}
        if changed:
            aws.client("apigateway").update_rest_api(restApiId=update.id, patchOperations=replace(**changed))
        retag(aws, update.olds["arn"], *update.tags())

    def delete(self, aws: Aws, id: str, state: Properties) -> None:
        """Delete the API with everything in it."""
        del state
        aws.client("apigateway").delete_rest_api(restApiId=id)
