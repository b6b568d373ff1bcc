from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

import pytest

from sandbox.provider.values import UNKNOWN
from tests.sandbox.provider.client import Client, Made, RefusedError
from tests.sandbox.provider.walk import refused, replaced, walk

API = "aws:apigateway/restApi:RestApi"
RESOURCE = "aws:apigateway/resource:Resource"
METHOD = "aws:apigateway/method:Method"
METHOD_RESPONSE = "aws:apigateway/methodResponse:MethodResponse"
INTEGRATION = "aws:apigateway/integration:Integration"
INTEGRATION_RESPONSE = "aws:apigateway/integrationResponse:IntegrationResponse"
RESPONSE = "aws:apigateway/response:Response"
AUTHORIZER = "aws:apigateway/authorizer:Authorizer"
VALIDATOR = "aws:apigateway/requestValidator:RequestValidator"
DEPLOYMENT = "aws:apigateway/deployment:Deployment"
STAGE = "aws:apigateway/stage:Stage"
SETTINGS = "aws:apigateway/methodSettings:MethodSettings"

FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:shop"
INVOKE = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{FUNCTION}:live/invocations"
POOL = "arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_Abc"
INSIDE = "{restApi}/{id}"
AT_METHOD = "{restApi}/{resourceId}/{httpMethod}"

NAMED = {"name": "shop", "endpointConfiguration": {"types": "REGIONAL"}}
PART = {"restApi": "1", "parentId": "2", "pathPart": "pets"}
AT = {"restApi": "1", "resourceId": "2", "httpMethod": "GET"}
OPEN = AT | {"authorization": "NONE"}
MOCK: dict[str, Any] = AT | {"type": "MOCK", "requestTemplates": {"application/json": '{"statusCode": 204}'}}
PROXY = AT | {"type": "AWS_PROXY", "integrationHttpMethod": "POST", "uri": INVOKE}
ANSWER = AT | {"statusCode": "204"}
ERROR = {"restApiId": "1", "responseType": "DEFAULT_4XX"}
TOKENS: dict[str, Any] = {
    "restApi": "1",
    "name": "cognito",
    "type": "COGNITO_USER_POOLS",
    "providerArns": [POOL],
}
CHECKS = {"restApi": "1", "name": "all", "validateRequestBody": True, "validateRequestParameters": True}
SNAPSHOT = {"restApi": "1", "triggers": {"routes": "a"}}
SERVED = {"restApi": "1", "stageName": "dev", "deployment": "2"}
LIMITS: dict[str, Any] = {
    "restApi": "1",
    "stageName": "dev",
    "methodPath": "*/*",
    "settings": {"throttlingBurstLimit": 3, "throttlingRateLimit": 2.5},
}
LOGS = {
    "destinationArn": "arn:aws:logs:us-east-1:000000000000:log-group:shop",
    "format": '{"id":"$context.requestId"}',
}


@pytest.fixture
def api(live: Client) -> Made:
    return live.create(API, NAMED)


@pytest.fixture
def at(live: Client, api: Made) -> dict[str, str]:
    """A resource with an open method, as what belongs to one names it."""
    part = live.create(RESOURCE, PART | {"restApi": api.id, "parentId": api.outputs["rootResourceId"]})
    at = {"restApi": api.id, "resourceId": part.id, "httpMethod": "GET"}
    live.create(METHOD, OPEN | at)
    return at


@pytest.fixture
def served(live: Client, at: dict[str, str]) -> dict[str, str]:
    """A stage, with a method that answers by itself."""
    live.create(INTEGRATION, MOCK | at)
    live.create(METHOD_RESPONSE, ANSWER | at)
    live.create(INTEGRATION_RESPONSE, ANSWER | at)
    deployment = live.create(DEPLOYMENT, SNAPSHOT | {"restApi": at["restApi"]})
    stage = SERVED | {"restApi": at["restApi"], "deployment": deployment.id}
    live.create(STAGE, stage)
    return stage


def get(url: str) -> tuple[int, Any, dict[str, str]]:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 -- HTTP on loopback
            return answer.status, answer.read(), dict(answer.headers)
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, refused.read(), dict(refused.headers)


