"""What a stage says about TypeRush."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field, ValidationInfo, field_validator

from components.arns import Shape
from components.bedrock import BedrockModel
from components.naming import Scope
from components.systems.typerush import CALLED_SERVICES, ApiArgs, TypeRush, TypeRushArgs
from settings import values
from settings.parts import (
    AuthorizerSettings,
    CorsSettings,
    DatabaseSettings,
    NetworkSettings,
    NodeServiceSettings,
    PythonServiceSettings,
    SignedPackageSettings,
    ThrottlingSettings,
)
from settings.system import Common, SystemSettings
from settings.values import Settings


class InferenceProfileSettings(Settings):
    """An inference profile, and the models that it routes to."""

    arn: Annotated[str, values.arn(Shape.INFERENCE_PROFILE)] = Field(description="the profile's ARN")
    model_arns: values.ModelArns = Field(
        description="the model's ARN in each region that the profile routes to"
    )


class ApiSettings(Settings):
    """The HTTP API, or one that is there already and calls the services."""

    throttling: ThrottlingSettings | None = None
    authorizer: AuthorizerSettings | None = None
    cors: CorsSettings | None = None
    existing_execution_arn: Annotated[str, values.arn(Shape.EXECUTION)] | None = None

    @field_validator("existing_execution_arn")
    @classmethod
    def _alone(cls, value: str | None, info: ValidationInfo) -> str | None:
        beside = [name for name in ("throttling", "authorizer", "cors") if info.data.get(name)]
        if value and beside:
            raise values.refused(
                found=f"{value!r} beside {', '.join(beside)}",
                allowed="nothing beside it: an API that is there already keeps its own",
                mend=f"Take out {', '.join(beside)}, or this.",
            )
        return value

    def args(self) -> ApiArgs:
        """Make the component's arguments."""
        return ApiArgs(
            throttling=(self.throttling or ThrottlingSettings()).args(),
            authorizer=self.authorizer.args() if self.authorizer else None,
            cors=self.cors.args() if self.cors else None,
            existing_execution_arn=self.existing_execution_arn,
        )


class TypeRushSettings(SystemSettings):
    """The `typerush` key of a stage."""

    system: ClassVar = TypeRush

    network: NetworkSettings = Field(description="vpcId, subnetIds, securityGroupId; or create")
    database: DatabaseSettings = Field(description="secretArn, securityGroupId")
    game_service_role_arn: Annotated[str, values.arn(Shape.ROLE, regional=False)] = Field(
        description="the ARN of the role that the game service's ECS task calls with"
    )
    inference_profile: InferenceProfileSettings | None = None
    model: values.ModelId | None = Field(default=None, validate_default=True)
    api: ApiSettings = ApiSettings()
    record_service: NodeServiceSettings = NodeServiceSettings()
    text_service: PythonServiceSettings = PythonServiceSettings()
    signed_text_layer: SignedPackageSettings | None = None

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
        scope = self.scope(common)
        return TypeRushArgs(
            scope=scope,
            common=common.args,
            network=self.network.args(scope, CALLED_SERVICES),
            database=self.database.args(),
            game_service_role_arn=self.game_service_role_arn,
            model=self._bedrock_model(scope),
            api=self.api.args(),
            record_service=self.record_service.args(TypeRushArgs.record_service),
            text_service=self.text_service.args(TypeRushArgs.text_service),
            signed_text_layer=self.signed_text_layer.args() if self.signed_text_layer else None,
        )

    def _bedrock_model(self, scope: Scope) -> BedrockModel:
        if self.inference_profile:
            return BedrockModel.by_profile(**self.inference_profile.model_dump())
        return BedrockModel.by_id(scope, self.model or "")
