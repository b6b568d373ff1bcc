"""LAM-01 to LAM-12 but for those with files of their own: a change, the exact finding, near misses."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest

from policies.judge import judge
from policies.rules.lambda_architecture import LAM_01
from policies.rules.lambda_concurrency import LAM_05
from policies.rules.lambda_limits import LAM_12
from policies.rules.lambda_network import LAM_09
from policies.rules.lambda_runtime import LAM_02
from policies.rules.lambda_signing import LAM_10
from policies.rules.lambda_size import LAM_11
from policies.rules.lambda_tracing import LAM_03
from policies.rules.lambda_url import LAM_07
from tests.policies.estate import FUNCTION_ARN, PERMISSION, estate
from tests.policies.stacks import ACCOUNT, UNKNOWN, Stack, configured, found

CANT = "can't be known at this preview"


def _changed(name: str, **properties: Any) -> Stack:
    stack = estate()
    for key, value in properties.items():
        if value is None:
            stack[name].pop(key, None)
        else:
            stack[name][key] = value
    return stack


def test_the_estate_has_no_finding() -> None:
    assert found(estate()) == []


@pytest.mark.parametrize(
    ("name", "key", "value", "says"),
    [
        ("orders-function", "architectures", ["x86_64"], "is x86_64"),
        ("orders-function", "architectures", None, "isn't given, which means x86_64"),
        ("orders-function", "architectures", [], "isn't given, which means x86_64"),
        ("orders-function", "architectures", UNKNOWN, CANT),
        ("orders-function", "architectures", [UNKNOWN], CANT),
        ("layer", "compatibleArchitectures", ["arm64", "x86_64"], "is arm64, x86_64"),
        ("layer", "compatibleArchitectures", None, "isn't given: any function may take the layer"),
    ],
)
def test_anything_but_arm64(name: str, key: str, value: object, says: str) -> None:
    assert found(_changed(name, **{key: value}), LAM_01) == [("LAM-01", name, key, f"{key} {says}")]


@pytest.mark.parametrize(
    ("runtime", "says"),
    [
        ("nodejs20.x", "runtime nodejs20.x ended on 2026-04-30"),
        ("python3.8", "runtime python3.8 ended on 2024-10-14"),
        ("dotnet8", "runtime dotnet8 ended on 2026-11-10"),
        ("python9.9", "runtime python9.9 isn't known (as of 2026-11-21)"),
        (UNKNOWN, f"runtime {CANT}"),
    ],
)
def test_a_runtime_past_its_end(runtime: str, says: str) -> None:
    stack = _changed("orders-function", runtime=runtime)
    assert found(stack, LAM_02) == [("LAM-02", "orders-function", "runtime", says)]


def test_a_runtime_near_its_end_is_advice() -> None:
    stack = _changed("orders-function", runtime="nodejs22.x")
    says = "runtime nodejs22.x ends on 2027-04-30"
    assert found(stack, LAM_02) == [("advisory", "LAM-02", "orders-function", "runtime", says)]
    assert found(stack, LAM_02, content={"rules": {"LAM-02": {"warnDays": 30}}}) == []


def test_no_check_turns_red_by_the_calendar_alone() -> None:
    """Years later, with the same data: what has ended since is advice."""
    stack = _changed("orders-function", runtime="nodejs22.x")
    (violation,) = judge(stack.graph(), [LAM_02], configured(), today=date(2030, 1, 1))
    assert violation.level.value == "advisory"
    assert violation.finding.found == "runtime nodejs22.x ended on 2027-04-30"


@pytest.mark.parametrize("runtime", ["nodejs24.x", "python3.12", "provided.al2023", None])
def test_current_runtimes_and_images(runtime: str | None) -> None:
    assert found(_changed("orders-function", runtime=runtime), LAM_02) == []


@pytest.mark.parametrize(
    ("tracing", "says"),
    [
        (None, "isn't given, which means PassThrough"),
        ({"mode": "PassThrough"}, "is PassThrough"),
        ({"mode": UNKNOWN}, CANT),
        (UNKNOWN, CANT),
    ],
)
def test_tracing_off(tracing: object, says: str) -> None:
    name = "tracingConfig.mode"
    assert found(_changed("orders-function", tracingConfig=tracing), LAM_03) == [
        ("LAM-03", "orders-function", name, f"{name} {says}")
    ]


ABOVE = "provisionedConcurrentExecutions is 11, above the function's reservation of 10"


@pytest.mark.parametrize(
    ("function", "provisioned", "expected"),
    [
        ({}, {"provisionedConcurrentExecutions": 11}, ("provisionedConcurrentExecutions", ABOVE)),
        (
            {},
            {"functionName": FUNCTION_ARN, "provisionedConcurrentExecutions": 11},
            ("provisionedConcurrentExecutions", ABOVE),
        ),
        ({}, {"qualifier": UNKNOWN}, ("qualifier", f"qualifier {CANT}")),
        ({}, {"functionName": UNKNOWN}, ("functionName", f"functionName {CANT}")),
        ({}, {"qualifier": "$LATEST"}, ("qualifier", "provisioned concurrency on $LATEST")),
        (
            {},
            {"provisionedConcurrentExecutions": UNKNOWN},
            ("provisionedConcurrentExecutions", f"provisionedConcurrentExecutions {CANT}"),
        ),
        (
            {"reservedConcurrentExecutions": UNKNOWN},
            {},
            ("provisionedConcurrentExecutions", f"reservedConcurrentExecutions {CANT}"),
        ),
    ],
)
def test_provisioned_concurrency(
    function: Mapping[str, Any], provisioned: Mapping[str, Any], expected: tuple[str, str]
) -> None:
    stack = _changed("orders-function", **function)
    stack["provisioned"].update(provisioned)
    assert found(stack, LAM_05) == [("LAM-05", "provisioned", *expected)]


def test_provisioned_concurrency_without_a_reservation() -> None:
    stack = _changed("provisioned", provisionedConcurrentExecutions=500)
    stack["orders-function"]["reservedConcurrentExecutions"] = -1
    assert found(stack, LAM_05) == []


def test_what_is_scaled_stays_within_the_reservation_too() -> None:
    stack = estate()
    target = {"serviceNamespace": "lambda", "resourceId": "function:shop-dev-orders:live", "maxCapacity": 12}
    stack.add("aws:appautoscaling/target:Target", "target", target)
    assert found(stack, LAM_05) == [
        ("LAM-05", "target", "maxCapacity", "maxCapacity is 12, above the function's reservation of 10")
    ]
    stack["target"]["serviceNamespace"] = "ecs"
    assert found(stack, LAM_05) == []


@pytest.mark.parametrize(("reserved", "says"), [(None, "isn't given"), (-1, "isn't given"), (UNKNOWN, CANT)])
def test_a_reservation_where_one_is_wanted(reserved: object, says: str) -> None:
    stack = _changed("orders-function", reservedConcurrentExecutions=reserved)
    del stack.resources["provisioned"]
    name = "reservedConcurrentExecutions"
    wanted = {"rules": {"LAM-05": {"functions": ["shop-*"]}}}
    assert found(stack, LAM_05, content=wanted) == [("LAM-05", "orders-function", name, f"{name} {says}")]
    assert found(stack, LAM_05) == []
    assert found(stack, LAM_05, content={"rules": {"LAM-05": {"functions": ["other-*"]}}}) == []
    stack["orders-function"][name] = 0  # switched off, which is a limit
    assert found(stack, LAM_05, content=wanted) == []


@pytest.mark.parametrize(
    ("url", "subject", "says"),
    [
        ({"authorizationType": "NONE"}, "authorizationType", "authorizationType is NONE"),
        ({"authorizationType": UNKNOWN}, "authorizationType", f"authorizationType {CANT}"),
        (
            {"cors": {"allowCredentials": True, "allowOrigins": ["https://a.example", "*"]}},
            "cors.allowOrigins",
            "CORS allows credentials from *",
        ),
        (
            {"cors": {"allowCredentials": UNKNOWN, "allowOrigins": ["https://*"]}},
            "cors.allowOrigins",
            "CORS allows credentials from https://*",
        ),
        (
            {"cors": {"allowCredentials": True, "allowOrigins": UNKNOWN}},
            "cors.allowOrigins",
            f"CORS allows credentials, and from which origins {CANT}",
        ),
    ],
)
def test_open_urls(url: Mapping[str, Any], subject: str, says: str) -> None:
    assert found(_changed("url", **url), LAM_07) == [("LAM-07", "url", subject, says)]


@pytest.mark.parametrize(
    "cors",
    [
        {"allowOrigins": ["*"]},
        {"allowOrigins": ["*"], "allowCredentials": False},
        {"allowOrigins": ["https://a.example"], "allowCredentials": True},
    ],
)
def test_urls_that_are_closed(cors: Mapping[str, Any]) -> None:
    assert found(_changed("url", cors=cors), LAM_07) == []


@pytest.mark.parametrize(
    ("subnets", "says"),
    [
        (["subnet-1"], "the function is in one subnet"),
        (["subnet-1", "subnet-1"], "the function is in one subnet"),
        ([UNKNOWN], "the function is in one subnet"),
        (UNKNOWN, f"vpcConfig.subnetIds {CANT}"),
    ],
)
def test_one_subnet(subnets: object, says: str) -> None:
    stack = _changed("orders-function", vpcConfig={"subnetIds": subnets})
    assert found(stack, LAM_09) == [("LAM-09", "orders-function", "vpcConfig.subnetIds", says)]


@pytest.mark.parametrize("subnets", [["a", "b"], [UNKNOWN, "b"], [UNKNOWN, UNKNOWN], []])
def test_two_subnets_or_none(subnets: object) -> None:
    assert found(_changed("orders-function", vpcConfig={"subnetIds": subnets}), LAM_09) == []


def test_unknown_subnets_of_the_stack() -> None:
    stack = _changed("orders-function", vpcConfig={"subnetIds": UNKNOWN})
    for name in ("subnet-a", "subnet-b"):
        stack.add("aws:ec2/subnet:Subnet", name, {})
    stack.depend("orders-function", "vpcConfig", "subnet-a")
    assert len(found(stack, LAM_09)) == 1
    stack.depend("orders-function", "vpcConfig", "subnet-a", "subnet-b")
    assert found(stack, LAM_09) == []


def test_the_vpc_where_it_is_demanded() -> None:
    stack = _changed("orders-function", vpcConfig=None)
    assert found(stack, LAM_09) == []
    assert found(stack, LAM_09, content={"rules": {"LAM-09": {"functions": ["*"]}}}) == [
        ("LAM-09", "orders-function", "vpcConfig.subnetIds", "the function is outside the VPC")
    ]


def test_code_signing() -> None:
    stack = _changed("orders-function", codeSigningConfigArn=None)
    assert found(stack, LAM_10) == [
        (
            "LAM-10",
            "orders-function",
            "codeSigningConfigArn",
            "codeSigningConfigArn isn't given: any code can be deployed",
        )
    ]
    stack["orders-function"]["packageType"] = "Image"
    assert found(stack, LAM_10) == []
    stack = _changed("orders-function", codeSigningConfigArn=UNKNOWN)
    assert [finding[3] for finding in found(stack, LAM_10)] == [
        f"codeSigningConfigArn {CANT}, and comes from no resource"
    ]
    stack.depend("orders-function", "codeSigningConfigArn", "api")
    assert found(stack, LAM_10) == []


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("memorySize", None, "memorySize is 128 MB, Lambda's default"),
        ("memorySize", 128, "memorySize is 128 MB, Lambda's default"),
        ("timeout", None, "timeout is 3 s, Lambda's default"),
        ("timeout", UNKNOWN, f"timeout {CANT}"),
    ],
)
def test_defaults(name: str, value: object, says: str) -> None:
    stack = _changed("orders-function", **{name: value})
    assert found(stack, LAM_11) == [("LAM-11", "orders-function", name, says)]


def test_128_mb_may_be_what_a_function_needs() -> None:
    """The default can't be told from what somebody wrote: a stage says which functions it was chosen for."""
    stack = _changed("orders-function", memorySize=128)
    name = stack["orders-function"]["name"]
    assert len(found(stack, LAM_11, content={"rules": {"LAM-11": {"smallest": ["others-*"]}}})) == 1
    assert found(stack, LAM_11, content={"rules": {"LAM-11": {"smallest": [name]}}}) == []
    stack = _changed("orders-function", memorySize=UNKNOWN, timeout=None)
    assert len(found(stack, LAM_11, content={"rules": {"LAM-11": {"smallest": ["*"]}}})) == 2


