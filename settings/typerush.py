"""What a stage says about TypeRush."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

from pydantic import Field, ValidationInfo, field_validator

from components.arns import Shape
from components.bedrock import BedrockModel
from components.concurrency import ProvisionedConcurrency
from components.data.database import Database
from components.data.secret import Secret
from components.naming import Scope
from components.network import Network
from components.systems.typerush import ApiArgs, ServiceArgs, TypeRushArgs
from components.triggers.http_api import Cors, JwtAuthorizer, Throttling
from settings import values
from settings.fleet import Common
from settings.values import Settings


class NetworkSettings(Settings):
    """Private subnets, and the functions' security group."""

    vpc_id: values.VpcId = Field(description="the id of the VPC, as 'vpc-0a1b2c3d4e5f60001'")
    subnet_ids: values.SubnetIds = Field(description="the ids of private subnets in two or more zones")
    security_group_id: values.SecurityGroupId = Field(description="the id of the functions' security group")


class DatabaseSettings(Settings):
    """A PostgreSQL database that is there already."""

    secret_arn: Annotated[str, values.arn(Shape.SECRET)] = Field(
        description="the ARN of the secret with the database's address and password"
    )
    security_group_id: values.SecurityGroupId = Field(description="the id of the database's security group")


class InferenceProfileSettings(Settings):
    """An inference profile, and the models that it routes to."""

    arn: Annotated[str, values.arn(Shape.INFERENCE_PROFILE)] = Field(description="the profile's ARN")
    model_arns: tuple[Annotated[str, values.arn(Shape.MODEL, regional=False)], ...] = Field(
        description="the model's ARN in each region that the profile routes to"
    )


class ThrottlingSettings(Settings):
    """Requests a second: steadily, and at once."""

    rate_limit: values.RateLimit = Throttling().rate_limit
    burst_limit: values.BurstLimit = Throttling().burst_limit


class AuthorizerSettings(Settings):
    """Whose tokens the API takes."""

    issuer: values.Issuer = Field(description="the https URL that issues the tokens")
    audience: values.Audience = Field(description="the audiences that the tokens are issued for")


class CorsSettings(Settings):
    """What browsers on other origins may do."""

    origins: values.Origins = Field(
        description="the origins that pages may call from, as ['https://game.example']"
    )
    methods: tuple[str, ...] = Cors.methods
    headers: tuple[str, ...] = Cors.headers
    max_age_s: Annotated[int, values.at_least(0)] = Cors.max_age_s


