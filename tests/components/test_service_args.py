"""A test for each way in which a service can be impossible."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bundling import Target
from components import limits
from components.alarms import AlarmArgs
from components.asynchronous import AsyncArgs
from components.code import Code
from components.concurrency import ProvisionedConcurrency
from components.grants import Grant
from components.permissions import FunctionUrlArgs, Invoker
from components.problems import InvalidArgumentsError
from components.service import LambdaService
from tests.components.sample import GAME_ROLE, KEY, TOPIC, bundle, service_args
from tests.mocks import declare

IMAGE = Code.image("123456789012.dkr.ecr.ap-southeast-1.amazonaws.com/app:1.0")
LAYERS = tuple(f"arn:aws:lambda:ap-southeast-1:123456789012:layer:base:{number}" for number in range(6))
SIGNING = "arn:aws:lambda:ap-southeast-1:123456789012:code-signing-config:csc-0123456789abcdef0"
READ = Grant(sid="Read", actions=("s3:GetObject",), resources=("arn:aws:s3:::uploads/a",))
CALL = Invoker.by_role("AllowGame", GAME_ROLE)

IMPOSSIBLE: list[tuple[dict[str, object], str]] = [
    ({"service": "a" * 60}, "is 73 characters long; allowed: at most 64"),
    ({"service": "Worker"}, "service is 'Worker'; allowed: lower-case letters"),
    ({"memory_mb": 100}, "memory_mb is 100; allowed: 128 to 10240 MB"),
    ({"timeout_s": 901}, "timeout_s is 901; allowed: 1 to 900 seconds"),
    ({"ephemeral_storage_mb": 511}, "ephemeral_storage_mb is 511; allowed: 512 to 10240 MB"),
    ({"log_retention_days": 8}, "log_retention_days is 8; allowed: one of 1, 3, 5, 7"),
    ({"description": "x" * 257}, "description is 257 characters long; allowed: at most 256"),
    ({"handler": "x" * 129}, "handler is 129 characters long; allowed: at most 128"),
    ({"runtime": None}, "runtime is None; allowed: a runtime for a zip"),
    ({"handler": None}, "handler is None; allowed: a handler for a zip"),
    (
        {"code": Code(bundle=replace(bundle("functions/x/y", Target.LAMBDA), python_version="3.13"))},
        "runtime is 'python3.12'; allowed: 'python3.13', which the package's wheels are for.",
    ),
    (
        {"code": IMAGE, "runtime": None},
        "handler is 'main.handler'; allowed: no handler with a container image",
    ),
    (
        {"code": IMAGE, "runtime": None, "handler": None, "layers": ("a",)},
        "layers is 1 with a container image; allowed: layers with a zip only",
    ),
    (
        {"code": IMAGE, "runtime": None, "handler": None, "code_signing_config_arn": SIGNING},
        "code_signing_config_arn is given with a container image; allowed: a zip: Lambda checks",
    ),
    (
        {
            "code": Code.image("123456789012.dkr.ecr.eu-west-1.amazonaws.com/app:1.0"),
            "runtime": None,
            "handler": None,
        },
        "the image's region is 'eu-west-1'; allowed: 'ap-southeast-1', where the function is. Let ECR",
    ),
    ({"layers": ("powertools",)}, "layers is 'powertools'; allowed: an ARN as arn:aws:lambda:"),
    (
        {"layers": (LAYERS[0].replace("ap-southeast-1", "eu-west-1"),)},
        "allowed: one in ap-southeast-1, where the service is",
    ),
    ({"runtime": "python2"}, "runtime is 'python2'; allowed: one of dotnet10, "),
    ({"environment": {"RETRIES": 3}}, "the environment variable RETRIES is of type int; allowed: text"),
    ({"layers": LAYERS}, "layers is 6; allowed: at most 5. Put two of them together"),
    (
        {"environment": {"AWS_REGION": "eu-west-1"}},
        "AWS_REGION is set; allowed: names that Lambda doesn't reserve. Lambda sets this one itself",
    ),
    ({"environment": {"1X": ""}}, "the environment variable '1X' is not a name; allowed: a letter, then"),
    (
        {"environment": {"TEXT": "x" * 4_096}},
        "environment is 4107 bytes; allowed: at most 4096, names and values together. Keep large values",
    ),
    (
        {"environment": {"LOG_LEVEL": "loud"}},
        "the environment variable LOG_LEVEL is 'loud'; allowed: one of TRACE, DEBUG, INFO, WARN",
    ),
    ({"reserved_concurrency": -1}, "reserved_concurrency is -1; allowed: 0 (nothing runs) or more"),
    (
        {"reserved_concurrency": 2, "provisioned_concurrency": ProvisionedConcurrency(min=1, max=3)},
        "provisioned_concurrency is 3 of 2 reserved; allowed: at most the reserved concurrency. Raise",
    ),
    (
        {"provisioned_concurrency": ProvisionedConcurrency(min=2, max=1)},
        "provisioned_concurrency is min 2, max 1; allowed: 1 <= min <= max",
    ),
    (
        {"provisioned_concurrency": ProvisionedConcurrency(min=0, max=1)},
        "provisioned_concurrency is min 0, max 1; allowed: 1 <= min <= max",
    ),
    (
        {"provisioned_concurrency": ProvisionedConcurrency(min=1, max=2, utilization_percent=95)},
        "utilization_percent is 95; allowed: 10 to 90 %",
    ),
    ({"asynchronous": AsyncArgs(retries=3)}, "asynchronous.retries is 3; allowed: 0 to 2 retries"),
    (
        {"asynchronous": AsyncArgs(maximum_age_s=59)},
        "asynchronous.maximum_age_s is 59; allowed: 60 to 21600 seconds",
    ),
    ({"grants": (READ, READ)}, "grants is the sid 'Read' 2 times; allowed: each sid once. Give one of them"),
    (
        {"grants": (Grant(sid="WriteLogs", actions=READ.actions, resources=READ.resources),)},
        "grants is the sid 'WriteLogs' 2 times; allowed: each sid once",
    ),
    (
        {
            "grants": (
                Grant(sid="Big", actions=("s3:GetObject",), resources=("arn:aws:s3:::" + "x" * 10_240,)),
            )
        },
        "the role's policy is 10",
    ),
    (
        {"invokers": (CALL, CALL)},
        "invokers is the statement id 'AllowGame' 2 times; allowed: each statement id once",
    ),
    (
        {
            "invokers": (Invoker.by_role("AllowGameUrl", GAME_ROLE),),
            "function_url": FunctionUrlArgs(callers=(("AllowGame", GAME_ROLE),)),
        },
        "invokers is the statement id 'AllowGameUrl' 2 times",
    ),
    ({"kms_key_arn": "alias/mine"}, "kms_key_arn is 'alias/mine'; allowed: an ARN as arn:aws:kms:"),
    ({"kms_key_arn": KEY.replace("ap-southeast-1", "eu-west-1")}, "one in ap-southeast-1, where the service"),
    ({"code_signing_config_arn": "csc"}, "code_signing_config_arn is 'csc'; allowed: an ARN as"),
    ({"permissions_boundary_arn": "fleet"}, "permissions_boundary_arn is 'fleet'; allowed: an ARN as"),
    ({"alarms": AlarmArgs(errors_over=-1)}, "alarms.errors_over is -1; allowed: 0 or more"),
    ({"alarms": AlarmArgs(duration_percent=100)}, "alarms.duration_percent is 100; allowed: 1 to 99"),
    ({"alarms": AlarmArgs(names={"latency": "x"})}, "alarms.names is 'latency'; allowed: errors, throttles"),
    ({"alarms": AlarmArgs(names={"errors": "x" * 256})}, "is 256 characters long; allowed: at most 255"),
    ({"alarms": AlarmArgs(topic_arns=(TOPIC[:-7],))}, "alarms.topic_arns is"),
]


@pytest.mark.parametrize(("changes", "message"), IMPOSSIBLE)
def test_an_impossible_service_is_refused_before_anything_is_registered(
    changes: dict[str, object], message: str
) -> None:
    with pytest.raises(InvalidArgumentsError) as error:
        declare(lambda: LambdaService("worker", service_args(**changes)))
    assert message in str(error.value)


def test_all_problems_of_a_service_are_told_at_once() -> None:
    changes = {"memory_mb": 1, "timeout_s": 0, "layers": LAYERS, "environment": {"AWS_REGION": "x"}}
    problems = [problem.what for problem in service_args(**changes).problems()]
    assert problems == ["layers", "memory_mb", "timeout_s", "the environment variable AWS_REGION"]


@pytest.mark.parametrize("variable", sorted(limits.RESERVED_VARIABLES))
def test_every_reserved_variable_is_named(variable: str) -> None:
    (problem,) = service_args(environment={variable: "x"}).problems()
    assert variable in str(problem)


def test_an_environment_of_exactly_the_limit_is_taken() -> None:
    # {"AB":"…"} takes nine bytes around the value.
    assert list(service_args(environment={"AB": "x" * 4_087}).problems()) == []
    assert len(list(service_args(environment={"AB": "x" * 4_088}).problems())) == 1
    # Bytes, not characters.
    assert len(list(service_args(environment={"AB": "ä" * 2_044}).problems())) == 1


@given(memory=st.integers(0, 20_000), timeout=st.integers(-1, 1_000), storage=st.integers(0, 20_000))
def test_numbers_are_within_the_limits_or_problems(memory: int, timeout: int, storage: int) -> None:
    problems = {
        problem.what
        for problem in service_args(
            memory_mb=memory, timeout_s=timeout, ephemeral_storage_mb=storage
        ).problems()
    }
    assert ("memory_mb" in problems) == (not 128 <= memory <= 10_240)
    assert ("timeout_s" in problems) == (not 1 <= timeout <= 900)
    assert ("ephemeral_storage_mb" in problems) == (not 512 <= storage <= 10_240)


@given(least=st.integers(-1, 5), most=st.integers(-1, 5), reserved=st.none() | st.integers(0, 5))
def test_provisioned_is_at_most_reserved_or_a_problem(least: int, most: int, reserved: int | None) -> None:
    problems = list(
        service_args(
            provisioned_concurrency=ProvisionedConcurrency(min=least, max=most), reserved_concurrency=reserved
        ).problems()
    )
    possible = 1 <= least <= most and (reserved is None or most <= reserved)
    assert (problems == []) == possible