@pytest.mark.parametrize(
    ("timeout", "fronts"),
    [
        (29, []),
        (30, ["REST API in front waits 29 s"]),
        (31, ["HTTP API in front waits 30 s", "REST API in front waits 29 s"]),
    ],
)
def test_a_timeout_over_what_an_api_waits_for_is_advice(timeout: int, fronts: list[str]) -> None:
    findings = found(_changed("orders-function", timeout=timeout), LAM_11)
    assert [finding[0] for finding in findings] == ["advisory"] * len(fronts)
    assert [finding[4] for finding in findings] == [
        f"the timeout is {timeout} s, and the {front}" for front in fronts
    ]


def test_an_api_may_be_told_to_wait_less() -> None:
    stack = _changed("rest-integration", timeoutMilliseconds=5000)
    assert [finding[4] for finding in found(stack, LAM_11)] == [
        "the timeout is 20 s, and the REST API in front waits 5 s"
    ]


@pytest.mark.parametrize("name", ["AWS_REGION", "AWS_LAMBDA_RUNTIME_API", "_HANDLER", "LAMBDA_TASK_ROOT"])
def test_reserved_variables(name: str) -> None:
    stack = _changed("orders-function", environment={"variables": {name: "x"}})
    assert found(stack, LAM_12) == [
        (
            "LAM-12",
            "orders-function",
            f"environment.variables.{name}",
            f"the environment sets {name}, which Lambda reserves",
        )
    ]


