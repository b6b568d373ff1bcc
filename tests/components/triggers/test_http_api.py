from __future__ import annotations

import json
from dataclasses import replace

import pytest

from components.data.user_pool import UserPool, UserPoolArgs
from components.problems import InvalidArgumentsError
from components.service import LambdaService
from components.triggers.api import Cors, Route, Throttling
from components.triggers.http_api import HttpApi, HttpApiArgs, JwtAuthorizer
from tests.components.sample import KEY, SCOPE, service_args
from tests.mocks import Graph, declare

TAGS = {"System": "typerush", "Service": "shared", "Stage": "dev", "ManagedBy": "pulumi"}
TOKENS = JwtAuthorizer(issuer="https://issuer.example", audience=("game",))
API = HttpApiArgs(
    scope=SCOPE,
    routes=(
        Route(key="GET /health", service="worker", public=True),
        Route(key="POST /jobs", service="worker"),
        Route(key="$default", service="worker"),
    ),
)


def deploy(**changes: object) -> Graph:
    def program() -> None:
        worker = LambdaService("worker", service_args())
        HttpApi("api", replace(API, **changes), {"worker": worker})  # type: ignore[arg-type]

    return declare(program)


def test_an_api() -> None:
    assert deploy()["api-api"].inputs == {
        "name": "typerush-dev-api",
        "protocolType": "HTTP",
        "tags": TAGS,
    }


def test_the_stage_logs_and_throttles() -> None:
    graph = deploy(
        throttling=Throttling(rate_limit=10, burst_limit=20), log_retention_days=90, kms_key_arn=KEY
    )
    stage = graph["api-stage"]
    settings = dict(stage.inputs["accessLogSettings"])
    assert set(json.loads(settings.pop("format"))) == {
        "requestId",
        "requestTime",
        "ip",
        "routeKey",
        "status",
        "protocol",
        "responseLength",
        "responseLatencyMs",
        "integrationLatencyMs",
        "integrationError",
        "authorizerError",
    }
    assert {**stage.inputs, "accessLogSettings": settings} == {
        "apiId": "api-api-id",
        "name": "$default",
        "autoDeploy": True,
        "accessLogSettings": {
            "destinationArn": (
                "arn:aws:logs:ap-southeast-1:123456789012:"
                "log-group:/aws/vendedlogs/apigateway/typerush-dev-api"
            )
        },
        "defaultRouteSettings": {
            "throttlingRateLimit": 10,
            "throttlingBurstLimit": 20,
        },
        "tags": TAGS,
    }
    assert graph["api-access-logs"].inputs == {
        "name": "/aws/vendedlogs/apigateway/typerush-dev-api",
        "retentionInDays": 90,
        "kmsKeyId": KEY,
        "tags": {**TAGS, "Name": "/aws/vendedlogs/apigateway/typerush-dev-api"},
    }


def test_a_service_has_one_integration_on_its_alias() -> None:
    graph = deploy()
    assert graph["api-worker-integration"].inputs == {
        "apiId": "api-api-id",
        "integrationType": "AWS_PROXY",
        "integrationMethod": "POST",
        "integrationUri": (
            "arn:aws:apigateway:ap-southeast-1:lambda:path/"
            "arn:aws:lambda:ap-southeast-1:123456789012:function:typerush-dev-worker:live/invocations"
        ),
        "payloadFormatVersion": "2.0",
        "timeoutMilliseconds": 30_000,
    }
    assert graph["api-worker-integration"].property_dependencies == {
        "apiId": {"api-api"},
        "integrationUri": {"worker-live"},
    }


def test_only_this_api_may_invoke_the_service() -> None:
    permission = deploy()["worker-AllowAPIGatewayInvoke"]
    assert permission.inputs == {
        "statementId": "AllowAPIGatewayInvoke",
        "function": "typerush-dev-worker",
        "qualifier": "live",
        "action": "lambda:InvokeFunction",
        "principal": "apigateway.amazonaws.com",
        "sourceArn": "arn:aws:execute-api:ap-southeast-1:123456789012:api-api/*/*",
    }
    assert permission.property_dependencies == {
        "function": {"worker-function"},
        "qualifier": {"worker-live"},
        "sourceArn": {"api-api"},
    }


def test_the_permissions_name_can_be_chosen() -> None:
    graph = deploy(statement_id="apigateway-invoke")
    assert graph["worker-apigateway-invoke"].inputs["statementId"] == "apigateway-invoke"


def test_routes_without_an_authorizer_are_open() -> None:
    graph = deploy()
    assert {
        route.inputs["routeKey"]: route.inputs["authorizationType"] for route in graph.of("Route").values()
    } == {
        "GET /health": "NONE",
        "POST /jobs": "NONE",
        "$default": "NONE",
    }
    assert graph["api-post-jobs-route"].inputs["target"] == "integrations/api-worker-integration-id"
    assert graph["api-default-route"].property_dependencies == {
        "apiId": {"api-api"},
        "target": {"api-worker-integration"},
    }


