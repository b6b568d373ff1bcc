"""Lambda functions."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from ...archives import zipped
from ...check import Failure
from ...clients import Aws
from ...errors import ProviderError
from ...resource import Properties, ResourceType, Update
from ...schema import (
    CONTENT,
    NOT_TOLD,
    OURS,
    archive,
    arn,
    boolean,
    integer,
    list_of,
    map_of,
    object_of,
    set_of,
    string,
)
from ...settings import Settings
from ...values import UNKNOWN, has_unknown
from .. import given
from .execution_role import check_function
from .image import stand_in
from .names import invoke_arn, streaming_invoke_arn

RESERVED_VARIABLES = frozenset(
    {
        "_HANDLER",
        "_X_AMZN_TRACE_ID",
        "AWS_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_DEFAULT_REGION",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_LAMBDA_RUNTIME_API",
        "AWS_REGION",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "LAMBDA_RUNTIME_DIR",
        "LAMBDA_TASK_ROOT",
    }
)
"""https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime"""

_ENVIRONMENT_LIMIT = 4096
"""Bytes. https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""

_CODE = frozenset(
    {
        "code",
        "codeSha256",
        "sourceCodeHash",
        "s3Bucket",
        "s3Key",
        "s3ObjectVersion",
        "imageUri",
        "architectures",
    }
)
_CONFIGURATION = frozenset(
    {
        "deadLetterConfig",
        "description",
        "environment",
        "ephemeralStorage",
        "handler",
        "imageConfig",
        "kmsKeyArn",
        "layers",
        "loggingConfig",
        "memorySize",
        "role",
        "runtime",
        "timeout",
        "tracingConfig",
        "vpcConfig",
    }
)
_PUBLISHED = (
    *("Architectures", "CodeSha256", "DeadLetterConfig", "Description", "Environment", "EphemeralStorage"),
    *("Handler", "KMSKeyArn", "Layers", "LoggingConfig", "MemorySize", "Role", "Runtime", "Timeout"),
    *("TracingConfig", "VpcConfig"),
)
"""What AWS tells of a version, and of what the next would be made of."""


