"""Hoopstat Haus, basketball statistics: a day goes into bronze, and models ask what silver and gold hold."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pulumi

from components.alarms import AlarmArgs
from components.asynchronous import AsyncArgs
from components.code import Code
from components.dashboard import Dashboard, DashboardArgs
from components.data.bucket import Bucket, BucketArgs, Lifecycle, Move
from components.data.secret import Secret
from components.deployment_role import DeploymentRole, DeploymentRoleArgs, grant_deploy
from components.grants import Grant
from components.naming import Names, Scope
from components.network import Network, NetworkArgs
from components.problems import Problem, refuse
from components.registry import Registry, RegistryArgs
from components.service_args import LambdaServiceArgs
from components.system import Parts, ServiceArgs, System, SystemArgs, SystemService, url_problems
from components.triggers.api import Route, Throttling
from components.triggers.event_rule import EventRule, EventRuleArgs
from components.triggers.http_api import HttpApi, HttpApiArgs

BRONZE_INGESTION = "bronze-ingestion"
MCP_SERVER = "mcp-server"

MCP = Route(key="POST /mcp", service=MCP_SERVER, iam=True)

_DURATION_PERCENT = 83


@dataclass(frozen=True, kw_only=True)
class ImageServiceArgs(ServiceArgs):
    """What a stage chooses for a service that is a container image.

    image_tag: of the first deployment, without `<service>-`; the pipeline owns it from then on.
    dead_letters: keep what fails asynchronously. secrets: variable to the secret whose ARN it holds.
    """

    image_tag: str = "initial"
    dead_letters: bool = False
    secrets: Mapping[str, Secret] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, kw_only=True)
class Pipeline:
    """Who deploys images: the workflows of one branch of a repository, `owner/name`, on GitHub.

    provider_arn: GitHub's OIDC provider, which an account has once.
    """

    provider_arn: str
    repository: str
    branch: str = "main"


@dataclass(frozen=True, kw_only=True)
class HoopstatArgs(SystemArgs):
    """What Hoopstat Haus is told in a stage.

    network: where the functions run, if they are to run in a VPC. Without a route to the internet, they reach
    AWS's services only.
    pipeline: who deploys the images; without one no role is made.
    schedule: when the day before is ingested. source_url: where its records are, `{date}` for the day.
    """

    network: Network | NetworkArgs | None = None
    pipeline: Pipeline | None = None
    schedule: str = "cron(30 9 * * ? *)"
    source_url: str | None = None
    throttling: Throttling = field(default_factory=Throttling)
    bronze_ingestion: ImageServiceArgs = ImageServiceArgs(memory_mb=256, timeout_s=300, dead_letters=True)
    mcp_server: ImageServiceArgs = ImageServiceArgs(memory_mb=256, timeout_s=30)

    def problems(self) -> Iterator[Problem]:
        """Say what is impossible about the choices that no part knows."""
        where = f"system {self.scope.system}"
        services = {"bronze_ingestion": self.bronze_ingestion, "mcp_server": self.mcp_server}
        yield from url_problems(where, "The API and the schedule call the services.", **services)
        for what, chosen in services.items():
            if chosen.signed_package:
                yield Problem(
                    where=where,
                    what=f"{what}.signed_package",
                    got="given for a container image",
                    allowed="nothing: Lambda checks no signatures of images",
                    mend="What runs is the image.",
                )
        if not self.bronze_ingestion.dead_letters:
            yield Problem(
                where=where,
                what="bronze_ingestion.dead_letters",
                got="False",
                allowed="True",
                mend="Its schedule waits for no answer: what it fails on needs a place to go.",
            )
        if self.source_url is not None and not self.source_url.startswith("https://"):
            yield Problem(where=where, what="source_url", got=repr(self.source_url), allowed="an https URL")


@dataclass(frozen=True, kw_only=True)
class HoopstatParts(Parts[HoopstatArgs]):
    """What Hoopstat Haus is made of beside its services."""

    bronze: BucketArgs
    silver: BucketArgs
    gold: BucketArgs
    registry: RegistryArgs
    api: HttpApiArgs
    daily: EventRuleArgs
    dashboard: DashboardArgs
    deployment: DeploymentRoleArgs | None


class BronzeIngestion(SystemService[HoopstatParts]):
    """Writes a day of statistics into the bronze bucket."""

    PULUMI_TYPE = "fleet:hoopstat:BronzeIngestion"

    @staticmethod
    def arguments(parts: HoopstatParts) -> LambdaServiceArgs:
        """Write down the service's column of the specification."""
        args = parts.args
        source = {"SOURCE_URL": args.source_url} if args.source_url else {}
        return _service(
            parts,
            args.bronze_ingestion,
            names=_bronze_names(args.scope),
            description="Hoopstat Haus: a day of statistics into bronze",
            environment={"BRONZE_BUCKET": parts.bronze.name, **source},
            grants=(*parts.bronze.grant_read(), *parts.bronze.grant_put()),
        )


