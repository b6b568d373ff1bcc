from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from components.problems import InvalidArgumentsError
from components.service import LambdaService
from components.triggers.api import Cors, Route, Throttling
from components.triggers.rest_api import EVERY_ORIGIN, CognitoAuthorizer, RestApi, RestApiArgs
from tests.components.sample import KEY, SCOPE, service_args
from tests.mocks import Graph, declare

TAGS = {"System": "typerush", "Service": "shared", "Stage": "dev", "ManagedBy": "pulumi"}
POOL = "arn:aws:cognito-idp:ap-southeast-1:123456789012:userpool/ap-southeast-1_AbC"
TOKENS = CognitoAuthorizer(user_pool_arns=(POOL,))
ONE = Cors(origins=("https://app.example",), headers=("Authorization", "Content-Type"))
TWO = Cors(origins=("https://app.example", "https://www.example"))
API = RestApiArgs(
    scope=SCOPE,
    routes=(
        Route(key="ANY /v1/{proxy+}", service="worker"),
        Route(key="GET /v1/health", service="worker", public=True),
    ),
)
INVOKE = (
    "arn:aws:apigateway:ap-southeast-1:lambda:path/"
    "arn:aws:lambda:ap-southeast-1:123456789012:function:typerush-dev-worker:live/invocations"
)


def deploy(**changes: Any) -> Graph:
    def program() -> None:
        worker = LambdaService("worker", service_args())
        RestApi("api", replace(API, **changes), {"worker": worker})

    return declare(program)


def problems(**changes: Any) -> list[str]:
    return [str(problem) for problem in replace(API, **changes).problems()]


def test_an_api() -> None:
    assert deploy()["api-api"].inputs == {
        "name": "typerush-dev",
        "endpointConfiguration": {"types": "REGIONAL"},
        "tags": TAGS,
    }
    assert deploy(what="admin")["api-api"].inputs["name"] == "typerush-dev-admin"


def test_the_paths_are_made_once() -> None:
    parts = deploy().of("Resource")
    assert {name: part.inputs for name, part in parts.items()} == {
        "api-v1-path": {"restApi": "api-api-id", "parentId": "api-api-root", "pathPart": "v1"},
        "api-v1-proxy-path": {"restApi": "api-api-id", "parentId": "api-v1-path-id", "pathPart": "{proxy+}"},
        "api-v1-health-path": {"restApi": "api-api-id", "parentId": "api-v1-path-id", "pathPart": "health"},
    }


def test_a_route_calls_the_alias_and_is_validated() -> None:
    graph = deploy()
    assert graph["api-any-v1-proxy-method"].inputs == {
        "restApi": "api-api-id",
        "resourceId": "api-v1-proxy-path-id",
        "httpMethod": "ANY",
        "authorization": "NONE",
        "requestParameters": {"method.request.path.proxy": True},
        "requestValidatorId": "api-validator-id",
    }
    integration = graph["api-any-v1-proxy-integration"]
    assert integration.inputs == {
        "restApi": "api-api-id",
        "resourceId": "api-v1-proxy-path-id",
        "httpMethod": "ANY",
        "type": "AWS_PROXY",
        "integrationHttpMethod": "POST",
        "uri": INVOKE,
        "timeoutMilliseconds": 29_000,
    }
    assert integration.property_dependencies["uri"] == {"worker-live"}
    assert integration.property_dependencies["httpMethod"] == {"api-any-v1-proxy-method"}
    assert graph["api-validator"].inputs == {
        "restApi": "api-api-id",
        "name": "typerush-dev-all",
        "validateRequestBody": True,
        "validateRequestParameters": True,
    }