def test_the_life_of_an_api(live: Client) -> None:
    made = walk(
        live,
        API,
        NAMED,
        NAMED | {"description": "pets", "tags": {"System": "shop"}},
        NAMED | {"name": "other", "apiKeySource": "AUTHORIZER", "disableExecuteApiEndpoint": True},
        NAMED | {"disableExecuteApiEndpoint": False},
    )
    assert made.outputs["arn"] == f"arn:aws:apigateway:us-east-1::/restapis/{made.id}"
    assert made.outputs["executionArn"] == f"arn:aws:execute-api:us-east-1:000000000000:{made.id}"


def test_the_life_of_a_resource(live: Client, api: Made) -> None:
    base = PART | {"restApi": api.id, "parentId": api.outputs["rootResourceId"]}
    parent = live.create(RESOURCE, base | {"pathPart": "v1"})
    made = walk(
        live,
        RESOURCE,
        base,
        base | {"pathPart": "{proxy+}"},
        base | {"pathPart": "{proxy+}", "parentId": parent.id},
        import_id=INSIDE,
    )
    assert made.outputs["path"] == "/v1/{proxy+}"


def test_the_life_of_a_method(live: Client, at: dict[str, str]) -> None:
    tokens = live.create(AUTHORIZER, TOKENS | {"restApi": at["restApi"]}).id
    validator = live.create(VALIDATOR, CHECKS | {"restApi": at["restApi"]}).id
    base = OPEN | at | {"httpMethod": "ANY"}
    guarded = {"authorization": "COGNITO_USER_POOLS", "authorizerId": tokens}
    made = walk(
        live,
        METHOD,
        base,
        base | guarded | {"requestParameters": {"method.request.path.proxy": True}},
        base | guarded | {"requestValidatorId": validator, "apiKeyRequired": True, "operationName": "any"},
        base | {"requestParameters": {"method.request.header.a": False}},
        import_id=AT_METHOD,
    )
    assert made.id == f"agm-{at['restApi']}-{at['resourceId']}-ANY"
    with pytest.raises(RefusedError, match="/pets has a method GET already"):
        live.create(METHOD, OPEN | at)


def test_the_life_of_an_integration(live: Client, at: dict[str, str]) -> None:
    base = MOCK | at
    live.create(METHOD_RESPONSE, ANSWER | at)
    made = live.create(INTEGRATION, base)
    answer = live.create(INTEGRATION_RESPONSE, ANSWER | at)
    live.update(made, base | {"requestTemplates": {"application/json": '{"statusCode": 200}'}})
    assert live.read(answer).outputs == answer.outputs
    live.delete(made)
    walk(live, INTEGRATION, base, base | {"timeoutMilliseconds": 5_000}, import_id=AT_METHOD)
    base = PROXY | at
    made = walk(
        live,
        INTEGRATION,
        base,
        base | {"uri": INVOKE.replace(":live", ":next"), "timeoutMilliseconds": 28_000},
        base | {"requestParameters": {"integration.request.header.a": "context.requestId"}},
        import_id=AT_METHOD,
    )
    assert made.outputs["integrationHttpMethod"] == "POST"


def test_the_life_of_the_responses(live: Client, at: dict[str, str]) -> None:
    header = "method.response.header.Access-Control-Allow-Origin"
    base = ANSWER | at
    live.create(INTEGRATION, MOCK | at)
    declared = base | {"responseParameters": {header: True}}
    place = AT_METHOD + "/{statusCode}"
    walk(
        live,
        METHOD_RESPONSE,
        base,
        declared,
        base | {"responseModels": {"text/plain": "Empty"}},
        import_id=place,
    )
    mapped = base | {"responseParameters": {header: "'*'"}, "selectionPattern": "2.."}
    other = base | {"responseTemplates": {"application/json": "{}"}}
    walk(live, INTEGRATION_RESPONSE, base, mapped, other, import_id=place)


def test_the_life_of_a_gateway_response(live: Client, api: Made) -> None:
    base = ERROR | {"restApiId": api.id}
    header = "gatewayresponse.header.Access-Control-Allow-Origin"
    walk(
        live,
        RESPONSE,
        base,
        base | {"responseParameters": {header: "'https://a.test'"}},
        base | {"statusCode": "418", "responseTemplates": {"application/json": '{"error":"x"}'}},
        import_id="{restApiId}/{responseType}",
    )


