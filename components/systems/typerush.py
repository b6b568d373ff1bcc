"""TypeRush, a typing game: a service that keeps records, and one that gives texts to type."""

from __future__ import annotations

from dataclasses import dataclass, field

from components.bedrock import BedrockModel
from components.code import Packages
from components.concurrency import ProvisionedConcurrency
from components.data.database import Database
from components.naming import Scope
from components.network import Network
from components.triggers.http_api import Cors, JwtAuthorizer, Throttling

NODEJS = "nodejs24.x"
PYTHON = "python3.12"


@dataclass(frozen=True, kw_only=True)
class ServiceArgs:
    """What a stage chooses for one of the services; the rest is the same everywhere.

    log_level: INFO and so on, in either case.
    function_url: a URL of its own, for the game service's role alone.
    """

    runtime: str
    memory_mb: int
    timeout_s: int
    log_level: str = "INFO"
    reserved_concurrency: int | None = None
    provisioned_concurrency: ProvisionedConcurrency | None = None
    function_url: bool = False


@dataclass(frozen=True, kw_only=True)
class ApiArgs:
    """What a stage chooses for the API.

    existing_execution_arn: of an API outside this program that calls the services; none is made then.
    """

    throttling: Throttling = field(default_factory=Throttling)
    authorizer: JwtAuthorizer | None = None
    cors: Cors | None = None
    existing_execution_arn: str | None = None


@dataclass(frozen=True, kw_only=True)
class TypeRushArgs:
    """What TypeRush is made of in a stage.

    game_service_role_arn: the role of the ECS task that calls both services.
    alarm_topic_arn: an SNS topic that hears of alarms.
    protect: keep what holds data from being deleted.
    """

    scope: Scope
    packages: Packages
    network: Network
    database: Database
    game_service_role_arn: str
    model: BedrockModel
    api: ApiArgs = ApiArgs()
    record_service: ServiceArgs = ServiceArgs(runtime=NODEJS, memory_mb=512, timeout_s=30)
    text_service: ServiceArgs = ServiceArgs(runtime=PYTHON, memory_mb=512, timeout_s=60)
    log_retention_days: int = 7
    alarm_topic_arn: str | None = None
    protect: bool = False
    kms_key_arn: str | None = None
    code_signing_config_arn: str | None = None