class Function(ResourceType):
    """A function. Its id is its name."""

    token = "aws:lambda/function:Function"
    service = "lambda"
    props = {
        "architectures": list_of(string(shape="Architecture"), settled=True, minimum=1, maximum=1),
        "code": archive(),
        "codeSha256": string(settled=True),
        "codeSigningConfigArn": string(shape="CodeSigningConfigArn"),
        "deadLetterConfig": object_of({"targetArn": arn(required=True)}),
        "description": string(shape="Description"),
        "environment": object_of(
            {
                "variables": map_of(string()),
            }
        ),
        "ephemeralStorage": object_of(
            {"size": integer(settled=True, minimum=512, maximum=10_240)}, settled=True
        ),
        "handler": string(shape="Handler"),
        "imageConfig": object_of(
            {
                "commands": list_of(string()),
                "entryPoints": list_of(string()),
                "workingDirectory": string(shape="WorkingDirectory"),
            }
        ),
        "imageUri": string(local=NOT_TOLD),
        "kmsKeyArn": arn(),
        "layers": list_of(arn(), maximum=5),
        "loggingConfig": object_of(
            {
                "applicationLogLevel": string(settled=True, shape="ApplicationLogLevel"),
                "logFormat": string(required=True, shape="LogFormat"),
                "logGroup": string(settled=True, shape="LogGroup"),
                "systemLogLevel": string(settled=True, shape="SystemLogLevel"),
            },
            settled=True,
        ),
        "memorySize": integer(default=128, minimum=128, maximum=10_240),
        "name": string(
            replaces=True,
            minimum=1,
            maximum=64,
            pattern=r"[a-zA-Z0-9_-]+",
            meaning="letters, digits, hyphens and underscores",
        ),
        "packageType": string(default="Zip", replaces=True, shape="PackageType"),
        "publish": boolean(default=False, local=OURS),
        "reservedConcurrentExecutions": integer(default=-1, minimum=-1),
        "role": arn(required=True),
        "runtime": string(shape="Runtime"),
        "s3Bucket": string(local=CONTENT, shape="S3Bucket"),
        "s3Key": string(local=CONTENT, shape="S3Key"),
        "s3ObjectVersion": string(local=CONTENT, shape="S3ObjectVersion"),
        "skipDestroy": boolean(default=False, local=OURS),
        "sourceCodeHash": string(local=OURS, settled=True),
        "timeout": integer(default=3, minimum=1, maximum=900),
        "tracingConfig": object_of({"mode": string(required=True, shape="TracingMode")}, settled=True),
        "vpcConfig": object_of(
            {
                "ipv6AllowedForDualStack": boolean(default=False),
                "securityGroupIds": set_of(string(shape="SecurityGroupId"), required=True, maximum=5),
                "subnetIds": set_of(string(shape="SubnetId"), required=True, maximum=16),
                "vpcId": string(output=True),
            }
        ),
    }
    outputs = (
        "arn",
        "invokeArn",
        "lastModified",
        "qualifiedArn",
        "qualifiedInvokeArn",
        "responseStreamingInvokeArn",
        "signingJobArn",
        "signingProfileVersionArn",
        "sourceCodeSize",
        "version",
    )
    autoname = "name"
    identity = ("name",)
    tagged = True

    def check(self, inputs: Properties, settings: Settings) -> Iterable[Failure]:
        """What Lambda refuses about a function by itself."""
        yield from _check_package(inputs)
        yield from _check_environment(inputs)
        vpc = inputs.get("vpcConfig")
        if (
            isinstance(vpc, dict)
            and vpc["subnetIds"] is not UNKNOWN
            and vpc["securityGroupIds"] is not UNKNOWN
        ):
            missing = [key for key in ("subnetIds", "securityGroupIds") if not vpc[key]]
            if len(missing) == 1:
                yield Failure(
                    path=f"vpcConfig.{missing[0]}", reason="empty; give both subnets and security groups"
                )
        logging = inputs.get("loggingConfig")
        if isinstance(logging, dict) and logging["logFormat"] == "Text":
            for key in {"applicationLogLevel", "systemLogLevel"} & logging.keys():
                yield Failure(
                    path=f"loggingConfig.{key}", reason="AWS takes log levels only with logFormat JSON"
                )

    def unsettled(self, changed: frozenset[str], news: Properties) -> Iterable[str]:
        """New code or configuration means a new version where versions are published."""
        touched = changed & (_CODE | _CONFIGURATION)
        if touched:
            yield "lastModified"
        if changed & _CODE:
            yield from {"codeSha256", "sourceCodeSize"} - news.keys()
        if news.get("publish") and (touched or "publish" in changed):
            yield from ("version", "qualifiedArn", "qualifiedInvokeArn")

    def id_of(self, inputs: Properties) -> str:
        """Its name."""
        return str(inputs["name"])

    def create(self, aws: Aws, inputs: Properties) -> str:
        """Make the function; :meth:`finish` waits for it."""
        check_function(aws, inputs)
        request = _configuration(inputs) | given(
            FunctionName=inputs["name"],
            **_package(aws, inputs),
            Architectures=inputs.get("architectures"),
            Publish=inputs["publish"],
            CodeSigningConfigArn=inputs.get("codeSigningConfigArn"),
            Tags=inputs["tagsAll"],
        )
        aws.client("lambda").create_function(**request)
        return self.id_of(inputs)

    def finish(self, aws: Aws, id: str, inputs: Properties) -> None:
        """Wait until the function is active; set its reserved concurrency and code signing."""
        self._wait(aws, id, "State", "Active", "Pending")
        if inputs["reservedConcurrentExecutions"] >= 0:
            self._reserve(aws, id, inputs["reservedConcurrentExecutions"])
        if inputs.get("codeSigningConfigArn"):
            self._sign(aws, id, inputs["codeSigningConfigArn"])

    def read(self, aws: Aws, id: str, known: Properties) -> Properties | None:
        """The function as AWS describes it, and its newest version."""
        client = aws.client("lambda")
        found = client.get_function(FunctionName=id)
        latest = _newest_version(client, id)
        signing = client.get_function_code_signing_config(FunctionName=id).get("CodeSigningConfigArn")
        reserved = found.get("Concurrency", {}).get("ReservedConcurrentExecutions", -1)
        image = _of_the_image(known) if known.get("packageType") == "Image" else {}
        return _described(aws, found["Configuration"], latest) | {
            **image,
            "codeSigningConfigArn": signing or None,
            "reservedConcurrentExecutions": reserved,
            "tagsAll": found.get("Tags", {}),
        }

    def update(self, aws: Aws, update: Update) -> None:
        """Configuration, then code, then one new version of both."""
        client, news = aws.client("lambda"), update.news
        if "codeSigningConfigArn" in update.changed:
            self._sign(aws, update.id, news.get("codeSigningConfigArn"))
        if update.changed & _CONFIGURATION:
            check_function(aws, news)
            client.update_function_configuration(FunctionName=update.id, **_reset(_configuration(news)))
            self._wait(aws, update.id, "LastUpdateStatus", "Successful", "InProgress")
        if update.changed & _CODE:
            request = given(FunctionName=update.id, Architectures=news.get("architectures"))
            client.update_function_code(**request, **_code(aws, news))
            self._wait(aws, update.id, "LastUpdateStatus", "Successful", "InProgress")
        if "reservedConcurrentExecutions" in update.changed:
            self._reserve(aws, update.id, news["reservedConcurrentExecutions"])
        if news["publish"] and update.changed & (_CODE | _CONFIGURATION | {"publish"}):
            _publish(client, update.id)
        removed, added = update.tags()
        if removed:
            client.untag_resource(Resource=update.olds["arn"], TagKeys=removed)
        if added:
            client.tag_resource(Resource=update.olds["arn"], Tags=added)

    def delete(self, aws: Aws, id: str, state: Properties) -> None:
        """Delete the function with its versions, unless the program said to leave it."""
        if not state.get("skipDestroy"):
            aws.client("lambda").delete_function(FunctionName=id)

    @staticmethod
    def _wait(aws: Aws, name: str, status: str, wanted: str, pending: str) -> None:
        def settled() -> bool | None:
            found = aws.client("lambda").get_function_configuration(FunctionName=name)
            # The embedded AWS leaves a status out that it doesn't know.
            if found.get(status, wanted) == pending:
                return None
            if found.get(status, wanted) != wanted:
                why = found.get(f"{status}Reason", "no reason given")
                raise ProviderError(f"the function's {status} became {found[status]}: {why}")
            return True

        aws.wait(f"the {status} of function {name} is {wanted}", settled)

    @staticmethod
    def _reserve(aws: Aws, name: str, count: int) -> None:
        client = aws.client("lambda")
        if count < 0:
            client.delete_function_concurrency(FunctionName=name)
        else:
            client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=count)

    @staticmethod
    def _sign(aws: Aws, name: str, config: str | None) -> None:
        client = aws.client("lambda")
        if config:
            client.put_function_code_signing_config(FunctionName=name, CodeSigningConfigArn=config)
        else:
            client.delete_function_code_signing_config(FunctionName=name)


