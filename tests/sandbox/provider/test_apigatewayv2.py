from __future__ import annotations

import urllib.error
import urllib.request
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.provider.services.apigatewayv2.integration import Integration
from sandbox.provider.services.apigatewayv2.route import Route
from sandbox.provider.values import UNKNOWN
from tests.sandbox.provider.client import Client, Made, RefusedError
from tests.sandbox.provider.walk import refused, replaced, walk

API = "aws:apigatewayv2/api:Api"
STAGE = "aws:apigatewayv2/stage:Stage"
INTEGRATION = "aws:apigatewayv2/integration:Integration"
ROUTE = "aws:apigatewayv2/route:Route"
AUTHORIZER = "aws:apigatewayv2/authorizer:Authorizer"
INSIDE = "{apiId}/{id}"
FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:shop"
INVOKE = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{FUNCTION}:live/invocations"
HTTP = {"name": "shop", "protocolType": "HTTP"}
CALLS: dict[str, Any] = {
    "apiId": "1",
    "integrationType": "AWS_PROXY",
    "integrationUri": INVOKE,
    "payloadFormatVersion": "2.0",
}
GET = {"apiId": "1", "routeKey": "GET /pets/{id}"}
DEFAULT = {"apiId": "1", "name": "$default", "autoDeploy": True}
LOGS = {
    "destinationArn": "arn:aws:logs:us-east-1:000000000000:log-group:shop",
    "format": '{"id":"$context.requestId"}',
}
JWT: dict[str, Any] = {
    "apiId": "1",
    "name": "jwt",
    "authorizerType": "JWT",
    "identitySources": ["$request.header.Authorization"],
    "jwtConfiguration": {"issuer": "https://issuer.test", "audiences": ["shop"]},
}
BY_FUNCTION: dict[str, Any] = {
    "apiId": "1",
    "name": "function",
    "authorizerType": "REQUEST",
    "authorizerUri": INVOKE,
    "authorizerPayloadFormatVersion": "2.0",
}


@pytest.fixture
def api(live: Client) -> Made:
    return live.create(API, HTTP)


def test_the_life_of_an_api(live: Client) -> None:
    made = walk(
        live,
        API,
        HTTP,
        HTTP
        | {
            "corsConfiguration": {
                "allowCredentials": True,
                "allowHeaders": ["authorization", "content-type"],
                "allowMethods": ["GET"],
                "allowOrigins": ["https://b.test", "https://a.test"],
                "exposeHeaders": ["x-id"],
                "maxAge": 60,
            },
            "tags": {"System": "shop"},
        },
        HTTP | {"description": "pets", "version": "1", "disableExecuteApiEndpoint": True},
        HTTP | {"name": "other", "apiKeySelectionExpression": "$context.authorizer.usageIdentifierKey"},
    )
    assert made.outputs["arn"] == f"arn:aws:apigateway:us-east-1::/apis/{made.id}"
    assert made.outputs["executionArn"] == f"arn:aws:execute-api:us-east-1:000000000000:{made.id}"


def test_the_life_of_a_stage(live: Client, api: Made) -> None:
    base = DEFAULT | {"apiId": api.id}
    made = walk(
        live,
        STAGE,
        base,
        base
        | {
            "accessLogSettings": LOGS,
            "defaultRouteSettings": {"throttlingRateLimit": 2.5, "throttlingBurstLimit": 3},
            "routeSettings": [
                {"routeKey": "GET /b", "throttlingBurstLimit": 1},
                {"routeKey": "GET /a", "detailedMetricsEnabled": True},
            ],
            "stageVariables": {"a": "1", "b": "2"},
            "tags": {"System": "shop"},
        },
        base | {"description": "live", "stageVariables": {"b": "3"}},
        base | {"defaultRouteSettings": {"detailedMetricsEnabled": True, "throttlingRateLimit": 1}},
        {"apiId": api.id, "name": "$default", "deploymentId": "d1"},
        import_id=INSIDE,
    )
    assert made.id == "$default"
    assert made.outputs["arn"] == f"arn:aws:apigateway:us-east-1::/apis/{api.id}/stages/$default"
    assert made.outputs["executionArn"] == f"{api.outputs['executionArn']}/$default"
    assert made.outputs["invokeUrl"] == f"{api.outputs['apiEndpoint']}/"
    named = live.create(STAGE, base | {"name": "v1"})
    assert named.outputs["invokeUrl"] == f"{api.outputs['apiEndpoint']}/v1"


