"""Provisioned concurrency on the alias: a fixed count, or one that follows its use."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components import limits
from components.component import Component
from components.naming import Kind, Names
from components.problems import Problem

_DIMENSION = "lambda:function:ProvisionedConcurrency"


@dataclass(frozen=True, kw_only=True)
class ProvisionedConcurrency:
    """How many environments are kept warm.

    min, max: when they differ, target tracking moves the count between them.
    utilization_percent: of the warm environments, which it keeps to.
    """

    min: int
    max: int
    utilization_percent: int = 70

    @property
    def follows_use(self) -> bool:
        """Whether the count is moved outside this program."""
        return self.min != self.max

    def problems(self, where: str, names: Names, reserved: int | None) -> Iterator[Problem]:
        """Say what is impossible about it beside the service's reservation."""
        yield from Kind.SCALING_POLICY.problems(where, names.scaling_policy)
        if not 1 <= self.min <= self.max:
            yield Problem(
                where=where,
                what="provisioned_concurrency",
                got=f"min {self.min}, max {self.max}",
                allowed="1 <= min <= max",
                mend="Leave it out to keep nothing warm.",
            )
        if reserved is not None and self.max > reserved:
            yield Problem(
                where=where,
                what="provisioned_concurrency",
                got=f"{self.max} of {reserved} reserved",
                allowed="at most the reserved concurrency",
                mend="Raise reserved_concurrency or lower provisioned_concurrency.",
            )
        if self.utilization_percent not in limits.PROVISIONED_UTILIZATION_PERCENT:
            yield Problem(
                where=where,
                what="utilization_percent",
                got=str(self.utilization_percent),
                allowed=str(limits.PROVISIONED_UTILIZATION_PERCENT),
            )


def provision(
    owner: Component,
    wanted: ProvisionedConcurrency,
    *,
    names: Names,
    function: aws.lambda_.Function,
    alias: aws.lambda_.Alias,
    tags: dict[str, str],
) -> None:
    """Keep environments warm behind the alias, and let application autoscaling move their number if asked."""
    config = aws.lambda_.ProvisionedConcurrencyConfig(
        owner.child("provisioned-concurrency"),
        function_name=function.name,
        qualifier=alias.name,
        provisioned_concurrent_executions=wanted.min,
        # What target tracking has moved isn't moved back by the next deployment.
        opts=owner.inside(ignore_changes=["provisionedConcurrentExecutions"] if wanted.follows_use else None),
    )
    if wanted.follows_use:
        _follow_use(owner, wanted, names=names, config=config, tags=tags)


def _follow_use(
    owner: Component,
    wanted: ProvisionedConcurrency,
    *,
    names: Names,
    config: aws.lambda_.ProvisionedConcurrencyConfig,
    tags: dict[str, str],
) -> None:
    # https://docs.aws.amazon.com/autoscaling/application/userguide/services-that-can-integrate-lambda.html
    target = aws.appautoscaling.Target(
        owner.child("scaling-target"),
        service_namespace="lambda",
        scalable_dimension=_DIMENSION,
        resource_id=pulumi.Output.concat("function:", config.function_name, ":", config.qualifier),
        min_capacity=wanted.min,
        max_capacity=wanted.max,
        tags=tags,
        opts=owner.inside(),
    )
    aws.appautoscaling.Policy(
        owner.child("scaling-policy"),
        name=names.scaling_policy,
        policy_type="TargetTrackingScaling",
        service_namespace=target.service_namespace,
        scalable_dimension=target.scalable_dimension,
        resource_id=target.resource_id,
        target_tracking_scaling_policy_configuration={
            "predefined_metric_specification": {
                "predefined_metric_type": "LambdaProvisionedConcurrencyUtilization"
            },
            "target_value": wanted.utilization_percent / 100,
        },
        opts=owner.inside(),
    )