class McpServer(SystemService[HoopstatParts]):
    """Answers models' questions about silver and gold."""

    PULUMI_TYPE = "fleet:hoopstat:McpServer"

    @staticmethod
    def arguments(parts: HoopstatParts) -> LambdaServiceArgs:
        """Write down the service's column of the specification."""
        silver, gold = parts.silver, parts.gold
        return _service(
            parts,
            parts.args.mcp_server,
            names=_mcp_names(parts.args.scope),
            description="Hoopstat Haus: the statistics over the Model Context Protocol",
            environment={"SILVER_BUCKET": silver.name, "GOLD_BUCKET": gold.name},
            grants=(
                *silver.grant_read(),
                *silver.grant_list(),
                *gold.grant_read(),
                *gold.grant_list(),
            ),
        )


class Hoopstat(System[HoopstatArgs, HoopstatParts]):
    """The system: both services, the medallion's buckets, the images' repository, and who deploys them."""

    NAME = "hoopstat"
    PREFIX = "hoopstat-haus"
    PULUMI_TYPE = "fleet:hoopstat:Hoopstat"
    SERVICES: Mapping[str, type[SystemService[HoopstatParts]]] = {
        BRONZE_INGESTION: BronzeIngestion,
        MCP_SERVER: McpServer,
    }

    @staticmethod
    def describe(args: HoopstatArgs) -> HoopstatParts:
        """Say what the services use, and what calls and deploys them."""
        services = (_bronze_names(args.scope), _mcp_names(args.scope))
        registry = RegistryArgs(
            scope=args.scope,
            services=services,
            kms_key_arn=args.common.kms_key_arn,
            protect=args.common.protect,
        )
        cold = Lifecycle(
            name="cold",
            prefix="raw/",
            moves=(Move(after_days=30, to="STANDARD_IA"), Move(after_days=90, to="GLACIER_IR")),
        )
        return HoopstatParts(
            args=args,
            bronze=replace(_bucket(args, "bronze"), lifecycle=(cold,)),
            silver=_bucket(args, "silver"),
            gold=_bucket(args, "gold"),
            registry=registry,
            api=_api(args),
            daily=EventRuleArgs(
                scope=args.scope,
                what="daily-ingestion",
                service=BRONZE_INGESTION,
                schedule=args.schedule,
                kms_key_arn=args.common.kms_key_arn,
                protect=args.common.protect,
            ),
            dashboard=DashboardArgs(scope=args.scope, services=services),
            deployment=_deployment(args, registry, services) if args.pipeline else None,
        )

    def make(self, parts: HoopstatParts) -> None:
        """Register the buckets and the repository, then the services, then who calls and deploys them."""
        for bucket in (parts.bronze, parts.silver, parts.gold):
            Bucket(self.child(bucket.what), bucket, self.here())
        Registry(self.child("registry"), parts.registry, self.here())
        self.serve()
        self._api = HttpApi(self.child("api"), parts.api, self.services, self.here())
        EventRule(self.child(parts.daily.what), parts.daily, self.services[BRONZE_INGESTION], self.here())
        Dashboard(self.child("dashboard"), parts.dashboard, self.here())
        if parts.deployment:
            DeploymentRole(self.child("deployment-role"), parts.deployment, self.here())
        self._parts = parts

    @property
    def outputs(self) -> Mapping[str, Any]:
        """What the stack says: the API's URL, what callers are granted, the buckets, where images go."""
        parts = self._parts
        deployment = {"deploymentRoleArn": parts.deployment.arn} if parts.deployment else {}
        return {
            "mcpUrl": pulumi.Output.concat(self._api.url, "/mcp"),
            "mcpArn": pulumi.Output.concat(self._api.api.execution_arn, "/$default/POST/mcp"),
            "buckets": {each.what: each.name for each in (parts.bronze, parts.silver, parts.gold)},
            "repository": parts.registry.name,
            "dashboard": parts.dashboard.name,
            **deployment,
            **super().outputs,
        }


