from __future__ import annotations

from typing import Any

import pytest

from sandbox.provider.values import UNKNOWN
from tests.sandbox.provider.client import Client, Made, RefusedError
from tests.sandbox.provider.walk import refused, replaced

TARGET = "aws:appautoscaling/target:Target"
POLICY = "aws:appautoscaling/policy:Policy"
WHERE: dict[str, Any] = {
    "resourceId": "function:shop:live",
    "scalableDimension": "lambda:function:ProvisionedConcurrency",
    "serviceNamespace": "lambda",
}
RANGE = WHERE | {"minCapacity": 1, "maxCapacity": 5}
METRIC = {"predefinedMetricType": "LambdaProvisionedConcurrencyUtilization"}
TRACKING = {"targetValue": 0.7, "predefinedMetricSpecification": METRIC}
FOLLOWS = WHERE | {
    "name": "shop",
    "policyType": "TargetTrackingScaling",
    "targetTrackingScalingPolicyConfiguration": TRACKING,
}
MEND = (
    r"has no Application Auto Scaling: function:shop:live can't scale by itself in the sandbox: "
    r"set min = max \(of its provisioned concurrency\) in this stage"
)


@pytest.mark.parametrize(("type", "inputs"), [(TARGET, RANGE), (POLICY, FOLLOWS)])
def test_creation_says_why_not_and_what_to_do(live: Client, type: str, inputs: dict[str, Any]) -> None:
    with pytest.raises(RefusedError, match=MEND):
        live.create(type, inputs)
    made = Made(type=type, name="it", id="shop", inputs=inputs, outputs=inputs)
    assert live.read(made).id == ""
    live.delete(made)


def test_preview(offline: Client) -> None:
    outputs = offline.create(TARGET, RANGE | {"resourceId": UNKNOWN}, preview=True).outputs
    assert {outputs[key] for key in ("arn", "resourceId", "roleArn")} == {UNKNOWN}
    assert (outputs["minCapacity"], outputs["maxCapacity"]) == (1, 5)
    outputs = offline.create(POLICY, FOLLOWS, preview=True).outputs
    assert {outputs["arn"], outputs["alarmArns"]} == {UNKNOWN}
    assert outputs["targetTrackingScalingPolicyConfiguration"] == TRACKING | {"disableScaleIn": False}


def test_what_replaces(offline: Client) -> None:
    elsewhere: dict[str, Any] = {
        "resourceId": "function:other:live",
        "scalableDimension": "ecs:service:DesiredCount",
        "serviceNamespace": "ecs",
    }
    assert replaced(offline, TARGET, RANGE, **elsewhere, minCapacity=2, maxCapacity=6) == elsewhere.keys()
    changes = elsewhere | {
        "name": "other",
        "targetTrackingScalingPolicyConfiguration": TRACKING | {"targetValue": 1},
    }
    assert replaced(offline, POLICY, FOLLOWS, **changes) == {*elsewhere, "name"}


@pytest.mark.parametrize(
    ("type", "inputs", "path", "reason"),
    [
        (
            TARGET,
            RANGE | {"minCapacity": 6},
            "minCapacity",
            "6 isn't allowed; allowed: at most maxCapacity, 5",
        ),
        (TARGET, RANGE | {"maxCapacity": -1}, "maxCapacity", "-1 isn't allowed; allowed: at least 0"),
        (TARGET, RANGE | {"serviceNamespace": "shop"}, "serviceNamespace", "allowed: ecs"),
        (
            TARGET,
            RANGE | {"scalableDimension": "x"},
            "scalableDimension",
            "allowed: ecs:service:DesiredCount",
        ),
        (
            POLICY,
            FOLLOWS | {"stepScalingPolicyConfiguration": {"cooldown": 1}},
            "stepScalingPolicyConfiguration",
            "only policyType StepScaling has it; found TargetTrackingScaling",
        ),
        (
            POLICY,
            FOLLOWS | {"targetTrackingScalingPolicyConfiguration": {"targetValue": 1}},
            "targetTrackingScalingPolicyConfiguration",
            "found no metric; give one of",
        ),
        (
            POLICY,
            FOLLOWS | {"policyType": "PredictiveScaling"},
            "policyType",
            "allowed: TargetTrackingScaling, StepScaling",
        ),
    ],
)
def test_refusals(offline: Client, type: str, inputs: dict[str, Any], path: str, reason: str) -> None:
    found = refused(offline, type, inputs)
    assert list(found) == [path]
    assert reason in found[path]


def test_the_default_type_needs_steps(offline: Client) -> None:
    found = refused(offline, POLICY, WHERE | {"name": "shop"})
    assert found.keys() == {"stepScalingPolicyConfiguration"}
