"""A Lambda service with everything that holds for every service."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pulumi
import pulumi_aws as aws

from components.alarms import raise_alarms
from components.asynchronous import keep_failures
from components.code import ARCHITECTURE, LayerArgs, ship_code
from components.component import Component
from components.concurrency import provision
from components.data.queue import Queue
from components.logs import make_log_group
from components.naming import ALIAS
from components.network import NetworkArgs
from components.permissions import Invoker, permit, serve_url
from components.problems import Problem, refuse
from components.role import make_role
from components.service_args import LambdaServiceArgs
from components.traffic import CodeDeploy, HeldBack, deploy_slowly

__all__ = ["LambdaService", "LambdaServiceArgs"]


class LambdaService(Component):
    """A function with its own role, log group, version, alias `live`, alarms, and what else it is asked for.

    Callers use `qualified_arn`: the alias moves to a new version in one step.
    A system's services are subclasses, each with a PULUMI_TYPE (Pulumi's name of the type) of its own.
    Raises InvalidArgumentsError with everything that is wrong, before anything is registered.
    """

    PULUMI_TYPE = "fleet:components:LambdaService"

    def __init__(
        self, name: str, args: LambdaServiceArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        refuse([*args.problems(), *_unmade(args)])
        super().__init__(self.PULUMI_TYPE, name, opts)
        self.args = args
        self.name = args.names.function
        self.qualified_arn = args.names.alias_arn
        self.log_group = self._log_group()
        self.role, self.role_policy = make_role(
            self,
            names=args.names,
            grants=args.all_grants,
            tags=args.tags,
            boundary_arn=args.permissions_boundary_arn,
        )
        self.dead_letters = self._dead_letters()
        self.function = self._function()
        self.alias = self._alias()
        self.url = self._url()
        self._provision()
        self._keep_failures()
        self._deploy_slowly(self._raise_alarms())
        for invoker in args.all_invokers:
            self.allow(invoker)
        self.finish({"name": self.name, "arn": self.qualified_arn, "url": self.url})

    def allow(self, invoker: Invoker) -> None:
        """Let somebody invoke the service by its alias.

        Raises InvalidArgumentsError when there already is a statement of that id.
        """
        permit(self, invoker, function=self.function, alias=self.alias)

    def _log_group(self) -> aws.cloudwatch.LogGroup:
        return make_log_group(
            self,
            "log-group",
            name=self.args.names.log_group,
            retention_days=self.args.log_retention_days,
            kms_key_arn=self.args.kms_key_arn,
            protect=self.args.protect,
            tags=self.args.tags,
        )

    def _dead_letters(self) -> Queue | None:
        queue = self.args.dead_letter_queue
        return Queue(self.child("dlq"), queue, self.inside()) if queue else None

    def _function(self) -> aws.lambda_.Function:
        args, code = self.args, self.args.code
        network = None if isinstance(args.network, NetworkArgs) else args.network
        shipped = ship_code(self, code, args.scope)
        return aws.lambda_.Function(
            self.child("function"),
            name=self.name,
            description=args.description,
            role=self.role.arn,
            architectures=[ARCHITECTURE],
            package_type="Zip" if shipped else "Image",
            code=shipped.archive if shipped else None,
            s3_bucket=shipped.bucket if shipped else None,
            s3_key=shipped.key if shipped else None,
            s3_object_version=shipped.version if shipped else None,
            image_uri=code.image_uri,
            image_config={"commands": list(code.command)} if code.command else None,
            runtime=args.runtime,
            handler=args.handler,
            layers=[layer for layer in args.layers if not isinstance(layer, LayerArgs)] or None,
            memory_size=args.memory_mb,
            timeout=args.timeout_s,
            ephemeral_storage={"size": args.ephemeral_storage_mb},
            environment={"variables": dict(args.environment)} if args.environment else None,
            kms_key_arn=args.kms_key_arn,
            logging_config=self._logging(),
            tracing_config={"mode": "Active"},
            vpc_config={
                "subnet_ids": network.subnets(),
                "security_group_ids": [network.security_group_id],
            }
            if network
            else None,
            dead_letter_config={"target_arn": self.dead_letters.queue.arn}
            if self.dead_letters and args.asynchronous and args.asynchronous.dead_letter_config
            else None,
            reserved_concurrent_executions=args.reserved_concurrency,
            code_signing_config_arn=args.code_signing_config_arn,
            publish=True,
            tags={**args.tags, "Name": self.name},
            opts=self.inside(
                depends_on=[self.role_policy, self.log_group],
                ignore_changes=["imageUri"] if code.ignore_changes else None,
            ),
        )

    def _logging(self) -> aws.lambda_.FunctionLoggingConfigArgsDict:
        if not self.args.logs_json:
            return {"log_format": "Text", "log_group": self.log_group.name}
        return {
            "log_format": "JSON",
            "log_group": self.log_group.name,
            "application_log_level": self.args.log_level,
            "system_log_level": "INFO",
        }

    def _alias(self) -> aws.lambda_.Alias:
        traffic = self.args.traffic
        return aws.lambda_.Alias(
            self.child(ALIAS),
            name=ALIAS,
            function_name=self.function.name,
            function_version=self.function.version,
            routing_config=traffic.routing if isinstance(traffic, HeldBack) else None,
            opts=self.inside(ignore_changes=_moved_by_others(self.args)),
        )

    def _url(self) -> pulumi.Output[str] | None:
        if self.args.function_url is None:
            return None
        return serve_url(self, function=self.function, alias=self.alias).function_url

    def _provision(self) -> None:
        if self.args.provisioned_concurrency:
            provision(
                self,
                self.args.provisioned_concurrency,
                names=self.args.names,
                function=self.function,
                alias=self.alias,
                tags=self.args.tags,
            )

    def _keep_failures(self) -> None:
        if self.args.asynchronous and self.dead_letters:
            keep_failures(
                self,
                self.args.asynchronous,
                function=self.function,
                alias=self.alias,
                queue=self.dead_letters,
            )

    def _raise_alarms(self) -> dict[str, aws.cloudwatch.MetricAlarm]:
        return raise_alarms(
            self,
            self.args.alarms,
            names=self.args.names,
            function=self.function,
            timeout_s=self.args.timeout_s,
            reserved_concurrency=self.args.reserved_concurrency,
            tags=self.args.tags,
        )

    def _deploy_slowly(self, alarms: Mapping[str, aws.cloudwatch.MetricAlarm]) -> None:
        if isinstance(self.args.traffic, CodeDeploy):
            deploy_slowly(
                self,
                self.args.traffic,
                names=self.args.names,
                alias=self.alias,
                alarm=alarms["errors"],
                alarm_name=self.args.alarms.name("errors", self.args.names),
                boundary_arn=self.args.permissions_boundary_arn,
                tags=self.args.tags,
            )


def _moved_by_others(args: LambdaServiceArgs) -> list[str] | None:
    if isinstance(args.traffic, CodeDeploy):
        return ["functionVersion", "routingConfig"]
    # Who deploys the image moves the alias, too.
    return ["functionVersion"] if args.code.ignore_changes else None


def _unmade(args: LambdaServiceArgs) -> Iterator[Problem]:
    if isinstance(args.network, NetworkArgs):
        yield Problem(
            where=f"service {args.service}",
            what="network",
            got="one that isn't made yet",
            allowed="a network's ids",
            mend="Let a System make the service, or give NewNetwork(...).ids.",
        )
    for layer in args.layers:
        if isinstance(layer, LayerArgs):
            yield Problem(
                where=f"service {args.service}",
                what="layers",
                got=f"{layer.what}, which isn't made yet",
                allowed="ARNs of layer versions",
                mend="Let a System make the service, or give Layer(...).arn.",
            )
