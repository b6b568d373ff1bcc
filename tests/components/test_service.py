from __future__ import annotations

import json

import pytest

from components.alarms import AlarmArgs
from components.asynchronous import AsyncArgs
from components.concurrency import ProvisionedConcurrency
from components.grants import Grant
from components.permissions import FunctionUrlArgs, Invoker
from components.problems import InvalidArgumentsError
from components.service import LambdaService
from tests.components.sample import GAME_ROLE, KEY, NETWORK, TOPIC, service_args
from tests.mocks import Graph, declare

ARN = "arn:aws:lambda:ap-southeast-1:123456789012:function:typerush-dev-worker"
READ = Grant(sid="ReadUploads", actions=("s3:GetObject",), resources=("arn:aws:s3:::uploads/in/*",))
BOUNDARY = "arn:aws:iam::123456789012:policy/fleet-boundary"
CODE_SIGNING = "arn:aws:lambda:ap-southeast-1:123456789012:code-signing-config:csc-0123456789abcdef0"
TAGS = {"System": "typerush", "Stage": "dev", "ManagedBy": "pulumi", "Service": "worker"}


def deploy(**changes: object) -> Graph:
    return declare(lambda: LambdaService("worker", service_args(**changes)))


def everything() -> Graph:
    """A service with all that one can ask for."""
    return deploy(
        description="Works",
        memory_mb=1_024,
        timeout_s=60,
        ephemeral_storage_mb=1_024,
        environment={"LOG_LEVEL": "debug"},
        grants=(READ,),
        invokers=(Invoker.by_role("AllowGame", GAME_ROLE),),
        layers=("arn:aws:lambda:ap-southeast-1:123456789012:layer:base:3",),
        network=NETWORK,
        log_group_name="/typerush/worker",
        log_retention_days=90,
        reserved_concurrency=10,
        provisioned_concurrency=ProvisionedConcurrency(min=1, max=4),
        function_url=FunctionUrlArgs(callers=(("AllowGame", GAME_ROLE),)),
        asynchronous=AsyncArgs(maximum_age_s=3_600, retries=1, dead_letter_config=True),
        kms_key_arn=KEY,
        code_signing_config_arn=CODE_SIGNING,
        permissions_boundary_arn=BOUNDARY,
        protect=True,
    )


def test_what_every_service_has() -> None:
    assert (
        deploy().tree()
        == """\
fleet:components:LambdaService worker
  aws:cloudwatch/metricAlarm:MetricAlarm worker-concurrency-alarm
  aws:cloudwatch/metricAlarm:MetricAlarm worker-duration-alarm
  aws:cloudwatch/metricAlarm:MetricAlarm worker-errors-alarm
  aws:lambda/function:Function worker-function
  aws:lambda/alias:Alias worker-live
  aws:cloudwatch/logGroup:LogGroup worker-log-group
  aws:iam/role:Role worker-role
  aws:iam/rolePolicy:RolePolicy worker-role-policy
  aws:cloudwatch/metricAlarm:MetricAlarm worker-throttles-alarm"""
    )


def test_what_a_service_can_have() -> None:
    assert (
        everything().tree()
        == """\
fleet:components:LambdaService worker
  aws:lambda/permission:Permission worker-AllowGame
  aws:lambda/permission:Permission worker-AllowGameThroughUrl
  aws:lambda/permission:Permission worker-AllowGameUrl
  aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig worker-async
  aws:cloudwatch/metricAlarm:MetricAlarm worker-concurrency-alarm
  fleet:components:Queue worker-dlq
    aws:sqs/queuePolicy:QueuePolicy worker-dlq-policy
    aws:sqs/queue:Queue worker-dlq-queue [protect]
  aws:cloudwatch/metricAlarm:MetricAlarm worker-duration-alarm
  aws:cloudwatch/metricAlarm:MetricAlarm worker-errors-alarm
  aws:lambda/function:Function worker-function
  aws:lambda/alias:Alias worker-live
  aws:cloudwatch/logGroup:LogGroup worker-log-group [protect]
  aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig worker-provisioned-concurrency \
[ignores provisionedConcurrentExecutions]
  aws:iam/role:Role worker-role
  aws:iam/rolePolicy:RolePolicy worker-role-policy
  aws:appautoscaling/policy:Policy worker-scaling-policy
  aws:appautoscaling/target:Target worker-scaling-target
  aws:cloudwatch/metricAlarm:MetricAlarm worker-throttles-alarm
  aws:lambda/functionUrl:FunctionUrl worker-url"""
    )


def test_the_role_stays_in_its_boundary() -> None:
    assert everything()["worker-role"].inputs["permissionsBoundary"] == BOUNDARY
    assert "permissionsBoundary" not in deploy()["worker-role"].inputs


