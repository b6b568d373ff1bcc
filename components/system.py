"""What all systems have in common: what a stage gives each, and how one is described, judged and made."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar, Generic, Protocol, TypeVar, runtime_checkable

import pulumi
import pulumi_aws as aws

from components.code import Code, Layer, LayerArgs, Packages, SignedPackage
from components.component import Component
from components.concurrency import ProvisionedConcurrency
from components.naming import Scope
from components.network import MadeNetwork, Network, NetworkArgs, NewNetwork
from components.problems import InvalidArgumentsError, Problem, refuse
from components.service import LambdaService, LambdaServiceArgs
from components.traffic import Traffic
from components.triggers.targets import Targets


@dataclass(frozen=True, kw_only=True)
class StageArgs:
    """What all systems of a stage get.

    alarm_topic_arn: an SNS topic that hears of alarms.
    kms_key_arn: encrypts environments, logs and dead letters with a key of one's own.
    permissions_boundary_arn: a managed policy that no role can do more than.
    protect: keep what holds data from being deleted.
    """

    packages: Packages
    log_retention_days: int = 7
    alarm_topic_arn: str | None = None
    kms_key_arn: str | None = None
    code_signing_config_arn: str | None = None
    permissions_boundary_arn: str | None = None
    protect: bool = False

    def applied_to(self, service: LambdaServiceArgs) -> LambdaServiceArgs:
        """Add to a service what the stage says for all of them; a container image isn't signed by Lambda."""
        topics = (self.alarm_topic_arn,) if self.alarm_topic_arn else ()
        return replace(
            service,
            log_retention_days=self.log_retention_days,
            alarms=replace(service.alarms, topic_arns=topics),
            kms_key_arn=self.kms_key_arn,
            code_signing_config_arn=None if service.code.image_uri else self.code_signing_config_arn,
            permissions_boundary_arn=self.permissions_boundary_arn,
            protect=self.protect,
        )


@dataclass(frozen=True, kw_only=True)
class ServiceArgs:
    """What a stage chooses for one service of a system; the rest is the same everywhere.

    signed_package: what runs, in the place of a zip that is built and shipped unsigned.
    log_level: INFO and so on, in either case.
    function_url: a URL of its own, for the callers that the system names.
    traffic: how calls move to a new version; all at once when None.
    """

    runtime: str | None = None
    signed_package: SignedPackage | None = None
    memory_mb: int = 512
    timeout_s: int = 30
    ephemeral_storage_mb: int = 512
    log_level: str = "INFO"
    reserved_concurrency: int | None = None
    provisioned_concurrency: ProvisionedConcurrency | None = None
    function_url: bool = False
    traffic: Traffic | None = None

    def code(self, folder: str, packages: Packages) -> Code:
        """Take the signed package, or build a folder.

        Raises InvalidArgumentsError when it can't be built or shipped.
        """
        return Code.signed(self.signed_package) if self.signed_package else Code.zip(folder, packages)

    def applied_to(self, service: LambdaServiceArgs) -> LambdaServiceArgs:
        """Add the choices to a service. The log level's case is its code's own: LOG_LEVEL is left alone."""
        return replace(
            service,
            runtime=self.runtime,
            memory_mb=self.memory_mb,
            timeout_s=self.timeout_s,
            ephemeral_storage_mb=self.ephemeral_storage_mb,
            reserved_concurrency=self.reserved_concurrency,
            provisioned_concurrency=self.provisioned_concurrency,
            traffic=self.traffic,
        )


def url_problems(where: str, mend: str, **services: ServiceArgs) -> Iterator[Problem]:
    """Say that services are to have a URL, where nobody is named who calls one; by their arguments' names."""
    for what, chosen in services.items():
        if chosen.function_url:
            yield Problem(where=where, what=f"{what}.function_url", got="True", allowed="False", mend=mend)


@dataclass(frozen=True, kw_only=True)
class SystemArgs:
    """What every system is told: where it lives, and what its stage gives to all."""

    scope: Scope
    common: StageArgs

    def zip(self, folder: str) -> Code:
        """Build a folder as the stage says, and ship it as a zip.

        Raises InvalidArgumentsError when it can't be built or shipped.
        """
        return Code.zip(folder, self.common.packages)

    def problems(self) -> Iterator[Problem]:
        """Say what is impossible about what only this system takes."""
        yield from ()


A = TypeVar("A", bound=SystemArgs)


@dataclass(frozen=True, kw_only=True)
class Parts(Generic[A]):
    """Everything that a system is made of beside its services, as values: each field a part's arguments.

    Services take names, ARNs and grants from here. What has problems of its own, in a field or in a tuple,
    is judged with the system; triggers are also judged by the services that they name.
    """

    args: A

    @property
    def all(self) -> tuple[object, ...]:
        """Every part; a field that is a tuple holds several."""
        values = [getattr(self, field.name) for field in fields(self)]
        return tuple(part for value in values for part in (value if isinstance(value, tuple) else (value,)))


P = TypeVar("P", bound=Parts[Any])


@runtime_checkable
class _Judged(Protocol):
    def problems(self) -> Iterable[Problem]: ...


