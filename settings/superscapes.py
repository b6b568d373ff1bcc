"""What a stage says about Superscapes."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field

from components.arns import Shape
from components.data.db_instance import DbInstance
from components.naming import Scope
from components.problems import InvalidArgumentsError
from components.systems.superscapes import Superscapes, SuperscapesArgs
from components.triggers.event_rule import EventRuleArgs
from settings import values
from settings.parts import PythonServiceSettings, ThrottlingSettings
from settings.system import Common, SystemSettings
from settings.values import Settings

_ANY = Scope(system="any", stage="any", account="0" * 12, region="us-east-1")


def _schedule(value: str) -> str:
    values.refuse(EventRuleArgs(scope=_ANY, what="any", service="any", schedule=value).problems())
    return value


def _instance(value: str) -> str:
    try:
        DbInstance(scope=_ANY, identifier=value)
    except InvalidArgumentsError as error:
        values.refuse(error.problems)
    return value


Schedule = Annotated[str, AfterValidator(_schedule)]


class ApiSettings(Settings):
    """The HTTP API."""

    throttling: ThrottlingSettings = ThrottlingSettings()


class SuperscapesSettings(SystemSettings):
    """The `superscapes` key of a stage."""

    system: ClassVar = Superscapes

    dashboard_backend_role_arn: Annotated[str, values.arn(Shape.ROLE, regional=False)] = Field(
        description="the ARN of the role that the dashboard's backend runs under"
    )
    database_instance_id: Annotated[str, AfterValidator(_instance)] = Field(
        description="the id of the RDS instance, as 'ss-financial-dev'"
    )
    idle_minutes: Annotated[int, values.at_least(1)] = SuperscapesArgs.idle_minutes
    check: Schedule = SuperscapesArgs.check
    office_hours: Schedule | None = None
    api: ApiSettings = ApiSettings()
    start_rds: PythonServiceSettings = PythonServiceSettings()
    auto_stop_rds: PythonServiceSettings = PythonServiceSettings()

    def args(self, common: Common) -> SuperscapesArgs:
        """Make the component's arguments."""
        scope = self.scope(common)
        return SuperscapesArgs(
            scope=scope,
            common=common.args,
            database=DbInstance(scope=scope, identifier=self.database_instance_id),
            dashboard_backend_role_arn=self.dashboard_backend_role_arn,
            idle_minutes=self.idle_minutes,
            check=self.check,
            office_hours=self.office_hours,
            throttling=self.api.throttling.args(),
            start_rds=self.start_rds.args(SuperscapesArgs.start_rds),
            auto_stop_rds=self.auto_stop_rds.args(SuperscapesArgs.auto_stop_rds),
        )
