"""TypeRush, a typing game: a service that keeps records, and one that gives texts to type."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pulumi
import pulumi_aws as aws

from components.alarms import AlarmArgs
from components.arns import Shape
from components.bedrock import BedrockModel
from components.code import Code, Layer, LayerArgs, Packages, layer_problems
from components.component import Component
from components.concurrency import ProvisionedConcurrency
from components.data.database import Database, DatabaseAccess
from components.data.table import Key, Table, TableArgs
from components.grants import Grant
from components.naming import Scope
from components.network import Network
from components.permissions import FunctionUrlArgs, Invoker
from components.problems import Problem, refuse
from components.service import LambdaService, LambdaServiceArgs
from components.triggers import http_api
from components.triggers.http_api import Cors, HttpApi, HttpApiArgs, JwtAuthorizer, Route, Throttling

NODEJS = "nodejs24.x"
PYTHON = "python3.12"

RECORD_SERVICE = "record-service"
TEXT_SERVICE = "text-service"

ROUTES = (
    Route(key="POST /records", service=RECORD_SERVICE),
    Route(key="GET /records", service=RECORD_SERVICE),
    Route(key="GET /records/leaderboard", service=RECORD_SERVICE),
    Route(key="GET /records/health", service=RECORD_SERVICE, public=True),
    Route(key="GET /texts/random", service=TEXT_SERVICE),
    Route(key="POST /texts/generate", service=TEXT_SERVICE),
    Route(key="GET /texts/health", service=TEXT_SERVICE, public=True),
    # For monitors that know one path: the service that needs the database answers.
    Route(key="GET /health", service=RECORD_SERVICE, public=True),
)


@dataclass(frozen=True, kw_only=True)
class ServiceArgs:
    """What a stage chooses for one of the services; the rest is the same everywhere.

    log_level: INFO and so on, in either case.
    function_url: a URL of its own, for the game service's role alone.
    """

    runtime: str
    memory_mb: int
    timeout_s: int
    ephemeral_storage_mb: int = 512
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
    permissions_boundary_arn: a managed policy that no role of the system can do more than.
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
    permissions_boundary_arn: str | None = None


class RecordService(LambdaService):
    """Keeps game records in PostgreSQL, and the leaderboard."""

    PULUMI_TYPE = "fleet:typerush:RecordService"

    @staticmethod
    def arguments(args: TypeRushArgs) -> LambdaServiceArgs:
        """Write down the service's column of the specification."""
        return _service(
            args,
            args.record_service,
            service=RECORD_SERVICE,
            description="TypeRush: game records and the leaderboard",
            folder="functions/typerush/record_service",
            handler="dist/lambda.handler",
            environment={
                "NODE_ENV": "production",
                "LOG_LEVEL": args.record_service.log_level.lower(),
                "DB_SECRET_ARN": args.database.secret.arn,
            },
            grants=(args.database.secret.grant_read(),),
        )


class TextService(LambdaService):
    """Gives texts to type, and has a model write new ones."""

    PULUMI_TYPE = "fleet:typerush:TextService"

    @staticmethod
    def arguments(args: TypeRushArgs, texts: TableArgs) -> LambdaServiceArgs:
        """Write down the service's column of the specification; its layer is added once it exists."""
        return _service(
            args,
            args.text_service,
            service=TEXT_SERVICE,
            description="TypeRush: texts to type",
            folder="functions/typerush/text_service",
            handler="main.lambda_handler",
            environment={
                "ENVIRONMENT": "production",
                "LOG_LEVEL": args.text_service.log_level.upper(),
                "DYNAMODB_TABLE_NAME": texts.name,
                "BEDROCK_MODEL_ID": args.model.model_id,
            },
            grants=(texts.grant_read(), texts.grant_put(), args.model.grant_invoke()),
        )


