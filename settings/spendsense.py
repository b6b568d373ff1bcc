"""What a stage says about SpendSense."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field

from components.arns import Shape
from components.data.secret import Secret
from components.naming import Scope
from components.systems.spendsense import CALLED_SERVICES, ApiArgs, SpendSense, SpendSenseArgs
from components.triggers.api import Cors, Route
from components.triggers.rest_api import RestApiArgs
from settings import values
from settings.parts import (
    DatabaseSettings,
    NetworkSettings,
    PythonServiceSettings,
    SignedPackageSettings,
    ThrottlingSettings,
)
from settings.system import Common, SystemSettings
from settings.values import Settings

_ANY = Scope(system="any", stage="any", account="0" * 12, region="us-east-1")


def _origins(value: tuple[str, ...]) -> tuple[str, ...]:
    routes = (Route(key="GET /", service="any"),)
    values.refuse(RestApiArgs(scope=_ANY, routes=routes, cors=Cors(origins=value)).problems())
    return value


class ApiSettings(Settings):
    """The REST API."""

    origins: Annotated[tuple[str, ...], AfterValidator(_origins)] = Field(
        description="the front ends' origins, as ['https://app.example']; ['*'] for all, in local and dev"
    )
    authorize: bool = ApiArgs.authorize
    throttling: ThrottlingSettings = ThrottlingSettings()

    def args(self) -> ApiArgs:
        """Make the component's arguments."""
        return ApiArgs(origins=self.origins, authorize=self.authorize, throttling=self.throttling.args())


class CognitoSettings(Settings):
    """The user pool whose tokens the API takes, and the secret that names pool and app client."""

    user_pool_arn: Annotated[str, values.arn(Shape.USER_POOL)] = Field(
        description="the user pool's ARN, as 'arn:aws:cognito-idp:us-east-1:111122223333:userpool/...'"
    )
    secret_arn: Annotated[str, values.arn(Shape.SECRET)] = Field(
        description="the ARN of the secret with the user pool's id and the app client's"
    )
    secret_kms_key_arn: values.KmsKeyArn | None = None


class SpendSenseSettings(SystemSettings):
    """The `spendsense` key of a stage."""

    system: ClassVar = SpendSense

    network: NetworkSettings = Field(description="vpcId, subnetIds, securityGroupId; or create")
    database: DatabaseSettings = Field(description="secretArn, securityGroupId")
    cognito: CognitoSettings = Field(description="userPoolArn, secretArn")
    api: ApiSettings = Field(description="origins, authorize, throttling")
    api_function: PythonServiceSettings = PythonServiceSettings()
    compute_features: PythonServiceSettings = PythonServiceSettings()
    assign_persona: PythonServiceSettings = PythonServiceSettings()
    generate_recommendations: PythonServiceSettings = PythonServiceSettings()
    signed_layer: SignedPackageSettings | None = None

    def args(self, common: Common) -> SpendSenseArgs:
        """Make the component's arguments."""
        scope, cognito = self.scope(common), self.cognito
        return SpendSenseArgs(
            scope=scope,
            common=common.args,
            network=self.network.args(scope, CALLED_SERVICES),
            database=self.database.args(),
            user_pool_arn=cognito.user_pool_arn,
            cognito_secret=Secret(arn=cognito.secret_arn, kms_key_arn=cognito.secret_kms_key_arn),
            api=self.api.args(),
            api_function=self.api_function.args(SpendSenseArgs.api_function),
            compute_features=self.compute_features.args(SpendSenseArgs.compute_features),
            assign_persona=self.assign_persona.args(SpendSenseArgs.assign_persona),
            generate_recommendations=self.generate_recommendations.args(
                SpendSenseArgs.generate_recommendations
            ),
            signed_layer=self.signed_layer.args() if self.signed_layer else None,
        )
