"""The table of types. A file of services is imported when a type of it is first met."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Final

from . import models
from .errors import UnsupportedError
from .resource import ResourceType

_FILES: Final[dict[str, tuple[str, ...]]] = {
    "apigateway": ("apigateway",),
    "apigatewayv2": ("apigatewayv2",),
    "appautoscaling": ("appautoscaling",),
    "cloudwatch": ("logs", "cloudwatch", "events"),
    "codedeploy": ("codedeploy",),
    "cognito": ("cognito",),
    "dynamodb": ("dynamodb",),
    "ec2": ("ec2",),
    "ecr": ("ecr",),
    "iam": ("iam",),
    "lambda": ("lambda_",),
    "s3": ("s3",),
    "sqs": ("sqs",),
    "vpc": ("ec2",),
}
"""Pulumi's module (``aws:<module>/...``) to the files under ``services/`` that have its types."""


@cache
def _types(module: str) -> dict[str, ResourceType]:
    found: dict[str, ResourceType] = {}
    for file in _FILES.get(module, ()):
        types: tuple[ResourceType, ...] = import_module(f".services.{file}", __package__).TYPES
        found |= {each.token: each for each in types}
    return found


def lookup(token: str) -> ResourceType:
    """The type of a token.

    :raises UnsupportedError: the sandbox doesn't have it; the text names it and its neighbours
    """
    module = token.partition(":")[2].partition("/")[0]
    found = _types(module).get(token)
    if found is None:
        neighbours = ", ".join(sorted(_types(module))) or f"nothing of aws:{module}"
        raise UnsupportedError(
            f"the sandbox doesn't support the type {token}; supported here: {neighbours}. "
            "Leave the resource out of the local stage, or add its type to sandbox/provider/services"
        )
    return found


def tokens() -> list[str]:
    """Every supported type (imports all files)."""
    return sorted({token for module in _FILES for token in _types(module)})


def warm() -> None:
    """Import all types, and load the service models that their checks ask."""
    for token in tokens():
        kind = lookup(token)
        if any(prop.shape for prop in kind.props.values()):
            models.shapes(kind.service)
