"""TypeRush, a typing game: a service that keeps records, and one that gives texts to type."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pulumi

from components.alarms import AlarmArgs
from components.arns import Shape
from components.bedrock import BedrockModel
from components.code import LayerArgs, SignedPackage
from components.data.database import Database, DatabaseAccess
from components.data.table import Key, Table, TableArgs
from components.network import Network, NetworkArgs
from components.permissions import FunctionUrlArgs, Invoker
from components.problems import Problem
from components.service_args import LambdaServiceArgs
from components.system import Parts, ServiceArgs, System, SystemArgs, SystemService
from components.triggers.api import Cors, Route, Throttling, invoker
from components.triggers.http_api import HttpApi, HttpApiArgs, JwtAuthorizer

RECORD_SERVICE = "record-service"
TEXT_SERVICE = "text-service"

_RECORD_SERVICE = ServiceArgs(runtime="nodejs24.x", memory_mb=512, timeout_s=30)
_TEXT_SERVICE = ServiceArgs(runtime="python3.12", memory_mb=512, timeout_s=60)

CALLED_SERVICES = ("secretsmanager", "bedrock-runtime", "sqs", "xray", "logs")
"""What the functions call beside the table, by the names of the services' endpoints."""

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
class ApiArgs:
    """What a stage chooses for the API.

    existing_execution_arn: of an API outside this program that calls the services; none is made then.
    """

    throttling: Throttling = field(default_factory=Throttling)
    authorizer: JwtAuthorizer | None = None
    cors: Cors | None = None
    existing_execution_arn: str | None = None


@dataclass(frozen=True, kw_only=True)
class TypeRushArgs(SystemArgs):
    """What TypeRush is told in a stage.

    game_service_role_arn: the role of the ECS task that calls both services.
    signed_text_layer: text-service's layer, where its code is signed.
    """

    network: Network | NetworkArgs
    database: Database
    game_service_role_arn: str
    model: BedrockModel
    api: ApiArgs = ApiArgs()
    record_service: ServiceArgs = _RECORD_SERVICE
    text_service: ServiceArgs = _TEXT_SERVICE
    signed_text_layer: SignedPackage | None = None

    def problems(self) -> Iterator[Problem]:
        """Say which of the ARNs that are given aren't what they have to be."""
        where, region = f"system {self.scope.system}", self.scope.region
        if isinstance(self.network, NetworkArgs):
            yield from self.network.problems()
        yield from Shape.SECRET.problems(where, "database.secret", self.database.secret.arn, region=region)
        yield from Shape.EXECUTION.problems(
            where, "api.existing_execution_arn", self.api.existing_execution_arn, region=region
        )


@dataclass(frozen=True, kw_only=True)
class TypeRushParts(Parts[TypeRushArgs]):
    """What TypeRush is made of beside its services."""

    texts: TableArgs
    text_layer: LayerArgs
    api: HttpApiArgs


class RecordService(SystemService[TypeRushParts]):
    """Keeps game records in PostgreSQL, and the leaderboard."""

    PULUMI_TYPE = "fleet:typerush:RecordService"

    @staticmethod
    def arguments(parts: TypeRushParts) -> LambdaServiceArgs:
        """Write down the service's column of the specification."""
        args = parts.args
        described = LambdaServiceArgs(
            scope=args.scope,
            service=RECORD_SERVICE,
            description="TypeRush: game records and the leaderboard",
            code=args.record_service.code("functions/typerush/record_service", args.common.packages),
            handler="dist/lambda.handler",
            environment={
                "NODE_ENV": "production",
                "LOG_LEVEL": args.record_service.log_level.lower(),
                "DB_SECRET_ARN": args.database.secret.arn,
            },
            grants=args.database.secret.grant_read(),
        )
        return _called_by_the_game(args.record_service.applied_to(described), args.record_service, args)


