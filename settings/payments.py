"""What a stage says about Payments."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from components.systems.payments import CALLED_SERVICES, Payments, PaymentsArgs
from settings.parts import NetworkSettings, PythonServiceSettings, ThrottlingSettings
from settings.system import Common, SystemSettings
from settings.values import Settings


class ApiSettings(Settings):
    """The HTTP API."""

    throttling: ThrottlingSettings = ThrottlingSettings()


class PaymentsSettings(SystemSettings):
    """The `payments` key of a stage."""

    system: ClassVar = Payments

    network: NetworkSettings = Field(description="vpcId, subnetIds, securityGroupId, or create")
    api: ApiSettings = ApiSettings()
    password_sign_in: bool = PaymentsArgs.password_sign_in
    payment_processor: PythonServiceSettings = PythonServiceSettings()
    image_processor: PythonServiceSettings = PythonServiceSettings()
    accounts: PythonServiceSettings = PythonServiceSettings()

    def args(self, common: Common) -> PaymentsArgs:
        """Make the component's arguments."""
        scope = self.scope(common)
        return PaymentsArgs(
            scope=scope,
            common=common.args,
            network=self.network.args(scope, CALLED_SERVICES),
            throttling=self.api.throttling.args(),
            password_sign_in=self.password_sign_in,
            payment_processor=self.payment_processor.args(PaymentsArgs.payment_processor),
            image_processor=self.image_processor.args(PaymentsArgs.image_processor),
            accounts=self.accounts.args(PaymentsArgs.accounts),
        )
