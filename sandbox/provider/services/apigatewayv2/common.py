"""What the types of an API share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from ...clients import Aws
from ...resource import Properties, ResourceType, Update

NAME: Final[Mapping[str, Any]] = {"minimum": 1, "maximum": 128}


class InsideApi(ResourceType):
    """What has an id of its own inside an API."""

    service = "apigatewayv2"
    kind: str
    """AWS's word for it, e.g. ``"Route"``: the operations and ids are named after it."""

    def _call(self, aws: Aws, verb: str, api: str, **members: Any) -> Properties:
        operation: Callable[..., Properties] = getattr(
            aws.client(self.service), f"{verb}_{self.kind.lower()}"
        )
        return operation(ApiId=api, **members)

    def imported_by(self) -> str:
        """Its API and its id."""
        return "<apiId>/<id>"

    def find(self, aws: Aws, inputs: Properties, owner: str) -> Iterator[str]:
        """Look through the API's."""
        del owner
        listing = aws.client(self.service).get_paginator(f"get_{self.kind.lower()}s")
        for page in listing.paginate(ApiId=inputs["apiId"]):
            for each in page["Items"]:
                if self._is_it(each, inputs):
                    yield str(each[f"{self.kind}Id"])

    def _is_it(self, told: Properties, inputs: Properties) -> bool:
        """Whether one of the API's may be what was made of these inputs."""
        raise NotImplementedError

    def create(self, aws: Aws, inputs: Properties) -> str:
        """Make it."""
        made = self._call(aws, "create", inputs["apiId"], **self._request(inputs))
        return str(made[f"{self.kind}Id"])

    def read(self, aws: Aws, id: str, known: Properties) -> Properties | None:
        """What AWS says of it."""
        api, own = inside_api(id, known)
        told = self._call(aws, "get", api, **{f"{self.kind}Id": own})
        return {"id": own, "apiId": api, **self._told(told)}

    def update(self, aws: Aws, update: Update) -> None:
        """Say all of it again."""
        request = self._request(self._emptied() | update.news)
        self._call(aws, "update", update.olds["apiId"], **{f"{self.kind}Id": update.id}, **request)

    def delete(self, aws: Aws, id: str, state: Properties) -> None:
        """Delete it."""
        self._call(aws, "delete", state["apiId"], **{f"{self.kind}Id": id})

    def _request(self, inputs: Properties) -> Properties:
        raise NotImplementedError

    def _told(self, told: Properties) -> Properties:
        raise NotImplementedError

    def _emptied(self) -> Properties:
        """What an update says of an input that isn't given any more."""
        return {}


def inside_api(id: str, known: Properties) -> tuple[str, str]:
    """The API and the own id of what is in one: an import's id has both."""
    if "apiId" in known:
        return known["apiId"], id
    api, _, own = id.partition("/")
    return api, own


def retag(aws: Aws, update: Update) -> None:
    """Change the tags of an API or a stage."""
    client = aws.client("apigatewayv2")
    removed, added = update.tags()
    if removed:
        client.untag_resource(ResourceArn=update.olds["arn"], TagKeys=removed)
    if added:
        client.tag_resource(ResourceArn=update.olds["arn"], Tags=added)


def arn_of(aws: Aws, *path: str) -> str:
    """The ARN of an API, or of what is at a path in one."""
    return f"arn:{aws.partition}:apigateway:{aws.region}::/apis/{'/'.join(path)}"


def execution_arn(aws: Aws, api: str) -> str:
    """The ARN that permissions to call an API name."""
    return f"arn:{aws.partition}:execute-api:{aws.region}:{aws.account_id}:{api}"


def endpoint(aws: Aws, api: str) -> str:
    """Where the embedded AWS serves an API (``<api>.execute-api.localhost`` doesn't resolve)."""
    return f"{aws.endpoint.url.rstrip('/')}/_aws/execute-api/{api}"


def members(value: Mapping[str, Any]) -> Properties:
    """An object as AWS takes it."""
    return {f"{key[0].upper()}{key[1:]}": item for key, item in value.items() if item is not None}


def lower(key: str) -> str:
    """One of AWS's names as ours."""
    return f"{key[0].lower()}{key[1:]}"
