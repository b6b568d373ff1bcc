"""Superscapes, a financial dashboard: its database sleeps while nobody uses it, and is woken on demand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pulumi

from components.access import RoleAccess, RoleAccessArgs
from components.asynchronous import AsyncArgs
from components.data.db_instance import DbInstance
from components.data.table import Key, Table, TableArgs
from components.permissions import FunctionUrlArgs, Invoker
from components.problems import Problem
from components.service_args import LambdaServiceArgs
from components.system import Parts, ServiceArgs, System, SystemArgs, SystemService, url_problems
from components.triggers.api import Route, Throttling
from components.triggers.event_rule import EventRule, EventRuleArgs
from components.triggers.http_api import HttpApi, HttpApiArgs

START_RDS = "start-rds"
AUTO_STOP_RDS = "auto-stop-rds"

START = Route(key="POST /database/start", service=START_RDS, iam=True)

_SERVICE = ServiceArgs(runtime="python3.12", memory_mb=128, timeout_s=90)
# Somebody who wanted the database an hour ago doesn't wait any more, and a check is followed by the next.
_START_AGE_S = 3_600
_CHECK_AGE_S = 900


@dataclass(frozen=True, kw_only=True)
class SuperscapesArgs(SystemArgs):
    """What Superscapes is told in a stage.

    dashboard_backend_role_arn: the role of the dashboard's backend, which writes when the database was last
    used, and may have it started.
    idle_minutes: how long the database runs without being used. check: when that is looked at.
    office_hours: when the database is started without being asked for; never when None.
    """

    database: DbInstance
    dashboard_backend_role_arn: str
    idle_minutes: int = 60
    check: str = "rate(15 minutes)"
    office_hours: str | None = None
    throttling: Throttling = field(default_factory=Throttling)
    start_rds: ServiceArgs = _SERVICE
    auto_stop_rds: ServiceArgs = _SERVICE

    def problems(self) -> Iterator[Problem]:
        """Say what is impossible about the choices that no part knows."""
        where = f"system {self.scope.system}"
        if self.idle_minutes < 1:
            yield Problem(where=where, what="idle_minutes", got=str(self.idle_minutes), allowed="1 or more")
        yield from url_problems(where, "Only its schedule calls it.", auto_stop_rds=self.auto_stop_rds)


@dataclass(frozen=True, kw_only=True)
class SuperscapesParts(Parts[SuperscapesArgs]):
    """What Superscapes is made of beside its services."""

    metadata: TableArgs
    writer: RoleAccessArgs
    api: HttpApiArgs
    idle_check: EventRuleArgs
    office_hours: EventRuleArgs | None


class StartRds(SystemService[SuperscapesParts]):
    """Starts the database."""

    PULUMI_TYPE = "fleet:superscapes:StartRds"

    @staticmethod
    def arguments(parts: SuperscapesParts) -> LambdaServiceArgs:
        """Write down the service's column of the specification."""
        args, database = parts.args, parts.args.database
        backend = ("AllowDashboardBackend", args.dashboard_backend_role_arn)
        return args.start_rds.applied_to(
            LambdaServiceArgs(
                scope=args.scope,
                service=START_RDS,
                description="Superscapes: starts the dashboard's database",
                code=args.start_rds.code("functions/superscapes/start_rds", args.common.packages),
                handler="lambda_start_rds.lambda_handler",
                environment={"DB_INSTANCE_ID": database.identifier, **_log_level(args.start_rds)},
                grants=(database.grant_describe(), database.grant_start()),
                invokers=(Invoker.by_role(*backend),),
                function_url=FunctionUrlArgs(callers=(backend,)) if args.start_rds.function_url else None,
                asynchronous=AsyncArgs(maximum_age_s=_START_AGE_S),
            )
        )