class TextService(SystemService[TypeRushParts]):
    """Gives texts to type, and has a model write new ones."""

    PULUMI_TYPE = "fleet:typerush:TextService"

    @staticmethod
    def arguments(parts: TypeRushParts) -> LambdaServiceArgs:
        """Write down the service's column of the specification."""
        args = parts.args
        described = LambdaServiceArgs(
            scope=args.scope,
            service=TEXT_SERVICE,
            description="TypeRush: texts to type",
            code=args.text_service.code("functions/typerush/text_service", args.common.packages),
            handler="main.lambda_handler",
            environment={
                "ENVIRONMENT": "production",
                "LOG_LEVEL": args.text_service.log_level.upper(),
                "DYNAMODB_TABLE_NAME": parts.texts.name,
                "BEDROCK_MODEL_ID": args.model.model_id,
            },
            grants=(parts.texts.grant_read(), parts.texts.grant_put(), args.model.grant_invoke()),
            layers=(parts.text_layer,),
        )
        return _called_by_the_game(args.text_service.applied_to(described), args.text_service, args)


class TypeRush(System[TypeRushArgs, TypeRushParts]):
    """The system: both services, the texts' table, the way to the database, and the API in front."""

    NAME = "typerush"
    PULUMI_TYPE = "fleet:typerush:TypeRush"
    SERVICES: Mapping[str, type[SystemService[TypeRushParts]]] = {
        RECORD_SERVICE: RecordService,
        TEXT_SERVICE: TextService,
    }

    @staticmethod
    def describe(args: TypeRushArgs) -> TypeRushParts:
        """Say what the services use, and what calls them."""
        return TypeRushParts(args=args, texts=_texts(args), text_layer=_text_layer(args), api=_api(args))

    def make(self, parts: TypeRushParts) -> None:
        """Register the table, the way to the database, the services, and the API or its permissions."""
        Table(self.child("texts"), parts.texts, self.here())
        self._table_name = parts.texts.name
        DatabaseAccess(
            self.child("database-access"),
            scope=self.args.scope,
            network=self.network(self.args.network),
            database=self.args.database,
            opts=self.here(),
        )
        self.serve()
        self._api_url = self._call_from(parts.api)

    @property
    def outputs(self) -> Mapping[str, Any]:
        """What the stack says about the system: the API's URL, the table's name, the functions."""
        return {"apiUrl": self._api_url, "tableName": self._table_name, **super().outputs}

    def _call_from(self, api: HttpApiArgs) -> pulumi.Output[str] | None:
        existing = self.args.api.existing_execution_arn
        if existing is None:
            return HttpApi(self.child("api"), api, self.services, self.here()).url
        for name in sorted(api.services):
            self.services[name].allow(invoker(existing))
        return None


def _called_by_the_game(
    service: LambdaServiceArgs, chosen: ServiceArgs, args: TypeRushArgs
) -> LambdaServiceArgs:
    """Add what both columns of the specification have in common: the network, the alarms, the game's role."""
    caller = ("AllowECSInvoke", args.game_service_role_arn)
    return replace(
        service,
        network=args.network,
        alarms=AlarmArgs(errors_over=5),
        invokers=(Invoker.by_role(*caller),),
        function_url=FunctionUrlArgs(callers=(caller,)) if chosen.function_url else None,
    )


def _texts(args: TypeRushArgs) -> TableArgs:
    # A text's id is random: the first at or after another random id, within a difficulty, is a random text.
    return TableArgs(
        scope=args.scope,
        what="texts",
        hash_key=Key(name="difficulty"),
        range_key=Key(name="text_id"),
        protect=args.common.protect,
    )


def _text_layer(args: TypeRushArgs) -> LayerArgs:
    return LayerArgs.zip(
        "functions/typerush/text_layer",
        args.common.packages,
        scope=args.scope,
        what="text-layer",
        signed_package=args.signed_text_layer,
    )


def _api(args: TypeRushArgs) -> HttpApiArgs:
    return HttpApiArgs(
        scope=args.scope,
        routes=ROUTES,
        throttling=args.api.throttling,
        authorizer=args.api.authorizer,
        cors=args.api.cors,
        log_retention_days=args.common.log_retention_days,
        kms_key_arn=args.common.kms_key_arn,
        protect=args.common.protect,
    )
