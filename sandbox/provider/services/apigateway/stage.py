"""Deployments of REST APIs, the stages that serve them, and the stages' limits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from ...check import Failure
from ...clients import Aws
from ...errors import ProviderError
from ...resource import Properties, Update
from ...schema import OURS, arn, boolean, integer, map_of, number, object_of, string
from ...settings import Settings
from .. import given
from .common import REST_API, InsideRestApi, Part, arn_of, execution_arn, replace, retag, text, truth

_REQUEST_IDS: Final = ("$context.requestId", "$context.extendedRequestId")


class Deployment(InsideRestApi):
    """A snapshot of an API. Its id is AWS's; other ``triggers`` make another one.

    The embedded AWS keeps the gateway responses of a deployment only, and serves methods as they are.
    """

    token = "aws:apigateway/deployment:Deployment"
    plural = "deployments"
    props = {
        "restApi": REST_API,
        "description": string(maximum=1_024),
        "triggers": map_of(string(), replaces=True, local=OURS),
    }
    outputs = ("createdDate",)

    def create(self, aws: Aws, inputs: Properties) -> str:
        """Take the snapshot; AWS refuses it of an API without methods, and the embedded AWS doesn't."""
        client = aws.client(self.service)
        pages = client.get_paginator("get_resources").paginate(restApiId=inputs["restApi"])
        if not any(each.get("resourceMethods") for page in pages for each in page["items"]):
            raise ProviderError(
                f"the REST API {inputs['restApi']} has no methods: let the deployment depend on them"
            )
        made = client.create_deployment(
            restApiId=inputs["restApi"], **given(description=inputs.get("description"))
        )
        return str(made["id"])

    def read(self, aws: Aws, id: str, known: Properties) -> Properties | None:
        """The deployment as AWS describes it."""
        api, own = self.place(id, known)
        told = aws.client(self.service).get_deployment(restApiId=api, deploymentId=own)
        return {
            "id": own,
            "restApi": api,
            "createdDate": told["createdDate"].isoformat(),
            "description": told.get("description") or None,
        }

    def update(self, aws: Aws, update: Update) -> None:
        """Only the description changes in place."""
        operations = replace(description=update.news.get("description", ""))
        aws.client(self.service).update_deployment(
            restApiId=update.news["restApi"], deploymentId=update.id, patchOperations=operations
        )

    def delete(self, aws: Aws, id: str, state: Properties) -> None:
        """Delete it, unless a stage serves it: AWS refuses that, and the embedded AWS doesn't."""
        client = aws.client(self.service)
        stages = client.get_stages(restApiId=state["restApi"])["item"]
        serving = [each["stageName"] for each in stages if each.get("deploymentId") == id]
        if serving:
            raise ProviderError(
                f"the stage {serving[0]} serves the deployment {id}: let it serve another first"
            )
        client.delete_deployment(restApiId=state["restApi"], deploymentId=id)


