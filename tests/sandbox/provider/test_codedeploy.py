from __future__ import annotations

from typing import Any

import pytest

from sandbox.provider.values import UNKNOWN
from tests.sandbox.provider.client import Client, Made, RefusedError
from tests.sandbox.provider.walk import refused, replaced

APPLICATION = "aws:codedeploy/application:Application"
CONFIG = "aws:codedeploy/deploymentConfig:DeploymentConfig"
GROUP = "aws:codedeploy/deploymentGroup:DeploymentGroup"
CANARY = {"type": "TimeBasedCanary", "timeBasedCanary": {"interval": 10, "percentage": 10}}
SPEED: dict[str, Any] = {
    "computePlatform": "Lambda",
    "deploymentConfigName": "shop",
    "trafficRoutingConfig": CANARY,
}
LIVE: dict[str, Any] = {
    "appName": "shop",
    "deploymentGroupName": "live",
    "serviceRoleArn": "arn:aws:iam::000000000000:role/shop-deploy",
    "alarmConfiguration": {"enabled": True, "alarms": ["shop-errors"]},
}
ALL: list[tuple[str, dict[str, Any]]] = [
    (APPLICATION, {"computePlatform": "Lambda", "name": "shop"}),
    (CONFIG, SPEED),
    (GROUP, LIVE),
]


@pytest.mark.parametrize(("type", "inputs"), ALL)
def test_they_can_be_previewed_and_not_made(live: Client, type: str, inputs: dict[str, Any]) -> None:
    assert live.create(type, inputs, preview=True).outputs["arn"] is UNKNOWN
    with pytest.raises(RefusedError, match=r"the embedded AWS has no CodeDeploy.*leave"):
        live.create(type, inputs)
    there = Made(type=type, name="it", id="shop", inputs=inputs, outputs=inputs)
    assert live.read(there).id == ""
    live.delete(there)


def test_what_replaces(offline: Client) -> None:
    assert replaced(offline, *ALL[0], name="other") == set()
    slower = {"type": "TimeBasedCanary", "timeBasedCanary": {"interval": 20, "percentage": 10}}
    assert replaced(offline, *ALL[1], deploymentConfigName="other", trafficRoutingConfig=slower) == {
        "deploymentConfigName",
        "trafficRoutingConfig",
    }
    assert replaced(
        offline, *ALL[2], appName="other", deploymentGroupName="other", deploymentConfigName="other"
    ) == {"appName"}


@pytest.mark.parametrize(
    ("type", "inputs", "path", "reason"),
    [
        (APPLICATION, {"computePlatform": "Server"}, "computePlatform", "allowed: Lambda"),
        (
            CONFIG,
            SPEED | {"trafficRoutingConfig": {"type": "TimeBasedLinear"}},
            "trafficRoutingConfig.timeBasedLinear",
            "missing; type TimeBasedLinear needs it",
        ),
        (
            CONFIG,
            SPEED | {"trafficRoutingConfig": CANARY | {"type": "AllAtOnce"}},
            "trafficRoutingConfig.timeBasedCanary",
            "only type TimeBasedCanary has it; found AllAtOnce",
        ),
        (
            GROUP,
            LIVE | {"alarmConfiguration": {"enabled": True}},
            "alarmConfiguration.alarms",
            "missing; give at least one",
        ),
        (
            GROUP,
            LIVE | {"autoRollbackConfiguration": {"enabled": True, "events": ["BAD_DAY"]}},
            "autoRollbackConfiguration.events[0]",
            "DEPLOYMENT_STOP_ON_ALARM",
        ),
    ],
)
def test_refusals(offline: Client, type: str, inputs: dict[str, Any], path: str, reason: str) -> None:
    found = refused(offline, type, inputs)
    assert list(found) == [path]
    assert reason in found[path]
