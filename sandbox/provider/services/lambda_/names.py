"""How a function is referred to."""

from __future__ import annotations

from typing import Any

from ...clients import Aws, partition
from ...schema import Prop, string


def bare_name(reference: Any) -> Any:
    """The name in a function's name or ARN; with a qualifier in the ARN, ``name:qualifier``."""
    if isinstance(reference, str) and ":function:" in reference:
        return reference.partition(":function:")[2]
    return reference


def function_reference(shape: str = "NamespacedFunctionName") -> Prop:
    """The input that names a function, by name or by ARN."""
    return string(required=True, replaces=True, shape=shape, canonical=bare_name)


def invoke_arn(aws: Aws, function_arn: str) -> str:
    """The ARN with which API Gateway calls a function."""
    head = f"arn:{partition(aws.region)}:apigateway:{aws.region}:lambda:path"
    return f"{head}/2015-03-31/functions/{function_arn}/invocations"


def streaming_invoke_arn(aws: Aws, function_arn: str) -> str:
    """The ARN with which API Gateway calls a function that streams its answer."""
    head = f"arn:{partition(aws.region)}:apigateway:{aws.region}:lambda:path"
    return f"{head}/2021-11-15/functions/{function_arn}/response-streaming-invocations"
