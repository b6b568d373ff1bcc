from __future__ import annotations

import json
from typing import Any

import pytest

from policies.rules.apis import API_01, API_02, API_03, API_04
from tests.policies.estate import API, ROUTE, estate
from tests.policies.stacks import UNKNOWN, Stack, found

CANT = "can't be known at this preview"
REST = "aws:apigateway/restApi:RestApi"
METHOD = "aws:apigateway/method:Method"


def _changed(name: str, **properties: Any) -> Stack:
    stack = estate()
    stack[name].update(properties)
    return stack


@pytest.mark.parametrize("name", ["api-stage", "rest-stage"])
def test_access_logs(name: str) -> None:
    stack = _changed(name, accessLogSettings=None)
    assert found(stack, API_01) == [("API-01", name, "accessLogSettings", "accessLogSettings isn't given")]
    stack = _changed(name, accessLogSettings=UNKNOWN)
    assert found(stack, API_01) == []
    stack.depend(name, "accessLogSettings")
    says = f"accessLogSettings.destinationArn {CANT}, and comes from no resource"
    assert found(stack, API_01) == [("API-01", name, "accessLogSettings", says)]


def test_a_quick_create_has_neither_logs_nor_limits_nor_an_authorizer() -> None:
    stack = _changed("api", target=UNKNOWN)
    stack.depend("api", "target", "orders-function")
    says = "the API makes its own stage, without access logs"
    assert found(stack, API_01) == [("API-01", "api", "accessLogSettings", says)]
    assert found(stack, API_02) == [("API-02", "api", "$default", "$default is open to anybody")]
    says = "no limit of its own: throttlingRateLimit, throttlingBurstLimit"
    assert found(stack, API_03) == [("API-03", "api", "throttling", says)]


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("NONE", "GET /orders is open to anybody"),
        (None, "GET /orders is open to anybody"),
        (UNKNOWN, f"whether GET /orders has an authorizer {CANT}"),
    ],
)
def test_a_route_without_an_authorizer(kind: object, says: str) -> None:
    stack = _changed("api-route", authorizationType=kind)
    assert found(stack, API_02) == [("API-02", "api-route", "GET /orders", says)]


@pytest.mark.parametrize(
    ("public", "is_public"),
    [
        ("shop-dev-api GET /orders", True),
        ("shop-*-api GET *", True),
        ("shop-dev-api GET /health", False),
        ("other-api GET /orders", False),
        ("GET /orders", False),
    ],
)
def test_declared_public_routes(public: str, *, is_public: bool) -> None:
    stack = _changed("api-route", authorizationType="NONE")
    assert (found(stack, API_02, content={"rules": {"API-02": {"public": [public]}}}) == []) is is_public


@pytest.mark.parametrize("kind", ["JWT", "CUSTOM", "AWS_IAM"])
def test_routes_with_an_authorizer(kind: str) -> None:
    assert found(_changed("api-route", authorizationType=kind), API_02) == []


def test_a_preflight_needs_none() -> None:
    assert found(_changed("api-route", routeKey="OPTIONS /orders", authorizationType="NONE"), API_02) == []


def test_a_route_that_cannot_be_known() -> None:
    stack = _changed("api-route", routeKey=UNKNOWN, authorizationType="NONE")
    assert [finding[3] for finding in found(stack, API_02)] == [
        "a route that can't be known is open to anybody"
    ]


def test_of_a_websocket_api_the_connection_is_authorized() -> None:
    stack = estate()
    stack.add(API, "socket", {"name": "socket", "protocolType": "WEBSOCKET"})
    for key in ("$connect", "send"):
        stack.add(ROUTE, key, {"apiId": UNKNOWN, "routeKey": key}, depends={"apiId": "socket"})
    assert found(stack, API_02) == [("API-02", "$connect", "$connect", "$connect is open to anybody")]


def test_a_method_without_an_authorizer() -> None:
    stack = _changed("rest-method", authorization="NONE")
    assert found(stack, API_02) == [
        ("API-02", "rest-method", "POST /orders", "POST /orders is open to anybody")
    ]
    public = {"rules": {"API-02": {"public": ["shop-dev-rest POST /orders"]}}}
    assert found(stack, API_02, content=public) == []


def test_the_path_of_a_method_goes_through_its_resources() -> None:
    stack = estate()
    item = {"restApi": UNKNOWN, "parentId": UNKNOWN, "pathPart": "{id}"}
    stack.add(
        "aws:apigateway/resource:Resource",
        "item",
        item,
        depends={"restApi": "rest", "parentId": "rest-orders"},
    )
    stack["rest-method"]["authorization"] = "NONE"
    stack.depend("rest-method", "resourceId", "item")
    assert [finding[2] for finding in found(stack, API_02)] == ["POST /orders/{id}"]