def test_the_function() -> None:
    inputs = everything()["worker-function"].inputs
    assert {name: value for name, value in inputs.items() if name != "code"} == {
        "name": "typerush-dev-worker",
        "description": "Works",
        "role": "arn:aws:iam::123456789012:role/typerush-dev-worker",
        "architectures": ["arm64"],
        "packageType": "Zip",
        "runtime": "python3.12",
        "handler": "main.handler",
        "layers": ["arn:aws:lambda:ap-southeast-1:123456789012:layer:base:3"],
        "memorySize": 1_024,
        "timeout": 60,
        "ephemeralStorage": {"size": 1_024},
        "environment": {"variables": {"LOG_LEVEL": "debug"}},
        "kmsKeyArn": KEY,
        "loggingConfig": {
            "logFormat": "JSON",
            "logGroup": "/typerush/worker",
            "applicationLogLevel": "DEBUG",
            "systemLogLevel": "INFO",
        },
        "tracingConfig": {"mode": "Active"},
        "vpcConfig": {
            "subnetIds": ["subnet-0a1b2c3d4e5f60718", "subnet-1a1b2c3d4e5f60718"],
            "securityGroupIds": ["sg-0a1b2c3d4e5f60718"],
        },
        "deadLetterConfig": {"targetArn": "arn:aws:sqs:ap-southeast-1:123456789012:typerush-dev-worker-dlq"},
        "reservedConcurrentExecutions": 10,
        "codeSigningConfigArn": CODE_SIGNING,
        "publish": True,
        "tags": {**TAGS, "Name": "typerush-dev-worker"},
    }


def test_the_smallest_function() -> None:
    inputs = deploy()["worker-function"].inputs
    assert {name: value for name, value in inputs.items() if name != "code"} == {
        "name": "typerush-dev-worker",
        "role": "arn:aws:iam::123456789012:role/typerush-dev-worker",
        "architectures": ["arm64"],
        "packageType": "Zip",
        "runtime": "python3.12",
        "handler": "main.handler",
        "memorySize": 512,
        "timeout": 30,
        "ephemeralStorage": {"size": 512},
        "loggingConfig": {
            "logFormat": "JSON",
            "logGroup": "/aws/lambda/typerush-dev-worker",
            "applicationLogLevel": "INFO",
            "systemLogLevel": "INFO",
        },
        "tracingConfig": {"mode": "Active"},
        "publish": True,
        "tags": {**TAGS, "Name": "typerush-dev-worker"},
    }


def test_a_runtime_without_json_logs_writes_text() -> None:
    function = deploy(runtime="provided.al2023", handler="bootstrap")["worker-function"]
    assert function.inputs["loggingConfig"] == {
        "logFormat": "Text",
        "logGroup": "/aws/lambda/typerush-dev-worker",
    }


def test_the_role_policy_and_the_log_group_exist_before_the_function_and_outlive_it() -> None:
    graph = deploy()
    assert graph["worker-function"].dependencies == {"worker-role-policy", "worker-log-group", "worker-role"}


def test_the_log_group() -> None:
    assert everything()["worker-log-group"].inputs == {
        "name": "/typerush/worker",
        "retentionInDays": 90,
        "kmsKeyId": KEY,
        "tags": {**TAGS, "Name": "/typerush/worker"},
    }


def test_the_role_is_assumed_by_lambda() -> None:
    role = deploy()["worker-role"].inputs
    assert role["name"] == "typerush-dev-worker"
    assert role["tags"] == TAGS
    assert json.loads(role["assumeRolePolicy"])["Statement"] == [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ]


def test_the_policy_of_the_smallest_service() -> None:
    assert deploy()["worker-role-policy"].policy == [
        {
            "Sid": "WriteLogs",
            "Effect": "Allow",
            "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
            "Resource": [
                "arn:aws:logs:ap-southeast-1:123456789012:log-group:/aws/lambda/typerush-dev-worker:log-stream:*"
            ],
        },
        {
            "Sid": "WriteTraces",
            "Effect": "Allow",
            "Action": ["xray:PutTelemetryRecords", "xray:PutTraceSegments"],
            "Resource": ["*"],
        },
    ]


