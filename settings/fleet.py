"""What a stage says about all of its systems, and about the account that they are in."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field, create_model

from bundling import Target
from components.arns import Shape
from components.code import Packages
from components.system import StageArgs
from settings import values
from settings.registry import SYSTEMS
from settings.values import Settings


def _each_known_once(systems: tuple[str, ...]) -> tuple[str, ...]:
    for system in systems:
        if system not in SYSTEMS or systems.count(system) > 1:
            raise values.refused(
                found=repr(list(systems)),
                allowed=f"each of these once: {', '.join(SYSTEMS)}",
                mend="" if system in SYSTEMS else values.suggestion(system, SYSTEMS),
            )
    return systems


def _exactly_one(accounts: tuple[str, ...]) -> tuple[str, ...]:
    if len(accounts) != 1:
        raise values.refused(
            found=f"{len(accounts)} accounts",
            allowed="exactly one, since names and ARNs are made with it",
            mend="Give every account a stage of its own.",
        )
    return accounts


class AwsSettings(Settings):
    """What a stage says to Pulumi's default AWS provider.

    The systems have providers of their own, each for its system's region, and only for the stage's account.
    """

    region: values.Region | None = None
    allowed_account_ids: Annotated[tuple[values.AccountId, ...], AfterValidator(_exactly_one)] = Field(
        description="a list of the one account that the stage is in, as ['111122223333']"
    )


class _FleetSettings(Settings):
    """The stage's own keys. Numbers and truth values at this level come as text, as Pulumi stores them."""

    systems: Annotated[tuple[str, ...], AfterValidator(_each_known_once)] = Field(
        description=f"a list of the systems to deploy, of {', '.join(SYSTEMS)}"
    )
    packages: Annotated[str, values.one_of([target.value for target in Target])] = Target.LAMBDA.value
    log_retention_days: Annotated[values.RetentionDays, Field(strict=False)] = StageArgs.log_retention_days
    protect: Annotated[bool, Field(strict=False)] = StageArgs.protect
    alarm_topic_arn: values.TopicArn | None = None
    kms_key_arn: values.KmsKeyArn | None = None
    code_signing_config_arn: values.CodeSigningConfigArn | None = None
    permissions_boundary_arn: Annotated[str, values.arn(Shape.POLICY, regional=False)] | None = None
    code_bucket: values.BucketName | None = None

    def args(self) -> StageArgs:
        """Make the arguments that all systems share; the program runs in the project's folder."""
        return StageArgs(
            packages=Packages(project=Path.cwd(), target=Target(self.packages), bucket=self.code_bucket),
            log_retention_days=self.log_retention_days,
            alarm_topic_arn=self.alarm_topic_arn,
            kms_key_arn=self.kms_key_arn,
            code_signing_config_arn=self.code_signing_config_arn,
            permissions_boundary_arn=self.permissions_boundary_arn,
            protect=self.protect,
        )


# Beside them, a map for each system, which its own settings read.
_MAPS: dict[str, Any] = dict.fromkeys(SYSTEMS, (dict[str, Any] | None, None))
FleetSettings = create_model("FleetSettings", __base__=_FleetSettings, **_MAPS)
