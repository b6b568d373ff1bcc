"""What a stage may say about the parts that systems have in common, and how it becomes arguments."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

from pydantic import Field, ValidationInfo, field_validator

from components.arns import Shape
from components.code import SignedPackage
from components.concurrency import ProvisionedConcurrency
from components.data.database import Database
from components.data.secret import Secret
from components.naming import Scope
from components.network import Nat, Network, NetworkArgs
from components.system import ServiceArgs
from components.traffic import CodeDeploy, HeldBack, Traffic
from components.triggers.api import Cors, Throttling
from components.triggers.http_api import JwtAuthorizer
from settings import values
from settings.values import Settings


class NewNetworkSettings(Settings):
    """A network that the program makes. Without NAT its functions reach AWS's services by endpoints only."""

    zones: values.Zones = NetworkArgs.zones
    cidr: values.Cidr = NetworkArgs.cidr
    nat: Annotated[str, values.one_of([choice.value for choice in Nat])] = NetworkArgs.nat.value


class NetworkSettings(Settings):
    """Private subnets, and the functions' security group: by their ids, or made by the program."""

    create: NewNetworkSettings | None = None
    vpc_id: values.VpcId | None = Field(
        default=None, validate_default=True, description="the id of the VPC, as 'vpc-0a1b2c3d4e5f60001'"
    )
    subnet_ids: values.SubnetIds | None = Field(
        default=None, validate_default=True, description="the ids of private subnets in two or more zones"
    )
    security_group_id: values.SecurityGroupId | None = Field(
        default=None, validate_default=True, description="the id of the functions' security group"
    )

    @field_validator("vpc_id", "subnet_ids", "security_group_id")
    @classmethod
    def _or_create(cls, value: Any, info: ValidationInfo) -> Any:
        created = info.data.get("create")
        if "create" in info.data and value is None and created is None:
            raise values.missing()
        if value is not None and created is not None:
            raise values.refused(
                found="an id beside create",
                allowed="one of the two: the ids of a network that is there, or create",
                mend="Take one of them out.",
            )
        return value

    def args(self, scope: Scope, services: tuple[str, ...]) -> Network | NetworkArgs:
        """Make the component's arguments; a network that is made has the ways to these services of AWS."""
        if self.vpc_id and self.subnet_ids and self.security_group_id:
            return Network(
                vpc_id=self.vpc_id, subnet_ids=self.subnet_ids, security_group_id=self.security_group_id
            )
        made = self.create or NewNetworkSettings()
        return NetworkArgs(
            scope=scope, services=services, zones=made.zones, cidr=made.cidr, nat=Nat(made.nat)
        )


class DatabaseSettings(Settings):
    """A PostgreSQL database that is there already."""

    secret_arn: Annotated[str, values.arn(Shape.SECRET)] = Field(
        description="the ARN of the secret with the database's address and password"
    )
    secret_kms_key_arn: values.KmsKeyArn | None = None
    security_group_id: values.SecurityGroupId = Field(description="the id of the database's security group")

    def args(self) -> Database:
        """Make the component's arguments."""
        secret = Secret(arn=self.secret_arn, kms_key_arn=self.secret_kms_key_arn)
        return Database(secret=secret, security_group_id=self.security_group_id)


class ThrottlingSettings(Settings):
    """Requests a second: steadily, and at once."""

    rate_limit: values.RateLimit = Throttling().rate_limit
    burst_limit: values.BurstLimit = Throttling().burst_limit

    def args(self) -> Throttling:
        """Make the component's arguments."""
        return Throttling(**self.model_dump())


class AuthorizerSettings(Settings):
    """Whose tokens the API takes."""

    issuer: values.Issuer = Field(description="the https URL that issues the tokens")
    audience: values.Audience = Field(description="the audiences that the tokens are issued for")

    def args(self) -> JwtAuthorizer:
        """Make the component's arguments."""
        return JwtAuthorizer(**self.model_dump())


