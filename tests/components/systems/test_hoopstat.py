from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from components.data.secret import Secret
from components.naming import Scope
from components.problems import InvalidArgumentsError
from components.systems.hoopstat import Hoopstat, HoopstatArgs, ImageServiceArgs, Pipeline
from tests.components.sample import KEY, NETWORK, STAGE, THROTTLING, TOPIC, throttled
from tests.mocks import ACCOUNT, REGION, Graph, declare

# The mocks' AWS is in this region, wherever a system is.
SCOPE = Scope(system="hoopstat", prefix="hoopstat-haus", stage="dev", account=ACCOUNT, region=REGION)
PIPELINE = Pipeline(
    provider_arn=f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com",
    repository="hoopstat-haus/hoopstat-haus",
)
HOOPSTAT = HoopstatArgs(scope=SCOPE, common=STAGE, pipeline=PIPELINE)
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:hoopstat-haus-dev-"
BRONZE, MCP = "hoopstat-bronze-ingestion", "hoopstat-mcp-server"


def bucket(what: str) -> str:
    return f"hoopstat-haus-dev-{what}-{ACCOUNT}-{REGION}"


def deploy(**changes: Any) -> Graph:
    return declare(lambda: Hoopstat("hoopstat", replace(HOOPSTAT, **changes)))


def allowed(policy: list[dict[str, Any]]) -> dict[str, tuple[list[str], list[str]]]:
    """What a service's role allows beside logs and traces."""
    assert {statement["Effect"] for statement in policy} == {"Allow"}
    assert [statement["Sid"] for statement in policy[:2]] == ["WriteLogs", "WriteTraces"]
    return {statement["Sid"]: (statement["Action"], statement["Resource"]) for statement in policy[2:]}


def test_what_bronze_ingestion_may_do() -> None:
    objects = [f"arn:aws:s3:::{bucket('bronze')}/*"]
    queue = f"arn:aws:sqs:{REGION}:{ACCOUNT}:hoopstat-haus-dev-bronze-ingestion-dlq"
    assert allowed(deploy()[f"{BRONZE}-role-policy"].policy) == {
        "SendBronzeIngestionDlq": (["sqs:SendMessage"], [queue]),
        "ReadBronze": (["s3:GetObject"], objects),
        "PutBronze": (["s3:PutObject"], objects),
    }


def test_what_mcp_server_may_do() -> None:
    silver, gold = (f"arn:aws:s3:::{bucket(what)}" for what in ("silver", "gold"))
    assert allowed(deploy()[f"{MCP}-role-policy"].policy) == {
        "ReadSilver": (["s3:GetObject"], [f"{silver}/*"]),
        "ListSilver": (["s3:ListBucket"], [silver]),
        "ReadGold": (["s3:GetObject"], [f"{gold}/*"]),
        "ListGold": (["s3:ListBucket"], [gold]),
    }


def test_the_functions_are_as_the_specification_says() -> None:
    graph = deploy()
    images = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/hoopstat-haus/dev"
    bronze, mcp = graph[f"{BRONZE}-function"].inputs, graph[f"{MCP}-function"].inputs
    assert (bronze["imageUri"], mcp["imageUri"]) == (
        f"{images}:bronze-ingestion-initial",
        f"{images}:mcp-server-initial",
    )
    assert {each["packageType"] for each in (bronze, mcp)} == {"Image"}
    assert (bronze["memorySize"], bronze["timeout"]) == (256, 300)
    assert (mcp["memorySize"], mcp["timeout"]) == (256, 30)
    assert bronze["environment"]["variables"] == {
        "LOG_LEVEL": "INFO",
        "APP_NAME": "bronze-ingestion",
        "BRONZE_BUCKET": bucket("bronze"),
    }
    assert mcp["environment"]["variables"] == {
        "LOG_LEVEL": "INFO",
        "APP_NAME": "mcp-server",
        "SILVER_BUCKET": bucket("silver"),
        "GOLD_BUCKET": bucket("gold"),
    }
    groups = {graph[f"{name}-log-group"].inputs["name"] for name in (BRONZE, MCP)}
    assert groups == {"/hoopstat-haus/dev/data-pipeline", "/hoopstat-haus/dev/applications"}


def test_the_pipeline_owns_the_image_and_the_version_that_is_live() -> None:
    graph = deploy()
    for name in (BRONZE, MCP):
        assert graph[f"{name}-function"].ignore_changes == ("imageUri",)
        assert graph[f"{name}-live"].ignore_changes == ("functionVersion",)


@pytest.mark.parametrize(
    ("name", "service", "slow_ms"), [(BRONZE, "bronze-ingestion", 249_000), (MCP, "mcp-server", 24_900)]
)
def test_alarms(name: str, service: str, slow_ms: float) -> None:
    graph = deploy(common=replace(STAGE, alarm_topic_arn=TOPIC))
    told = {what: graph[f"{name}-{what}-alarm"].inputs for what in ("errors", "throttles", "duration")}
    assert {what: (alarm["name"], alarm["threshold"]) for what, alarm in told.items()} == {
        "errors": (f"lambda-errors-hoopstat-haus-dev-{service}", 0),
        "throttles": (f"lambda-throttles-hoopstat-haus-dev-{service}", 0),
        "duration": (f"lambda-duration-hoopstat-haus-dev-{service}", slow_ms),
    }
    assert all(alarm["alarmActions"] == [TOPIC] for alarm in told.values())