def _check_package(inputs: Properties) -> Iterable[Failure]:
    sources = [key for key in ("code", "imageUri", "s3Bucket") if key in inputs]
    if len(sources) != 1:
        found = ", ".join(sources) or "none of them"
        yield Failure(path="code", reason=f"give exactly one of code, imageUri and s3Bucket; found: {found}")
    if "s3Bucket" in inputs and "s3Key" not in inputs:
        yield Failure(path="s3Key", reason="missing; s3Bucket needs it")
    if inputs["packageType"] == "Zip":
        for key in ("handler", "runtime"):
            if key not in inputs:
                yield Failure(path=key, reason="missing; a function of packageType Zip needs it")
        if "imageUri" in inputs:
            yield Failure(path="packageType", reason="an imageUri needs packageType Image")
    elif inputs["packageType"] == "Image":
        for key in [key for key in ("handler", "runtime", "layers") if inputs.get(key)]:
            yield Failure(path=key, reason="isn't allowed with packageType Image: it is part of the image")


def _check_environment(inputs: Properties) -> Iterable[Failure]:
    environment = inputs.get("environment")
    variables = environment.get("variables") if isinstance(environment, dict) else None
    if not isinstance(variables, dict):
        return
    for name in variables:
        path = f"environment.variables.{name}"
        if name in RESERVED_VARIABLES:
            yield Failure(path=path, reason="Lambda reserves this variable and sets it itself; leave it out")
        elif not (
            name[:1].isalpha() and len(name) > 1 and name.replace("_", "").isalnum() and name.isascii()
        ):
            yield Failure(
                path=path, reason="a name is a letter, then letters, digits and underscores, 2 at least"
            )
    if not has_unknown(variables):
        size = len(json.dumps(variables, separators=(",", ":"), ensure_ascii=False).encode())
        if size > _ENVIRONMENT_LIMIT:
            yield Failure(
                path="environment.variables",
                reason=f"{size} bytes of names and values isn't allowed; allowed: {_ENVIRONMENT_LIMIT}; "
                "keep long values in SSM parameters or S3 and pass their names",
            )


