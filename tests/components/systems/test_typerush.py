from __future__ import annotations

from dataclasses import replace

import pytest

import bundling
from components.bedrock import BedrockModel
from components.data.secret import Secret
from components.problems import InvalidArgumentsError
from components.systems.typerush import ApiArgs, TypeRush, TypeRushArgs
from components.triggers.api import Cors
from components.triggers.http_api import JwtAuthorizer
from tests.components.sample import (
    DATABASE,
    GAME_ROLE,
    KEY,
    MODEL,
    SCOPE,
    SECRET_ARN,
    SIGNED,
    STAGE,
    THROTTLING,
    TYPERUSH,
    BuiltPackages,
    bundle,
    throttled,
)
from tests.mocks import Graph, declare

INTERFACE_ACTIONS = [
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
]


def deploy(args: TypeRushArgs = TYPERUSH) -> Graph:
    return declare(lambda: TypeRush("typerush", args))


def what_holds_for_both(function: str) -> list[dict[str, object]]:
    return [
        {
            "Sid": "WriteLogs",
            "Effect": "Allow",
            "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
            "Resource": [
                f"arn:aws:logs:ap-southeast-1:123456789012:log-group:/aws/lambda/{function}:log-stream:*"
            ],
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
            "Action": INTERFACE_ACTIONS,
            "Resource": ["*"],
        },
        {
            "Sid": "DenyNetworkInterfacesToCode",
            "Effect": "Deny",
            "Action": INTERFACE_ACTIONS,
            "Resource": ["*"],
            "Condition": {
                "ArnEquals": {
                    "lambda:SourceFunctionArn": (
                        f"arn:aws:lambda:ap-southeast-1:123456789012:function:{function}"
                    )
                }
            },
        },
    ]


def test_what_the_record_service_may_do() -> None:
    assert deploy()["typerush-record-service-role-policy"].policy == [
        *what_holds_for_both("typerush-dev-record-service"),
        {
            "Sid": "ReadSecret",
            "Effect": "Allow",
            "Action": ["secretsmanager:GetSecretValue"],
            "Resource": [SECRET_ARN],
        },
    ]


def test_what_the_text_service_may_do() -> None:
    table = "arn:aws:dynamodb:ap-southeast-1:123456789012:table/typerush-dev-texts"
    assert deploy()["typerush-text-service-role-policy"].policy == [
        *what_holds_for_both("typerush-dev-text-service"),
        {
            "Sid": "ReadTexts",
            "Effect": "Allow",
            "Action": ["dynamodb:GetItem", "dynamodb:Query"],
            "Resource": [table],
        },
        {"Sid": "PutTexts", "Effect": "Allow", "Action": ["dynamodb:PutItem"], "Resource": [table]},
        {
            "Sid": "InvokeModel",
            "Effect": "Allow",
            "Action": ["bedrock:InvokeModel"],
            "Resource": [f"arn:aws:bedrock:ap-southeast-1::foundation-model/{MODEL}"],
        },
    ]


def test_the_functions_are_as_the_specification_says() -> None:
    graph = deploy()
    record = graph["typerush-record-service-function"].inputs
    text = graph["typerush-text-service-function"].inputs
    told = ("name", "runtime", "handler", "memorySize", "timeout")
    assert [record[what] for what in told] == [
        "typerush-dev-record-service",
        "nodejs24.x",
        "dist/lambda.handler",
        512,
        30,
    ]
    assert [text[what] for what in told] == [
        "typerush-dev-text-service",
        "python3.12",
        "main.lambda_handler",
        512,
        60,
    ]
    assert record["environment"] == {
        "variables": {"NODE_ENV": "production", "LOG_LEVEL": "info", "DB_SECRET_ARN": SECRET_ARN}
    }
    assert text["environment"] == {
        "variables": {
            "ENVIRONMENT": "production",
            "LOG_LEVEL": "INFO",
            "DYNAMODB_TABLE_NAME": "typerush-dev-texts",
            "BEDROCK_MODEL_ID": MODEL,
        }
    }
    assert record["code"].path == "build/lambda/typerush-record-service.zip"
    assert text["code"].path == "build/lambda/typerush-text-service.zip"
    assert "layers" not in record


def test_the_text_service_carries_its_layer() -> None:
    graph = deploy()
    function = graph["typerush-text-service-function"]
    assert function.inputs["layers"] == [
        "arn:aws:lambda:ap-southeast-1:123456789012:layer:typerush-dev-text-layer:1"
    ]
    assert function.property_dependencies["layers"] == {"typerush-text-layer-version"}


