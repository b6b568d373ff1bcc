from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from components.data.db_instance import DbInstance
from components.naming import Scope
from components.problems import InvalidArgumentsError
from components.system import ServiceArgs
from components.systems.superscapes import Superscapes, SuperscapesArgs
from tests.components.sample import KEY, STAGE, THROTTLING, TOPIC, throttled
from tests.mocks import ACCOUNT, REGION, Graph, declare

# The mocks' AWS is in this region, wherever a system is.
SCOPE = Scope(system="superscapes", stage="dev", account=ACCOUNT, region=REGION)
BACKEND = f"arn:aws:iam::{ACCOUNT}:role/services/dashboard-backend"
SUPERSCAPES = SuperscapesArgs(
    scope=SCOPE,
    common=STAGE,
    database=DbInstance(scope=SCOPE, identifier="ss-financial-dev"),
    dashboard_backend_role_arn=BACKEND,
)
DATABASE = f"arn:aws:rds:{REGION}:{ACCOUNT}:db:ss-financial-dev"
TABLE = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/superscapes-dev-system-metadata"
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:superscapes-dev-"
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:superscapes-dev-"


def deploy(**changes: Any) -> Graph:
    return declare(lambda: Superscapes("superscapes", replace(SUPERSCAPES, **changes)))


def allowed(policy: list[dict[str, Any]]) -> dict[str, tuple[list[str], list[str]]]:
    """What a service's role allows beside logs and traces."""
    assert {statement["Effect"] for statement in policy} == {"Allow"}
    assert [statement["Sid"] for statement in policy[:2]] == ["WriteLogs", "WriteTraces"]
    return {statement["Sid"]: (statement["Action"], statement["Resource"]) for statement in policy[2:]}


def test_what_start_rds_may_do() -> None:
    assert allowed(deploy()["superscapes-start-rds-role-policy"].policy) == {
        "SendStartRdsDlq": (["sqs:SendMessage"], [f"{QUEUE}start-rds-dlq"]),
        "DescribeDatabase": (["rds:DescribeDBInstances"], [DATABASE]),
        "StartDatabase": (["rds:StartDBInstance"], [DATABASE]),
    }


def test_what_auto_stop_rds_may_do() -> None:
    assert allowed(deploy()["superscapes-auto-stop-rds-role-policy"].policy) == {
        "SendAutoStopRdsDlq": (["sqs:SendMessage"], [f"{QUEUE}auto-stop-rds-dlq"]),
        "DescribeDatabase": (["rds:DescribeDBInstances"], [DATABASE]),
        "StopDatabase": (["rds:StopDBInstance"], [DATABASE]),
        "GetSystemMetadata": (["dynamodb:GetItem"], [TABLE]),
    }


def test_the_functions_are_as_the_specification_says() -> None:
    graph = deploy()
    for service, environment in {
        "start-rds": {"DB_INSTANCE_ID": "ss-financial-dev"},
        "auto-stop-rds": {
            "DB_INSTANCE_ID": "ss-financial-dev",
            "METADATA_TABLE": "superscapes-dev-system-metadata",
            "IDLE_MINUTES": "60",
        },
    }.items():
        function = graph[f"superscapes-{service}-function"].inputs
        assert function["name"] == f"superscapes-dev-{service}"
        assert function["handler"] == f"lambda_{service.replace('-', '_')}.lambda_handler"
        assert (function["runtime"], function["architectures"]) == ("python3.12", ["arm64"])
        assert (function["memorySize"], function["timeout"]) == (128, 90)
        assert function["environment"] == {"variables": environment}
        assert function["code"].path == f"build/lambda/superscapes-{service}.zip"


def test_the_table_of_the_last_use() -> None:
    table = deploy()["superscapes-system-metadata-table"].inputs
    assert table["name"] == "superscapes-dev-system-metadata"
    assert (table["hashKey"], table["attributes"]) == ("key", [{"name": "key", "type": "S"}])