def test_the_life_of_an_authorizer(live: Client, api: Made) -> None:
    base = TOKENS | {"restApi": api.id}
    changed = base | {"name": "other", "identitySource": "method.request.header.Token"}
    made = walk(
        live, AUTHORIZER, base, changed, base | {"identityValidationExpression": ".+"}, import_id=INSIDE
    )
    assert made.outputs["arn"].endswith(f"::/restapis/{api.id}/authorizers/{made.id}")
    made = live.create(AUTHORIZER, base)
    with pytest.raises(RefusedError, match="doesn't change providerArns: rename the resource"):
        live.update(made, base | {"providerArns": [f"{POOL}d"]})


def test_the_life_of_a_validator(live: Client, api: Made) -> None:
    base = CHECKS | {"restApi": api.id}
    walk(live, VALIDATOR, base, base | {"validateRequestBody": False}, base | {"name": "b"}, import_id=INSIDE)


def test_the_life_of_a_deployment(live: Client, at: dict[str, str]) -> None:
    base = {"restApi": at["restApi"]}
    walk(live, DEPLOYMENT, base, base | {"description": "first"}, base, import_id=INSIDE)
    made = live.create(DEPLOYMENT, base | {"triggers": {"routes": "a"}})
    assert live.read(made).outputs["triggers"] == {"routes": "a"}


def test_the_life_of_a_stage(live: Client, at: dict[str, str]) -> None:
    api = at["restApi"]
    first, second = (live.create(DEPLOYMENT, SNAPSHOT | {"restApi": api}).id for _ in range(2))
    base = SERVED | {"restApi": api, "deployment": first}
    made = walk(
        live,
        STAGE,
        base,
        base | {"accessLogSettings": LOGS, "tags": {"System": "shop"}, "xrayTracingEnabled": True},
        base | {"deployment": second, "description": "live", "variables": {"a": "1", "b": "2"}},
        base | {"variables": {"b": "3"}},
        import_id="{restApi}/{stageName}",
    )
    assert made.id == f"ags-{api}-dev"
    assert made.outputs["executionArn"] == f"arn:aws:execute-api:us-east-1:000000000000:{api}/dev"
    live.create(STAGE, base | {"accessLogSettings": LOGS, "tags": {"System": "shop"}})
    with pytest.raises(RefusedError, match="has a stage dev already"):
        live.create(STAGE, base)


def test_the_life_of_settings(live: Client, served: dict[str, str]) -> None:
    base = LIMITS | {"restApi": served["restApi"]}
    more = {
        "metricsEnabled": True,
        "loggingLevel": "OFF",
        "throttlingBurstLimit": 5,
        "throttlingRateLimit": 4,
    }
    place = "{restApi}/{stageName}/{methodPath}"
    made = walk(live, SETTINGS, base, base | {"settings": more}, import_id=place)
    assert made.id == f"{served['restApi']}-dev-*/*"
    pets = base | {"methodPath": "pets/GET"}
    walk(live, SETTINGS, pets, pets | {"settings": more}, import_id=place)


def test_a_stage_answers_where_its_output_says(live: Client, served: dict[str, str]) -> None:
    stage = live.imported(STAGE, f"{served['restApi']}/dev")
    assert get(f"{stage.outputs['invokeUrl']}/pets")[0] == 204
    status, body, headers = get(f"{stage.outputs['invokeUrl']}/else")
    assert (status, json.loads(body)) == (403, {"message": "Missing Authentication Token"})
    assert "Access-Control-Allow-Origin" not in headers


def test_gateway_responses_are_served_by_a_deployment(live: Client, served: dict[str, str]) -> None:
    api = served["restApi"]
    stage = live.imported(STAGE, f"{api}/dev")
    header = "gatewayresponse.header.Access-Control-Allow-Origin"
    live.create(RESPONSE, ERROR | {"restApiId": api, "responseParameters": {header: "'https://a.test'"}})
    deployment = live.create(DEPLOYMENT, {"restApi": api})
    live.update(stage, served | {"deployment": deployment.id})
    assert get(f"{stage.outputs['invokeUrl']}/else")[2]["Access-Control-Allow-Origin"] == "https://a.test"