def test_the_life_of_an_integration(live: Client, api: Made) -> None:
    base = CALLS | {"apiId": api.id}
    walk(
        live,
        INTEGRATION,
        base,
        base
        | {
            "description": "shop",
            "timeoutMilliseconds": 5_000,
            "requestParameters": {"append:header.id": "$context.requestId"},
            "responseParameters": [{"statusCode": "500", "mappings": {"overwrite:statuscode": "503"}}],
        },
        base | {"payloadFormatVersion": "1.0", "integrationUri": FUNCTION, "integrationMethod": "POST"},
        import_id=INSIDE,
    )
    proxy = {"apiId": api.id, "integrationType": "HTTP_PROXY", "integrationMethod": "ANY"}
    walk(
        live,
        INTEGRATION,
        proxy | {"integrationUri": "http://127.0.0.1:1/a"},
        proxy | {"integrationUri": "http://127.0.0.1:1/b", "integrationMethod": "GET"},
        import_id=INSIDE,
    )


def test_the_life_of_a_route(live: Client, api: Made) -> None:
    target = f"integrations/{live.create(INTEGRATION, CALLS | {'apiId': api.id}).id}"
    authorizer = live.create(AUTHORIZER, JWT | {"apiId": api.id}).id
    base = GET | {"apiId": api.id, "target": target}
    guarded = {"authorizationType": "JWT", "authorizerId": authorizer}
    walk(
        live,
        ROUTE,
        base,
        base | guarded | {"authorizationScopes": ["write", "read"], "operationName": "pets"},
        base | guarded,
        base | {"authorizationType": "AWS_IAM"},
        base | {"routeKey": "$default"},
        import_id=INSIDE,
    )


def test_the_life_of_an_authorizer(live: Client, api: Made) -> None:
    base = JWT | {"apiId": api.id}
    other = {"issuer": "https://other.test", "audiences": ["b", "a"]}
    walk(live, AUTHORIZER, base, base | {"name": "other", "jwtConfiguration": other}, import_id=INSIDE)
    base = BY_FUNCTION | {"apiId": api.id}
    walk(
        live,
        AUTHORIZER,
        base,
        base | {"enableSimpleResponses": True, "authorizerResultTtlInSeconds": 0},
        base | {"authorizerCredentialsArn": "arn:aws:iam::000000000000:role/call"},
        base | {"identitySources": ["$request.header.a", "$request.header.b"]},
        import_id=INSIDE,
    )


def test_an_api_answers_where_its_outputs_say(live: Client, api: Made) -> None:
    live.create(STAGE, DEFAULT | {"apiId": api.id})
    with pytest.raises(urllib.error.HTTPError) as answer:
        urllib.request.urlopen(f"{api.outputs['apiEndpoint']}/pets", timeout=10)  # noqa: S310 -- HTTP on loopback
    with answer.value as response:
        assert (response.status, response.read()) == (404, b'{"message":"Not Found"}')


def test_what_aws_refuses_and_the_embedded_aws_doesn_t(live: Client, api: Made) -> None:
    live.create(ROUTE, GET | {"apiId": api.id})
    with pytest.raises(RefusedError, match=r"has a route GET /pets/\{id\} already"):
        live.create(ROUTE, GET | {"apiId": api.id})
    live.create(STAGE, DEFAULT | {"apiId": api.id})
    with pytest.raises(RefusedError, match=r"has a stage \$default already"):
        live.create(STAGE, DEFAULT | {"apiId": api.id})


def test_an_authorizer_keeps_its_type(live: Client, api: Made) -> None:
    made = live.create(AUTHORIZER, JWT | {"apiId": api.id})
    with pytest.raises(RefusedError, match="doesn't change authorizerType: rename the resource"):
        live.update(made, BY_FUNCTION | {"apiId": api.id})


@pytest.mark.parametrize(
    ("type", "inputs"), [(STAGE, DEFAULT), (INTEGRATION, CALLS), (ROUTE, GET), (AUTHORIZER, JWT)]
)
def test_what_is_in_an_api_goes_with_it(live: Client, api: Made, type: str, inputs: dict[str, Any]) -> None:
    made = live.create(type, inputs | {"apiId": api.id})
    live.delete(api)
    assert live.read(made).id == ""
    live.delete(made)


