"""What every system's settings have in common."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Final

from pydantic import Field

from components.naming import Scope
from components.system import StageArgs, System, SystemArgs
from settings import values
from settings.values import Settings

REGIONAL: Final = ("alarm_topic_arn", "kms_key_arn", "code_signing_config_arn")
"""What a stage says for all of its systems, and a system of another region for itself."""


@dataclass(frozen=True, kw_only=True)
class Common:
    """What all systems of a stage get: where they are, and the arguments that they share."""

    stage: str
    account: str
    args: StageArgs


class SystemSettings(Settings):
    """A system's key of a stage. `system` is the component that the settings become.

    What exists in one region, and which a system of another can't use, may be named here as well.
    """

    system: ClassVar[type[System[Any, Any]]]

    region: values.Region = Field(description="the region that the system runs in, as 'ap-southeast-1'")
    alarm_topic_arn: values.TopicArn | None = None
    kms_key_arn: values.KmsKeyArn | None = None
    code_signing_config_arn: values.CodeSigningConfigArn | None = None
    code_bucket: values.BucketName | None = None

    @abstractmethod
    def args(self, common: Common) -> SystemArgs:
        """Make the system's arguments."""

    def instead(self, common: Common) -> Common:
        """Put what the system has of its own in the place of the stage's: these exist in one region each."""
        own = {name: getattr(self, name) for name in REGIONAL if getattr(self, name) is not None}
        packages = common.args.packages
        if self.code_bucket:
            packages = replace(packages, bucket=self.code_bucket)
        return replace(common, args=replace(common.args, packages=packages, **own))

    def scope(self, common: Common) -> Scope:
        """Say where the system lives."""
        return self.system.scope(stage=common.stage, account=common.account, region=self.region)
