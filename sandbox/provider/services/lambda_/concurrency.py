"""Provisioned concurrency."""

from __future__ import annotations

from ...clients import Aws
from ...errors import ProviderError
from ...resource import Properties, ResourceType, Update
from ...schema import OURS, boolean, integer, string
from .names import bare_name, function_reference


class ProvisionedConcurrencyConfig(ResourceType):
    """Provisioned concurrency of an alias or version. Its id is ``<function>,<qualifier>``."""

    token = "aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig"
    service = "lambda"
    props = {
        "functionName": function_reference("FunctionName"),
        "provisionedConcurrentExecutions": integer(required=True, shape="PositiveInteger"),
        "qualifier": string(required=True, replaces=True, shape="Qualifier"),
        "skipDestroy": boolean(default=False, local=OURS),
    }
    identity = ("functionName", "qualifier")

    def id_of(self, inputs: Properties) -> str:
        """Its function and its qualifier."""
        return f"{inputs['functionName']},{inputs['qualifier']}"

    def create(self, aws: Aws, inputs: Properties) -> str:
        """Provision; :meth:`finish` waits for the instances."""
        self._put(aws, inputs)
        return self.id_of(inputs)

    def finish(self, aws: Aws, id: str, inputs: Properties) -> None:
        """Wait until the instances are ready."""
        function, _, qualifier = id.partition(",")

        def ready() -> bool | None:
            found = aws.client("lambda").get_provisioned_concurrency_config(
                FunctionName=function, Qualifier=qualifier
            )
            if found["Status"] == "FAILED":
                raise ProviderError(f"provisioning failed: {found.get('StatusReason', 'no reason given')}")
            return True if found["Status"] == "READY" else None

        aws.wait(f"the provisioned concurrency of {function}:{qualifier} is ready", ready)

    def read(self, aws: Aws, id: str, known: Properties) -> Properties | None:
        """What is asked for (not what is ready by now)."""
        function, _, qualifier = id.partition(",")
        found = aws.client("lambda").get_provisioned_concurrency_config(
            FunctionName=function, Qualifier=qualifier
        )
        return {
            "functionName": function,
            "provisionedConcurrentExecutions": found["RequestedProvisionedConcurrentExecutions"],
            "qualifier": qualifier,
        }

    def update(self, aws: Aws, update: Update) -> None:
        """Ask for another number."""
        self._put(aws, update.news)
        self.finish(aws, update.id, update.news)

    def delete(self, aws: Aws, id: str, state: Properties) -> None:
        """Provision no more, unless the program said to leave it."""
        if not state.get("skipDestroy"):
            function, _, qualifier = id.partition(",")
            aws.client("lambda").delete_provisioned_concurrency_config(
                FunctionName=function, Qualifier=qualifier
            )

    @staticmethod
    def _put(aws: Aws, inputs: Properties) -> None:
        client, function = aws.client("lambda"), inputs["functionName"]
        wanted = inputs["provisionedConcurrentExecutions"]
        reserved = client.get_function_concurrency(FunctionName=bare_name(function)).get(
            "ReservedConcurrentExecutions"
        )
        if reserved is not None and wanted > reserved:
            raise ProviderError(
                "AWS refuses this (InvalidParameterValueException): Requested Provisioned Concurrency should "
                "not be greater than the reservedConcurrentExecution for function\n"
                f"{wanted} provisioned, {reserved} reserved: raise the function's "
                "reservedConcurrentExecutions or provision less"
            )
        client.put_provisioned_concurrency_config(
            FunctionName=function,
            Qualifier=inputs["qualifier"],
            ProvisionedConcurrentExecutions=wanted,
        )
