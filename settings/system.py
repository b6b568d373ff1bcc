"""What every system's settings have in common."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

from pydantic import Field

from components.naming import Scope
from components.system import StageArgs, System, SystemArgs
from settings import values
from settings.values import Settings


@dataclass(frozen=True, kw_only=True)
class Common:
    """What all systems of a stage get: where they are, and the arguments that they share."""

    stage: str
    account: str
    args: StageArgs


class SystemSettings(Settings):
    """A system's key of a stage. `system` is the component that the settings become."""

    system: ClassVar[type[System[Any, Any]]]

    region: values.Region = Field(description="the region that the system runs in, as 'ap-southeast-1'")

    @abstractmethod
    def args(self, common: Common) -> SystemArgs:
        """Make the system's arguments."""

    def scope(self, common: Common) -> Scope:
        """Say where the system lives."""
        return self.system.scope(stage=common.stage, account=common.account, region=self.region)
