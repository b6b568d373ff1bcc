from __future__ import annotations

from typing import Any

import pytest

from components.problems import InvalidArgumentsError
from components.service import LambdaService
from components.traffic import CodeDeploy, HeldBack, Traffic
from tests.components.sample import service_args
from tests.mocks import ACCOUNT, REGION, Graph, declare

FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:typerush-dev-worker"


def deploy(traffic: Traffic | None) -> Graph:
    return declare(lambda: LambdaService("worker", service_args(traffic=traffic)))


def test_all_at_once() -> None:
    graph = deploy(None)
    assert "routingConfig" not in graph["worker-live"].inputs
    assert not graph.of("DeploymentGroup")


def test_a_share_of_the_calls_stays_with_an_earlier_version() -> None:
    alias = deploy(HeldBack(version="7", percent=90))["worker-live"]
    assert alias.inputs["routingConfig"] == {"additionalVersionWeights": {"7": 0.9}}
    assert not alias.ignore_changes


@pytest.mark.parametrize(
    ("linear", "routing"),
    [
        (False, {"type": "TimeBasedCanary", "timeBasedCanary": {"interval": 10, "percentage": 10}}),
        (True, {"type": "TimeBasedLinear", "timeBasedLinear": {"interval": 10, "percentage": 10}}),
    ],
)
def test_codedeploy_moves_the_alias_and_goes_back_on_the_errors_alarm(
    linear: bool, routing: dict[str, Any]
) -> None:
    graph = deploy(CodeDeploy(linear=linear))
    assert graph["worker-live"].ignore_changes == ("functionVersion", "routingConfig")
    config, group = graph["worker-deployment-config"], graph["worker-deployment-group"]
    assert config.inputs["trafficRoutingConfig"] == routing
    assert group.inputs["alarmConfiguration"] == {"enabled": True, "alarms": ["typerush-dev-worker-errors"]}
    assert group.inputs["autoRollbackConfiguration"] == {
        "enabled": True,
        "events": ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"],
    }
    assert group.property_dependencies["alarmConfiguration"] == {"worker-errors-alarm"}
    assert group.property_dependencies["deploymentGroupName"] == {"worker-live"}
    assert group.property_dependencies["appName"] == {"worker-application"}


def test_codedeploy_may_move_this_alias_and_see_this_alarm() -> None:
    graph = deploy(CodeDeploy())
    assert graph["worker-deployer"].inputs["name"] == "typerush-dev-worker-deploy"
    assert graph["worker-deployer-policy"].policy == [
        {
            "Sid": "MoveAlias",
            "Effect": "Allow",
            "Action": ["lambda:GetAlias", "lambda:GetProvisionedConcurrencyConfig", "lambda:UpdateAlias"],
            "Resource": [FUNCTION, f"{FUNCTION}:live"],
        },
        {
            "Sid": "WatchAlarm",
            "Effect": "Allow",
            "Action": ["cloudwatch:DescribeAlarms"],
            "Resource": [f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:typerush-dev-worker-errors"],
        },
    ]


@pytest.mark.parametrize(
    ("traffic", "message"),
    [
        (HeldBack(version="$LATEST", percent=10), "traffic.version is '\\$LATEST'; allowed: the number of"),
        (HeldBack(version="7", percent=100), "traffic.percent is 100; allowed: 1 to 99 %"),
        (CodeDeploy(percent=0), "traffic.percent is 0; allowed: 1 to 99 %"),
        (CodeDeploy(minutes=2_881), "traffic.minutes is 2881; allowed: 1 to 2880 minutes"),
    ],
)
def test_what_is_impossible(traffic: Traffic, message: str) -> None:
    with pytest.raises(InvalidArgumentsError, match=message):
        deploy(traffic)
