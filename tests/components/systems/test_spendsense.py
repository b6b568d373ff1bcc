from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from components.data.database import Database
from components.data.secret import Secret
from components.naming import Scope
from components.problems import InvalidArgumentsError
from components.system import ServiceArgs
from components.systems.spendsense import SCHEDULES, ApiArgs, SpendSense, SpendSenseArgs
from tests.components.sample import KEY, NETWORK, SIGNED, STAGE, THROTTLING, TOPIC, throttled
from tests.mocks import ACCOUNT, REGION, Graph, declare

# The mocks' AWS is in this region, wherever a system is.
SCOPE = Scope(system="spendsense", stage="dev", account=ACCOUNT, region=REGION)
SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:spendsense/dev/"
DATABASE = f"{SECRET}database/connection-AbCdEf"
COGNITO = f"{SECRET}cognito/configuration-AbCdEf"
POOL = f"arn:aws:cognito-idp:{REGION}:{ACCOUNT}:userpool/{REGION}_AbC"
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:spendsense-dev-"
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:spendsense-dev-"
SPENDSENSE = SpendSenseArgs(
    scope=SCOPE,
    common=STAGE,
    network=NETWORK,
    database=Database(secret=Secret(arn=DATABASE), security_group_id="sg-1a1b2c3d4e5f60718"),
    user_pool_arn=POOL,
    cognito_secret=Secret(arn=COGNITO),
    api=ApiArgs(origins=("*",), authorize=False),
)
JOBS = tuple(SCHEDULES)
SITES = ("https://app.example", "https://www.example")


def deploy(**changes: Any) -> Graph:
    return declare(lambda: SpendSense("spendsense", replace(SPENDSENSE, **changes)))


def allowed(graph: Graph, service: str) -> dict[str, tuple[list[str], list[str]]]:
    """What a service's role allows beside logs, traces and network interfaces."""
    policy = graph[f"spendsense-{service}-role-policy"].policy
    assert [statement["Sid"] for statement in policy[:4]] == [
        "WriteLogs",
        "WriteTraces",
        "ManageNetworkInterfaces",
        "DenyNetworkInterfacesToCode",
    ]
    return {statement["Sid"]: (statement["Action"], statement["Resource"]) for statement in policy[4:]}


def test_what_the_functions_may_do() -> None:
    graph = deploy()
    read = ["secretsmanager:GetSecretValue"]
    assert allowed(graph, "api") == {
        "ReadSecret": (read, [DATABASE]),
        "ReadCognitoSecret": (read, [COGNITO]),
    }
    for job in JOBS:
        sid = "".join(word.capitalize() for word in job.split("-"))
        assert allowed(graph, job) == {
            f"Send{sid}Dlq": (["sqs:SendMessage"], [f"{QUEUE}{job}-dlq"]),
            "ReadSecret": (read, [DATABASE]),
        }
    assert len(graph.of("Role")) == 4


@pytest.mark.parametrize(
    ("service", "handler", "memory_mb", "timeout_s"),
    [
        ("api", "app.handler.handler", 512, 30),
        ("compute-features", "lambdas.compute_features.handler", 1024, 300),
        ("assign-persona", "lambdas.assign_persona.handler", 512, 300),
        ("generate-recommendations", "lambdas.generate_recommendations.handler", 512, 300),
    ],
)
def test_the_functions_are_as_the_specification_says(
    service: str, handler: str, memory_mb: int, timeout_s: int
) -> None:
    function = deploy()[f"spendsense-{service}-function"].inputs
    assert function["name"] == f"spendsense-dev-{service}"
    assert (function["handler"], function["runtime"]) == (handler, "python3.11")
    assert (function["memorySize"], function["timeout"]) == (memory_mb, timeout_s)
    assert function["vpcConfig"] == {
        "subnetIds": list(NETWORK.subnet_ids),
        "securityGroupIds": [NETWORK.security_group_id],
    }
    environment = {"DATABASE_SECRET_ARN": DATABASE, "ENVIRONMENT": "dev", "LOG_LEVEL": "INFO"}
    of_the_api = {"COGNITO_SECRET_ARN": COGNITO, "ALLOWED_ORIGINS": "*"} if service == "api" else {}
    assert function["environment"] == {"variables": environment | of_the_api}


def test_the_functions_share_one_layer() -> None:
    graph = deploy()
    assert len(graph.of("LayerVersion")) == 1
    layers = {tuple(function.inputs["layers"]) for function in graph.of("Function").values()}
    assert layers == {(f"arn:aws:lambda:{REGION}:{ACCOUNT}:layer:spendsense-dev-layer:1",)}


def test_a_layer_that_is_signed_and_throttling_are_the_stage_s() -> None:
    api = replace(SPENDSENSE.api, throttling=THROTTLING)
    graph = deploy(signed_layer=SIGNED, api=api)
    (version,) = graph.of("LayerVersion").values()
    assert (version.inputs["s3Bucket"], version.inputs["s3Key"]) == (SIGNED.bucket, SIGNED.key)
    (settings,) = graph.of("MethodSettings").values()
    assert throttled(settings.inputs["settings"]) == (5, 10)