def _package(aws: Aws, inputs: Properties) -> dict[str, Any]:
    """What is created: an image as the zip that stands in for it."""
    if "imageUri" not in inputs:
        return {"Code": _code(aws, inputs), "PackageType": inputs["packageType"]}
    found = stand_in(aws, inputs)
    return {"Code": {"ZipFile": found.content}, "Handler": found.handler, "Runtime": found.runtime}


def _code(aws: Aws, inputs: Properties) -> dict[str, Any]:
    if "imageUri" in inputs:
        return {"ZipFile": stand_in(aws, inputs).content}
    if "code" in inputs:
        return {"ZipFile": zipped(inputs["code"], aws.directory)}
    return given(
        S3Bucket=inputs["s3Bucket"], S3Key=inputs["s3Key"], S3ObjectVersion=inputs.get("s3ObjectVersion")
    )


def _configuration(inputs: Properties) -> dict[str, Any]:
    """What CreateFunction and UpdateFunctionConfiguration have in common."""
    return given(
        Role=inputs["role"],
        Handler=inputs.get("handler"),
        Runtime=inputs.get("runtime"),
        Description=inputs.get("description"),
        Timeout=inputs["timeout"],
        MemorySize=inputs["memorySize"],
        KMSKeyArn=inputs.get("kmsKeyArn"),
        Layers=inputs.get("layers"),
        DeadLetterConfig=_pascal(inputs.get("deadLetterConfig")),
        Environment=_environment(inputs.get("environment")),
        EphemeralStorage=_pascal(inputs.get("ephemeralStorage")) or None,
        LoggingConfig=_pascal(inputs.get("loggingConfig")),
        TracingConfig=_pascal(inputs.get("tracingConfig")),
        VpcConfig=_pascal(inputs.get("vpcConfig")),
    )


def _reset(request: dict[str, Any]) -> dict[str, Any]:
    """An update says explicitly what is gone."""
    nothing: dict[str, Any] = {
        "Description": "",
        "KMSKeyArn": "",
        "Layers": [],
        "DeadLetterConfig": {"TargetArn": ""},
        "Environment": {"Variables": {}},
        "VpcConfig": {"SubnetIds": [], "SecurityGroupIds": []},
    }
    return nothing | request


