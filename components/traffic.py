"""How calls move to a new version: at once, held back by weight, or bit by bit with CodeDeploy."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import pulumi_aws as aws

from components import limits
from components.component import Component
from components.grants import Grant, policy_document, trust_document
from components.naming import Kind, Names
from components.problems import Problem
from components.role import POLICY_NAME

_VERSION = re.compile(r"[1-9][0-9]*")
_ROLLBACKS: Final = ("DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM")


@dataclass(frozen=True, kw_only=True)
class HeldBack:
    """A share of the calls stays with an earlier version, until the stage no longer says so.

    version: the published version that keeps the share (`7`). percent: how much of the calls it keeps.
    https://docs.aws.amazon.com/lambda/latest/dg/configuring-alias-routing.html
    """

    version: str
    percent: int

    def problems(self, where: str) -> Iterator[Problem]:
        """Say what is impossible about it."""
        if not _VERSION.fullmatch(self.version):
            yield Problem(
                where=where,
                what="traffic.version",
                got=repr(self.version),
                allowed="the number of a published version, as '7'",
                mend="`aws lambda list-versions-by-function` shows them.",
            )
        yield from _percent_problems(where, self.percent)

    @property
    def routing(self) -> aws.lambda_.AliasRoutingConfigArgsDict:
        """Make the alias's weights: what isn't held back goes to the newest version."""
        return {"additional_version_weights": {self.version: self.percent / 100}}


@dataclass(frozen=True, kw_only=True)
class CodeDeploy:
    """CodeDeploy moves the alias, and moves it back when an alarm of the service fires.

    percent: the share of the calls that goes to the new version first.
    minutes: how long until the rest follows, or, when linear, until each further share of that size.
    Pulumi publishes the version, and leaves the alias to the deployments that the pipeline creates.
    https://docs.aws.amazon.com/codedeploy/latest/userguide/deployment-configurations.html
    """

    percent: int = 10
    minutes: int = 10
    linear: bool = False

    def problems(self, where: str, names: Names) -> Iterator[Problem]:
        """Say what is impossible about it."""
        yield from _percent_problems(where, self.percent)
        if self.minutes not in limits.DEPLOYMENT_MINUTES:
            yield Problem(
                where=where,
                what="traffic.minutes",
                got=str(self.minutes),
                allowed=str(limits.DEPLOYMENT_MINUTES),
            )
        yield from Kind.DEPLOYMENT.problems(where, names.function)
        yield from Kind.ROLE.problems(where, names.deployer)


Traffic = HeldBack | CodeDeploy


def deploy_slowly(
    owner: Component,
    wanted: CodeDeploy,
    *,
    names: Names,
    alias: aws.lambda_.Alias,
    alarm: aws.cloudwatch.MetricAlarm,
    alarm_name: str,
    boundary_arn: str | None,
    tags: dict[str, str],
) -> None:
    """Make what CodeDeploy needs to move the alias: an application, how fast, and when it goes back."""
    role, policy = _role(owner, names, alarm_name, boundary_arn, tags)
    application = aws.codedeploy.Application(
        owner.child("application"),
        name=names.function,
        compute_platform="Lambda",
        tags=tags,
        opts=owner.inside(),
    )
    speed = aws.codedeploy.DeploymentConfig(
        owner.child("deployment-config"),
        deployment_config_name=names.function,
        compute_platform="Lambda",
        traffic_routing_config=_routing(wanted),
        opts=owner.inside(),
    )
    aws.codedeploy.DeploymentGroup(
        owner.child("deployment-group"),
        app_name=application.name,
        deployment_group_name=alias.name,
        deployment_config_name=speed.deployment_config_name,
        service_role_arn=role.arn,
        deployment_style={"deployment_type": "BLUE_GREEN", "deployment_option": "WITH_TRAFFIC_CONTROL"},
        alarm_configuration={"enabled": True, "alarms": [alarm.name]},
        auto_rollback_configuration={"enabled": True, "events": list(_ROLLBACKS)},
        tags=tags,
        opts=owner.inside(depends_on=[policy]),
    )


def _role(
    owner: Component, names: Names, alarm_name: str, boundary_arn: str | None, tags: dict[str, str]
) -> tuple[aws.iam.Role, aws.iam.RolePolicy]:
    role = aws.iam.Role(
        owner.child("deployer"),
        name=names.deployer,
        description=f"What CodeDeploy moves the alias of {names.function} with",
        assume_role_policy=trust_document("codedeploy.amazonaws.com"),
        permissions_boundary=boundary_arn,
        tags=tags,
        opts=owner.inside(),
    )
    # Of AWSCodeDeployRoleForLambdaLimited, what moving one alias takes: no hooks, no topics.
    # https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSCodeDeployRoleForLambdaLimited.html
    move = Grant(
        sid="MoveAlias",
        actions=("lambda:GetAlias", "lambda:GetProvisionedConcurrencyConfig", "lambda:UpdateAlias"),
        resources=(names.function_arn, names.alias_arn),
    )
    watch_arn = names.scope.arn("cloudwatch", f"alarm:{alarm_name}")
    watch = Grant(sid="WatchAlarm", actions=("cloudwatch:DescribeAlarms",), resources=(watch_arn,))
    policy = aws.iam.RolePolicy(
        owner.child("deployer-policy"),
        name=POLICY_NAME,
        role=role.name,
        policy=policy_document([move, watch]),
        opts=owner.inside(),
    )
    return role, policy


def _routing(wanted: CodeDeploy) -> aws.codedeploy.DeploymentConfigTrafficRoutingConfigArgsDict:
    if wanted.linear:
        return {
            "type": "TimeBasedLinear",
            "time_based_linear": {"interval": wanted.minutes, "percentage": wanted.percent},
        }
    return {
        "type": "TimeBasedCanary",
        "time_based_canary": {"interval": wanted.minutes, "percentage": wanted.percent},
    }


def _percent_problems(where: str, percent: int) -> Iterator[Problem]:
    if percent not in limits.TRAFFIC_PERCENT:
        yield Problem(
            where=where, what="traffic.percent", got=str(percent), allowed=str(limits.TRAFFIC_PERCENT)
        )