@pytest.mark.parametrize(
    ("type", "inputs", "changes", "expected"),
    [
        (
            API,
            HTTP,
            {"name": "b", "description": "d", "version": "2", "tags": {"a": "b"}, "region": "eu-west-1"},
            {"region"},
        ),
        (
            STAGE,
            DEFAULT,
            {"apiId": "2", "name": "v1", "autoDeploy": False, "description": "d"},
            {"apiId", "name"},
        ),
        (
            INTEGRATION,
            {"apiId": "1", "integrationType": "AWS_PROXY", "integrationUri": FUNCTION},
            {
                "apiId": "2",
                "integrationUri": INVOKE,
                "payloadFormatVersion": "2.0",
                "timeoutMilliseconds": 50,
            },
            {"apiId"},
        ),
        (ROUTE, GET, {"apiId": "2", "routeKey": "$default", "target": "integrations/1"}, {"apiId"}),
        (AUTHORIZER, JWT, {"apiId": "2", "name": "b", "identitySources": ["$request.header.A"]}, {"apiId"}),
    ],
)
def test_what_replaces(
    offline: Client, type: str, inputs: dict[str, Any], changes: dict[str, Any], expected: set[str]
) -> None:
    assert replaced(offline, type, inputs, **changes) == expected


def test_another_kind_of_integration_replaces() -> None:
    assert Integration.props["integrationType"].replaces


def test_a_named_stage_is_deleted_before_its_replacement(offline: Client) -> None:
    made = offline.create(STAGE, DEFAULT, preview=True)
    assert offline.diff(made, DEFAULT | {"apiId": UNKNOWN}).deleteBeforeReplace
    made = offline.create(ROUTE, GET, preview=True)
    assert not offline.diff(made, GET | {"apiId": UNKNOWN}).deleteBeforeReplace


def test_preview(offline: Client) -> None:
    outputs = offline.create(API, HTTP, preview=True).outputs
    assert {outputs[key] for key in ("apiEndpoint", "arn", "executionArn")} == {UNKNOWN}
    assert outputs["routeSelectionExpression"] == "$request.method $request.path"
    outputs = offline.create(STAGE, DEFAULT | {"apiId": UNKNOWN}, preview=True).outputs
    assert {outputs[key] for key in ("apiId", "arn", "executionArn", "invokeUrl")} == {UNKNOWN}
    outputs = offline.create(INTEGRATION, CALLS | {"apiId": UNKNOWN}, preview=True).outputs
    assert outputs["timeoutMilliseconds"] is UNKNOWN
    assert outputs["connectionType"] == "INTERNET"