class TypeRush(Component):
    """The system: both services, the texts' table, the way to the database, and the API in front.

    Raises InvalidArgumentsError with everything that is wrong, before anything is registered.
    """

    def __init__(self, name: str, args: TypeRushArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        texts = _texts(args)
        layer = _text_layer(args)
        record = RecordService.arguments(args)
        text = TextService.arguments(args, texts)
        api = _api(args)
        refuse(_problems(args, texts=texts, layer=layer, record=record, text=text, api=api))
        super().__init__("fleet:typerush:TypeRush", name, opts)
        self._args = args
        self._provider = self._make_provider()
        self._table_name = texts.name

        Table(self.child("texts"), texts, self._here())
        DatabaseAccess(
            self.child("database-access"),
            scope=args.scope,
            network=args.network,
            database=args.database,
            opts=self._here(),
        )
        text_layer = Layer(self.child("text-layer"), layer, self._here())
        self.services: dict[str, LambdaService] = {
            RECORD_SERVICE: RecordService(self.child(RECORD_SERVICE), record, self._here()),
            TEXT_SERVICE: TextService(
                self.child(TEXT_SERVICE), replace(text, layers=(text_layer.arn,)), self._here()
            ),
        }
        self._api_url = self._call_from(api)
        self.finish(self.outputs)

    @property
    def outputs(self) -> Mapping[str, Any]:
        """What the stack says about the system: the API's URL, the table's name, the functions."""
        return {
            "apiUrl": self._api_url,
            "tableName": self._table_name,
            "functions": {name: _function(service) for name, service in self.services.items()},
        }

    def _make_provider(self) -> aws.Provider:
        # The system's own region, and no account but the stage's.
        scope = self._args.scope
        return aws.Provider(
            self.child("aws"),
            region=scope.region,
            allowed_account_ids=[scope.account],
            default_tags={"tags": scope.tags()},
            opts=self.inside(),
        )

    def _here(self) -> pulumi.ResourceOptions:
        return self.inside(provider=self._provider)

    def _call_from(self, api: HttpApiArgs) -> pulumi.Output[str] | None:
        existing = self._args.api.existing_execution_arn
        if existing is None:
            return HttpApi(self.child("api"), api, self.services, self._here()).url
        for service in self.services.values():
            service.allow(http_api.invoker(existing))
        return None


def _service(
    args: TypeRushArgs,
    chosen: ServiceArgs,
    *,
    service: str,
    description: str,
    folder: str,
    handler: str,
    environment: Mapping[str, str],
    grants: tuple[Grant, ...],
) -> LambdaServiceArgs:
    """Add what the specification's columns have in common, and what the stage chooses."""
    caller = ("AllowECSInvoke", args.game_service_role_arn)
    topics = (args.alarm_topic_arn,) if args.alarm_topic_arn else ()
    return LambdaServiceArgs(
        scope=args.scope,
        service=service,
        description=description,
        code=Code.zip(folder, args.packages),
        runtime=chosen.runtime,
        handler=handler,
        memory_mb=chosen.memory_mb,
        timeout_s=chosen.timeout_s,
        ephemeral_storage_mb=chosen.ephemeral_storage_mb,
        environment=environment,
        grants=grants,
        invokers=(Invoker.by_role(*caller),),
        network=args.network,
        log_retention_days=args.log_retention_days,
        reserved_concurrency=chosen.reserved_concurrency,
        provisioned_concurrency=chosen.provisioned_concurrency,
        function_url=FunctionUrlArgs(callers=(caller,)) if chosen.function_url else None,
        alarms=AlarmArgs(errors_over=5, topic_arns=topics),
        kms_key_arn=args.kms_key_arn,
        code_signing_config_arn=args.code_signing_config_arn,
        permissions_boundary_arn=args.permissions_boundary_arn,
        protect=args.protect,
    )


def _texts(args: TypeRushArgs) -> TableArgs:
    # A text's id is random: the first at or after another random id, within a difficulty, is a random text.
    return TableArgs(
        scope=args.scope,
        what="texts",
        hash_key=Key(name="difficulty"),
        range_key=Key(name="text_id"),
        protect=args.protect,
    )


def _text_layer(args: TypeRushArgs) -> LayerArgs:
    return LayerArgs.zip("functions/typerush/text_layer", args.packages, scope=args.scope, what="text-layer")


def _api(args: TypeRushArgs) -> HttpApiArgs:
    return HttpApiArgs(
        scope=args.scope,
        routes=ROUTES,
        throttling=args.api.throttling,
        authorizer=args.api.authorizer,
        cors=args.api.cors,
        log_retention_days=args.log_retention_days,
        kms_key_arn=args.kms_key_arn,
        protect=args.protect,
    )


def _problems(
    args: TypeRushArgs,
    *,
    texts: TableArgs,
    layer: LayerArgs,
    record: LambdaServiceArgs,
    text: LambdaServiceArgs,
    api: HttpApiArgs,
) -> Iterator[Problem]:
    where, region = f"system {args.scope.system}", args.scope.region
    yield from record.problems()
    yield from text.problems()
    yield from layer.problems()
    yield from layer_problems(f"service {TEXT_SERVICE}", text.code, (layer,), text.runtime)
    yield from texts.problems()
    yield from api.problems()
    yield from Shape.SECRET.problems(where, "database.secret", args.database.secret.arn, region=region)
    yield from Shape.EXECUTION.problems(
        where, "api.existing_execution_arn", args.api.existing_execution_arn, region=region
    )


def _function(service: LambdaService) -> dict[str, Any]:
    url = {} if service.url is None else {"url": service.url}
    return {"name": service.name, "arn": service.qualified_arn, **url}