def test_the_policy_of_a_service_with_everything() -> None:
    interface_actions = [
        "ec2:AssignPrivateIpAddresses",
        "ec2:CreateNetworkInterface",
        "ec2:DeleteNetworkInterface",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSubnets",
        "ec2:UnassignPrivateIpAddresses",
    ]
    assert everything()["worker-role-policy"].policy == [
        {
            "Sid": "WriteLogs",
            "Effect": "Allow",
            "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
            "Resource": ["arn:aws:logs:ap-southeast-1:123456789012:log-group:/typerush/worker:log-stream:*"],
        },
        {
            "Sid": "WriteTraces",
            "Effect": "Allow",
            "Action": ["xray:PutTelemetryRecords", "xray:PutTraceSegments"],
            "Resource": ["*"],
        },
        {
            "Sid": "ManageNetworkInterfaces",
            "Effect": "Allow",
            "Action": interface_actions,
            "Resource": ["*"],
        },
        {
            "Sid": "DenyNetworkInterfacesToCode",
            "Effect": "Deny",
            "Action": interface_actions,
            "Resource": ["*"],
            "Condition": {"ArnEquals": {"lambda:SourceFunctionArn": ARN}},
        },
        {"Sid": "DecryptEnvironment", "Effect": "Allow", "Action": ["kms:Decrypt"], "Resource": [KEY]},
        {
            "Sid": "SendWorkerDlq",
            "Effect": "Allow",
            "Action": ["sqs:SendMessage"],
            "Resource": ["arn:aws:sqs:ap-southeast-1:123456789012:typerush-dev-worker-dlq"],
        },
        {
            "Sid": "EncryptWorkerDlq",
            "Effect": "Allow",
            "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
            "Resource": [KEY],
        },
        {
            "Sid": "ReadUploads",
            "Effect": "Allow",
            "Action": ["s3:GetObject"],
            "Resource": ["arn:aws:s3:::uploads/in/*"],
        },
    ]


def test_the_alias_is_on_the_published_version() -> None:
    alias = deploy()["worker-live"]
    assert alias.inputs == {"name": "live", "functionName": "typerush-dev-worker", "functionVersion": "1"}
    assert alias.property_dependencies == {
        "functionName": {"worker-function"},
        "functionVersion": {"worker-function"},
    }


def test_a_fixed_number_of_warm_environments() -> None:
    graph = deploy(provisioned_concurrency=ProvisionedConcurrency(min=2, max=2))
    config = graph["worker-provisioned-concurrency"]
    assert config.inputs == {
        "functionName": "typerush-dev-worker",
        "qualifier": "live",
        "provisionedConcurrentExecutions": 2,
    }
    assert config.ignore_changes == ()
    assert graph.of("Target") == {}


def test_a_number_of_warm_environments_that_follows_their_use() -> None:
    graph = everything()
    assert graph["worker-provisioned-concurrency"].ignore_changes == ("provisionedConcurrentExecutions",)
    assert graph["worker-scaling-target"].inputs == {
        "serviceNamespace": "lambda",
        "scalableDimension": "lambda:function:ProvisionedConcurrency",
        "resourceId": "function:typerush-dev-worker:live",
        "minCapacity": 1,
        "maxCapacity": 4,
        "tags": TAGS,
    }
    assert graph["worker-scaling-policy"].inputs == {
        "name": "typerush-dev-worker-provisioned-concurrency",
        "policyType": "TargetTrackingScaling",
        "serviceNamespace": "lambda",
        "scalableDimension": "lambda:function:ProvisionedConcurrency",
        "resourceId": "function:typerush-dev-worker:live",
        "targetTrackingScalingPolicyConfiguration": {
            "predefinedMetricSpecification": {
                "predefinedMetricType": "LambdaProvisionedConcurrencyUtilization"
            },
            "targetValue": 0.7,
        },
    }


def test_a_role_may_invoke_the_alias() -> None:
    assert everything()["worker-AllowGame"].inputs == {
        "statementId": "AllowGame",
        "function": "typerush-dev-worker",
        "qualifier": "live",
        "action": "lambda:InvokeFunction",
        "principal": GAME_ROLE,
    }


def test_a_function_url_takes_signed_requests_and_both_permissions() -> None:
    graph = everything()
    assert graph["worker-url"].inputs == {
        "functionName": "typerush-dev-worker",
        "qualifier": "live",
        "authorizationType": "AWS_IAM",
    }
    assert graph["worker-AllowGameUrl"].inputs == {
        "statementId": "AllowGameUrl",
        "function": "typerush-dev-worker",
        "qualifier": "live",
        "action": "lambda:InvokeFunctionUrl",
        "principal": GAME_ROLE,
        "functionUrlAuthType": "AWS_IAM",
    }
    assert graph["worker-AllowGameThroughUrl"].inputs == {
        "statementId": "AllowGameThroughUrl",
        "function": "typerush-dev-worker",
        "qualifier": "live",
        "action": "lambda:InvokeFunction",
        "principal": GAME_ROLE,
        "invokedViaFunctionUrl": True,
    }