def test_a_stage_chooses_timeout_and_what_follows_from_it() -> None:
    chosen = replace(HOOPSTAT.bronze_ingestion, timeout_s=120, memory_mb=512)
    graph = deploy(bronze_ingestion=chosen)
    function = graph[f"{BRONZE}-function"].inputs
    assert (function["timeout"], function["memorySize"]) == (120, 512)
    assert graph[f"{BRONZE}-duration-alarm"].inputs["threshold"] == 99_600


def test_the_day_before_comes_by_schedule_and_questions_over_http_with_iam() -> None:
    graph = deploy()
    rule = graph["hoopstat-daily-ingestion-rule"].inputs
    assert rule["scheduleExpression"] == "cron(30 9 * * ? *)"
    (route,) = graph.of("Route").values()
    assert (route.inputs["routeKey"], route.inputs["authorizationType"]) == ("POST /mcp", "AWS_IAM")
    permissions = {
        each.inputs["function"]: each.inputs["principal"] for each in graph.of("Permission").values()
    }
    assert permissions == {
        "hoopstat-haus-dev-bronze-ingestion": "events.amazonaws.com",
        "hoopstat-haus-dev-mcp-server": "apigateway.amazonaws.com",
    }


def test_bronze_moves_to_cheaper_storage() -> None:
    graph = deploy()
    (_, cold) = graph["hoopstat-bronze-lifecycle"].inputs["rules"]
    assert [(move["days"], move["storageClass"]) for move in cold["transitions"]] == [
        (30, "STANDARD_IA"),
        (90, "GLACIER_IR"),
    ]
    assert len(graph["hoopstat-gold-lifecycle"].inputs["rules"]) == 1


def test_what_the_pipeline_may_do() -> None:
    graph = deploy()
    trust = json.loads(graph["hoopstat-deployment-role-role"].inputs["assumeRolePolicy"])
    claims = trust["Statement"][0]["Condition"]["StringEquals"]
    subject = "repo:hoopstat-haus/hoopstat-haus:ref:refs/heads/main"
    assert claims["token.actions.githubusercontent.com:sub"] == subject
    policy = {
        statement["Sid"]: statement["Resource"]
        for statement in graph["hoopstat-deployment-role-policy"].policy
    }
    functions = [f"{FUNCTION}bronze-ingestion", f"{FUNCTION}mcp-server"]
    assert policy == {
        "LogInToRegistry": ["*"],
        "PushImages": [f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/hoopstat-haus/dev"],
        "DeployFunctions": functions,
        "CallFunctions": [f"{arn}:live" for arn in functions],
    }


def test_without_a_pipeline_there_is_no_role_for_it() -> None:
    assert "hoopstat-haus-dev-deployment" not in {
        role.inputs["name"] for role in deploy(pipeline=None).of("Role").values()
    }


def test_what_a_stage_can_switch_on() -> None:
    secret = Secret(arn=f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:stats-AbCdEf")
    chosen = replace(
        HOOPSTAT.mcp_server, dead_letters=True, reserved_concurrency=5, secrets={"STATS_KEY_ARN": secret}
    )
    graph = deploy(
        mcp_server=chosen,
        network=NETWORK,
        source_url="https://stats.example/{date}",
        schedule="rate(1 hour)",
        throttling=THROTTLING,
        pipeline=replace(PIPELINE, branch="stable"),
    )
    function = graph[f"{MCP}-function"].inputs
    assert function["reservedConcurrentExecutions"] == 5
    assert function["vpcConfig"]["subnetIds"] == list(NETWORK.subnet_ids)
    assert function["environment"]["variables"]["STATS_KEY_ARN"] == secret.arn
    assert f"{MCP}-dlq-queue" in graph.of("Queue")
    sids = [statement["Sid"] for statement in graph[f"{MCP}-role-policy"].policy]
    assert "ReadStatsKeyArnSecret" in sids
    variables = graph[f"{BRONZE}-function"].inputs["environment"]["variables"]
    assert variables["SOURCE_URL"] == "https://stats.example/{date}"
    assert graph["hoopstat-daily-ingestion-rule"].inputs["scheduleExpression"] == "rate(1 hour)"
    assert throttled(graph["hoopstat-api-stage"].inputs["defaultRouteSettings"]) == (5, 10)
    trust = graph["hoopstat-deployment-role-role"].inputs["assumeRolePolicy"]
    assert "repo:hoopstat-haus/hoopstat-haus:ref:refs/heads/stable" in trust


def test_a_key_of_ones_own_reaches_everything() -> None:
    graph = deploy(common=replace(STAGE, kms_key_arn=KEY))
    sids = {statement["Sid"] for statement in graph[f"{MCP}-role-policy"].policy}
    assert {"DecryptSilver", "DecryptGold"} <= sids


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"source_url": "http://stats.example"}, "source_url is 'http://stats.example'"),
        ({"mcp_server": ImageServiceArgs(function_url=True)}, "mcp_server.function_url is True"),
        ({"mcp_server": ImageServiceArgs(image_tag="a:b")}, "the URI is"),
        ({"schedule": "daily"}, "schedule"),
        ({"bronze_ingestion": ImageServiceArgs(memory_mb=1)}, "memory_mb is 1"),
    ],
)
def test_refusals(change: dict[str, Any], fault: str) -> None:
    with pytest.raises(InvalidArgumentsError) as refusal:
        deploy(**change)
    assert fault in str(refusal.value)