def test_an_authorizer_is_made_and_applied_when_asked() -> None:
    applied = deploy(authorizer=TOKENS)
    assert applied["api-authorizer"].inputs == {
        "restApi": "api-api-id",
        "name": "typerush-dev-cognito",
        "type": "COGNITO_USER_POOLS",
        "identitySource": "method.request.header.Authorization",
        "providerArns": [POOL],
    }
    proxy = applied["api-any-v1-proxy-method"].inputs
    assert (proxy["authorization"], proxy["authorizerId"]) == ("COGNITO_USER_POOLS", "api-authorizer-id")
    assert applied["api-get-v1-health-method"].inputs["authorization"] == "NONE"
    made = deploy(authorizer=replace(TOKENS, applied=False))
    assert made["api-authorizer"].inputs == applied["api-authorizer"].inputs
    assert made["api-any-v1-proxy-method"].inputs["authorization"] == "NONE"
    assert not deploy().of("Authorizer")


def test_iam_decides_about_a_route_that_says_so() -> None:
    graph = deploy(routes=(Route(key="GET /", service="worker", iam=True),), authorizer=TOKENS)
    method = graph["api-get-method"].inputs
    assert (method["authorization"], method["resourceId"]) == ("AWS_IAM", "api-api-root")
    assert "authorizerId" not in method


@pytest.mark.parametrize(
    ("cors", "origin"), [(ONE, "'https://app.example'"), (Cors(origins=(EVERY_ORIGIN,)), "'*'")]
)
def test_of_one_origin_the_api_answers_preflights(cors: Cors, origin: str) -> None:
    graph = deploy(cors=cors, authorizer=TOKENS)
    for path in ("v1-proxy", "v1-health"):
        method = graph[f"api-options-{path}-method"].inputs
        assert (method["httpMethod"], method["authorization"]) == ("OPTIONS", "NONE")
        integration = graph[f"api-options-{path}-integration"].inputs
        assert integration["type"] == "MOCK"
        assert integration["requestTemplates"] == {"application/json": '{"statusCode": 204}'}
        assert set(graph[f"api-options-{path}-response"].inputs["responseParameters"].values()) == {True}
        answer = graph[f"api-options-{path}-answer"].inputs
        assert answer["statusCode"] == "204"
        assert answer["responseParameters"]["method.response.header.Access-Control-Allow-Origin"] == origin


def test_of_several_origins_the_service_answers_preflights() -> None:
    graph = deploy(cors=TWO, authorizer=TOKENS)
    method = graph["api-options-v1-proxy-method"].inputs
    assert (method["httpMethod"], method["authorization"]) == ("OPTIONS", "NONE")
    integration = graph["api-options-v1-proxy-integration"].inputs
    assert (integration["type"], integration["uri"]) == ("AWS_PROXY", INVOKE)
    assert not graph.of("IntegrationResponse")


@pytest.mark.parametrize("cors", [ONE, TWO])
def test_the_api_s_own_errors_carry_one_origin(cors: Cors) -> None:
    responses = deploy(cors=cors).of("Response")
    assert {response.inputs["responseType"] for response in responses.values()} == {
        "DEFAULT_4XX",
        "DEFAULT_5XX",
    }
    for response in responses.values():
        given = response.inputs["responseParameters"]
        assert given["gatewayresponse.header.Access-Control-Allow-Origin"] == "'https://app.example'"


def test_without_cors_nobody_answers_preflights() -> None:
    graph = deploy()
    assert not graph.of("Response")
    assert {method.inputs["httpMethod"] for method in graph.of("Method").values()} == {"ANY", "GET"}


def test_the_deployment_comes_after_all_that_it_is_a_snapshot_of() -> None:
    graph = deploy(cors=ONE, authorizer=TOKENS)
    kinds = ("Method", "Integration", "MethodResponse", "IntegrationResponse", "Response")
    assert graph["api-deployment"].dependencies >= {name for kind in kinds for name in graph.of(kind)}


@pytest.mark.parametrize(
    "changes",
    [
        {"routes": API.routes[:1]},
        {"routes": (replace(API.routes[0], public=True), API.routes[1])},
        {"authorizer": TOKENS},
        {"authorizer": replace(TOKENS, applied=False)},
        {"cors": ONE},
        {"cors": TWO},
    ],
)
def test_what_changes_the_routes_is_deployed(changes: dict[str, Any]) -> None:
    assert API.digest == replace(API).digest
    assert API.digest != replace(API, **changes).digest
    trigger = deploy(**changes)["api-deployment"].inputs["triggers"]
    assert trigger == {"routes": replace(API, **changes).digest}