OPEN: dict[str, Any] = {"paths": {"/a": {"get": {}, "post": {"security": [{"key": []}]}, "options": {}}}}


@pytest.mark.parametrize(("type_", "name"), [(API, "HTTP"), (REST, "REST")])
@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (json.dumps(OPEN), [("GET /a", "GET /a is open to anybody")]),
        (json.dumps({**OPEN, "security": [{"key": []}]}), []),
        (json.dumps({**OPEN, "x-amazon-apigateway-auth": {"type": "AWS_IAM"}}), []),
        (
            json.dumps({"paths": {"/b": {"x-amazon-apigateway-any-method": {}}}}),
            [("ANY /b", "ANY /b is open to anybody")],
        ),
        (
            "paths:\n  /a: {get: {}}",
            [
                (
                    "a route that can't be known",
                    f"whether a route that can't be known has an authorizer {CANT}",
                )
            ],
        ),
        (
            UNKNOWN,
            [
                (
                    "a route that can't be known",
                    f"whether a route that can't be known has an authorizer {CANT}",
                )
            ],
        ),
        ("[]", []),
    ],
)
def test_routes_of_an_openapi_document(
    type_: str, name: str, body: str, expected: list[tuple[str, str]]
) -> None:
    stack = estate()
    stack.add(type_, "described", {"name": name, "body": body})
    assert found(stack, API_02) == [("API-02", "described", *finding) for finding in expected]


@pytest.mark.parametrize(
    ("limits", "lacking"),
    [
        (None, "throttlingRateLimit, throttlingBurstLimit"),
        ({"throttlingRateLimit": 10}, "throttlingBurstLimit"),
        ({"throttlingRateLimit": 0, "throttlingBurstLimit": 5}, "throttlingRateLimit"),
        ({"throttlingRateLimit": 10, "throttlingBurstLimit": UNKNOWN}, "throttlingBurstLimit"),
        (UNKNOWN, "throttlingRateLimit, throttlingBurstLimit"),
    ],
)
def test_throttling(limits: object, lacking: str) -> None:
    says = f"no limit of its own: {lacking}"
    stack = _changed("api-stage", defaultRouteSettings=limits)
    assert found(stack, API_03) == [("API-03", "api-stage", "throttling", says)]
    stack = _changed("rest-settings", settings=limits)
    assert found(stack, API_03) == [("API-03", "rest-stage", "throttling", says)]


@pytest.mark.parametrize("settings", [{"methodPath": "orders/POST"}, {"stageName": "v2"}])
def test_settings_for_something_else(settings: dict[str, str]) -> None:
    says = "no limit of its own: throttlingRateLimit, throttlingBurstLimit"
    stack = _changed("rest-settings", **settings)
    assert found(stack, API_03) == [("API-03", "rest-stage", "throttling", says)]


def test_settings_that_come_from_the_stage() -> None:
    stack = _changed("rest-settings", stageName=UNKNOWN)
    stack.depend("rest-settings", "stageName", "rest-stage")
    assert found(stack, API_03) == []


ORIGINS = "corsConfiguration.allowOrigins"


@pytest.mark.parametrize(
    ("origins", "says"),
    [
        (["https://a.example", "*"], "web pages of * may call it"),
        (["https://*"], "web pages of https://* may call it"),
        (UNKNOWN, f"{ORIGINS} {CANT}"),
        ([UNKNOWN], f"{ORIGINS} {CANT}"),
    ],
)
def test_cors_of_http_apis(origins: object, says: str) -> None:
    stack = _changed("api", corsConfiguration={"allowOrigins": origins})
    assert found(stack, API_04) == [("API-04", "api", ORIGINS, says)]


def test_cors_with_exact_origins() -> None:
    stack = _changed("api", corsConfiguration={"allowOrigins": ["https://a.example", "https://*.a.example"]})
    assert found(stack, API_04) == []


@pytest.mark.parametrize(
    ("parameters", "says"),
    [
        ({"method.response.header.Access-Control-Allow-Origin": "'*'"}, "web pages of * may call it"),
        (
            {"method.response.header.Access-Control-Allow-Origin": UNKNOWN},
            f"responseParameters {CANT}",
        ),
        ({"method.response.header.Access-Control-Allow-Origin": "'https://a.example'"}, ""),
        ({"method.response.header.Access-Control-Allow-Headers": "'*'"}, ""),
        (None, ""),
    ],
)
def test_cors_of_rest_apis(parameters: object, says: str) -> None:
    stack = estate()
    answer = {"restApi": "x", "responseParameters": parameters}
    stack.add("aws:apigateway/integrationResponse:IntegrationResponse", "answer", answer)
    assert found(stack, API_04) == ([("API-04", "answer", "responseParameters", says)] if says else [])