def test_throttling_is_served(live: Client, served: dict[str, str]) -> None:
    stage = live.imported(STAGE, f"{served['restApi']}/dev")
    settings = {"throttlingBurstLimit": 1, "throttlingRateLimit": 0.001}
    live.create(SETTINGS, LIMITS | {"restApi": served["restApi"], "settings": settings})
    url = f"{stage.outputs['invokeUrl']}/pets"
    assert [get(url)[0] for _ in range(2)] == [204, 429]


def test_what_aws_refuses_and_the_embedded_aws_doesn_t(live: Client, api: Made) -> None:
    with pytest.raises(RefusedError, match="has no methods: let the deployment depend on them"):
        live.create(DEPLOYMENT, {"restApi": api.id})


def test_a_served_deployment_stays(live: Client, served: dict[str, str]) -> None:
    deployment = live.imported(DEPLOYMENT, f"{served['restApi']}/{served['deployment']}")
    with pytest.raises(RefusedError, match=r"the stage dev serves the deployment"):
        live.delete(deployment)


@pytest.mark.parametrize(
    ("type", "inputs", "changes", "expected"),
    [
        (API, NAMED, {"name": "b", "description": "d", "region": "eu-west-1"}, {"region"}),
        (RESOURCE, PART, {"restApi": "2", "parentId": "3", "pathPart": "b"}, {"restApi"}),
        (
            METHOD,
            OPEN,
            {"restApi": "2", "resourceId": "3", "httpMethod": "POST", "authorization": "AWS_IAM"},
            {"restApi", "resourceId", "httpMethod"},
        ),
        (
            INTEGRATION,
            PROXY,
            {
                "restApi": "2",
                "resourceId": "3",
                "httpMethod": "PUT",
                "uri": f"{INVOKE}",
                "timeoutMilliseconds": 60,
            },
            {"restApi", "resourceId", "httpMethod"},
        ),
        (
            INTEGRATION,
            MOCK,
            {
                "passthroughBehavior": "NEVER",
                "credentials": "arn:aws:iam::000000000000:role/a",
                "requestTemplates": {},
            },
            {"passthroughBehavior", "credentials"},
        ),
        (METHOD_RESPONSE, ANSWER, {"statusCode": "200", "responseModels": {"a": "b"}}, {"statusCode"}),
        (INTEGRATION_RESPONSE, ANSWER, {"statusCode": "200", "selectionPattern": "2"}, {"statusCode"}),
        (
            RESPONSE,
            ERROR,
            {"restApiId": "2", "responseType": "DEFAULT_5XX", "statusCode": "400"},
            {"restApiId", "responseType"},
        ),
        (AUTHORIZER, TOKENS, {"restApi": "2", "name": "b", "providerArns": [f"{POOL}d"]}, {"restApi"}),
        (VALIDATOR, CHECKS, {"restApi": "2", "name": "b", "validateRequestBody": False}, {"restApi"}),
        (
            DEPLOYMENT,
            SNAPSHOT,
            {"restApi": "2", "description": "d", "triggers": {"routes": "b"}},
            {"restApi", "triggers"},
        ),
        (STAGE, SERVED, {"restApi": "2", "stageName": "b", "deployment": "3"}, {"restApi", "stageName"}),
        (
            SETTINGS,
            LIMITS,
            {"restApi": "2", "stageName": "b", "methodPath": "a/GET", "settings": {"metricsEnabled": True}},
            {"restApi", "stageName", "methodPath"},
        ),
    ],
)
def test_what_replaces(
    offline: Client, type: str, inputs: dict[str, Any], changes: dict[str, Any], expected: set[str]
) -> None:
    assert replaced(offline, type, inputs, **changes) == expected


def test_a_deployment_s_replacement_comes_first(offline: Client) -> None:
    made = offline.create(DEPLOYMENT, SNAPSHOT, preview=True)
    assert not offline.diff(made, SNAPSHOT | {"triggers": {"routes": "b"}}).deleteBeforeReplace
    made = offline.create(STAGE, SERVED, preview=True)
    assert offline.diff(made, SERVED | {"restApi": UNKNOWN}).deleteBeforeReplace


