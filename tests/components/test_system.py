"""What every system does, seen on a small one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

from components.code import Code, LayerArgs
from components.concurrency import ProvisionedConcurrency
from components.problems import InvalidArgumentsError
from components.service_args import LambdaServiceArgs
from components.system import Parts, ServiceArgs, StageArgs, System, SystemArgs, SystemService
from components.traffic import HeldBack
from components.triggers.api import Route
from components.triggers.http_api import HttpApiArgs
from tests.components.sample import KEY, PACKAGES, SCOPE, SIGNED, TOPIC, service_args
from tests.mocks import declare

SIGNING = "arn:aws:lambda:ap-southeast-1:123456789012:code-signing-config:csc-0123456789abcdef0"
STAGE = StageArgs(
    packages=PACKAGES,
    log_retention_days=90,
    alarm_topic_arn=TOPIC,
    kms_key_arn=KEY,
    code_signing_config_arn=SIGNING,
    permissions_boundary_arn="arn:aws:iam::123456789012:policy/boundary",
    protect=True,
)
ARGS = SystemArgs(scope=SCOPE, common=STAGE)


@dataclass(frozen=True, kw_only=True)
class SmallParts(Parts[SystemArgs]):
    layer: LayerArgs
    apis: tuple[HttpApiArgs, ...] = ()


class First(SystemService[SmallParts]):
    PULUMI_TYPE = "fleet:small:First"

    @staticmethod
    def arguments(parts: SmallParts) -> LambdaServiceArgs:
        return service_args(service="first", layers=(parts.layer,))


class Second(SystemService[SmallParts]):
    PULUMI_TYPE = "fleet:small:Second"

    @staticmethod
    def arguments(parts: SmallParts) -> LambdaServiceArgs:
        return service_args(service="second", layers=(parts.layer,))


class Small(System[SystemArgs, SmallParts]):
    NAME = "small"
    PULUMI_TYPE = "fleet:small:Small"
    SERVICES: Mapping[str, type[SystemService[SmallParts]]] = {"first": First, "second": Second}

    @staticmethod
    def describe(args: SystemArgs) -> SmallParts:
        layer = LayerArgs.zip("functions/small/layer", args.common.packages, scope=args.scope, what="layer")
        return SmallParts(args=args, layer=layer)

    def make(self, parts: SmallParts) -> None:
        self.serve()


class Broken(Small):
    """Everything that can be wrong is, in a service, a part, and a trigger."""

    SERVICES: Mapping[str, type[SystemService[SmallParts]]] = {"first": Second, "second": Second}

    @staticmethod
    def describe(args: SystemArgs) -> SmallParts:
        route = Route(key="GET /", service="third")
        parts = Small.describe(args)
        wrong = replace(parts.layer, bundle=PACKAGES.build("functions/small/function"))
        return replace(parts, layer=wrong, apis=(HttpApiArgs(scope=args.scope, routes=(route,)),))


def test_what_a_stage_says_reaches_every_service() -> None:
    graph = declare(lambda: Small("small", ARGS))
    functions = graph.of("Function")
    assert len(functions) == 2
    for function in functions.values():
        assert function.inputs["kmsKeyArn"] == KEY
        assert function.inputs["codeSigningConfigArn"] == SIGNING
    assert {group.inputs["retentionInDays"] for group in graph.of("LogGroup").values()} == {90}
    assert all(group.protect for group in graph.of("LogGroup").values())
    assert {tuple(alarm.inputs["alarmActions"]) for alarm in graph.of("MetricAlarm").values()} == {(TOPIC,)}
    assert all(role.inputs["permissionsBoundary"] for role in graph.of("Role").values())


def test_what_a_stage_chooses_for_a_service_reaches_it() -> None:
    chosen = ServiceArgs(
        runtime="python3.13",
        memory_mb=1024,
        timeout_s=45,
        ephemeral_storage_mb=2048,
        reserved_concurrency=10,
        provisioned_concurrency=ProvisionedConcurrency(min=1, max=5),
        traffic=HeldBack(version="7", percent=90),
    )
    service = chosen.applied_to(service_args())
    own = {"signed_package", "log_level", "function_url"}  # each service sees to these itself
    names = {field.name for field in fields(chosen)} - own
    assert {name: getattr(service, name) for name in names} == {name: getattr(chosen, name) for name in names}
    assert chosen.code("functions/small/function", PACKAGES).bundle
    signed = replace(chosen, signed_package=SIGNED).code("functions/small/function", PACKAGES)
    assert (signed.signed_package, signed.bundle) == (SIGNED, None)


def test_a_layer_of_two_services_is_made_once() -> None:
    graph = declare(lambda: Small("small", ARGS))
    assert list(graph.of("LayerVersion")) == ["small-layer-version"]
    for function in graph.of("Function").values():
        assert function.property_dependencies["layers"] == {"small-layer-version"}


def test_an_image_is_left_without_a_signing_configuration() -> None:
    image = Code.image("123456789012.dkr.ecr.ap-southeast-1.amazonaws.com/app:1.0")
    service = service_args(code=image, runtime=None, handler=None)
    assert STAGE.applied_to(service).code_signing_config_arn is None


def test_everything_wrong_is_told_once_before_anything_is_registered() -> None:
    told: list[str] = []

    def program() -> None:
        try:
            Broken("small", ARGS)
        except InvalidArgumentsError as error:
            told.extend(f"{problem.where}: {problem.what}" for problem in error.problems)

    assert declare(program).resources == ()
    assert told == [
        "layer layer: the package",
        "service first: service",
        "API api: the service of 'GET /'",
    ]
