"""How each type's inputs are drawn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from . import compute, gateways, network, storage
from .drawing import Draw
from .world import World

_CASES = {**compute.CASES, **gateways.CASES, **network.CASES, **storage.CASES}

_WHERE = {
    "resourceId": "function:trip:live",
    "scalableDimension": "lambda:function:ProvisionedConcurrency",
    "serviceNamespace": "lambda",
}
ABSENT: Final[Mapping[str, Mapping[str, Any]]] = {
    "aws:appautoscaling/policy:Policy": _WHERE
    | {
        "policyType": "TargetTrackingScaling",
        "targetTrackingScalingPolicyConfiguration": {
            "predefinedMetricSpecification": {
                "predefinedMetricType": "LambdaProvisionedConcurrencyUtilization"
            },
            "targetValue": 0.7,
        },
    },
    "aws:appautoscaling/target:Target": _WHERE | {"minCapacity": 1, "maxCapacity": 2},
    "aws:codedeploy/application:Application": {"computePlatform": "Lambda"},
    "aws:codedeploy/deploymentConfig:DeploymentConfig": {
        "computePlatform": "Lambda",
        "trafficRoutingConfig": {"type": "AllAtOnce"},
    },
    "aws:codedeploy/deploymentGroup:DeploymentGroup": {
        "appName": "trip",
        "deploymentGroupName": "trip",
        "serviceRoleArn": "arn:aws:iam::000000000000:role/trip",
    },
}
"""Types that the embedded AWS lacks, with inputs of one."""


def draw(token: str, world: World) -> Draw:
    """How a type's inputs are drawn."""
    return _CASES[token](world)