def test_preview(offline: Client) -> None:
    outputs = offline.create(API, NAMED, preview=True).outputs
    assert {outputs[key] for key in ("arn", "createdDate", "executionArn", "rootResourceId")} == {UNKNOWN}
    outputs = offline.create(STAGE, SERVED | {"restApi": UNKNOWN}, preview=True).outputs
    assert {outputs[key] for key in ("arn", "executionArn", "invokeUrl")} == {UNKNOWN}


@pytest.mark.parametrize(
    ("type", "inputs", "path", "reason"),
    [
        (API, NAMED | {"endpointConfiguration": {"types": "EDGE"}}, "endpointConfiguration.types", "no edge"),
        (API, NAMED | {"body": "{}"}, "body", "the sandbox doesn't support this property"),
        (RESOURCE, PART | {"pathPart": "a/b"}, "pathPart", "one part of a path"),
        (METHOD, OPEN | {"httpMethod": "get"}, "httpMethod", "allowed: ANY, DELETE, GET"),
        (METHOD, AT | {"authorization": "COGNITO_USER_POOLS"}, "authorizerId", "needs an authorizer"),
        (METHOD, OPEN | {"authorizerId": "1"}, "authorizerId", "authorization NONE has no authorizer"),
        (METHOD, OPEN | {"requestParameters": {"a": True}}, "requestParameters.a", "method.request."),
        (METHOD_RESPONSE, ANSWER | {"statusCode": "99"}, "statusCode", "a status, e.g. 200"),
        (
            METHOD_RESPONSE,
            ANSWER | {"responseParameters": {"a": True}},
            "responseParameters.a",
            "method.response.header.",
        ),
        (INTEGRATION, PROXY | {"uri": FUNCTION}, "uri", "AWS_PROXY calls a function: give its invokeArn"),
        (INTEGRATION, PROXY | {"integrationHttpMethod": "GET"}, "integrationHttpMethod", 'called by "POST"'),
        (INTEGRATION, AT | {"type": "HTTP_PROXY"}, "uri", "missing; HTTP_PROXY calls something"),
        (INTEGRATION, AT | {"type": "HTTP", "uri": "http://a.test"}, "type", "doesn't map requests"),
        (INTEGRATION, MOCK | {"connectionType": "VPC_LINK"}, "connectionType", "no VPC links"),
        (INTEGRATION, MOCK | {"timeoutMilliseconds": 49}, "timeoutMilliseconds", "50 to 300000"),
        (
            INTEGRATION_RESPONSE,
            ANSWER | {"responseParameters": {"a": "b"}},
            "responseParameters.a",
            "method.response.header.",
        ),
        (RESPONSE, ERROR | {"responseType": "DEFAULT_3XX"}, "responseType", "allowed: DEFAULT_4XX"),
        (
            RESPONSE,
            ERROR | {"responseParameters": {"a": "b"}},
            "responseParameters.a",
            "gatewayresponse.header.",
        ),
        (AUTHORIZER, TOKENS | {"type": "TOKEN"}, "type", 'the sandbox has "COGNITO_USER_POOLS"'),
        (AUTHORIZER, TOKENS | {"providerArns": []}, "providerArns", "takes tokens of user pools: name one"),
        (STAGE, SERVED | {"stageName": "$default"}, "stageName", "1 to 128 of A-Za-z0-9_-"),
        (
            STAGE,
            SERVED | {"accessLogSettings": LOGS | {"format": "x"}},
            "accessLogSettings.format",
            "found none of",
        ),
        (SETTINGS, LIMITS | {"methodPath": "pets"}, "methodPath", "*/*, or e.g. pets/GET"),
        (
            SETTINGS,
            LIMITS | {"settings": {"loggingLevel": "DEBUG"}},
            "settings.loggingLevel",
            "OFF, ERROR, INFO",
        ),
    ],
)
def test_refusals(offline: Client, type: str, inputs: dict[str, Any], path: str, reason: str) -> None:
    found = refused(offline, type, inputs)
    assert list(found) == [path]
    assert reason in found[path]
