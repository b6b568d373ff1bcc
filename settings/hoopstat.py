"""What a stage says about Hoopstat Haus."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field

from components.arns import Shape
from components.code import Code
from components.data.secret import Secret
from components.deployment_role import DeploymentRoleArgs
from components.naming import Scope
from components.problems import InvalidArgumentsError
from components.registry import RegistryArgs
from components.systems.hoopstat import Hoopstat, HoopstatArgs, ImageServiceArgs, Pipeline
from components.triggers.event_rule import EventRuleArgs
from settings import values
from settings.parts import NetworkSettings, ServiceSettings, ThrottlingSettings
from settings.system import Common, SystemSettings
from settings.values import Settings

_ANY = Scope(system="any", stage="any", account="0" * 12, region="us-east-1")

# What a network that the program makes has endpoints for, beside S3's gateway.
_NEEDED = ("logs", "sqs", "xray", "secretsmanager")


def _tag(value: str) -> str:
    try:
        Code.image(RegistryArgs(scope=_ANY, services=()).uri(f"any-{value}"))
    except InvalidArgumentsError:
        raise values.refused(
            found=repr(value), allowed="a tag's letters, digits and _ . -, without '<service>-'"
        ) from None
    return value


_ROLE = DeploymentRoleArgs(
    scope=_ANY, provider_arn=Shape.GITHUB_PROVIDER.example, repository="any/any", grants=()
)


def _repository(value: str) -> str:
    values.refuse(replace(_ROLE, repository=value).problems())
    return value


def _branch(value: str) -> str:
    values.refuse(replace(_ROLE, branch=value).problems())
    return value


def _schedule(value: str) -> str:
    values.refuse(EventRuleArgs(scope=_ANY, what="any", service="any", schedule=value).problems())
    return value


def _source(value: str) -> str:
    if not re.fullmatch(r"https://\S+", value):
        raise values.refused(found=repr(value), allowed="an https URL; {date} in it stands for the day")
    return value


class PipelineSettings(Settings):
    """Who deploys images: the workflows of one branch of a repository on GitHub."""

    provider_arn: Annotated[str, values.arn(Shape.GITHUB_PROVIDER, regional=False)] = Field(
        description="the ARN of GitHub's OIDC provider, which the account has once"
    )
    repository: Annotated[str, AfterValidator(_repository)] = Field(
        description="the repository, as 'owner/name'"
    )
    branch: Annotated[str, AfterValidator(_branch)] = Pipeline.branch

    def args(self) -> Pipeline:
        """Make the component's arguments."""
        return Pipeline(**self.model_dump())


class ApiSettings(Settings):
    """The HTTP API."""

    throttling: ThrottlingSettings = ThrottlingSettings()


class ImageServiceSettings(ServiceSettings):
    """A service that is a container image."""

    image_tag: Annotated[str, AfterValidator(_tag)] | None = None
    dead_letters: bool | None = None
    secrets: dict[str, Annotated[str, values.arn(Shape.SECRET)]] | None = None

    def image_args(self, default: ImageServiceArgs) -> ImageServiceArgs:
        """Make the component's arguments."""
        chosen = self.args(default)
        assert isinstance(chosen, ImageServiceArgs)  # noqa: S101 - what args() was given
        secrets = {name: Secret(arn=arn) for name, arn in (self.secrets or {}).items()}
        return replace(chosen, secrets=secrets)


class HoopstatSettings(SystemSettings):
    """The `hoopstat` key of a stage."""

    system: ClassVar = Hoopstat

    network: NetworkSettings | None = None
    pipeline: PipelineSettings | None = None
    schedule: Annotated[str, AfterValidator(_schedule)] = HoopstatArgs.schedule
    source_url: Annotated[str, AfterValidator(_source)] | None = None
    api: ApiSettings = ApiSettings()
    bronze_ingestion: ImageServiceSettings = ImageServiceSettings()
    mcp_server: ImageServiceSettings = ImageServiceSettings()

    def args(self, common: Common) -> HoopstatArgs:
        """Make the component's arguments."""
        scope = self.scope(common)
        return HoopstatArgs(
            scope=scope,
            common=common.args,
            network=self.network.args(scope, _NEEDED) if self.network else None,
            pipeline=self.pipeline.args() if self.pipeline else None,
            schedule=self.schedule,
            source_url=self.source_url,
            throttling=self.api.throttling.args(),
            bronze_ingestion=self.bronze_ingestion.image_args(HoopstatArgs.bronze_ingestion),
            mcp_server=self.mcp_server.image_args(HoopstatArgs.mcp_server),
        )
