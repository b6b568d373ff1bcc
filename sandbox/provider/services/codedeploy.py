"""CodeDeploy for Lambda: what a preview needs. The embedded AWS hasn't it: creation is an error."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NoReturn

from ..check import Failure
from ..clients import Aws
from ..errors import UnsupportedError
from ..resource import Properties, ResourceType, Update
from ..schema import arn, boolean, integer, object_of, set_of, string
from ..settings import Settings
from ..values import UNKNOWN

_PLATFORM: Final = string(required=True, replaces=True, values=("Lambda",))
_SHIFT: Final = {
    "interval": integer(required=True, replaces=True, minimum=1, maximum=2_880),
    "percentage": integer(required=True, replaces=True, minimum=1, maximum=99),
}
_SHIFTS: Final = {"TimeBasedCanary": "timeBasedCanary", "TimeBasedLinear": "timeBasedLinear"}


class _Absent(ResourceType):
    """A type that can be checked, compared and previewed, and not made."""

    service = "codedeploy"

    def create(self, aws: Aws, inputs: Properties) -> str:
        """Say why not, and what to do."""
        del aws, inputs
        self._refuse()

    def read(self, aws: Aws, id: str, known: Properties) -> Properties | None:
        """Nothing of the kind is there."""
        del aws, id, known
        return None

    def update(self, aws: Aws, update: Update) -> None:
        """Say why not, and what to do."""
        del aws, update
        self._refuse()

    def delete(self, aws: Aws, id: str, state: Properties) -> None:
        """Nothing of the kind is there, so that is done."""
        del aws, id, state

    def _refuse(self) -> NoReturn:
        raise UnsupportedError(
            "the embedded AWS has no CodeDeploy: nothing moves an alias bit by bit in the sandbox: leave "
            "CodeDeploy (a service's traffic) out of this stage"
        )


class Application(_Absent):
    """An application. Its id is the application's, which AWS gives.

    https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_CreateApplication.html
    """

    token = "aws:codedeploy/application:Application"
    props = {"computePlatform": _PLATFORM, "name": string(shape="ApplicationName")}
    outputs = ("applicationId", "arn", "githubAccountName", "linkedToGithub")
    autoname = "name"
    autoname_limit = 100
    identity = ("name",)
    tagged = True

    def imported_by(self) -> str:
        """Its name."""
        return "<name>"


class DeploymentConfig(_Absent):
    """How fast calls move. Its id is its name.

    https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_CreateDeploymentConfig.html
    """

    token = "aws:codedeploy/deploymentConfig:DeploymentConfig"
    props = {
        "computePlatform": _PLATFORM,
        "deploymentConfigName": string(replaces=True, shape="DeploymentConfigName"),
        "trafficRoutingConfig": object_of(
            {
                "timeBasedCanary": object_of(_SHIFT, replaces=True),
                "timeBasedLinear": object_of(_SHIFT, replaces=True),
                "type": string(default="AllAtOnce", replaces=True, shape="TrafficRoutingType"),
            },
            required=True,
            replaces=True,
        ),
    }
    outputs = ("arn", "deploymentConfigId")
    autoname = "deploymentConfigName"
    autoname_limit = 100
    identity = ("deploymentConfigName",)

    def imported_by(self) -> str:
        """Its name."""
        return "<deploymentConfigName>"

    def check(self, inputs: Properties, settings: Settings) -> Iterable[Failure]:
        """The shift of the type of routing, and no other."""
        del settings
        routing = inputs["trafficRoutingConfig"]
        if routing is UNKNOWN or routing.get("type") is UNKNOWN:
            return
        kind = routing.get("type", "AllAtOnce")
        for each, key in _SHIFTS.items():
            path = f"trafficRoutingConfig.{key}"
            if kind == each and key not in routing:
                yield Failure(path=path, reason=f"missing; type {kind} needs it")
            elif kind != each and key in routing:
                yield Failure(path=path, reason=f"only type {each} has it; found {kind}")


class DeploymentGroup(_Absent):
    """What is deployed, and when it goes back. Its id is the group's, which AWS gives.

    https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_CreateDeploymentGroup.html
    """

    token = "aws:codedeploy/deploymentGroup:DeploymentGroup"
    props = {
        "alarmConfiguration": object_of(
            {
                "alarms": set_of(string(shape="AlarmName"), maximum=10),
                "enabled": boolean(),
                "ignorePollAlarmFailure": boolean(default=False),
            }
        ),
        "appName": string(required=True, replaces=True, shape="ApplicationName"),
        "autoRollbackConfiguration": object_of(
            {"enabled": boolean(), "events": set_of(string(shape="AutoRollbackEvent"))}
        ),
        "deploymentConfigName": string(default="CodeDeployDefault.OneAtATime", shape="DeploymentConfigName"),
        "deploymentGroupName": string(required=True, shape="DeploymentGroupName"),
        "deploymentStyle": object_of(
            {
                "deploymentOption": string(
                    default="WITHOUT_TRAFFIC_CONTROL",
                    values=("WITH_TRAFFIC_CONTROL", "WITHOUT_TRAFFIC_CONTROL"),
                ),
                "deploymentType": string(default="IN_PLACE", values=("BLUE_GREEN", "IN_PLACE")),
            }
        ),
        "serviceRoleArn": arn(required=True),
    }
    outputs = ("arn", "computePlatform", "deploymentGroupId")
    identity = ("appName", "deploymentGroupName")
    tagged = True

    def imported_by(self) -> str:
        """Its application and its name."""
        return "<appName>:<deploymentGroupName>"

    def check(self, inputs: Properties, settings: Settings) -> Iterable[Failure]:
        """What watches has something to watch, and rolling back has something to roll back on."""
        del settings
        for key, inner in (("alarmConfiguration", "alarms"), ("autoRollbackConfiguration", "events")):
            wanted = inputs.get(key)
            if isinstance(wanted, dict) and wanted.get("enabled") is True and not wanted.get(inner):
                yield Failure(
                    path=f"{key}.{inner}", reason="missing; give at least one, or set enabled to false"
                )


TYPES = (Application(), DeploymentConfig(), DeploymentGroup())