def test_the_routes() -> None:
    methods = deploy().of("Method")
    assert {name: method.inputs["authorization"] for name, method in methods.items()} == {
        "spendsense-rest-api-any-api-v1-proxy-method": "NONE",
        "spendsense-rest-api-get-api-v1-health-method": "NONE",
        "spendsense-rest-api-options-api-v1-proxy-method": "NONE",
        "spendsense-rest-api-options-api-v1-health-method": "NONE",
    }
    graph = deploy(api=ApiArgs(origins=SITES))
    proxy = graph["spendsense-rest-api-any-api-v1-proxy-method"].inputs
    assert proxy["authorization"] == "COGNITO_USER_POOLS"
    assert graph["spendsense-rest-api-get-api-v1-health-method"].inputs["authorization"] == "NONE"
    assert graph["spendsense-rest-api-options-api-v1-proxy-method"].inputs["authorization"] == "NONE"
    environment = graph["spendsense-api-function"].inputs["environment"]["variables"]
    assert environment["ALLOWED_ORIGINS"] == "https://app.example,https://www.example"


@pytest.mark.parametrize("authorize", [True, False])
def test_the_authorizer_is_made_in_every_stage(authorize: bool) -> None:
    graph = deploy(api=ApiArgs(origins=SITES, authorize=authorize))
    assert graph["spendsense-rest-api-authorizer"].inputs["providerArns"] == [POOL]


@pytest.mark.parametrize(
    ("job", "when"),
    [
        ("compute-features", "cron(0 2 * * ? *)"),
        ("assign-persona", "cron(30 2 * * ? *)"),
        ("generate-recommendations", "cron(0 3 * * ? *)"),
    ],
)
def test_a_job_runs_daily_and_nothing_that_fails_is_lost(job: str, when: str) -> None:
    graph = deploy()
    rule = graph[f"spendsense-{job}-daily-rule"].inputs
    assert (rule["name"], rule["scheduleExpression"]) == (f"spendsense-dev-{job}-daily", when)
    target = graph[f"spendsense-{job}-daily-target"].inputs
    assert target["arn"] == f"{FUNCTION}{job}:live"
    assert target["retryPolicy"] == {"maximumRetryAttempts": 2, "maximumEventAgeInSeconds": 3_600}
    # What could not be delivered, and what the job failed on: a queue each, kept 14 days.
    assert target["deadLetterConfig"] == {"arn": f"{QUEUE}{job}-daily-dlq"}
    failed = graph[f"spendsense-{job}-async"].inputs
    assert failed["destinationConfig"] == {"onFailure": {"destination": f"{QUEUE}{job}-dlq"}}
    assert failed["qualifier"] == "live"
    for queue in (f"{job}-dlq", f"{job}-daily-dlq"):
        assert graph[f"spendsense-{queue}-queue"].inputs["messageRetentionSeconds"] == 1_209_600
    permission = graph[f"spendsense-{job}-AllowEventBridge"].inputs
    assert permission["sourceArn"] == f"arn:aws:events:{REGION}:{ACCOUNT}:rule/spendsense-dev-{job}-daily"


@pytest.mark.parametrize("job", JOBS)
def test_an_alarm_on_a_job_that_fails(job: str) -> None:
    alarm = deploy(common=replace(STAGE, alarm_topic_arn=TOPIC))[f"spendsense-{job}-errors-alarm"].inputs
    assert (alarm["metricName"], alarm["statistic"], alarm["period"]) == ("Errors", "Sum", 300)
    assert (alarm["threshold"], alarm["treatMissingData"]) == (0, "notBreaching")
    assert alarm["dimensions"] == {"FunctionName": f"spendsense-dev-{job}"}
    assert alarm["alarmActions"] == [TOPIC]


def test_outputs() -> None:
    def program() -> None:
        import pulumi

        pulumi.export("spendsense", SpendSense("spendsense", SPENDSENSE).outputs)

    found = declare(program).outputs["spendsense"]
    assert found == {
        "apiUrl": f"https://spendsense-rest-api-stage.execute-api.{REGION}.amazonaws.com/dev",
        "authorizerId": "spendsense-rest-api-authorizer-id",
        "lambdaSecurityGroupId": NETWORK.security_group_id,
        "functions": {
            name: {"name": f"spendsense-dev-{name}", "arn": f"{FUNCTION}{name}:live"}
            for name in ("api", *JOBS)
        },
    }


def test_a_key_of_one_s_own_opens_both_secrets() -> None:
    database = Database(
        secret=Secret(arn=DATABASE, kms_key_arn=KEY), security_group_id="sg-1a1b2c3d4e5f60718"
    )
    grants = allowed(deploy(database=database, cognito_secret=Secret(arn=COGNITO, kms_key_arn=KEY)), "api")
    assert grants["DecryptSecret"] == grants["DecryptCognitoSecret"] == (["kms:Decrypt"], [KEY])


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (
            {"scope": replace(SCOPE, stage="staging"), "api": ApiArgs(origins=("*",))},
            r"api\.origins is '\*'; allowed: the front ends' origins, as 'https://app\.example'",
        ),
        ({"user_pool_arn": "arn:aws:cognito-idp:x"}, "authorizer.user_pool_arns is"),
        ({"cognito_secret": Secret(arn=COGNITO.replace(REGION, "eu-west-1"))}, "cognito_secret is .* one in"),
        (
            {"api_function": ServiceArgs(runtime="python3.13")},
            "'python3.11', which the layer layer is built for",
        ),
    ],
)
def test_problems(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(InvalidArgumentsError, match=told):
        deploy(**changes)


def test_another_stage_is_one_more_file() -> None:
    graph = deploy(scope=replace(SCOPE, stage="staging"), api=ApiArgs(origins=SITES))
    assert graph["spendsense-rest-api-stage"].inputs["stageName"] == "staging"
    assert graph["spendsense-rest-api-api"].inputs["name"] == "spendsense-staging"
