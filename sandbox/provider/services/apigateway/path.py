"""Parts of a REST API's paths."""

from __future__ import annotations

from collections.abc import Iterator

from ...clients import Aws
from ...resource import Properties, Update
from ...schema import string
from .common import REST_API, InsideRestApi, replace


class Resource(InsideRestApi):
    """A part of a path below another, or below the root. Its id is AWS's."""

    token = "aws:apigateway/resource:Resource"
    plural = "resources"
    props = {
        "restApi": REST_API,
        "parentId": string(required=True),
        "pathPart": string(
            required=True,
            pattern=r"[A-Za-z0-9._~:$-]+|\{[A-Za-z0-9._-]+\+?\}",
            meaning="one part of a path: a word, {name}, or {name+} for all the rest",
        ),
    }
    outputs = ("path",)
    identity = ("pathPart",)

    def find(self, aws: Aws, inputs: Properties, owner: str) -> Iterator[str]:
        """Look through the API's resources: a parent can't have two of a name."""
        del owner
        pages = aws.client(self.service).get_paginator("get_resources").paginate(restApiId=inputs["restApi"])
        wanted = (inputs["parentId"], inputs["pathPart"])
        for each in (each for page in pages for each in page["items"]):
            if (each.get("parentId"), each.get("pathPart")) == wanted:
                yield each["id"]

    def create(self, aws: Aws, inputs: Properties) -> str:
        """Make it below its parent."""
        made = aws.client(self.service).create_resource(
            restApiId=inputs["restApi"], parentId=inputs["parentId"], pathPart=inputs["pathPart"]
        )
        return str(made["id"])

    def read(self, aws: Aws, id: str, known: Properties) -> Properties | None:
        """Where it is."""
        api, own = self.place(id, known)
        told = aws.client(self.service).get_resource(restApiId=api, resourceId=own)
        return {
            "id": own,
            "restApi": api,
            "parentId": told["parentId"],
            "pathPart": told["pathPart"],
            "path": told["path"],
        }

    def unsettled(self, changed: frozenset[str], news: Properties) -> tuple[str, ...]:
        """Its path is made of both inputs."""
        del changed, news
        return ("path",)

    def update(self, aws: Aws, update: Update) -> None:
        """Rename it or move it below another parent."""
        values = {key: update.news[key] for key in ("parentId", "pathPart") if key in update.changed}
        aws.client(self.service).update_resource(
            restApiId=update.news["restApi"], resourceId=update.id, patchOperations=replace(**values)
        )

    def delete(self, aws: Aws, id: str, state: Properties) -> None:
        """Delete it with its methods."""
        aws.client(self.service).delete_resource(restApiId=state["restApi"], resourceId=id)
