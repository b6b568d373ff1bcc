"""What a service is made of: its arguments, and everything that can be wrong with them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws

from components import grants, limits
from components.alarms import AlarmArgs
from components.arns import Shape
from components.asynchronous import AsyncArgs
from components.code import Code, LayerArgs, layer_problems
from components.concurrency import ProvisionedConcurrency
from components.data.queue import QueueArgs
from components.grants import Grant
from components.logs import retention_problems
from components.naming import Names, Scope
from components.network import MadeNetwork, Network, NetworkArgs
from components.permissions import FunctionUrlArgs, Invoker
from components.problems import Problem
from components.traffic import HeldBack, Traffic

# "Supported runtimes" for the JSON format with levels: Java, .NET, Node.js, Python.
# https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-logformat.html
_JSON_LOGS = ("python", "nodejs", "java", "dotnet")

RUNTIMES = tuple(sorted(runtime.value for runtime in aws.lambda_.Runtime))
"""What pulumi-aws knows, ended ones too: a policy rule tells why not to use them."""

_VARIABLE = re.compile(r"[A-Za-z][A-Za-z0-9_]+")


@dataclass(frozen=True, kw_only=True)
class LambdaServiceArgs:
    """The arguments of a LambdaService.

    scope, service: where it lives and its short name (`record-service`); names and ARNs follow from them.
    code: what runs. `runtime` and `handler` belong to a zip, and only to a zip.
    environment: ARNs and names, no secret values. `LOG_LEVEL` also sets the level of Lambda's own filter.
    grants: what the code may do. Logs, traces, network interfaces and the like come by themselves.
    traffic: how calls move to a new version; all at once when None.
    invokers: who may invoke the service; triggers add themselves.
    layers: those of the program, which a System makes, and ARNs of versions that are there already.
    reserved_concurrency: the most executions at once; none when None.
    asynchronous: given when the service is invoked asynchronously: what happens to what fails.
    kms_key_arn: encrypts the environment, the logs and the dead letters with a key of one's own.
    permissions_boundary_arn: a managed policy that the role can't do more than.
    protect: keeps what holds data (logs, dead letters) from being deleted by an update of the stack.
    """

    scope: Scope
    service: str
    code: Code
    runtime: str | None = None
    handler: str | None = None
    description: str | None = None
    memory_mb: int = 512
    timeout_s: int = 30
    ephemeral_storage_mb: int = 512
    environment: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    grants: tuple[Grant, ...] = ()
    invokers: tuple[Invoker, ...] = ()
    layers: tuple[LayerArgs | pulumi.Input[str], ...] = ()
    network: Network | MadeNetwork | NetworkArgs | None = None
    log_group_name: str | None = None
    log_retention_days: int = 7
    reserved_concurrency: int | None = None
    provisioned_concurrency: ProvisionedConcurrency | None = None
    function_url: FunctionUrlArgs | None = None
    traffic: Traffic | None = None
    alarms: AlarmArgs = field(default_factory=AlarmArgs)
    asynchronous: AsyncArgs | None = None
    kms_key_arn: str | None = None
    code_signing_config_arn: str | None = None
    permissions_boundary_arn: str | None = None
    protect: bool = False

    @property
    def names(self) -> Names:
        """The service's physical names and ARNs."""
        return Names(scope=self.scope, service=self.service, log_group_name=self.log_group_name)

    @property
    def tags(self) -> dict[str, str]:
        """The tags of everything that the service is made of."""
        return self.scope.tags(self.service)

    @property
    def log_level(self) -> str:
        """The level below which Lambda drops the application's log lines."""
        level = self.environment.get("LOG_LEVEL", "INFO")
        return level.upper() if isinstance(level, str) else ""

    @property
    def logs_json(self) -> bool:
        """Whether the runtime writes JSON log lines; an image is taken to be one of AWS's base images."""
        return self.runtime is None or self.runtime.startswith(_JSON_LOGS)

    def problems(self) -> Iterator[Problem]:
        """Say everything that is impossible about the service, of all its parts."""
        where = f"service {self.service}"
        yield from self.names.problems()
        yield from self._code_problems(where)
        yield from self._range_problems(where)
        yield from self._environment_problems(where)
        yield from self._concurrency_problems(where)
        yield from self.alarms.problems(where, self.names)
        if isinstance(self.traffic, HeldBack):
            yield from self.traffic.problems(where)
        elif self.traffic:
            yield from self.traffic.problems(where, self.names)
        if self.asynchronous:
            yield from self.asynchronous.problems(where)
        yield from self._key_problems(where)
        yield from _repetitions(
            where,
            "invokers",
            "statement id",
            [invoker.statement_id for invoker in self.all_invokers],
            "Give one of them another statement id.",
        )
        yield from Shape.CODE_SIGNING.problems(
            where,
            "code_signing_config_arn",
            self.code_signing_config_arn,
            region=self.scope.region,
        )
        yield from Shape.POLICY.problems(where, "permissions_boundary_arn", self.permissions_boundary_arn)

    @property
    def all_invokers(self) -> tuple[Invoker, ...]:
        """The invokers that are named, and those that a function URL takes."""
        return (*self.invokers, *(self.function_url.invokers if self.function_url else ()))

    @property
    def dead_letter_queue(self) -> QueueArgs | None:
        """The queue for what the service failed on; only asynchronous calls have one."""
        if self.asynchronous is None:
            return None
        return QueueArgs(
            scope=self.scope,
            what=f"{self.service}-dlq",
            service=self.service,
            kms_key_arn=self.kms_key_arn,
            protect=self.protect,
        )

    @property
    def all_grants(self) -> tuple[Grant, ...]:
        """What the role allows: what Lambda does under it for every such service, then the service's own."""
        return (
            grants.write_logs(self.names),
            grants.write_traces(),
            *(grants.manage_network_interfaces(self.names) if self.network else ()),
            *((grants.decrypt_environment(self.kms_key_arn),) if self.kms_key_arn else ()),
            *(self.dead_letter_queue.grant_send() if self.dead_letter_queue else ()),
            *self.grants,
        )

    def _key_problems(self, where: str) -> Iterator[Problem]:
        of_the_key = list(
            Shape.KMS_KEY.problems(where, "kms_key_arn", self.kms_key_arn, region=self.scope.region)
        )
        yield from of_the_key
        if of_the_key:
            return  # The queue and the policy would only say it again.
        if self.dead_letter_queue:
            yield from self.dead_letter_queue.problems()
        yield from self._policy_problems(where)

    def _policy_problems(self, where: str) -> Iterator[Problem]:
        sids = [grant.sid for grant in self.all_grants]
        yield from _repetitions(where, "grants", "sid", sids, "Give one of them another sid.")
        size = len(re.sub(r"\s", "", grants.policy_document(self.all_grants)))
        if size > limits.ROLE_POLICY_CHARACTERS:
            yield Problem(
                where=where,
                what="the role's policy",
                got=f"{size} characters",
                allowed=f"at most {limits.ROLE_POLICY_CHARACTERS}",
                mend="Grant fewer resources, or give the work to two services.",
            )

    def _code_problems(self, where: str) -> Iterator[Problem]:
        for what, value in (("runtime", self.runtime), ("handler", self.handler)):
            zipped = self.code.image_uri is None
            if zipped != (value is not None):
                yield Problem(
                    where=where,
                    what=what,
                    got=repr(value),
                    allowed=f"a {what} for a zip" if zipped else f"no {what} with a container image",
                    mend="" if zipped else "The image brings its own.",
                )
        wheels_for = self.code.bundle.python_version if self.code.bundle else None
        if wheels_for is not None and self.runtime != f"python{wheels_for}":
            yield Problem(
                where=where,
                what="runtime",
                got=repr(self.runtime),
                allowed=f"'python{wheels_for}', which the package's wheels are for",
                mend="Set python_version in the function's bundle.toml.",
            )
        if self.handler is not None and len(self.handler) > limits.HANDLER_CHARACTERS:
            yield Problem(
                where=where,
                what="handler",
                got=f"{len(self.handler)} characters long",
                allowed=f"at most {limits.HANDLER_CHARACTERS}",
            )
        if len(self.layers) > limits.LAYERS:
            yield Problem(
                where=where,
                what="layers",
                got=f"{len(self.layers)}",
                allowed=f"at most {limits.LAYERS}",
                mend="Put two of them together, or ship a container image.",
            )
        if self.layers and self.code.image_uri is not None:
            yield Problem(
                where=where,
                what="layers",
                got=f"{len(self.layers)} with a container image",
                allowed="layers with a zip only",
                mend="Copy the layers' contents into the image.",
            )
        yield from self._layer_problems(where)
        yield from self._image_problems(where)
        if self.runtime is not None and self.runtime not in RUNTIMES:
            yield Problem(
                where=where,
                what="runtime",
                got=repr(self.runtime),
                allowed=f"one of {', '.join(RUNTIMES)}",
            )

    def _image_problems(self, where: str) -> Iterator[Problem]:
        region = self.code.image_region
        if region is not None and region != self.scope.region:
            # https://docs.aws.amazon.com/lambda/latest/dg/images-create.html#images-permissions
            yield Problem(
                where=where,
                what="the image's region",
                got=repr(region),
                allowed=f"{self.scope.region!r}, where the function is",
                mend="Let ECR replicate the image's repository to that region.",
            )
        if region is not None and self.code_signing_config_arn is not None:
            # https://docs.aws.amazon.com/lambda/latest/dg/configuration-codesigning.html
            yield Problem(
                where=where,
                what="code_signing_config_arn",
                got="given with a container image",
                allowed="a zip: Lambda checks no signatures of images",
                mend="Leave it out, and let the registry's pipeline sign the image.",
            )

    def _layer_problems(self, where: str) -> Iterator[Problem]:
        ours = tuple(layer for layer in self.layers if isinstance(layer, LayerArgs))
        for layer in self.layers:
            if isinstance(layer, LayerArgs):
                yield from layer.problems()
            elif isinstance(layer, str):
                yield from Shape.LAYER_VERSION.problems(where, "layers", layer, region=self.scope.region)
        yield from layer_problems(where, self.code, ours, self.runtime)

    def _range_problems(self, where: str) -> Iterator[Problem]:
        for what, number, allowed in (
            ("memory_mb", self.memory_mb, limits.MEMORY_MB),
            ("timeout_s", self.timeout_s, limits.TIMEOUT_S),
            ("ephemeral_storage_mb", self.ephemeral_storage_mb, limits.EPHEMERAL_STORAGE_MB),
        ):
            if number not in allowed:
                yield Problem(where=where, what=what, got=str(number), allowed=str(allowed))
        yield from retention_problems(where, self.log_retention_days)
        if len(self.description or "") > limits.DESCRIPTION_CHARACTERS:
            yield Problem(
                where=where,
                what="description",
                got=f"{len(self.description or '')} characters long",
                allowed=f"at most {limits.DESCRIPTION_CHARACTERS}",
            )

    def _environment_problems(self, where: str) -> Iterator[Problem]:
        for variable in self.environment:
            if variable in limits.RESERVED_VARIABLES:
                yield Problem(
                    where=where,
                    what=f"the environment variable {variable}",
                    got="set",
                    allowed="names that Lambda doesn't reserve",
                    mend="Lambda sets this one itself: leave it out.",
                )
            elif not _VARIABLE.fullmatch(variable):
                yield Problem(
                    where=where,
                    what=f"the environment variable {variable!r}",
                    got="not a name",
                    allowed="a letter, then letters, digits and underscores, two characters at least",
                )
        for variable, value in self.environment.items():
            if not isinstance(value, str | pulumi.Output):
                yield Problem(
                    where=where,
                    what=f"the environment variable {variable}",
                    got=f"of type {type(value).__name__}",
                    allowed="text, as every process's environment has it",
                    mend="Write it as text, as str(number) or json.dumps(value).",
                )
        # What only AWS knows is counted by AWS, when the function is made.
        known = {name: value for name, value in self.environment.items() if isinstance(value, str)}
        size = len(json.dumps(known, separators=(",", ":"), ensure_ascii=False).encode())
        if size > limits.ENVIRONMENT_BYTES:
            yield Problem(
                where=where,
                what="environment",
                got=f"{size} bytes",
                allowed=f"at most {limits.ENVIRONMENT_BYTES}, names and values together",
                mend="Keep large values in a secret, a parameter or the package, and name them here.",
            )
        if self.log_level not in limits.LOG_LEVELS:
            yield Problem(
                where=where,
                what="the environment variable LOG_LEVEL",
                got=repr(self.environment["LOG_LEVEL"]),
                allowed=f"one of {', '.join(limits.LOG_LEVELS)}, in either case",
            )

    def _concurrency_problems(self, where: str) -> Iterator[Problem]:
        if self.reserved_concurrency is not None and self.reserved_concurrency < 0:
            yield Problem(
                where=where,
                what="reserved_concurrency",
                got=str(self.reserved_concurrency),
                allowed="0 (nothing runs) or more; None reserves nothing",
            )
        if self.provisioned_concurrency:
            yield from self.provisioned_concurrency.problems(where, self.names, self.reserved_concurrency)


def _repetitions(where: str, what: str, key: str, values: list[str], mend: str) -> Iterator[Problem]:
    for value in sorted({value for value in values if values.count(value) > 1}):
        yield Problem(
            where=where,
            what=what,
            got=f"the {key} {value!r} {values.count(value)} times",
            allowed=f"each {key} once",
            mend=mend,
        )