class SystemService(LambdaService, Generic[P]):
    """A service of a system: a type of its own, and its column of the specification."""

    @staticmethod
    @abstractmethod
    def arguments(parts: P) -> LambdaServiceArgs:
        """Describe the service. What the stage says for all services is added by the system."""


class System(Component, Generic[A, P]):
    """A system: its services, what they use, what calls them, in one region of one account.

    NAME: what names begin with, and what a stage calls it. PREFIX: what names begin with instead of that.
    SERVICES: every service by its short name.

    Raises InvalidArgumentsError with everything that is wrong with all of its parts, before anything is
    registered.
    """

    NAME: ClassVar[str]
    PREFIX: ClassVar[str | None] = None
    PULUMI_TYPE: ClassVar[str]
    SERVICES: Mapping[str, type[SystemService[P]]]

    def __init__(self, name: str, args: A, opts: pulumi.ResourceOptions | None = None) -> None:
        parts = self.describe(args)
        described = self._judged(parts)
        super().__init__(self.PULUMI_TYPE, name, opts)
        self.args = args
        self.services: dict[str, LambdaService] = {}
        self._described = described
        self._layers: dict[LayerArgs, pulumi.Output[str]] = {}
        self._networks: dict[NetworkArgs, MadeNetwork] = {}
        self._provider = self._make_provider()
        self.make(parts)
        self.finish(self.outputs)

    @classmethod
    def scope(cls, *, stage: str, account: str, region: str) -> Scope:
        """Say where the system of a stage lives."""
        return Scope(system=cls.NAME, prefix=cls.PREFIX, stage=stage, account=account, region=region)

    @classmethod
    def problems(cls, args: A) -> tuple[Problem, ...]:
        """Say what is impossible about the system, of all its parts, without registering anything."""
        try:
            parts = cls.describe(args)
        except InvalidArgumentsError as error:  # of a value that refuses to be made
            return (*args.problems(), *error.problems)
        try:
            cls._judged(parts)
        except InvalidArgumentsError as error:
            return error.problems
        return ()

    @staticmethod
    @abstractmethod
    def describe(args: A) -> P:
        """Say what the system is made of beside its services: values only, nothing is registered."""

    @abstractmethod
    def make(self, parts: P) -> None:
        """Register the parts, each with `self.here()`; `self.serve()` makes the services."""

    @property
    def outputs(self) -> Mapping[str, Any]:
        """What the stack says about the system: its functions, and what it adds."""
        return {"functions": {name: _function(service) for name, service in self.services.items()}}

    def here(self, **options: Any) -> pulumi.ResourceOptions:
        """Make the options of a part: inside this system, in its region and account."""
        return self.inside(provider=self._provider, **options)

    def serve(self) -> None:
        """Make every service, and each of their layers once."""
        for name, args in self._described.items():
            layers = tuple(self._layer(layer) for layer in args.layers)
            network = self.network(args.network) if args.network else None
            made = replace(args, layers=layers, network=network)
            self.services[name] = self.SERVICES[name](self.child(name), made, self.here())

    def network(self, network: Network | MadeNetwork | NetworkArgs) -> Network | MadeNetwork:
        """Give a network's ids; one that the program makes is made when it is first asked for."""
        if not isinstance(network, NetworkArgs):
            return network
        if network not in self._networks:
            self._networks[network] = NewNetwork(self.child("network"), network, self.here()).ids
        return self._networks[network]

    def _layer(self, layer: LayerArgs | pulumi.Input[str]) -> pulumi.Input[str]:
        if not isinstance(layer, LayerArgs):
            return layer
        if layer not in self._layers:
            self._layers[layer] = Layer(self.child(layer.what), layer, self.here()).arn
        return self._layers[layer]

    def _make_provider(self) -> aws.Provider:
        # The system's own region, and no account but the stage's.
        scope = self.args.scope
        return aws.Provider(
            self.child("aws"),
            region=scope.region,
            allowed_account_ids=[scope.account],
            default_tags={"tags": scope.tags()},
            opts=self.inside(),
        )

    @classmethod
    def _judged(cls, parts: P) -> dict[str, LambdaServiceArgs]:
        """Describe all services, and refuse whatever is wrong with them and with the parts."""
        described: dict[str, LambdaServiceArgs] = {}
        problems: list[Problem] = []
        for name, service in cls.SERVICES.items():
            try:
                described[name] = parts.args.common.applied_to(service.arguments(parts))
            except InvalidArgumentsError as error:  # of a value that refuses to be made
                problems.extend(error.problems)
            else:
                problems.extend(_service_problems(name, described[name]))
        for part in parts.all:
            if isinstance(part, _Judged):
                problems.extend(part.problems())
            if isinstance(part, Targets):
                problems.extend(part.target_problems(cls.SERVICES))
        refuse(dict.fromkeys(problems))  # services that share a layer say the same of it
        return described


def _service_problems(name: str, service: LambdaServiceArgs) -> Iterator[Problem]:
    yield from service.problems()
    if service.service != name:
        yield Problem(
            where=f"service {name}",
            what="service",
            got=repr(service.service),
            allowed=f"{name!r}, which SERVICES calls it",
        )


def _function(service: LambdaService) -> dict[str, Any]:
    url = {} if service.url is None else {"url": service.url}
    return {"name": service.name, "arn": service.qualified_arn, **url}