class ApiSettings(Settings):
    """The HTTP API, or one that is there already and calls the services."""

    throttling: ThrottlingSettings = ThrottlingSettings()
    authorizer: AuthorizerSettings | None = None
    cors: CorsSettings | None = None
    existing_execution_arn: Annotated[str, values.arn(Shape.EXECUTION)] | None = None

    @field_validator("existing_execution_arn")
    @classmethod
    def _alone(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value and info.data.get("authorizer"):
            raise values.refused(
                found=f"{value!r} beside an authorizer",
                allowed="one of the two: an API that is there already keeps its own authorizer",
                mend="Take one of them out.",
            )
        return value

    def args(self) -> ApiArgs:
        """Make the component's arguments."""
        return ApiArgs(
            throttling=Throttling(**self.throttling.model_dump()),
            authorizer=JwtAuthorizer(**self.authorizer.model_dump()) if self.authorizer else None,
            cors=Cors(**self.cors.model_dump()) if self.cors else None,
            existing_execution_arn=self.existing_execution_arn,
        )


class ProvisionedSettings(Settings):
    """How many environments are kept warm: at least, and at most."""

    min: int = Field(description="how many environments are kept warm at least")
    max: int = Field(description="how many environments are kept warm at most")

    def args(self) -> ProvisionedConcurrency:
        """Make the component's arguments."""
        return ProvisionedConcurrency(**self.model_dump())


class ServiceSettings(Settings):
    """What a stage may choose for a service. What it leaves out is the component's own default."""

    memory_mb: values.MemoryMb | None = None
    timeout_s: values.TimeoutS | None = None
    ephemeral_storage_mb: values.EphemeralStorageMb | None = None
    log_level: values.LogLevel | None = None
    reserved_concurrency: Annotated[int, values.at_least(0)] | None = None
    provisioned_concurrency: ProvisionedSettings | None = None
    function_url: bool | None = None

    @field_validator("provisioned_concurrency")
    @classmethod
    def _possible(cls, value: ProvisionedSettings | None, info: ValidationInfo) -> ProvisionedSettings | None:
        if value:
            values.provisioned(value.args(), info.data.get("reserved_concurrency"))
        return value

    def args(self, default: ServiceArgs) -> ServiceArgs:
        """Make the component's arguments."""
        chosen: dict[str, Any] = {name: value for name, value in self if value is not None}
        if self.provisioned_concurrency:
            chosen["provisioned_concurrency"] = self.provisioned_concurrency.args()
        return replace(default, **chosen)


class NodeServiceSettings(ServiceSettings):
    """A service written for Node."""

    runtime: Annotated[str, values.runtime("nodejs")] | None = None


class PythonServiceSettings(ServiceSettings):
    """A service written in Python."""

    runtime: Annotated[str, values.runtime("python")] | None = None


class TypeRushSettings(Settings):
    """The `typerush` key of a stage."""

    region: values.Region = Field(description="the region that TypeRush runs in, as 'ap-southeast-1'")
    network: NetworkSettings = Field(description="vpcId, subnetIds, securityGroupId")
    database: DatabaseSettings = Field(description="secretArn, securityGroupId")
    game_service_role_arn: Annotated[str, values.arn(Shape.ROLE, regional=False)] = Field(
        description="the ARN of the role that the game service's ECS task calls with"
    )
    inference_profile: InferenceProfileSettings | None = None
    model: values.ModelId | None = Field(default=None, validate_default=True)
    api: ApiSettings = ApiSettings()
    record_service: NodeServiceSettings = NodeServiceSettings()
    text_service: PythonServiceSettings = PythonServiceSettings()

    @field_validator("model")
    @classmethod
    def _or_profile(cls, value: str | None, info: ValidationInfo) -> str | None:
        profile = info.data.get("inference_profile")
        if "inference_profile" in info.data and (value is None) == (profile is None):
            raise values.refused(
                found=f"{value!r} beside an inferenceProfile"
                if value
                else "nothing, and no inferenceProfile",
                allowed="one of the two: a model's id here, or inferenceProfile with its arn and modelArns",
            )
        return value

    def args(self, common: Common) -> TypeRushArgs:
        """Make the component's arguments."""
        scope = common.scope("typerush", self.region)
        return TypeRushArgs(
            scope=scope,
            packages=common.packages,
            network=Network(**self.network.model_dump()),
            database=Database(
                secret=Secret(arn=self.database.secret_arn),
                security_group_id=self.database.security_group_id,
            ),
            game_service_role_arn=self.game_service_role_arn,
            model=self._bedrock_model(scope),
            api=self.api.args(),
            record_service=self.record_service.args(TypeRushArgs.record_service),
            text_service=self.text_service.args(TypeRushArgs.text_service),
            log_retention_days=common.fleet.log_retention_days,
            alarm_topic_arn=common.fleet.alarm_topic_arn,
            protect=common.fleet.protect,
            kms_key_arn=common.fleet.kms_key_arn,
            code_signing_config_arn=common.fleet.code_signing_config_arn,
            permissions_boundary_arn=common.fleet.permissions_boundary_arn,
        )

    def _bedrock_model(self, scope: Scope) -> BedrockModel:
        if self.inference_profile:
            return BedrockModel.by_profile(**self.inference_profile.model_dump())
        return BedrockModel.by_id(scope, self.model or "")