@pytest.mark.parametrize(
    ("type", "inputs", "path", "reason"),
    [
        (
            API,
            HTTP | {"protocolType": "WEBSOCKET"},
            "protocolType",
            'the sandbox has HTTP APIs only; give "HTTP"',
        ),
        (API, HTTP | {"protocolType": "REST"}, "protocolType", "allowed: WEBSOCKET, HTTP"),
        (
            API,
            HTTP | {"routeSelectionExpression": "x"},
            "routeSelectionExpression",
            "$request.method $request.path",
        ),
        (
            API,
            HTTP | {"corsConfiguration": {"allowCredentials": True, "allowOrigins": ["*"]}},
            "corsConfiguration.allowOrigins",
            '"*" isn\'t allowed with allowCredentials',
        ),
        (API, HTTP | {"body": "{}"}, "body", "the sandbox doesn't support this property"),
        (STAGE, DEFAULT | {"name": "my stage"}, "name", "allowed: $default, or 1 to 128 of A-Za-z0-9_-"),
        (STAGE, DEFAULT | {"deploymentId": "d"}, "deploymentId", "a stage with autoDeploy deploys itself"),
        (
            STAGE,
            DEFAULT | {"accessLogSettings": LOGS | {"format": "x"}},
            "accessLogSettings.format",
            "found none of $context.requestId and $context.extendedRequestId",
        ),
        (
            STAGE,
            DEFAULT | {"defaultRouteSettings": {"loggingLevel": "INFO"}},
            "defaultRouteSettings.loggingLevel",
            "the sandbox doesn't support this property",
        ),
        (
            INTEGRATION,
            CALLS | {"integrationType": "MOCK"},
            "integrationType",
            "an HTTP API has AWS_PROXY and HTTP_PROXY",
        ),
        (INTEGRATION, CALLS | {"integrationUri": "shop"}, "integrationUri", "AWS_PROXY calls a function"),
        (INTEGRATION, CALLS | {"payloadFormatVersion": "3.0"}, "payloadFormatVersion", "allowed: 1.0, 2.0"),
        (INTEGRATION, CALLS | {"timeoutMilliseconds": 30_001}, "timeoutMilliseconds", "allowed: 50 to 30000"),
        (
            INTEGRATION,
            CALLS | {"connectionType": "VPC_LINK"},
            "connectionType",
            "the sandbox has no VPC links",
        ),
        (ROUTE, GET | {"routeKey": "get /pets"}, "routeKey", "allowed: $default, or e.g. GET /pets/{id}"),
        (ROUTE, GET | {"authorizationType": "JWT"}, "authorizerId", "missing; authorizationType JWT needs"),
        (ROUTE, GET | {"authorizerId": "1"}, "authorizerId", "authorizationType NONE has no authorizer"),
        (
            ROUTE,
            GET | {"authorizationScopes": ["a"]},
            "authorizationScopes",
            "only JWT has scopes; found NONE",
        ),
        (ROUTE, GET | {"target": "shop"}, "target", 'allowed: "integrations/" and an integration\'s id'),
        (AUTHORIZER, JWT | {"identitySources": []}, "identitySources", "found 0; a JWT authorizer has one"),
        (AUTHORIZER, JWT | {"authorizerUri": INVOKE}, "authorizerUri", "only an authorizer of type REQUEST"),
        (
            AUTHORIZER,
            JWT | {"jwtConfiguration": {"issuer": "https://a.test"}},
            "jwtConfiguration.audiences",
            "missing; a JWT authorizer needs it",
        ),
        (
            AUTHORIZER,
            JWT | {"jwtConfiguration": {"issuer": "a.test", "audiences": ["a"]}},
            "jwtConfiguration.issuer",
            "give a URL",
        ),
        (
            AUTHORIZER,
            {key: value for key, value in BY_FUNCTION.items() if key != "authorizerUri"},
            "authorizerUri",
            "missing; an authorizer of type REQUEST needs it",
        ),
        (
            AUTHORIZER,
            BY_FUNCTION | {"enableSimpleResponses": True, "authorizerPayloadFormatVersion": "1.0"},
            "enableSimpleResponses",
            'wants authorizerPayloadFormatVersion "2.0"',
        ),
    ],
)
def test_refusals(offline: Client, type: str, inputs: dict[str, Any], path: str, reason: str) -> None:
    found = refused(offline, type, inputs)
    assert list(found) == [path]
    assert reason in found[path]


def test_what_a_proxy_needs(offline: Client) -> None:
    proxy = {"apiId": "1", "integrationType": "HTTP_PROXY"}
    assert refused(offline, INTEGRATION, proxy).keys() == {"integrationUri", "integrationMethod"}
    proxy |= {"integrationUri": FUNCTION, "integrationMethod": "ANY", "payloadFormatVersion": "2.0"}
    assert refused(offline, INTEGRATION, proxy).keys() == {"integrationUri", "payloadFormatVersion"}


SEGMENTS = st.from_regex(r"[a-z0-9._~-]{1,8}|\{[a-z]{1,5}\}", fullmatch=True)


@given(
    method=st.sampled_from(["ANY", "GET", "POST"]), path=st.lists(SEGMENTS, max_size=5), rest=st.booleans()
)
def test_route_keys(method: str, path: list[str], rest: bool) -> None:
    import re

    pattern = Route.props["routeKey"].pattern
    segments = [*path, *(["{proxy+}"] if rest else [])]
    assert re.fullmatch(pattern, f"{method} /{'/'.join(segments)}")
    assert not re.fullmatch(pattern, f"{method} {'/'.join(segments)}")
    assert not re.fullmatch(pattern, f"{method} /{{proxy+}}/{'/'.join(segments)}/x")