class CorsSettings(Settings):
    """What browsers on other origins may do."""

    origins: values.Origins = Field(
        description="the origins that pages may call from, as ['https://game.example']"
    )
    methods: values.CorsMethods = Cors.methods
    headers: values.CorsHeaders = Cors.headers
    max_age_s: values.CorsAge = Cors.max_age_s

    def args(self) -> Cors:
        """Make the component's arguments."""
        return Cors(**self.model_dump())


class ProvisionedSettings(Settings):
    """How many environments are kept warm: at least, and at most."""

    min: int = Field(description="how many environments are kept warm at least")
    max: int = Field(description="how many environments are kept warm at most")

    def args(self) -> ProvisionedConcurrency:
        """Make the component's arguments."""
        return ProvisionedConcurrency(**self.model_dump())


class SignedPackageSettings(Settings):
    """A zip that AWS Signer has signed, in a bucket of the system's region."""

    bucket: values.BucketName = Field(description="the bucket that the signing job wrote to")
    key: values.Words = Field(description="the signed object's key, as 'signed/0123abcd.zip'")
    version: values.Words = Field(description="the version of the signed object")

    def args(self) -> SignedPackage:
        """Make the component's arguments."""
        return SignedPackage(**self.model_dump())


class HeldBackSettings(Settings):
    """A share of the calls that stays with an earlier version."""

    version: values.PublishedVersion = Field(description="the published version that keeps the share, as '7'")
    percent: values.TrafficPercent = Field(description="how much of the calls it keeps, as 90")


class CodeDeploySettings(Settings):
    """How fast CodeDeploy moves the calls, unless an alarm of the service fires."""

    percent: values.TrafficPercent = CodeDeploy.percent
    minutes: values.DeploymentMinutes = CodeDeploy.minutes
    linear: bool = CodeDeploy.linear


class TrafficSettings(Settings):
    """How calls move to a new version: one of the two."""

    held_back: HeldBackSettings | None = None
    code_deploy: CodeDeploySettings | None = Field(default=None, validate_default=True)

    @field_validator("code_deploy")
    @classmethod
    def _one(cls, value: CodeDeploySettings | None, info: ValidationInfo) -> CodeDeploySettings | None:
        if "held_back" in info.data and (value is None) == (info.data["held_back"] is None):
            raise values.refused(
                found="heldBack beside codeDeploy" if value else "nothing, and no heldBack",
                allowed="one of the two: heldBack with version and percent, or codeDeploy",
            )
        return value

    def args(self) -> Traffic:
        """Make the component's arguments."""
        if self.held_back:
            return HeldBack(**self.held_back.model_dump())
        return CodeDeploy(**(self.code_deploy or CodeDeploySettings()).model_dump())


class ServiceSettings(Settings):
    """What a stage may choose for a service. What it leaves out is the component's own default."""

    signed_package: SignedPackageSettings | None = None
    memory_mb: values.MemoryMb | None = None
    timeout_s: values.TimeoutS | None = None
    ephemeral_storage_mb: values.EphemeralStorageMb | None = None
    log_level: values.LogLevel | None = None
    reserved_concurrency: Annotated[int, values.at_least(0)] | None = None
    provisioned_concurrency: ProvisionedSettings | None = None
    function_url: bool | None = None
    traffic: TrafficSettings | None = None

    @field_validator("provisioned_concurrency")
    @classmethod
    def _possible(cls, value: ProvisionedSettings | None, info: ValidationInfo) -> ProvisionedSettings | None:
        if value:
            values.provisioned(value.args(), info.data.get("reserved_concurrency"))
        return value

    def args(self, default: ServiceArgs) -> ServiceArgs:
        """Make the component's arguments."""
        chosen: dict[str, Any] = {name: value for name, value in self if value is not None}
        if self.signed_package:
            chosen["signed_package"] = self.signed_package.args()
        if self.provisioned_concurrency:
            chosen["provisioned_concurrency"] = self.provisioned_concurrency.args()
        if self.traffic:
            chosen["traffic"] = self.traffic.args()
        return replace(default, **chosen)


class NodeServiceSettings(ServiceSettings):
    """A service written for Node."""

    runtime: Annotated[str, values.runtime("nodejs")] | None = None


class PythonServiceSettings(ServiceSettings):
    """A service written in Python."""

    runtime: Annotated[str, values.runtime("python")] | None = None