def test_the_backend_writes_to_the_table_and_to_nothing_else() -> None:
    policy = deploy()["superscapes-metadata-writer-policy"]
    assert (policy.inputs["role"], policy.inputs["name"]) == (
        "dashboard-backend",
        "superscapes-dev-metadata-writer",
    )
    assert policy.policy == [
        {"Sid": "PutSystemMetadata", "Effect": "Allow", "Action": ["dynamodb:PutItem"], "Resource": [TABLE]}
    ]


def test_the_backend_may_invoke_start_rds_alone() -> None:
    permissions = deploy().of("Permission")
    by_role = [each.inputs for each in permissions.values() if each.inputs["principal"] == BACKEND]
    assert [(each["statementId"], each["function"], each["qualifier"]) for each in by_role] == [
        ("AllowDashboardBackend", "superscapes-dev-start-rds", "live")
    ]
    assert "sourceArn" not in by_role[0]


def test_the_api_takes_signed_requests_only() -> None:
    graph = deploy()
    (route,) = graph.of("Route").values()
    assert (route.inputs["routeKey"], route.inputs["authorizationType"]) == (
        "POST /database/start",
        "AWS_IAM",
    )
    assert not graph.of("Authorizer")
    permission = graph["superscapes-start-rds-apigateway-invoke"].inputs
    assert permission["principal"] == "apigateway.amazonaws.com"
    assert permission["sourceArn"] == f"arn:aws:execute-api:{REGION}:{ACCOUNT}:superscapes-api-api/*/*"


def test_every_15_minutes_it_is_looked_whether_the_database_is_used() -> None:
    graph = deploy()
    (rule,) = graph.of("EventRule").values()
    assert (rule.inputs["name"], rule.inputs["scheduleExpression"], rule.inputs["state"]) == (
        "superscapes-dev-idle-check",
        "rate(15 minutes)",
        "ENABLED",
    )
    (target,) = graph.of("EventTarget").values()
    assert target.inputs["arn"] == f"{FUNCTION}auto-stop-rds:live"
    assert target.inputs["retryPolicy"] == {"maximumRetryAttempts": 2, "maximumEventAgeInSeconds": 900}
    assert target.inputs["deadLetterConfig"] == {"arn": f"{QUEUE}idle-check-dlq"}
    permission = graph["superscapes-auto-stop-rds-AllowIdleCheck"].inputs
    assert permission["sourceArn"] == f"arn:aws:events:{REGION}:{ACCOUNT}:rule/superscapes-dev-idle-check"


def test_office_hours_are_a_choice_with_a_permission_of_its_own() -> None:
    graph = deploy(office_hours="cron(0 7 ? * MON-FRI *)")
    rule = graph["superscapes-office-hours-rule"].inputs
    assert (rule["name"], rule["scheduleExpression"]) == (
        "superscapes-dev-office-hours",
        "cron(0 7 ? * MON-FRI *)",
    )
    target = graph["superscapes-office-hours-target"].inputs
    assert target["arn"] == f"{FUNCTION}start-rds:live"
    assert target["deadLetterConfig"] == {"arn": f"{QUEUE}office-hours-dlq"}
    permission = graph["superscapes-start-rds-AllowOfficeHours"].inputs
    assert permission["principal"] == "events.amazonaws.com"
    assert permission["sourceArn"] == f"arn:aws:events:{REGION}:{ACCOUNT}:rule/superscapes-dev-office-hours"
    (_, allow) = graph["superscapes-office-hours-dlq-policy"].policy
    assert allow["Condition"] == {"ArnEquals": {"aws:SourceArn": permission["sourceArn"]}}


