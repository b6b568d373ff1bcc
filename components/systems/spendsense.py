"""SpendSense, personal finance: an API for transactions and what follows from them, and three daily jobs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from components.arns import Shape
from components.asynchronous import AsyncArgs
from components.code import LayerArgs, SignedPackage
from components.data.database import Database, DatabaseAccess
from components.data.secret import Secret
from components.grants import Grant
from components.network import Network, NetworkArgs
from components.problems import Problem
from components.service_args import LambdaServiceArgs
from components.system import Parts, ServiceArgs, System, SystemArgs, SystemService, url_problems
from components.triggers.api import Cors, Route, Throttling
from components.triggers.event_rule import EventRule, EventRuleArgs
from components.triggers.rest_api import EVERY_ORIGIN, CognitoAuthorizer, RestApi, RestApiArgs

API = "api"
COMPUTE_FEATURES = "compute-features"
ASSIGN_PERSONA = "assign-persona"
GENERATE_RECOMMENDATIONS = "generate-recommendations"

ROUTES = (
    Route(key="ANY /api/v1/{proxy+}", service=API),
    Route(key="GET /api/v1/health", service=API, public=True),
)

# A job works on what the one before has written. In UTC.
SCHEDULES: Mapping[str, str] = {
    COMPUTE_FEATURES: "cron(0 2 * * ? *)",
    ASSIGN_PERSONA: "cron(30 2 * * ? *)",
    GENERATE_RECOMMENDATIONS: "cron(0 3 * * ? *)",
}

CALLED_SERVICES = ("secretsmanager", "xray", "logs")
"""What the functions call, by the names of the services' endpoints."""

_RUNTIME = "python3.11"
_API = ServiceArgs(runtime=_RUNTIME, memory_mb=512, timeout_s=30)
_FEATURES = ServiceArgs(runtime=_RUNTIME, memory_mb=1024, timeout_s=300)
_JOB = ServiceArgs(runtime=_RUNTIME, memory_mb=512, timeout_s=300)

# A job that couldn't run for so long is too late for the one after it.
_JOB_AGE_S = 3_600

# Where everybody tries things, and nobody's real data is.
_OPEN_STAGES = ("local", "dev")


@dataclass(frozen=True, kw_only=True)
class ApiArgs:
    """What a stage chooses for the API.

    origins: of the front ends, whose pages may call it; EVERY_ORIGIN alone for all, in local and dev only.
    authorize: whether calls need an ID token of the user pool; the authorizer is made in either case.
    """

    origins: tuple[str, ...]
    authorize: bool = True
    throttling: Throttling = field(default_factory=Throttling)


@dataclass(frozen=True, kw_only=True)
class SpendSenseArgs(SystemArgs):
    """What SpendSense is told in a stage.

    user_pool_arn, cognito_secret: whose tokens the API takes, and the secret that names pool and app client.
    signed_layer: the functions' layer, where their code is signed.
    """

    network: Network | NetworkArgs
    database: Database
    user_pool_arn: str
    cognito_secret: Secret
    api: ApiArgs
    api_function: ServiceArgs = _API
    compute_features: ServiceArgs = _FEATURES
    assign_persona: ServiceArgs = _JOB
    generate_recommendations: ServiceArgs = _JOB
    signed_layer: SignedPackage | None = None

    def problems(self) -> Iterator[Problem]:
        """Say which choices are impossible that no part knows of."""
        where, region = f"system {self.scope.system}", self.scope.region
        yield from Shape.SECRET.problems(where, "database.secret", self.database.secret.arn, region=region)
        yield from Shape.SECRET.problems(where, "cognito_secret", self.cognito_secret.arn, region=region)
        if isinstance(self.network, NetworkArgs):
            yield from self.network.problems()
        yield from url_problems(
            where,
            "The API and the schedules call the services.",
            api_function=self.api_function,
            compute_features=self.compute_features,
            assign_persona=self.assign_persona,
            generate_recommendations=self.generate_recommendations,
        )
        if EVERY_ORIGIN in self.api.origins and self.scope.stage not in _OPEN_STAGES:
            yield Problem(
                where=where,
                what="api.origins",
                got="'*'",
                allowed="the front ends' origins, as 'https://app.example'",
                mend=f"Only {' and '.join(_OPEN_STAGES)} are for every page: others hold people's finances.",
            )


@dataclass(frozen=True, kw_only=True)
class SpendSenseParts(Parts[SpendSenseArgs]):
    """What SpendSense is made of beside its services."""

    layer: LayerArgs
    api: RestApiArgs
    schedules: tuple[EventRuleArgs, ...]

    def service(
        self,
        chosen: ServiceArgs,
        *,
        service: str,
        description: str,
        handler: str,
        environment: Mapping[str, str],
        grants: tuple[Grant, ...] = (),
        asynchronous: AsyncArgs | None = None,
    ) -> LambdaServiceArgs:
        """Add what the specification's columns have in common."""
        args = self.args
        described = LambdaServiceArgs(
            scope=args.scope,
            service=service,
            description=description,
            code=chosen.code("functions/spendsense/backend", args.common.packages),
            handler=handler,
            environment={
                "DATABASE_SECRET_ARN": args.database.secret.arn,
                "ENVIRONMENT": args.scope.stage,
                "LOG_LEVEL": chosen.log_level.upper(),
                **environment,
            },
            grants=(*args.database.secret.grant_read(), *grants),
            layers=(self.layer,),
            asynchronous=asynchronous,
        )
        return replace(chosen.applied_to(described), network=args.network)