def test_what_a_deployment_doesn_t_hold_isn_t_deployed_for() -> None:
    assert API.digest == replace(API, throttling=Throttling(rate_limit=1), log_retention_days=90).digest


def test_the_stage_is_the_program_s_and_logs() -> None:
    graph = deploy(log_retention_days=90, kms_key_arn=KEY)
    stage = graph["api-stage"]
    settings = dict(stage.inputs["accessLogSettings"])
    assert {"requestId", "ip", "method", "status", "authorizerError"} <= set(
        json.loads(settings.pop("format"))
    )
    assert {**stage.inputs, "accessLogSettings": settings} == {
        "restApi": "api-api-id",
        "deployment": "api-deployment-id",
        "stageName": "dev",
        "accessLogSettings": {
            "destinationArn": "arn:aws:logs:ap-southeast-1:123456789012:"
            "log-group:/aws/vendedlogs/apigateway/typerush-dev"
        },
        "tags": TAGS,
    }
    group = graph["api-access-logs"].inputs
    assert (group["retentionInDays"], group["kmsKeyId"]) == (90, KEY)
    # An account has its role for logs once.
    assert not graph.of("Account")


def test_every_method_is_throttled() -> None:
    graph = deploy(throttling=Throttling(rate_limit=10, burst_limit=20))
    assert graph["api-settings"].inputs == {
        "restApi": "api-api-id",
        "stageName": "dev",
        "methodPath": "*/*",
        "settings": {
            "throttlingRateLimit": 10,
            "throttlingBurstLimit": 20,
            "metricsEnabled": True,
            "loggingLevel": "OFF",
            "dataTraceEnabled": False,
        },
    }


def test_only_this_api_s_stage_may_invoke_the_service() -> None:
    permission = deploy()["worker-AllowAPIGatewayInvoke"]
    assert permission.inputs["principal"] == "apigateway.amazonaws.com"
    assert permission.inputs["qualifier"] == "live"
    assert permission.inputs["sourceArn"] == (
        "arn:aws:execute-api:ap-southeast-1:123456789012:api-stage/dev/*/*"
    )


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"routes": ()}, "API typerush-dev: routes is none"),
        ({"routes": (API.routes[0], API.routes[0])}, "declared 2 times"),
        ({"routes": (Route(key="$default", service="worker"),)}, "a route is '$default'"),
        ({"routes": (Route(key="GET /{all+}/x", service="worker"),)}, "whose last part may be '{name+}'"),
        ({"routes": (Route(key="GET /a/", service="worker"),)}, "a route is 'GET /a/'"),
        ({"routes": (Route(key="GET /a", service="worker", public=True, iam=True),)}, "public, and by IAM"),
        ({"routes": (Route(key="OPTIONS /a", service="worker"),), "cors": ONE}, "declared beside cors"),
        ({"throttling": Throttling(rate_limit=0)}, "throttling.rate_limit is 0"),
        ({"authorizer": CognitoAuthorizer(user_pool_arns=())}, "authorizer.user_pool_arns is empty"),
        ({"authorizer": CognitoAuthorizer(user_pool_arns=("arn:x",))}, "an ARN as arn:aws:cognito-idp:"),
        ({"cors": Cors(origins=())}, "cors.origins is empty"),
        ({"cors": Cors(origins=("*", "https://a.example"))}, "cors.origins is '*'"),
        ({"cors": Cors(origins=("a.example",))}, "exact origins, as 'https://app.example', or '*' alone"),
        ({"kms_key_arn": "alias/mine"}, "kms_key_arn is 'alias/mine'"),
    ],
)
def test_problems(changes: dict[str, Any], told: str) -> None:
    (problem,) = problems(**changes)
    assert told in problem


def test_a_route_to_nowhere_is_refused() -> None:
    with pytest.raises(InvalidArgumentsError, match="the service of 'GET /a' is 'nobody'; allowed: worker"):
        deploy(routes=(Route(key="GET /a", service="nobody"),))