def test_a_random_text_of_a_difficulty_needs_no_scan() -> None:
    table = deploy()["typerush-texts-table"].inputs
    assert (table["name"], table["hashKey"], table["rangeKey"]) == (
        "typerush-dev-texts",
        "difficulty",
        "text_id",
    )


def test_alarms_bear_five_errors() -> None:
    graph = deploy()
    for service in ("record-service", "text-service"):
        assert graph[f"typerush-{service}-errors-alarm"].inputs["threshold"] == 5
        assert graph[f"typerush-{service}-throttles-alarm"].inputs["threshold"] == 0
    assert graph["typerush-text-service-duration-alarm"].inputs["threshold"] == 48_000


def test_the_game_service_calls_with_its_role() -> None:
    graph = deploy()
    for service in ("record-service", "text-service"):
        permission = graph[f"typerush-{service}-AllowECSInvoke"].inputs
        assert permission["principal"] == GAME_ROLE
        assert "sourceArn" not in permission


def test_routes() -> None:
    graph = deploy()
    integrations = {
        route.inputs["routeKey"]: route.inputs["target"].removeprefix("integrations/typerush-api-")
        for route in graph.of("Route").values()
    }
    record, text = "record-service-integration-id", "text-service-integration-id"
    assert integrations == {
        "POST /records": record,
        "GET /records": record,
        "GET /records/leaderboard": record,
        "GET /records/health": record,
        "GET /health": record,
        "GET /texts/random": text,
        "POST /texts/generate": text,
        "GET /texts/health": text,
    }


def test_with_tokens_only_health_is_public() -> None:
    tokens = JwtAuthorizer(issuer="https://issuer.example", audience=("game",))
    graph = deploy(replace(TYPERUSH, api=ApiArgs(authorizer=tokens)))
    open_to_all = {
        route.inputs["routeKey"]
        for route in graph.of("Route").values()
        if route.inputs["authorizationType"] == "NONE"
    }
    assert open_to_all == {"GET /health", "GET /records/health", "GET /texts/health"}


def test_what_a_stage_chooses() -> None:
    api = ApiArgs(throttling=THROTTLING, cors=Cors(origins=("https://game.example",)))
    graph = deploy(replace(TYPERUSH, api=api, signed_text_layer=SIGNED))
    assert throttled(graph["typerush-api-stage"].inputs["defaultRouteSettings"]) == (5, 10)
    cors = graph["typerush-api-api"].inputs["corsConfiguration"]
    assert cors["allowOrigins"] == ["https://game.example"]
    (version,) = graph.of("LayerVersion").values()
    assert (version.inputs["s3Bucket"], version.inputs["s3Key"]) == (SIGNED.bucket, SIGNED.key)


def test_an_api_that_is_there_already_calls_instead() -> None:
    execution_arn = "arn:aws:execute-api:ap-southeast-1:123456789012:a1b2c3d4e5"
    graph = deploy(replace(TYPERUSH, api=ApiArgs(existing_execution_arn=execution_arn)))
    assert graph.of("Api") == {}
    for service in ("record-service", "text-service"):
        permission = graph[f"typerush-{service}-AllowAPIGatewayInvoke"].inputs
        assert permission["principal"] == "apigateway.amazonaws.com"
        assert permission["sourceArn"] == f"{execution_arn}/*/*"


def test_an_inference_profile_takes_the_place_of_the_model() -> None:
    profile = "arn:aws:bedrock:ap-southeast-1:123456789012:inference-profile/apac.claude"
    models = tuple(
        f"arn:aws:bedrock:{region}::foundation-model/{MODEL}" for region in ("ap-southeast-1", "ap-south-1")
    )
    graph = deploy(replace(TYPERUSH, model=BedrockModel.by_profile(arn=profile, model_arns=models)))
    function = graph["typerush-text-service-function"].inputs
    assert function["environment"]["variables"]["BEDROCK_MODEL_ID"] == profile
    assert graph["typerush-text-service-role-policy"].policy[-1]["Resource"] == sorted((profile, *models))