def _bronze_names(scope: Scope) -> Names:
    group = f"/{scope.prefix}/{scope.stage}/data-pipeline"
    return Names(scope=scope, service=BRONZE_INGESTION, log_group_name=group)


def _mcp_names(scope: Scope) -> Names:
    group = f"/{scope.prefix}/{scope.stage}/applications"
    return Names(scope=scope, service=MCP_SERVER, log_group_name=group)


def _service(
    parts: HoopstatParts,
    chosen: ImageServiceArgs,
    *,
    names: Names,
    description: str,
    environment: Mapping[str, str],
    grants: tuple[Grant, ...],
) -> LambdaServiceArgs:
    """Add what the specification's columns have in common, and what the stage chooses."""
    own = {"LOG_LEVEL": chosen.log_level.upper(), "APP_NAME": names.service, **environment}
    refuse(_secret_problems(names.service, own, chosen.secrets))
    secrets = {name: secret.arn for name, secret in chosen.secrets.items()}
    reading = [
        grant
        for name, secret in sorted(chosen.secrets.items())
        for grant in secret.grant_read("".join(word.capitalize() for word in name.split("_")))
    ]
    alarms = {
        what: f"lambda-{what}-{names.function}" for what in ("errors", "throttles", "duration", "concurrency")
    }
    return chosen.applied_to(
        LambdaServiceArgs(
            scope=parts.args.scope,
            service=names.service,
            description=description,
            code=Code.image(parts.registry.uri(f"{names.service}-{chosen.image_tag}"), ignore_changes=True),
            environment=own | secrets,
            grants=(*grants, *reading),
            network=parts.args.network,
            log_group_name=names.log_group_name,
            alarms=AlarmArgs(duration_percent=_DURATION_PERCENT, names=alarms),
            asynchronous=AsyncArgs() if chosen.dead_letters else None,
        )
    )


def _secret_problems(service: str, own: Collection[str], secrets: Collection[str]) -> Iterator[Problem]:
    for variable in sorted(set(own) & set(secrets)):
        yield Problem(
            where=f"service {service}",
            what="secrets",
            got=repr(variable),
            allowed=f"variables that the service hasn't itself: {', '.join(sorted(own))} are its own",
        )


def _bucket(args: HoopstatArgs, what: str) -> BucketArgs:
    return BucketArgs(
        scope=args.scope, what=what, kms_key_arn=args.common.kms_key_arn, protect=args.common.protect
    )


def _api(args: HoopstatArgs) -> HttpApiArgs:
    return HttpApiArgs(
        scope=args.scope,
        routes=(MCP,),
        throttling=args.throttling,
        log_retention_days=args.common.log_retention_days,
        kms_key_arn=args.common.kms_key_arn,
        protect=args.common.protect,
    )


def _deployment(
    args: HoopstatArgs, registry: RegistryArgs, services: tuple[Names, ...]
) -> DeploymentRoleArgs | None:
    pipeline = args.pipeline
    if pipeline is None:
        return None
    return DeploymentRoleArgs(
        scope=args.scope,
        provider_arn=pipeline.provider_arn,
        repository=pipeline.repository,
        branch=pipeline.branch,
        grants=(*registry.grant_push(), *grant_deploy(services)),
        permissions_boundary_arn=args.common.permissions_boundary_arn,
    )
