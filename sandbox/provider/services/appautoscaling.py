"""Application Auto Scaling: what a preview needs. The embedded AWS hasn't it: creation is an error."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, NoReturn

from ..check import Failure
from ..clients import Aws
from ..errors import UnsupportedError
from ..resource import Properties, ResourceType, Update
from ..schema import Prop, arn, boolean, integer, number, object_of, set_of, string
from ..settings import Settings
from ..values import UNKNOWN

_WHERE: Final[dict[str, Prop]] = {
    "resourceId": string(required=True, replaces=True, minimum=1, maximum=1_600),
    "scalableDimension": string(required=True, replaces=True, shape="ScalableDimension"),
    "serviceNamespace": string(required=True, replaces=True, shape="ServiceNamespace"),
}
_TRACKING: Final = "targetTrackingScalingPolicyConfiguration"
_STEPS: Final = "stepScalingPolicyConfiguration"
_CONFIGURATIONS: Final = {"TargetTrackingScaling": _TRACKING, "StepScaling": _STEPS}
_BOUND: Final = string(pattern=r"-?\d+(\.\d+)?", meaning="a number in a string")


class _Absent(ResourceType):
    """A type that can be checked, compared and previewed, and not made."""

    service = "application-autoscaling"

    def create(self, aws: Aws, inputs: Properties) -> str:
        """Say why not, and what to do."""
        del aws
        self._refuse(inputs)

    def read(self, aws: Aws, id: str, known: Properties) -> Properties | None:
        """Nothing of the kind is there."""
        del aws, id, known
        return None

    def update(self, aws: Aws, update: Update) -> None:
        """Say why not, and what to do."""
        del aws
        self._refuse(update.news)

    def delete(self, aws: Aws, id: str, state: Properties) -> None:
        """Nothing of the kind is there, so that is done."""
        del aws, id, state

    def _refuse(self, inputs: Properties) -> NoReturn:
        raise UnsupportedError(
            f"the embedded AWS has no Application Auto Scaling: {inputs['resourceId']} can't scale by itself "
            "in the sandbox: set min = max (of its provisioned concurrency) in this stage"
        )


class Target(_Absent):
    """What may be scaled, and how far. Its id is the resource's.

    https://docs.aws.amazon.com/autoscaling/application/APIReference/API_RegisterScalableTarget.html
    """

    token = "aws:appautoscaling/target:Target"
    props = {
        **_WHERE,
        "maxCapacity": integer(required=True, minimum=0),
        "minCapacity": integer(required=True, minimum=0),
        "roleArn": arn(settled=True),
        "suspendedState": object_of(
            {
                "dynamicScalingInSuspended": boolean(default=False),
                "dynamicScalingOutSuspended": boolean(default=False),
                "scheduledScalingSuspended": boolean(default=False),
            },
            settled=True,
        ),
    }
    outputs = ("arn",)
    tagged = True

    def imported_by(self) -> str:
        """Where it is."""
        return "<serviceNamespace>/<resourceId>/<scalableDimension>"

    def check(self, inputs: Properties, settings: Settings) -> Iterable[Failure]:
        """The minimum isn't above the maximum."""
        del settings
        low, high = inputs["minCapacity"], inputs["maxCapacity"]
        if UNKNOWN not in (low, high) and low > high:
            yield Failure(
                path="minCapacity", reason=f"{low} isn't allowed; allowed: at most maxCapacity, {high}"
            )


class Policy(_Absent):
    """When to scale. Its id is its name.

    https://docs.aws.amazon.com/autoscaling/application/APIReference/API_PutScalingPolicy.html
    """

    token = "aws:appautoscaling/policy:Policy"
    props = {
        **_WHERE,
        "name": string(replaces=True, minimum=1, maximum=255),
        "policyType": string(default="StepScaling", values=tuple(_CONFIGURATIONS)),
        _STEPS: object_of(
            {
                "adjustmentType": string(shape="AdjustmentType"),
                "cooldown": integer(minimum=0),
                "metricAggregationType": string(shape="MetricAggregationType"),
                "minAdjustmentMagnitude": integer(),
                "stepAdjustments": set_of(
                    object_of(
                        {
                            "metricIntervalLowerBound": _BOUND,
                            "metricIntervalUpperBound": _BOUND,
                            "scalingAdjustment": integer(required=True),
                        }
                    )
                ),
            }
        ),
        _TRACKING: object_of(
            {
                "customizedMetricSpecification": object_of(
                    {
                        "dimensions": set_of(
                            object_of({"name": string(required=True), "value": string(required=True)})
                        ),
                        "metricName": string(required=True),
                        "namespace": string(required=True),
                        "statistic": string(required=True, shape="MetricStatistic"),
                        "unit": string(),
                    }
                ),
                "disableScaleIn": boolean(default=False),
                "predefinedMetricSpecification": object_of(
                    {
                        "predefinedMetricType": string(required=True, shape="MetricType"),
                        "resourceLabel": string(shape="ResourceLabel"),
                    }
                ),
                "scaleInCooldown": integer(minimum=0),
                "scaleOutCooldown": integer(minimum=0),
                "targetValue": number(required=True),
            }
        ),
    }
    outputs = ("alarmArns", "arn")
    autoname = "name"
    autoname_limit = 255
    identity = ("name",)

    def imported_by(self) -> str:
        """Where it is, and its name."""
        return "<serviceNamespace>/<resourceId>/<scalableDimension>/<name>"

    def check(self, inputs: Properties, settings: Settings) -> Iterable[Failure]:
        """The configuration of the type of policy, and no other; one metric to track."""
        del settings
        kind = inputs["policyType"]
        for each, key in _CONFIGURATIONS.items():
            if kind == each and key not in inputs:
                yield Failure(path=key, reason=f"missing; policyType {kind} needs it")
            elif kind is not UNKNOWN and kind != each and key in inputs:
                yield Failure(path=key, reason=f"only policyType {each} has it; found {kind}")
        tracking = inputs.get(_TRACKING)
        if isinstance(tracking, dict):
            yield from _metric(tracking)


def _metric(tracking: dict[str, Any]) -> Iterable[Failure]:
    names = ("predefinedMetricSpecification", "customizedMetricSpecification")
    found = [key for key in names if key in tracking]
    if len(found) != 1:
        yield Failure(
            path=_TRACKING,
            reason=f"found {' and '.join(found) or 'no metric'}; give one of {' and '.join(names)}",
        )


TYPES = (Target(), Policy())
