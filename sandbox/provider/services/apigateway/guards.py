"""What a REST API looks at before it calls anything: who calls, and with what."""

from __future__ import annotations

from collections.abc import Iterable

from ...check import Failure
from ...clients import Aws
from ...resource import Properties, Update
from ...schema import arn, boolean, integer, set_of, string
from ...settings import Settings
from .common import REST_API, InsideRestApi, arn_of, replace, text

_COGNITO = "COGNITO_USER_POOLS"


class Authorizer(InsideRestApi):
    """Which user pools' tokens are taken. Its id is AWS's. Authorizers that are functions aren't here."""

    token = "aws:apigateway/authorizer:Authorizer"
    plural = "authorizers"
    props = {
        "restApi": REST_API,
        "name": string(minimum=1, maximum=128),
        "authorizerResultTtlInSeconds": integer(default=300, minimum=0, maximum=3_600),
        "identitySource": string(default="method.request.header.Authorization"),
        "identityValidationExpression": string(),
        "providerArns": set_of(arn()),
        "type": string(default="TOKEN", shape="AuthorizerType"),
    }
    outputs = ("arn",)
    stuck = ("authorizerResultTtlInSeconds", "providerArns", "type")
    autoname = "name"
    autoname_limit = 128

    def check(self, inputs: Properties, settings: Settings) -> Iterable[Failure]:
        """User pools, and nothing else."""
        del settings
        if inputs["type"] in ("TOKEN", "REQUEST"):
            yield Failure(
                path="type",
                reason=f'found "{inputs["type"]}"; of REST APIs\' authorizers, the sandbox has "{_COGNITO}"',
            )
        elif not inputs.get("providerArns"):
            yield Failure(
                path="providerArns", reason=f"missing; {_COGNITO} takes tokens of user pools: name one"
            )

    def create(self, aws: Aws, inputs: Properties) -> str:
        """Make it."""
        optional = "identityValidationExpression"
        made = aws.client(self.service).create_authorizer(
            restApiId=inputs["restApi"],
            name=inputs["name"],
            type=inputs["type"],
            providerARNs=sorted(inputs["providerArns"]),
            identitySource=inputs["identitySource"],
            authorizerResultTtlInSeconds=inputs["authorizerResultTtlInSeconds"],
            **({optional: inputs[optional]} if optional in inputs else {}),
        )
        return str(made["id"])

    def read(self, aws: Aws, id: str, known: Properties) -> Properties | None:
        """The authorizer as AWS describes it."""
        api, own = self.place(id, known)
        told = aws.client(self.service).get_authorizer(restApiId=api, authorizerId=own)
        return {
            "id": own,
            "restApi": api,
            "arn": arn_of(aws, api, "authorizers", own),
            "name": told["name"],
            "authorizerResultTtlInSeconds": told["authorizerResultTtlInSeconds"],
            "identitySource": told["identitySource"],
            "identityValidationExpression": told.get("identityValidationExpression") or None,
            "providerArns": told.get("providerARNs"),
            "type": told["type"],
        }

    def update(self, aws: Aws, update: Update) -> None:
        """All but what is stuck."""
        values = {
            key: update.news.get(key, "")
            for key in ("name", "identitySource", "identityValidationExpression")
            if key in update.changed
        }
        aws.client(self.service).update_authorizer(
            restApiId=update.news["restApi"], authorizerId=update.id, patchOperations=replace(**values)
        )

    def delete(self, aws: Aws, id: str, state: Properties) -> None:
        """Delete it."""
        aws.client(self.service).delete_authorizer(restApiId=state["restApi"], authorizerId=id)


class RequestValidator(InsideRestApi):
    """Which parts of a request are looked at. Its id is AWS's."""

    token = "aws:apigateway/requestValidator:RequestValidator"
    plural = "request_validators"
    props = {
        "restApi": REST_API,
        "name": string(minimum=1, maximum=128),
        "validateRequestBody": boolean(default=False),
        "validateRequestParameters": boolean(default=False),
    }
    autoname = "name"
    autoname_limit = 128

    def create(self, aws: Aws, inputs: Properties) -> str:
        """Make it."""
        made = aws.client(self.service).create_request_validator(
            restApiId=inputs["restApi"],
            name=inputs["name"],
            validateRequestBody=inputs["validateRequestBody"],
            validateRequestParameters=inputs["validateRequestParameters"],
        )
        return str(made["id"])

    def read(self, aws: Aws, id: str, known: Properties) -> Properties | None:
        """The validator as AWS describes it."""
        api, own = self.place(id, known)
        told = aws.client(self.service).get_request_validator(restApiId=api, requestValidatorId=own)
        return {
            "id": own,
            "restApi": api,
            "name": told["name"],
            "validateRequestBody": told["validateRequestBody"],
            "validateRequestParameters": told["validateRequestParameters"],
        }

    def update(self, aws: Aws, update: Update) -> None:
        """All changes in place."""
        values = {
            key: text(update.news[key]) if key != "name" else update.news[key]
            for key in ("name", "validateRequestBody", "validateRequestParameters")
            if key in update.changed
        }
        aws.client(self.service).update_request_validator(
            restApiId=update.news["restApi"], requestValidatorId=update.id, patchOperations=replace(**values)
        )

    def delete(self, aws: Aws, id: str, state: Properties) -> None:
        """Delete it."""
        aws.client(self.service).delete_request_validator(restApiId=state["restApi"], requestValidatorId=id)