def _of_the_image(known: Properties) -> Properties:
    """What AWS would say of an image, where a zip stands in for it."""
    return {
        "handler": None,
        "imageConfig": known.get("imageConfig"),
        "packageType": "Image",
        "runtime": None,
    }


def _environment(environment: Properties | None) -> dict[str, Any] | None:
    return {"Variables": environment.get("variables") or {}} if environment else None


def _pascal(value: Properties | None) -> dict[str, Any] | None:
    return None if value is None else {key[0].upper() + key[1:]: item for key, item in value.items()}


def _publish(client: Any, name: str) -> None:
    """Publish a version, unless nothing changed since the last: the embedded AWS looks at revisions only."""
    newest, now = _newest_version(client, name), client.get_function_configuration(FunctionName=name)
    if newest["Version"] == "$LATEST" or any(newest.get(key) != now.get(key) for key in _PUBLISHED):
        client.publish_version(FunctionName=name)


def _newest_version(client: Any, name: str) -> dict[str, Any]:
    pages = client.get_paginator("list_versions_by_function").paginate(FunctionName=name)
    versions: list[dict[str, Any]] = [each for page in pages for each in page["Versions"]]
    return max(versions, key=lambda each: 0 if each["Version"] == "$LATEST" else int(each["Version"]))


def _described(aws: Aws, found: dict[str, Any], latest: dict[str, Any]) -> Properties:
    name = found["FunctionName"]
    function_arn = found["FunctionArn"]
    variables = found.get("Environment", {}).get("Variables")
    logging, vpc = found.get("LoggingConfig", {}), found.get("VpcConfig", {})
    dead_letters = found.get("DeadLetterConfig", {}).get("TargetArn")
    version_arn = f"{function_arn}:{latest['Version']}"
    return {
        "name": name,
        "arn": function_arn,
        "architectures": found.get("Architectures"),
        "codeSha256": found["CodeSha256"],
        "deadLetterConfig": {"targetArn": dead_letters} if dead_letters else None,
        "description": found.get("Description"),
        "environment": {"variables": variables} if variables else None,
        "ephemeralStorage": {"size": found.get("EphemeralStorage", {}).get("Size", 512)},
        "handler": found.get("Handler") or None,
        "invokeArn": invoke_arn(aws, function_arn),
        "kmsKeyArn": found.get("KMSKeyArn") or None,
        "lastModified": found["LastModified"],
        "layers": [layer["Arn"] for layer in found.get("Layers", [])] or None,
        "loggingConfig": {
            "logFormat": logging.get("LogFormat", "Text"),
            "logGroup": logging.get("LogGroup", f"/aws/lambda/{name}"),
            "applicationLogLevel": logging.get("ApplicationLogLevel"),
            "systemLogLevel": logging.get("SystemLogLevel"),
        },
        "memorySize": found["MemorySize"],
        "packageType": found.get("PackageType", "Zip"),
        "qualifiedArn": version_arn,
        "qualifiedInvokeArn": invoke_arn(aws, version_arn),
        "responseStreamingInvokeArn": streaming_invoke_arn(aws, function_arn),
        "role": found["Role"],
        "runtime": found.get("Runtime") or None,
        "signingJobArn": found.get("SigningJobArn", ""),
        "signingProfileVersionArn": found.get("SigningProfileVersionArn", ""),
        "sourceCodeSize": found["CodeSize"],
        "timeout": found["Timeout"],
        "tracingConfig": {"mode": found.get("TracingConfig", {}).get("Mode", "PassThrough")},
        "version": latest["Version"],
        "vpcConfig": {
            "ipv6AllowedForDualStack": vpc.get("Ipv6AllowedForDualStack", False),
            "securityGroupIds": vpc["SecurityGroupIds"],
            "subnetIds": vpc["SubnetIds"],
            "vpcId": vpc.get("VpcId", ""),
        }
        if vpc.get("SubnetIds")
        else None,
    }
