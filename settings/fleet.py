"""What a stage says about all of its systems, and about the account that they are in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from bundling import Target
from components.arns import Shape
from components.code import Packages
from components.naming import Scope
from components.systems.typerush import TypeRushArgs
from settings import values
from settings.values import Settings

SYSTEMS = ("typerush",)


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
    """What a stage says to Pulumi's AWS provider, as far as the program needs it."""

    region: values.Region = Field(description="the region of systems that name none, as 'us-east-1'")
    allowed_account_ids: Annotated[tuple[values.AccountId, ...], AfterValidator(_exactly_one)] = Field(
        description="a list of the one account that the stage is in, as ['111122223333']"
    )


class FleetSettings(Settings):
    """The stage's own keys. Numbers and truth values at this level come as text, as Pulumi stores them."""

    systems: Annotated[tuple[str, ...], AfterValidator(_each_known_once)] = Field(
        description=f"a list of the systems to deploy, of {', '.join(SYSTEMS)}"
    )
    packages: Annotated[str, values.one_of([target.value for target in Target])] = Target.LAMBDA.value
    log_retention_days: Annotated[values.RetentionDays, Field(strict=False)] = TypeRushArgs.log_retention_days
    protect: Annotated[bool, Field(strict=False)] = TypeRushArgs.protect
    alarm_topic_arn: Annotated[str, values.arn(Shape.TOPIC)] | None = None
    kms_key_arn: Annotated[str, values.arn(Shape.KMS_KEY)] | None = None
    code_signing_config_arn: Annotated[str, values.arn(Shape.CODE_SIGNING)] | None = None
    permissions_boundary_arn: Annotated[str, values.arn(Shape.POLICY, regional=False)] | None = None
    code_bucket: values.BucketName | None = None
    typerush: dict[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class Common:
    """What all systems of a stage get."""

    stage: str
    aws: AwsSettings
    fleet: FleetSettings

    @property
    def account(self) -> str:
        """The account that the stage is in."""
        return self.aws.allowed_account_ids[0]

    @property
    def packages(self) -> Packages:
        """How packages are made and shipped; the program runs in the project's folder."""
        return Packages(project=Path.cwd(), target=Target(self.fleet.packages), bucket=self.fleet.code_bucket)

    def scope(self, system: str, region: str) -> Scope:
        """Say where a system lives."""
        return Scope(system=system, stage=self.stage, account=self.account, region=region)