class Stage(Part):
    """Where a deployment is served."""

    token = "aws:apigateway/stage:Stage"
    prefix = "ags"
    place = {"restApi": "restApiId", "stageName": "stageName"}
    props = {
        "restApi": REST_API,
        "stageName": string(
            required=True, replaces=True, pattern=r"\w[\w-]{0,127}", meaning="1 to 128 of A-Za-z0-9_-"
        ),
        "accessLogSettings": object_of(
            {"destinationArn": arn(required=True), "format": string(required=True, minimum=1)}
        ),
        "deployment": string(required=True),
        "description": string(maximum=1_024),
        "variables": map_of(string()),
        "xrayTracingEnabled": boolean(),
    }
    outputs = ("arn", "executionArn", "invokeUrl", "webAclArn")
    identity = ("stageName",)
    tagged = True
    tagged_at_once = False

    def check(self, inputs: Properties, settings: Settings) -> Iterable[Failure]:
        """An access log line has a request's id."""
        del settings
        logs = inputs.get("accessLogSettings")
        line = logs.get("format") if isinstance(logs, dict) else None
        if isinstance(line, str) and not any(each in line for each in _REQUEST_IDS):
            # https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html
            yield Failure(
                path="accessLogSettings.format",
                reason=f"found none of {' and '.join(_REQUEST_IDS)}; put one in",
            )

    def create(self, aws: Aws, inputs: Properties) -> str:
        """Make the stage, unless it is there: the embedded AWS would overwrite it, AWS refuses."""
        client = aws.client(self.service)
        api, name = inputs["restApi"], inputs["stageName"]
        if name in [each["stageName"] for each in client.get_stages(restApiId=api)["item"]]:
            raise ProviderError(f"the REST API {api} has a stage {name} already: import it")
        client.create_stage(
            restApiId=api,
            stageName=name,
            deploymentId=inputs["deployment"],
            tags=inputs.get("tagsAll") or {},
            **given(
                description=inputs.get("description"),
                variables=inputs.get("variables"),
                tracingEnabled=inputs.get("xrayTracingEnabled"),
            ),
        )
        return self.id_of(inputs)

    def finish(self, aws: Aws, id: str, inputs: Properties) -> None:
        """Say where access logs go, which a stage isn't made with; tell the embedded AWS its tags again."""
        del id
        client = aws.client(self.service)
        logs = _logs(inputs.get("accessLogSettings"))
        if logs:
            client.update_stage(**self.where(inputs), patchOperations=logs)
        retag(
            aws,
            arn_of(aws, inputs["restApi"], "stages", inputs["stageName"]),
            [],
            inputs.get("tagsAll") or {},
        )

    def read(self, aws: Aws, id: str, known: Properties) -> Properties | None:
        """The stage as AWS describes it."""
        place = self.placed(id, known)
        api, name = place["restApi"], place["stageName"]
        client = aws.client(self.service)
        stage = client.get_stage(restApiId=api, stageName=name)
        return {
            "id": self.id_of(place),
            **place,
            "accessLogSettings": stage.get("accessLogSettings") or None,
            "arn": arn_of(aws, api, "stages", name),
            "deployment": stage["deploymentId"],
            "description": stage.get("description") or None,
            "executionArn": execution_arn(aws, api, name),
            # `<api>.execute-api.localhost` doesn't resolve everywhere
            "invokeUrl": f"{aws.endpoint.url.rstrip('/')}/_aws/execute-api/{api}/{name}",
            "variables": stage.get("variables") or None,
            "xrayTracingEnabled": truth(stage.get("tracingEnabled")) or None
            if known.get("xrayTracingEnabled") is None
            else truth(stage.get("tracingEnabled")),
            "webAclArn": stage.get("webAclArn", ""),
            "tagsAll": client.get_tags(resourceArn=arn_of(aws, api, "stages", name))["tags"],
        }

    def update(self, aws: Aws, update: Update) -> None:
        """Patch what changed."""
        news = update.news
        values = {
            "deploymentId": ("deployment", news["deployment"]),
            "description": ("description", news.get("description", "")),
            "tracingEnabled": ("xrayTracingEnabled", text(bool(news.get("xrayTracingEnabled")))),
        }
        operations = replace(
            **{name: value for name, (key, value) in values.items() if key in update.changed}
        )
        if "accessLogSettings" in update.changed:
            logs = _logs(news.get("accessLogSettings"))
            operations += logs or [{"op": "remove", "path": "/accessLogSettings"}]
        olds, wanted = (each.get("variables") or {} for each in (update.olds, news))
        operations += [{"op": "remove", "path": f"/variables/{name}"} for name in olds.keys() - wanted.keys()]
        operations += [
            {"op": "replace", "path": f"/variables/{name}", "value": value}
            for name, value in wanted.items()
            if olds.get(name) != value
        ]
        if operations:
            aws.client(self.service).update_stage(**self.where(news), patchOperations=operations)
        retag(aws, update.olds["arn"], *update.tags())

    def delete(self, aws: Aws, id: str, state: Properties) -> None:
        """Delete the stage."""
        aws.client(self.service).delete_stage(**self.where(state))


_SETTINGS: Final = {
    "cacheDataEncrypted": "caching/dataEncrypted",
    "cacheTtlInSeconds": "caching/ttlInSeconds",
    "cachingEnabled": "caching/enabled",
    "dataTraceEnabled": "logging/dataTrace",
    "loggingLevel": "logging/loglevel",
    "metricsEnabled": "metrics/enabled",
    "requireAuthorizationForCacheControl": "caching/requireAuthorizationForCacheControl",
    "throttlingBurstLimit": "throttling/burstLimit",
    "throttlingRateLimit": "throttling/rateLimit",
    "unauthorizedCacheControlHeaderStrategy": "caching/unauthorizedCacheControlHeaderStrategy",
}
"""A setting's name to its path in a patch."""
_UNLIMITED: Final = {"throttlingBurstLimit": 5_000, "throttlingRateLimit": 10_000}
"""What the embedded AWS tells where no limit is set, which AWS and the real provider call -1."""


