"""Stages of HTTP APIs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from ...check import Failure
from ...clients import Aws
from ...errors import ProviderError
from ...resource import Properties, ResourceType, Update
from ...schema import arn, boolean, integer, map_of, number, object_of, set_of, string
from ...settings import Settings
from .. import given
from .common import arn_of, endpoint, execution_arn, inside_api, lower, members, retag

_REQUEST_IDS: Final = ("$context.requestId", "$context.extendedRequestId")
_LIMITS_OF_ROUTES: Final = {
    "detailedMetricsEnabled": boolean(default=False),
    "throttlingBurstLimit": integer(minimum=0),
    "throttlingRateLimit": number(minimum=0),
}


class Stage(ResourceType):
    """A stage of an API. Its id is its name."""

    token = "aws:apigatewayv2/stage:Stage"
    service = "apigatewayv2"
    props = {
        "apiId": string(required=True, replaces=True),
        "name": string(
            replaces=True, pattern=r"\$default|[\w-]{1,128}", meaning="$default, or 1 to 128 of A-Za-z0-9_-"
        ),
        "accessLogSettings": object_of(
            {"destinationArn": arn(required=True), "format": string(required=True, minimum=1)}
        ),
        "autoDeploy": boolean(default=False),
        "defaultRouteSettings": object_of(_LIMITS_OF_ROUTES, settled=True),
        "deploymentId": string(settled=True),
        "description": string(maximum=1_024),
        "routeSettings": set_of(object_of({"routeKey": string(required=True), **_LIMITS_OF_ROUTES})),
        "stageVariables": map_of(string()),
    }
    outputs = ("arn", "executionArn", "invokeUrl")
    autoname = "name"
    autoname_limit = 128
    identity = ("name",)
    tagged = True

    def check(self, inputs: Properties, settings: Settings) -> Iterable[Failure]:
        """An access log line has a request's id; a stage that deploys itself names no deployment."""
        del settings
        logs = inputs.get("accessLogSettings")
        line = logs.get("format") if isinstance(logs, dict) else None
        if isinstance(line, str) and not any(each in line for each in _REQUEST_IDS):
            # https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging.html
            yield Failure(
                path="accessLogSettings.format",
                reason=f"found none of {' and '.join(_REQUEST_IDS)}; put one in",
            )
        if inputs.get("autoDeploy") is True and inputs.get("deploymentId"):
            yield Failure(
                path="deploymentId", reason="a stage with autoDeploy deploys itself: leave one of both out"
            )

    def id_of(self, inputs: Properties) -> str:
        """Its name."""
        return str(inputs["name"])

    def imported_by(self) -> str:
        """Its API and its name."""
        return "<apiId>/<name>"

    def create(self, aws: Aws, inputs: Properties) -> str:
        """Make the stage, unless it is there: the embedded AWS would overwrite it, AWS refuses."""
        client = aws.client("apigatewayv2")
        names = [each["StageName"] for each in client.get_stages(ApiId=inputs["apiId"])["Items"]]
        if inputs["name"] in names:
            raise ProviderError(f"the API {inputs['apiId']} has a stage {inputs['name']} already: import it")
        client.create_stage(
            ApiId=inputs["apiId"],
            StageName=inputs["name"],
            Tags=inputs.get("tagsAll") or {},
            **_stage(inputs),
        )
        return self.id_of(inputs)

    def read(self, aws: Aws, id: str, known: Properties) -> Properties | None:
        """The stage as AWS describes it."""
        api, name = inside_api(id, known)
        client = aws.client("apigatewayv2")
        stage = client.get_stage(ApiId=api, StageName=name)
        logs, limits = stage.get("AccessLogSettings"), stage.get("DefaultRouteSettings")
        routes = stage.get("RouteSettings", {})
        # A variable is removed by setting it to an empty string, which the embedded AWS then keeps.
        variables = {key: value for key, value in stage.get("StageVariables", {}).items() if value}
        return {
            "id": name,
            "apiId": api,
            "name": name,
            "accessLogSettings": {lower(key): value for key, value in logs.items()} if logs else None,
            "arn": arn_of(aws, api, "stages", name),
            "autoDeploy": stage.get("AutoDeploy", False),
            "defaultRouteSettings": _limits(limits) if limits else None,
            "deploymentId": stage.get("DeploymentId"),
            "description": stage.get("Description") or None,
            "executionArn": f"{execution_arn(aws, api)}/{name}",
            "invokeUrl": f"{endpoint(aws, api)}/{'' if name == '$default' else name}",
            "routeSettings": [{"routeKey": key, **_limits(each)} for key, each in sorted(routes.items())],
            "stageVariables": variables or None,
            "tagsAll": client.get_tags(ResourceArn=arn_of(aws, api, "stages", name))["Tags"],
        }

    def update(self, aws: Aws, update: Update) -> None:
        """One call takes all: the embedded AWS's DeleteAccessLogSettings deletes the whole stage."""
        if update.changed - {"tags", "tagsAll"}:
            emptied: Properties = {"accessLogSettings": {}, "description": "", "routeSettings": []}
            request = _stage(emptied | update.news)
            gone = update.olds.get("stageVariables", {}).keys() - update.news.get("stageVariables", {}).keys()
            request["StageVariables"] = update.news.get("stageVariables", {}) | dict.fromkeys(gone, "")
            client = aws.client("apigatewayv2")
            client.update_stage(ApiId=update.olds["apiId"], StageName=update.id, **request)
        retag(aws, update)

    def delete(self, aws: Aws, id: str, state: Properties) -> None:
        """Delete the stage."""
        aws.client("apigatewayv2").delete_stage(ApiId=state["apiId"], StageName=id)


def _stage(inputs: Properties) -> Properties:
    logs, limits, routes = (
        inputs.get(key) for key in ("accessLogSettings", "defaultRouteSettings", "routeSettings")
    )
    return given(
        AccessLogSettings=members(logs) if logs is not None else None,
        AutoDeploy=inputs["autoDeploy"],
        DefaultRouteSettings=members(limits) if limits is not None else None,
        DeploymentId=inputs.get("deploymentId") if not inputs["autoDeploy"] else None,
        Description=inputs.get("description"),
        RouteSettings={
            each["routeKey"]: members({key: value for key, value in each.items() if key != "routeKey"})
            for each in routes
        }
        if routes is not None
        else None,
        StageVariables=inputs.get("stageVariables"),
    )


def _limits(settings: Mapping[str, Any]) -> Properties:
    return {"detailedMetricsEnabled": False, **{lower(key): value for key, value in settings.items()}}