def test_an_environment_of_more_than_4_kb() -> None:
    fits = {"A": "x" * (4096 - len('{"A":""}'))}
    assert found(_changed("orders-function", environment={"variables": fits}), LAM_12) == []
    over = {"A": fits["A"] + "x"}
    assert found(_changed("orders-function", environment={"variables": over}), LAM_12) == [
        ("LAM-12", "orders-function", "environment", "the environment has 4097 bytes")
    ]


@pytest.mark.parametrize("name", ["AWS_REGIONS", "aws_region", "AWS_ENDPOINT_URL", "TZ"])
def test_variables_that_may_be_set(name: str) -> None:
    assert found(_changed("orders-function", environment={"variables": {name: "x"}}), LAM_12) == []


def test_an_environment_or_layers_that_cannot_be_known() -> None:
    stack = _changed("orders-function", environment={"variables": UNKNOWN}, layers=UNKNOWN)
    assert found(stack, LAM_12) == [
        ("LAM-12", "orders-function", "environment", f"the environment {CANT}"),
        ("LAM-12", "orders-function", "layers", f"layers {CANT}"),
    ]


def test_six_layers() -> None:
    assert found(_changed("orders-function", layers=["a"] * 5), LAM_12) == []
    assert found(_changed("orders-function", layers=["a"] * 6), LAM_12) == [
        ("LAM-12", "orders-function", "layers", "6 layers")
    ]


@pytest.mark.parametrize(("number", "is_over"), [(40, False), (80, True)])
def test_a_resource_policy_of_more_than_20_kb(number: int, *, is_over: bool) -> None:
    stack = estate()
    for i in range(number):
        source = f"arn:aws:execute-api:eu-central-1:{ACCOUNT}:a1b2c3d4e5/*/GET/orders/{i}"
        properties = {"action": "lambda:InvokeFunction", "principal": "apigateway.amazonaws.com"}
        stack.add(PERMISSION, f"p{i}", {"function": FUNCTION_ARN, "sourceArn": source, **properties})
    findings = found(stack, LAM_12)
    assert [finding[:3] for finding in findings] == (
        [("LAM-12", "orders-function", "resource policy")] if is_over else []
    )
    if is_over:
        assert findings[0][3].startswith("80 permissions make a resource policy of about ")