def test_a_key_and_protection_reach_what_holds_data() -> None:
    graph = deploy(replace(TYPERUSH, common=replace(STAGE, kms_key_arn=KEY, protect=True)))
    assert {function.inputs["kmsKeyArn"] for function in graph.of("Function").values()} == {KEY}
    assert {group.inputs["kmsKeyId"] for group in graph.of("LogGroup").values()} == {KEY}
    protected = {resource.name for resource in graph.resources if resource.protect}
    assert protected == {
        "typerush-texts-table",
        "typerush-api-access-logs",
        "typerush-record-service-log-group",
        "typerush-text-service-log-group",
    }


def test_what_lives_inside_another_takes_its_outputs() -> None:
    """What decides where a resource lives has to come from there, so that both are replaced together."""
    tokens = JwtAuthorizer(issuer="https://issuer.example", audience=("game",))
    graph = deploy(
        replace(
            TYPERUSH,
            api=ApiArgs(authorizer=tokens),
            text_service=replace(TYPERUSH.text_service, function_url=True),
        )
    )
    home = {
        "Alias": {"functionName": "Function"},
        "Permission": {"function": "Function", "qualifier": "Alias"},
        "FunctionUrl": {"functionName": "Function", "qualifier": "Alias"},
        "RolePolicy": {"role": "Role"},
        "Stage": {"apiId": "Api", "accessLogSettings": "LogGroup"},
        "Route": {"apiId": "Api", "target": "Integration"},
        "Integration": {"apiId": "Api", "integrationUri": "Alias"},
        "Authorizer": {"apiId": "Api"},
        "Function": {"role": "Role", "loggingConfig": "LogGroup"},
        "MetricAlarm": {"dimensions": "Function"},
    }
    for kind, properties in home.items():
        found = graph.of(kind)
        assert found
        for resource in found.values():
            for name, owner in properties.items():
                (dependency,) = resource.property_dependencies[name]
                assert graph[dependency].type.endswith(f":{owner}"), f"{resource.name}.{name}"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"scope": replace(SCOPE, stage="a" * 50)},
            "the function name 'typerush-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-record-service'",
        ),
        ({"text_service": replace(TYPERUSH.text_service, memory_mb=100)}, "service text-service: memory_mb"),
        (
            {"text_service": replace(TYPERUSH.text_service, runtime="python3.13")},
            "service text-service: runtime is 'python3.13'; allowed: 'python3.12'",
        ),
        ({"api": ApiArgs(existing_execution_arn="x")}, "api.existing_execution_arn is 'x'; allowed: an ARN"),
        (
            {
                "database": replace(
                    DATABASE, secret=Secret(arn=SECRET_ARN.replace("ap-southeast-1", "eu-west-1"))
                )
            },
            "allowed: one in ap-southeast-1, where the service is",
        ),
        ({"game_service_role_arn": "arn:aws:iam::123456789012:root"}, "Name one role exactly"),
    ],
)
def test_an_impossible_system_registers_nothing(change: dict[str, object], message: str) -> None:
    registered: list[str] = []

    def program() -> None:
        try:
            TypeRush("typerush", replace(TYPERUSH, **change))  # type: ignore[arg-type]
        except InvalidArgumentsError as error:
            registered.append(str(error))

    assert declare(program).resources == ()
    assert message in registered[0]


def test_all_problems_of_a_system_are_told_at_once() -> None:
    impossible = replace(
        TYPERUSH,
        common=replace(STAGE, log_retention_days=8),
        record_service=replace(TYPERUSH.record_service, timeout_s=901),
        text_service=replace(TYPERUSH.text_service, memory_mb=100),
    )
    with pytest.raises(InvalidArgumentsError) as error:
        deploy(impossible)
    assert [(problem.where, problem.what) for problem in error.value.problems] == [
        ("service record-service", "timeout_s"),
        ("service record-service", "log_retention_days"),
        ("service text-service", "memory_mb"),
        ("service text-service", "log_retention_days"),
        ("API api", "log_retention_days"),
    ]


def test_the_packages_are_those_of_the_stage() -> None:
    class Recorded(BuiltPackages):
        def build(self, folder: str) -> bundling.Bundle:
            asked.append(folder)
            return bundle(folder, self.target)

    asked: list[str] = []
    deploy(
        replace(
            TYPERUSH,
            common=replace(
                STAGE, packages=Recorded(project=STAGE.packages.project, target=bundling.Target.MACHINE)
            ),
        )
    )
    assert sorted(asked) == [
        "functions/typerush/record_service",
        "functions/typerush/text_layer",
        "functions/typerush/text_service",
    ]