class AutoStopRds(SystemService[SuperscapesParts]):
    """Stops the database when it hasn't been used for a while."""

    PULUMI_TYPE = "fleet:superscapes:AutoStopRds"

    @staticmethod
    def arguments(parts: SuperscapesParts) -> LambdaServiceArgs:
        """Write down the service's column of the specification."""
        args, database = parts.args, parts.args.database
        return args.auto_stop_rds.applied_to(
            LambdaServiceArgs(
                scope=args.scope,
                service=AUTO_STOP_RDS,
                description="Superscapes: stops the dashboard's database when nobody uses it",
                code=args.auto_stop_rds.code("functions/superscapes/auto_stop_rds", args.common.packages),
                handler="lambda_auto_stop_rds.lambda_handler",
                environment={
                    "DB_INSTANCE_ID": database.identifier,
                    "METADATA_TABLE": parts.metadata.name,
                    "IDLE_MINUTES": str(args.idle_minutes),
                    **_log_level(args.auto_stop_rds),
                },
                grants=(database.grant_describe(), database.grant_stop(), parts.metadata.grant_get()),
                asynchronous=AsyncArgs(maximum_age_s=_CHECK_AGE_S),
            )
        )


class Superscapes(System[SuperscapesArgs, SuperscapesParts]):
    """The system: both services, the table of the last use, the API in front, the schedules."""

    NAME = "superscapes"
    PULUMI_TYPE = "fleet:superscapes:Superscapes"
    SERVICES: Mapping[str, type[SystemService[SuperscapesParts]]] = {
        START_RDS: StartRds,
        AUTO_STOP_RDS: AutoStopRds,
    }

    @staticmethod
    def describe(args: SuperscapesArgs) -> SuperscapesParts:
        """Say what the services use, and what calls them."""
        metadata = _metadata(args)
        return SuperscapesParts(
            args=args,
            metadata=metadata,
            writer=RoleAccessArgs(
                scope=args.scope,
                what="metadata-writer",
                role_arn=args.dashboard_backend_role_arn,
                grants=(metadata.grant_put(),),
            ),
            api=_api(args),
            idle_check=_rule(args, "idle-check", AUTO_STOP_RDS, args.check, _CHECK_AGE_S),
            office_hours=_rule(args, "office-hours", START_RDS, args.office_hours, _START_AGE_S)
            if args.office_hours
            else None,
        )

    def make(self, parts: SuperscapesParts) -> None:
        """Register the table, the backend's way to it, the services, the API and the schedules."""
        Table(self.child("system-metadata"), parts.metadata, self.here())
        RoleAccess(self.child("metadata-writer"), parts.writer, self.here())
        self.serve()
        self._table_name = parts.metadata.name
        self._api = HttpApi(self.child("api"), parts.api, self.services, self.here())
        for rule in (parts.idle_check, parts.office_hours):
            if rule:
                EventRule(self.child(rule.what), rule, self.services[rule.service], self.here())

    @property
    def outputs(self) -> Mapping[str, Any]:
        """What the stack says: the API's URL, what callers of it are granted, the table, the functions."""
        path = START.key.replace(" ", "")
        return {
            "apiUrl": self._api.url,
            "startArn": pulumi.Output.concat(self._api.api.execution_arn, "/$default/", path),
            "tableName": self._table_name,
            "databaseInstanceId": self.args.database.identifier,
            **super().outputs,
        }


def _metadata(args: SuperscapesArgs) -> TableArgs:
    return TableArgs(
        scope=args.scope,
        what="system-metadata",
        hash_key=Key(name="key"),
        protect=args.common.protect,
    )


def _api(args: SuperscapesArgs) -> HttpApiArgs:
    return HttpApiArgs(
        scope=args.scope,
        routes=(START,),
        statement_id="apigateway-invoke",
        throttling=args.throttling,
        log_retention_days=args.common.log_retention_days,
        kms_key_arn=args.common.kms_key_arn,
        protect=args.common.protect,
    )


def _rule(args: SuperscapesArgs, what: str, service: str, schedule: str, max_age_s: int) -> EventRuleArgs:
    return EventRuleArgs(
        scope=args.scope,
        what=what,
        service=service,
        schedule=schedule,
        statement_id=f"Allow{''.join(word.capitalize() for word in what.split('-'))}",
        max_age_s=max_age_s,
        kms_key_arn=args.common.kms_key_arn,
        protect=args.common.protect,
    )


def _log_level(chosen: ServiceArgs) -> dict[str, str]:
    # The functions don't ask for it; the variable sets the level of Lambda's own filter.
    return {} if chosen.log_level.upper() == "INFO" else {"LOG_LEVEL": chosen.log_level.upper()}