def test_what_fails_has_a_place_to_go() -> None:
    """What couldn't be delivered, and what the functions failed on: a queue each."""
    graph = deploy(office_hours="cron(0 7 ? * MON-FRI *)")
    assert {queue.inputs["name"] for queue in graph.of("Queue").values()} == {
        f"superscapes-dev-{what}-dlq" for what in ("start-rds", "auto-stop-rds", "idle-check", "office-hours")
    }
    kept = {
        each.inputs["functionName"]: each.inputs["destinationConfig"]["onFailure"]["destination"]
        for each in graph.of("FunctionEventInvokeConfig").values()
    }
    assert kept == {
        f"superscapes-dev-{service}": f"{QUEUE}{service}-dlq" for service in ("start-rds", "auto-stop-rds")
    }


def test_a_single_error_raises_the_alarm() -> None:
    alarm = deploy(common=replace(STAGE, alarm_topic_arn=TOPIC))["superscapes-auto-stop-rds-errors-alarm"]
    assert (alarm.inputs["name"], alarm.inputs["threshold"]) == ("superscapes-dev-auto-stop-rds-errors", 0)
    assert alarm.inputs["alarmActions"] == [TOPIC]


def test_outputs() -> None:
    def program() -> None:
        import pulumi

        pulumi.export("superscapes", Superscapes("superscapes", SUPERSCAPES).outputs)

    assert declare(program).outputs["superscapes"] == {
        "apiUrl": f"https://superscapes-api-api.execute-api.{REGION}.amazonaws.com",
        "startArn": (
            f"arn:aws:execute-api:{REGION}:{ACCOUNT}:superscapes-api-api/$default/POST/database/start"
        ),
        "tableName": "superscapes-dev-system-metadata",
        "databaseInstanceId": "ss-financial-dev",
        "functions": {
            service: {"name": f"superscapes-dev-{service}", "arn": f"{FUNCTION}{service}:live"}
            for service in ("start-rds", "auto-stop-rds")
        },
    }


def test_what_a_stage_chooses() -> None:
    graph = deploy(
        idle_minutes=20,
        check="rate(5 minutes)",
        start_rds=ServiceArgs(runtime="python3.13", memory_mb=256, timeout_s=60, function_url=True),
        auto_stop_rds=replace(SUPERSCAPES.auto_stop_rds, log_level="debug"),
        throttling=THROTTLING,
        common=replace(STAGE, kms_key_arn=KEY, protect=True),
    )
    assert throttled(graph["superscapes-api-stage"].inputs["defaultRouteSettings"]) == (5, 10)
    start = graph["superscapes-start-rds-function"].inputs
    assert (start["runtime"], start["memorySize"], start["timeout"]) == ("python3.13", 256, 60)
    assert graph["superscapes-start-rds-url"].inputs["authorizationType"] == "AWS_IAM"
    stop = graph["superscapes-auto-stop-rds-function"].inputs
    assert (
        stop["environment"]["variables"]["IDLE_MINUTES"],
        stop["loggingConfig"]["applicationLogLevel"],
    ) == (
        "20",
        "DEBUG",
    )
    assert graph["superscapes-idle-check-rule"].inputs["scheduleExpression"] == "rate(5 minutes)"
    assert {queue.inputs["kmsMasterKeyId"] for queue in graph.of("Queue").values()} == {KEY}
    assert graph["superscapes-system-metadata-table"].protect


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"idle_minutes": 0}, "idle_minutes is 0; allowed: 1 or more"),
        ({"check": "every minute"}, "rule idle-check: schedule is 'every minute'"),
        ({"office_hours": "weekdays"}, "rule office-hours: schedule is 'weekdays'"),
        ({"dashboard_backend_role_arn": "backend"}, "'backend'; allowed: an ARN as"),
        (
            {"auto_stop_rds": replace(SUPERSCAPES.auto_stop_rds, function_url=True)},
            "auto_stop_rds.function_url is True; allowed: False. Only its schedule calls it.",
        ),
    ],
)
def test_an_impossible_system_registers_nothing(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidArgumentsError) as error:
        deploy(**change)
    assert message in str(error.value)
