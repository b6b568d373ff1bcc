"""What the types of a REST API share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Final

from ...clients import Aws
from ...resource import Properties, ResourceType
from ...schema import string

METHODS: Final = ("ANY", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
STATUS: Final = r"[1-5]\d\d"
REST_API: Final = string(required=True, replaces=True)


class Part(ResourceType):
    """What is found in a REST API by its place alone, and has no id of AWS's.

    :cvar prefix: what the real provider's id begins with
    :cvar place: the inputs that say where it is, in the order of an import's id, to AWS's names of them
    """

    service = "apigateway"
    prefix: ClassVar[str]
    place: ClassVar[Mapping[str, str]]

    def id_of(self, inputs: Properties) -> str:
        """Made of its place, as the real provider makes it."""
        return "-".join([*([self.prefix] if self.prefix else []), *(str(inputs[key]) for key in self.place)])

    def imported_by(self) -> str:
        """Its place."""
        return "/".join(f"<{key}>" for key in self.place)

    def where(self, inputs: Properties) -> dict[str, str]:
        """Its place as AWS's calls take it."""
        return {name: str(inputs[key]) for key, name in self.place.items()}

    def placed(self, id: str, known: Properties) -> Properties:
        """Its place: of the properties, or of an import's id."""
        if all(key in known for key in self.place):
            return {key: known[key] for key in self.place}
        return dict(zip(self.place, id.split("/", len(self.place) - 1), strict=True))


class InsideRestApi(ResourceType):
    """What has an id of AWS's inside a REST API."""

    service = "apigateway"
    plural: ClassVar[str]
    """AWS's word for all of an API's, in the call that lists them"""

    def imported_by(self) -> str:
        """Its API and its id."""
        return "<restApi>/<id>"

    def find(self, aws: Aws, inputs: Properties, owner: str) -> Iterator[str]:
        """Look through the API's: what a name doesn't tell apart is alike."""
        del owner
        listing = aws.client(self.service).get_paginator(f"get_{self.plural}")
        for page in listing.paginate(restApiId=inputs["restApi"]):
            for each in page["items"]:
                if each.get("name") == inputs.get("name"):
                    yield str(each["id"])

    def place(self, id: str, known: Properties) -> tuple[str, str]:
        """The REST API and the own id."""
        if "restApi" in known:
            return str(known["restApi"]), id
        api, _, own = id.partition("/")
        return api, own


def replace(**values: str | None) -> list[dict[str, Any]]:
    """Patch operations that set members at the top; ``None`` takes a value away."""
    return [
        {"op": "replace", "path": f"/{name}", **({"value": value} if value is not None else {})}
        for name, value in values.items()
    ]


def truth(value: Any) -> bool:
    """A flag as AWS gives it, or as the embedded AWS does after an update: in a string."""
    return value is True or value == "true"


def text(flag: bool) -> str:
    """A flag as a patch takes it."""
    return "true" if flag else "false"


def arn_of(aws: Aws, *path: str) -> str:
    """The ARN of a REST API, or of what is at a path in one."""
    return f"arn:{aws.partition}:apigateway:{aws.region}::/restapis/{'/'.join(path)}"


def execution_arn(aws: Aws, *path: str) -> str:
    """The ARN that permissions to call an API name."""
    return f"arn:{aws.partition}:execute-api:{aws.region}:{aws.account_id}:{'/'.join(path)}"


def retag(aws: Aws, arn: str, removed: list[str], added: Mapping[str, str]) -> None:
    """Change the tags of an API or a stage."""
    client = aws.client("apigateway")
    if removed:
        client.untag_resource(resourceArn=arn, tagKeys=removed)
    if added:
        client.tag_resource(resourceArn=arn, tags=dict(added))