class Api(SystemService[SpendSenseParts]):
    """Takes transactions; gives features, persona and recommendations."""

    PULUMI_TYPE = "fleet:spendsense:Api"

    @staticmethod
    def arguments(parts: SpendSenseParts) -> LambdaServiceArgs:
        """Write down the service's column of the specification."""
        args = parts.args
        return parts.service(
            args.api_function,
            service=API,
            description="SpendSense: transactions in, features, persona and recommendations out",
            handler="app.handler.handler",
            environment={
                "COGNITO_SECRET_ARN": args.cognito_secret.arn,
                "ALLOWED_ORIGINS": ",".join(args.api.origins),
            },
            grants=args.cognito_secret.grant_read("Cognito"),
        )


class ComputeFeatures(SystemService[SpendSenseParts]):
    """Computes everybody's features of a day."""

    PULUMI_TYPE = "fleet:spendsense:ComputeFeatures"

    @staticmethod
    def arguments(parts: SpendSenseParts) -> LambdaServiceArgs:
        """Write down the service's column of the specification."""
        return parts.service(
            parts.args.compute_features,
            service=COMPUTE_FEATURES,
            description="SpendSense: what is known of every user on a day",
            handler="lambdas.compute_features.handler",
            environment={},
            asynchronous=AsyncArgs(maximum_age_s=_JOB_AGE_S),
        )


class AssignPersona(SystemService[SpendSenseParts]):
    """Assigns everybody's persona of a day."""

    PULUMI_TYPE = "fleet:spendsense:AssignPersona"

    @staticmethod
    def arguments(parts: SpendSenseParts) -> LambdaServiceArgs:
        """Write down the service's column of the specification."""
        return parts.service(
            parts.args.assign_persona,
            service=ASSIGN_PERSONA,
            description="SpendSense: a persona for every user, with the reason",
            handler="lambdas.assign_persona.handler",
            environment={},
            asynchronous=AsyncArgs(maximum_age_s=_JOB_AGE_S),
        )


class GenerateRecommendations(SystemService[SpendSenseParts]):
    """Generates up to three recommendations for everybody."""

    PULUMI_TYPE = "fleet:spendsense:GenerateRecommendations"

    @staticmethod
    def arguments(parts: SpendSenseParts) -> LambdaServiceArgs:
        """Write down the service's column of the specification."""
        return parts.service(
            parts.args.generate_recommendations,
            service=GENERATE_RECOMMENDATIONS,
            description="SpendSense: up to three recommendations for every user",
            handler="lambdas.generate_recommendations.handler",
            environment={},
            asynchronous=AsyncArgs(maximum_age_s=_JOB_AGE_S),
        )


class SpendSense(System[SpendSenseArgs, SpendSenseParts]):
    """The system: the four services, the way to the database, the API in front, the jobs' schedules."""

    NAME = "spendsense"
    PULUMI_TYPE = "fleet:spendsense:SpendSense"
    SERVICES: Mapping[str, type[SystemService[SpendSenseParts]]] = {
        API: Api,
        COMPUTE_FEATURES: ComputeFeatures,
        ASSIGN_PERSONA: AssignPersona,
        GENERATE_RECOMMENDATIONS: GenerateRecommendations,
    }

    @staticmethod
    def describe(args: SpendSenseArgs) -> SpendSenseParts:
        """Say what the services use, and what calls them."""
        return SpendSenseParts(
            args=args,
            layer=_layer(args),
            api=_api(args),
            schedules=tuple(_schedule(args, service, when) for service, when in SCHEDULES.items()),
        )

    def make(self, parts: SpendSenseParts) -> None:
        """Register the way to the database, the services, the API and the schedules."""
        self._network = self.network(self.args.network)
        DatabaseAccess(
            self.child("database-access"),
            scope=self.args.scope,
            network=self._network,
            database=self.args.database,
            opts=self.here(),
        )
        self.serve()
        self._api = RestApi(self.child("rest-api"), parts.api, self.services, self.here())
        for schedule in parts.schedules:
            EventRule(self.child(schedule.what), schedule, self.services[schedule.service], self.here())

    @property
    def outputs(self) -> Mapping[str, Any]:
        """What the stack says: the API's URL, the authorizer, the functions and their security group."""
        return {
            "apiUrl": self._api.url,
            "authorizerId": self._api.authorizer_id,
            "lambdaSecurityGroupId": self._network.security_group_id,
            **super().outputs,
        }


def _layer(args: SpendSenseArgs) -> LayerArgs:
    return LayerArgs.zip(
        "functions/spendsense/layer",
        args.common.packages,
        scope=args.scope,
        what="layer",
        signed_package=args.signed_layer,
    )


def _api(args: SpendSenseArgs) -> RestApiArgs:
    return RestApiArgs(
        scope=args.scope,
        routes=ROUTES,
        throttling=args.api.throttling,
        authorizer=CognitoAuthorizer(user_pool_arns=(args.user_pool_arn,), applied=args.api.authorize),
        cors=Cors(
            origins=args.api.origins,
            methods=("GET", "POST", "OPTIONS"),
            headers=("Authorization", "Content-Type"),
            max_age_s=600,
        ),
        log_retention_days=args.common.log_retention_days,
        kms_key_arn=args.common.kms_key_arn,
        protect=args.common.protect,
    )


def _schedule(args: SpendSenseArgs, service: str, when: str) -> EventRuleArgs:
    return EventRuleArgs(
        scope=args.scope,
        what=f"{service}-daily",
        service=service,
        schedule=when,
        max_age_s=_JOB_AGE_S,
        kms_key_arn=args.common.kms_key_arn,
        protect=args.common.protect,
    )
