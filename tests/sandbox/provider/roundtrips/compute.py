"""Functions, what belongs to them, roles and logs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from hypothesis import strategies as st

from sandbox.provider.values import PropertyMap

from .drawing import Draw
from .values import FALSE, KEYS, POLICIES, documents, named, one_of, some_of, without
from .world import ACCOUNT, World

_SIGNING = f"arn:aws:lambda:us-east-1:{ACCOUNT}:code-signing-config:csc-0123456789abcdef"
_LEVELS = ("applicationLogLevel", "systemLogLevel")
_STORED = ("s3Bucket", "s3Key", "s3ObjectVersion")
_QUALIFIED: Final = "live"


def _stored(world: World) -> dict[str, st.SearchStrategy[str]]:
    return {name: st.just(value) for name, value in world.stored_package.items()}


def _sourced(inputs: PropertyMap) -> PropertyMap:
    """One source of the code, whole."""
    if "s3Bucket" in inputs and "s3Key" in inputs:
        return without(inputs, "code")
    return without(inputs, *_STORED)


def _function(world: World) -> Draw:
    def fit(inputs: PropertyMap) -> PropertyMap:
        inputs = _sourced(inputs)
        if "codeSha256" in inputs:
            inputs["codeSha256"] = world.sha256(inputs.get("code", world.packages[0]))
        if inputs.get("loggingConfig", {}).get("logFormat") == "Text":
            inputs["loggingConfig"] = without(inputs["loggingConfig"], *_LEVELS)
        return inputs

    variables = st.dictionaries(one_of("TABLE", "LOG_LEVEL", "Url1"), one_of("a", "https://a.test?b=c", "1"))
    return Draw(
        given={
            "architectures": one_of(["arm64"], ["x86_64"]),
            "code": one_of(*world.packages),
            "codeSha256": st.just(""),
            "codeSigningConfigArn": one_of(*(f"{_SIGNING}{n}" for n in "12")),
            "deadLetterConfig.targetArn": one_of(world.queue.outputs["arn"], world.dead_letters[False]),
            "environment.variables": variables,
            "handler": st.just("main.handler"),
            "kmsKeyArn": KEYS,
            "layers": st.just([world.layer.outputs["arn"]]),
            "loggingConfig.logGroup": one_of("/aws/lambda/trip", "trips"),
            "name": named("trip-f"),
            "packageType": st.just("Zip"),
            "reservedConcurrentExecutions": st.integers(-1, 10),
            "role": st.just(world.role.outputs["arn"]),
            "runtime": one_of("python3.12", "python3.13", "nodejs22.x"),
            "skipDestroy": FALSE,
            "vpcConfig.securityGroupIds": some_of(*world.groups),
            "vpcConfig.subnetIds": some_of(*world.subnets),
            **_stored(world),
        },
        always=("code", "handler", "name", "runtime"),
        fit=fit,
        never=dict.fromkeys(("imageConfig", "imageUri"), "images are test_images's"),
    )


def _layer(world: World) -> Draw:
    return Draw(
        given={
            "code": one_of(*world.packages),
            "layerName": named("trip-l"),
            "licenseInfo": one_of("MIT", "https://a.test/license"),
            "skipDestroy": FALSE,
            **_stored(world),
        },
        always=("code",),
        fit=_sourced,
    )


def _functions(world: World) -> st.SearchStrategy[str]:
    return one_of(world.function.id, world.function.outputs["arn"])


def _alias(world: World) -> Draw:
    def fit(inputs: PropertyMap) -> PropertyMap:
        routing, version = inputs.get("routingConfig", {}), inputs["functionVersion"]
        if routing.get("additionalVersionWeights", {}).get(version) or version == "$LATEST":
            return without(inputs, "routingConfig")
        return inputs

    weights = st.dictionaries(one_of("1", "2"), one_of(0.25, 0.5, 1.0), min_size=1, max_size=1)
    return Draw(
        given={
            "functionName": _functions(world),
            "functionVersion": one_of("1", "2", "$LATEST"),
            "name": named("trip-a"),
            "routingConfig.additionalVersionWeights": weights,
        },
        fit=fit,
    )


def _permission(world: World) -> Draw:
    def fit(inputs: PropertyMap) -> PropertyMap:
        if inputs["action"] != "lambda:InvokeFunctionUrl":
            inputs.pop("functionUrlAuthType", None)
        if inputs["action"] != "lambda:InvokeFunction":
            inputs.pop("invokedViaFunctionUrl", None)
        return inputs

    assert world.function
    return Draw(
        given={
            "action": one_of("lambda:InvokeFunction", "lambda:InvokeFunctionUrl"),
            "eventSourceToken": st.just("amzn1.ask.skill.1"),
            "function": _functions(world),
            "principal": one_of(
                "events.amazonaws.com", f"arn:aws:iam::{ACCOUNT}:role/trip-owner", ACCOUNT, "*"
            ),
            "principalOrgId": one_of("o-abcdefghij", "o-0123456789"),
            "qualifier": one_of(_QUALIFIED, "1"),
            "sourceAccount": st.just(ACCOUNT),
            "sourceArn": one_of("arn:aws:s3:::trip", f"arn:aws:events:us-east-1:{ACCOUNT}:rule/trip"),
            "statementId": named("Trip"),
        },
        fit=fit,
    )


def _event_invoke(world: World) -> Draw:
    targets = one_of(world.queue.outputs["arn"], world.dead_letters[False])
    return Draw(
        given={
            "destinationConfig.onFailure.destination": targets,
            "destinationConfig.onSuccess.destination": targets,
            "functionName": _functions(world),
            # The embedded AWS tells the longest where none was asked for: an import takes it for that.
            "maximumEventAgeInSeconds": st.integers(60, 21_599),
            "qualifier": one_of(_QUALIFIED, "2"),
        }
    )


def _url(world: World) -> Draw:
    headers = some_of("authorization", "x-id", "content-type")
    return Draw(
        given={
            "cors.allowHeaders": headers,
            "cors.allowMethods": some_of("GET", "POST", "DELETE"),
            "cors.allowOrigins": some_of("https://a.test", "https://b.test"),
            "cors.exposeHeaders": headers,
            "functionName": _functions(world),
            "qualifier": st.just(_QUALIFIED),
        }
    )


def _concurrency(world: World) -> Draw:
    return Draw(
        given={
            "functionName": _functions(world),
            "provisionedConcurrentExecutions": st.integers(1, 5),
            "qualifier": one_of(_QUALIFIED, "2"),
            "skipDestroy": FALSE,
        }
    )


def _event_source(world: World) -> Draw:
    patterns = documents({"body": {"a": [1]}}, {"body": {"kind": ["new", "old"]}})
    return Draw(
        given={
            "batchSize": st.integers(1, 10),
            "eventSourceArn": st.just(world.queue.outputs["arn"]),
            "filterCriteria.filters[].pattern": patterns,
            "functionName": one_of(
                world.function.id, world.function.outputs["arn"], f"{world.function.id}:live"
            ),
        }
    )


def _role(world: World) -> Draw:
    return Draw(
        given={
            "assumeRolePolicy": one_of(*world.trusts),
            "description": one_of("what runs", "é: a/b (c), d"),
            "name": named("trip-r"),
            "path": one_of("/", "/trips/", "/a/b/"),
            "permissionsBoundary": one_of(*world.boundaries),
        }
    )


def _role_policy(world: World) -> Draw:
    return Draw(given={"name": named("trip-p"), "policy": POLICIES, "role": st.just(world.role.id)})


def _log_group(world: World) -> Draw:
    del world
    return Draw(given={"kmsKeyId": KEYS, "name": named("/trip/g"), "skipDestroy": FALSE})


CASES: Mapping[str, Callable[[World], Draw]] = {
    "aws:cloudwatch/logGroup:LogGroup": _log_group,
    "aws:iam/role:Role": _role,
    "aws:iam/rolePolicy:RolePolicy": _role_policy,
    "aws:lambda/alias:Alias": _alias,
    "aws:lambda/eventSourceMapping:EventSourceMapping": _event_source,
    "aws:lambda/function:Function": _function,
    "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig": _event_invoke,
    "aws:lambda/functionUrl:FunctionUrl": _url,
    "aws:lambda/layerVersion:LayerVersion": _layer,
    "aws:lambda/permission:Permission": _permission,
    "aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig": _concurrency,
}