def test_with_an_authorizer_only_public_routes_are_open() -> None:
    graph = deploy(authorizer=TOKENS)
    assert graph["api-authorizer"].inputs == {
        "apiId": "api-api-id",
        "name": "typerush-dev-api-jwt",
        "authorizerType": "JWT",
        "identitySources": ["$request.header.Authorization"],
        "jwtConfiguration": {"issuer": "https://issuer.example", "audiences": ["game"]},
    }
    assert {
        route.inputs["routeKey"]: (route.inputs["authorizationType"], route.inputs.get("authorizerId"))
        for route in graph.of("Route").values()
    } == {
        "GET /health": ("NONE", None),
        "POST /jobs": ("JWT", "api-authorizer-id"),
        "$default": ("JWT", "api-authorizer-id"),
    }
    assert graph["api-post-jobs-route"].property_dependencies["authorizerId"] == {"api-authorizer"}


def test_a_route_by_iam_asks_no_authorizer() -> None:
    graph = deploy(authorizer=TOKENS, routes=(Route(key="POST /jobs", service="worker", iam=True),))
    route = graph["api-post-jobs-route"].inputs
    assert (route["authorizationType"], "authorizerId" in route) == ("AWS_IAM", False)


def test_cors() -> None:
    assert deploy(cors=Cors(origins=("https://game.example",)))["api-api"].inputs["corsConfiguration"] == {
        "allowOrigins": ["https://game.example"],
        "allowMethods": ["GET", "POST"],
        "allowHeaders": ["authorization", "content-type"],
        "maxAge": 300,
    }


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"what": "a" * 120}, "characters long; allowed: at most 128"),
        (
            {"routes": (API.routes[0], API.routes[0])},
            "the route 'GET /health' is declared 2 times; allowed: each method and path once",
        ),
        (
            {"routes": (Route(key="GET /", service="worker", public=True, iam=True),)},
            "the route 'GET /' is public, and by IAM; allowed: one of the two",
        ),
        ({"routes": (Route(key="GET health", service="worker"),)}, "a route is 'GET health'; allowed:"),
        (
            {"routes": (Route(key="GET /", service="other"),)},
            "the service of 'GET /' is 'other'; allowed: worker",
        ),
        ({"throttling": Throttling(rate_limit=0)}, "throttling.rate_limit is 0; allowed: more than 0"),
        (
            {"authorizer": replace(TOKENS, issuer="http://x")},
            "authorizer.issuer is 'http://x'; allowed: an https",
        ),
        ({"authorizer": replace(TOKENS, audience=())}, "authorizer.audience is empty; allowed: at least one"),
        ({"cors": Cors(origins=())}, "cors.origins is empty; allowed: at least one origin"),
        (
            {"cors": Cors(origins=("https://x",), methods=("ANY",))},
            "cors.methods is 'ANY'; allowed: GET, POST",
        ),
        (
            {"cors": Cors(origins=("https://x",), headers=("a b",))},
            "cors.headers is 'a b'; allowed: names of HTTP",
        ),
        ({"cors": Cors(origins=("https://x",), max_age_s=-2)}, "cors.max_age_s is -2; allowed: -1 to 86400"),
        ({"cors": Cors(origins=("*",))}, "cors.origins is '*'; allowed: exact origins"),
        ({"kms_key_arn": "x"}, "kms_key_arn is 'x'; allowed: an ARN as"),
    ],
)
def test_an_impossible_api_is_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidArgumentsError) as error:
        deploy(**change)
    assert message in str(error.value)


def test_exact_routes_may_be_called_each_by_a_permission_of_its_own() -> None:
    one = Route(key="POST /jobs", service="worker", exact=True)
    sources = {
        each.inputs["statementId"]: each.inputs["sourceArn"].partition(":api-api")[2]
        for routes in ((one,), (one, Route(key="ANY /jobs/{id}", service="worker", exact=True)))
        for each in deploy(routes=routes).of("Permission").values()
    }
    assert sources == {
        "AllowAPIGatewayInvoke": "/*/POST/jobs",
        "AllowAPIGatewayInvoke-post-jobs": "/*/POST/jobs",
        "AllowAPIGatewayInvoke-any-jobs-id": "/*/*/jobs/{id}",
    }


def test_a_service_with_another_route_is_called_by_all_of_the_api() -> None:
    routes = (Route(key="POST /jobs", service="worker", exact=True), Route(key="GET /jobs", service="worker"))
    (permission,) = deploy(routes=routes).of("Permission").values()
    assert permission.inputs["sourceArn"].endswith("/*/*")


def test_tokens_of_a_user_pool_of_the_program() -> None:
    def program() -> None:
        users = UserPool("users", UserPoolArgs(scope=SCOPE))
        tokens = JwtAuthorizer(issuer=users.issuer, audience=(users.client_id,))
        HttpApi("api", replace(API, authorizer=tokens), {"worker": LambdaService("worker", service_args())})

    authorizer = declare(program)["api-authorizer"]
    assert authorizer.inputs["jwtConfiguration"]["issuer"].startswith("https://cognito-idp.")
    assert authorizer.property_dependencies["jwtConfiguration"] == {"users-pool", "users-client"}
