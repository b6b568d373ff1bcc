"""Function URLs."""

from __future__ import annotations

from typing import Any

from ...clients import Aws
from ...errors import is_missing
from ...resource import Properties, ResourceType, Update
from ...schema import boolean, integer, object_of, set_of, string
from .. import given
from .names import function_reference

_PUBLIC: dict[str, dict[str, Any]] = {
    "FunctionURLAllowPublicAccess": {
        "Action": "lambda:InvokeFunctionUrl",
        "FunctionUrlAuthType": "NONE",
    },
    "FunctionURLInvokeAllowPublicAccess": {
        "Action": "lambda:InvokeFunction",
        "InvokedViaFunctionUrl": True,
    },
}
"""What makes a URL without authentication public; both are needed since October 2025.
https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"""


class FunctionUrl(ResourceType):
    """A function URL. Its id is ``<function>`` or ``<function>/<qualifier>``."""

    token = "aws:lambda/functionUrl:FunctionUrl"
    service = "lambda"
    props = {
        "authorizationType": string(required=True, shape="FunctionUrlAuthType"),
        "cors": object_of(
            {
                "allowCredentials": boolean(default=False),
                "allowHeaders": set_of(string(), shape="HeadersList"),
                "allowMethods": set_of(string(shape="Method"), shape="AllowMethodsList"),
                "allowOrigins": set_of(string(shape="Origin"), shape="AllowOriginsList"),
                "exposeHeaders": set_of(string(), shape="HeadersList"),
                "maxAge": integer(default=0, shape="MaxAge"),
            }
        ),
        "functionName": function_reference("FunctionUrlFunctionName"),
        "invokeMode": string(default="BUFFERED", shape="InvokeMode"),
        "qualifier": string(replaces=True, shape="FunctionUrlQualifier"),
    }
    outputs = ("functionArn", "functionUrl", "urlId")
    identity = ("functionName", "qualifier")

    def id_of(self, inputs: Properties) -> str:
        """Its function and its qualifier."""
        name, qualifier = inputs["functionName"], inputs.get("qualifier")
        return f"{name}/{qualifier}" if qualifier else str(name)

    def imported_by(self) -> str:
        """Its id."""
        return "<functionName>[/<qualifier>]"

    def create(self, aws: Aws, inputs: Properties) -> str:
        """Make the URL of a function or of its alias."""
        client, function, qualifier = aws.client("lambda"), inputs["functionName"], inputs.get("qualifier")
        if qualifier:
            client.get_alias(FunctionName=function, Name=qualifier)  # AWS refuses one that isn't there
        client.create_function_url_config(**_request(inputs))
        return self.id_of(inputs)

    def finish(self, aws: Aws, id: str, inputs: Properties) -> None:
        """Without authentication, everyone may call it: as the real provider does."""
        if inputs["authorizationType"] == "NONE":
            client, (function, qualifier) = aws.client("lambda"), _parts(id)
            where = given(FunctionName=function, Qualifier=qualifier)
            for statement_id, statement in _PUBLIC.items():
                try:
                    client.add_permission(**where, StatementId=statement_id, Principal="*", **statement)
                except client.exceptions.ResourceConflictException:
                    continue  # left by an earlier URL of this function

    def read(self, aws: Aws, id: str, known: Properties) -> Properties | None:
        """The URL as AWS describes it."""
        function, qualifier = _parts(id)
        found = aws.client("lambda").get_function_url_config(
            **given(FunctionName=function, Qualifier=qualifier)
        )
        cors = found.get("Cors")
        # Where the embedded AWS serves it: the address that it tells is one of the real AWS.
        url_id = found["FunctionUrl"].partition("://")[2].partition(".")[0]
        return {
            "authorizationType": found["AuthType"],
            "cors": {key[0].lower() + key[1:]: value for key, value in cors.items()} if cors else None,
            "functionArn": found["FunctionArn"],
            "functionName": function,
            "functionUrl": f"{aws.endpoint.url.rstrip('/')}/_aws/lambda-url/{url_id}/",
            "invokeMode": found.get("InvokeMode", "BUFFERED"),
            "qualifier": qualifier,
            "urlId": url_id,
        }

    def update(self, aws: Aws, update: Update) -> None:
        """Authentication, CORS and mode change in place."""
        aws.client("lambda").update_function_url_config(**{"Cors": {}, **_request(update.news)})

    def delete(self, aws: Aws, id: str, state: Properties) -> None:
        """Delete the URL, and what let everyone call it."""
        client, (function, qualifier) = aws.client("lambda"), _parts(id)
        where = given(FunctionName=function, Qualifier=qualifier)
        client.delete_function_url_config(**where)
        if state.get("authorizationType") == "NONE":
            for statement_id in _PUBLIC:
                try:
                    client.remove_permission(**where, StatementId=statement_id)
                except Exception as error:
                    if not is_missing(error):
                        raise


def _request(inputs: Properties) -> dict[str, Any]:
    cors = inputs.get("cors")
    return given(
        FunctionName=inputs["functionName"],
        Qualifier=inputs.get("qualifier"),
        AuthType=inputs["authorizationType"],
        InvokeMode=inputs["invokeMode"],
        Cors={key[0].upper() + key[1:]: value for key, value in cors.items()} if cors else None,
    )


def _parts(id: str) -> tuple[str, str | None]:
    function, _, qualifier = id.partition("/")
    return function, qualifier or None