def test_what_fails_asynchronously_is_kept() -> None:
    graph = everything()
    assert graph["worker-async"].inputs == {
        "functionName": "typerush-dev-worker",
        "qualifier": "live",
        "maximumEventAgeInSeconds": 3_600,
        "maximumRetryAttempts": 1,
        "destinationConfig": {
            "onFailure": {"destination": "arn:aws:sqs:ap-southeast-1:123456789012:typerush-dev-worker-dlq"}
        },
    }
    assert graph["worker-dlq-queue"].inputs["messageRetentionSeconds"] == 14 * 24 * 3_600
    assert graph["worker-dlq-queue"].inputs["kmsMasterKeyId"] == KEY


def test_the_function_itself_has_a_dead_letter_queue_only_when_asked() -> None:
    assert "deadLetterConfig" not in deploy(asynchronous=AsyncArgs())["worker-function"].inputs


def test_alarms() -> None:
    alarms = deploy(reserved_concurrency=10).of("MetricAlarm")
    told = (
        "name",
        "alarmDescription",
        "metricName",
        "statistic",
        "threshold",
    )
    assert {name: tuple(alarm.inputs[what] for what in told) for name, alarm in sorted(alarms.items())} == {
        "worker-concurrency-alarm": (
            "typerush-dev-worker-concurrency",
            "over 80 % of the reservation, 10 at once",
            "ConcurrentExecutions",
            "Maximum",
            8,
        ),
        "worker-duration-alarm": (
            "typerush-dev-worker-duration",
            "an invocation over 80 % of the timeout of 30 s",
            "Duration",
            "Maximum",
            24_000,
        ),
        "worker-errors-alarm": (
            "typerush-dev-worker-errors",
            "more than 0 errors in 5 minutes",
            "Errors",
            "Sum",
            0,
        ),
        "worker-throttles-alarm": (
            "typerush-dev-worker-throttles",
            "more than 0 throttled invocations in 5 minutes",
            "Throttles",
            "Sum",
            0,
        ),
    }
    for alarm in alarms.values():
        assert {name: value for name, value in alarm.inputs.items() if name not in told} == {
            "namespace": "AWS/Lambda",
            "dimensions": {"FunctionName": "typerush-dev-worker"},
            "period": 300,
            "evaluationPeriods": 1,
            "comparisonOperator": "GreaterThanThreshold",
            "treatMissingData": "notBreaching",
            "alarmActions": [],
            "okActions": [],
            "tags": TAGS,
        }


def test_alarms_of_ones_own() -> None:
    graph = deploy(
        alarms=AlarmArgs(errors_over=5, names={"errors": "worker-is-broken"}, topic_arns=(TOPIC,)),
    )
    errors, concurrency = graph["worker-errors-alarm"].inputs, graph["worker-concurrency-alarm"].inputs
    assert (errors["name"], errors["threshold"]) == ("worker-is-broken", 5)
    assert (errors["alarmActions"], errors["okActions"]) == ([TOPIC], [TOPIC])
    # Nothing is reserved: the account's quota counts.
    assert concurrency["threshold"] == 800


def test_what_lives_inside_another_takes_its_outputs() -> None:
    graph = everything()
    inside = {"functionName": {"worker-function"}, "qualifier": {"worker-live"}}
    permission = {"function": {"worker-function"}, "qualifier": {"worker-live"}}
    expected = {
        "worker-role-policy": {"role": {"worker-role"}},
        "worker-url": inside,
        "worker-async": {**inside, "destinationConfig": {"worker-dlq-queue"}},
        "worker-provisioned-concurrency": inside,
        "worker-scaling-target": {"resourceId": {"worker-provisioned-concurrency"}},
        "worker-scaling-policy": {
            "resourceId": {"worker-scaling-target"},
            "scalableDimension": {"worker-scaling-target"},
            "serviceNamespace": {"worker-scaling-target"},
        },
        "worker-AllowGame": permission,
        "worker-AllowGameUrl": permission,
        "worker-AllowGameThroughUrl": permission,
        "worker-dlq-policy": {"queueUrl": {"worker-dlq-queue"}},
    }
    assert {name: graph[name].property_dependencies for name in expected} == expected


def test_a_second_statement_of_an_id_is_refused() -> None:
    def program() -> None:
        service = LambdaService("worker", service_args())
        service.allow(Invoker.by_role("AllowGame", GAME_ROLE))
        service.allow(Invoker.by_role("AllowGame", GAME_ROLE))

    with pytest.raises(InvalidArgumentsError, match="the child 'worker-AllowGame' is there already"):
        declare(program)


def test_a_preview_knows_names_and_policies() -> None:
    graph = declare(lambda: LambdaService("worker", service_args(network=NETWORK)), preview=True)
    assert graph["worker-role-policy"].policy[3]["Condition"] == {
        "ArnEquals": {"lambda:SourceFunctionArn": ARN}
    }
    assert graph["worker-log-group"].inputs["name"] == "/aws/lambda/typerush-dev-worker"