class MethodSettings(Part):
    """Limits, metrics and logs of a stage's methods; ``*/*`` stands for all of them.

    A logging level other than OFF wants the account's role for logs, which the account has once.
    """

    token = "aws:apigateway/methodSettings:MethodSettings"
    prefix = ""
    place = {"restApi": "restApiId", "stageName": "stageName", "methodPath": "methodPath"}
    props = {
        "restApi": REST_API,
        "stageName": string(required=True, replaces=True),
        "methodPath": string(
            required=True, replaces=True, pattern=r"\*/\*|\S+/[A-Z*]+", meaning="*/*, or e.g. pets/GET"
        ),
        "settings": object_of(
            {
                "cacheDataEncrypted": boolean(settled=True),
                "cacheTtlInSeconds": integer(settled=True, minimum=0, maximum=3_600),
                "cachingEnabled": boolean(settled=True),
                "dataTraceEnabled": boolean(settled=True),
                "loggingLevel": string(settled=True, values=("OFF", "ERROR", "INFO")),
                "metricsEnabled": boolean(settled=True),
                "requireAuthorizationForCacheControl": boolean(settled=True),
                "throttlingBurstLimit": integer(default=-1, minimum=-1),
                "throttlingRateLimit": number(default=-1, minimum=-1),
                "unauthorizedCacheControlHeaderStrategy": string(
                    settled=True, shape="UnauthorizedCacheControlHeaderStrategy"
                ),
            },
            required=True,
        ),
    }
    identity = ("stageName", "methodPath")

    def check(self, inputs: Properties, settings: Settings) -> Iterable[Failure]:
        """Something is set."""
        del settings
        if inputs["settings"] == {}:
            yield Failure(path="settings", reason=f"empty; give one of {', '.join(_SETTINGS)}")

    def create(self, aws: Aws, inputs: Properties) -> str:
        """Set them on the stage."""
        self._patch(aws, inputs, inputs["settings"])
        return self.id_of(inputs)

    def read(self, aws: Aws, id: str, known: Properties) -> Properties | None:
        """What the stage says of those methods."""
        place = self.placed(id, known)
        stage = aws.client(self.service).get_stage(restApiId=place["restApi"], stageName=place["stageName"])
        told = stage.get("methodSettings", {}).get(place["methodPath"])
        if told is None:
            return None
        said: Properties = known.get("settings") or {}
        found = {key: told.get(key) for key in _SETTINGS}
        for key, most in _UNLIMITED.items():
            if found[key] == most != said.get(key):
                found[key] = -1
        return {"id": self.id_of(place), **place, "settings": found}

    def update(self, aws: Aws, update: Update) -> None:
        """Set all that are given again."""
        self._patch(aws, update.news, update.news["settings"])

    def delete(self, aws: Aws, id: str, state: Properties) -> None:
        """Let AWS's own limits hold again."""
        path = f"/{_escaped(state['methodPath'])}"
        aws.client(self.service).update_stage(
            restApiId=state["restApi"],
            stageName=state["stageName"],
            patchOperations=[{"op": "remove", "path": path}],
        )

    def _patch(self, aws: Aws, inputs: Properties, settings: Mapping[str, Any]) -> None:
        prefix = f"/{_escaped(inputs['methodPath'])}"
        limits = {key: most for key, most in _UNLIMITED.items() if settings.get(key, -1) == -1}
        wanted = {**settings, **limits}
        operations = [
            {"op": "replace", "path": f"{prefix}/{path}", "value": _value(wanted[key])}
            for key, path in _SETTINGS.items()
            if wanted.get(key) is not None
        ]
        aws.client(self.service).update_stage(
            restApiId=inputs["restApi"], stageName=inputs["stageName"], patchOperations=operations
        )


def _escaped(method_path: str) -> str:
    """A method's path as a patch names it: the path's own slashes are escaped."""
    path, _, method = method_path.rpartition("/")
    return f"{path.replace('/', '~1')}/{method}"


def _value(setting: Any) -> str:
    return text(setting) if isinstance(setting, bool) else str(setting)


def _logs(settings: Mapping[str, str] | None) -> list[dict[str, Any]]:
    return [
        {"op": "replace", "path": f"/accessLogSettings/{key}", "value": value}
        for key, value in sorted((settings or {}).items())
    ]
