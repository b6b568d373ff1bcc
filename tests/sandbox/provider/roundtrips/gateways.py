"""REST and HTTP APIs, rules and their targets, alarms and dashboards."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from hypothesis import strategies as st

from sandbox.provider.values import PropertyMap

from .drawing import Draw
from .values import LOG_GROUPS, LOG_LINES, documents, keep_one, named, one_of, some_of, without
from .world import ACCOUNT, World

_CREDENTIALS = one_of(*(f"arn:aws:iam::{ACCOUNT}:role/{name}" for name in ("trip-owner", "other")))
_LOGS = {"accessLogSettings.destinationArn": LOG_GROUPS, "accessLogSettings.format": LOG_LINES}
_TEMPLATES = st.dictionaries(
    one_of("application/json", "text/plain"),
    one_of('{"statusCode": 200}', "#set($a = 1)"),
    min_size=1,
    max_size=2,
)


def _rest(world: World, **given: Any) -> dict[str, Any]:
    return {"restApi": st.just(world.rest_api.id), **given}


def _rest_api(world: World) -> Draw:
    del world
    return Draw(
        given={
            "description": one_of("pets", "a: b/c"),
            "endpointConfiguration.types": st.just("REGIONAL"),
            "name": named("trip-"),
        }
    )


def _path(world: World) -> Draw:
    parents = one_of(world.rest_api.outputs["rootResourceId"], world.paths[0].id)
    parts = one_of("drawn", "{id}", "{proxy+}", "a.b:c~d")
    return Draw(given=_rest(world, parentId=parents, pathPart=parts))


def _method(world: World) -> Draw:
    def fit(inputs: PropertyMap) -> PropertyMap:
        if inputs["authorization"] != "COGNITO_USER_POOLS":
            return without(inputs, "authorizerId")
        return inputs | {"authorizerId": world.rest_authorizer}

    names = one_of("method.request.header.a", "method.request.querystring.b", "method.request.path.id")
    return Draw(
        given=_rest(
            world,
            authorization=one_of("NONE", "AWS_IAM", "COGNITO_USER_POOLS"),
            authorizerId=st.just(world.rest_authorizer),
            httpMethod=one_of("PUT", "ANY"),
            requestParameters=st.dictionaries(names, st.booleans(), max_size=2),
            requestValidatorId=st.just(world.validator),
            resourceId=one_of(*(each.id for each in world.paths)),
        ),
        fit=fit,
    )


def _invoke_arn(world: World) -> str:
    return str(world.function.outputs["invokeArn"])


def _rest_integration(world: World) -> Draw:
    def fit(inputs: PropertyMap) -> PropertyMap:
        if inputs["type"] == "MOCK":
            return without(inputs, "uri", "integrationHttpMethod", "credentials")
        if inputs["type"] == "AWS_PROXY":
            return inputs | {"uri": _invoke_arn(world), "integrationHttpMethod": "POST"}
        return {"integrationHttpMethod": "GET"} | inputs | {"uri": "https://a.test/{id}"}

    names = one_of("integration.request.header.a", "integration.request.querystring.b")
    values = one_of("method.request.header.a", "'fixed'")
    return Draw(
        given={
            **{name: st.just(value) for name, value in world.bare_method.items()},
            "cacheNamespace": one_of("trips", "abc123"),
            "connectionType": st.just("INTERNET"),
            "credentials": _CREDENTIALS,
            "requestParameters": st.dictionaries(names, values, max_size=2),
            "requestTemplates": _TEMPLATES,
            "type": one_of("MOCK", "AWS_PROXY", "HTTP_PROXY"),
            "uri": st.just("https://a.test"),
        },
        fit=fit,
    )


def _method_response(world: World) -> Draw:
    headers = one_of("method.response.header.A", "method.response.header.Access-Control-Allow-Origin")
    return Draw(
        given={
            **{name: st.just(value) for name, value in world.method.items()},
            "responseModels": st.dictionaries(
                one_of("application/json", "text/plain"), one_of("Empty", "Error")
            ),
            "responseParameters": st.dictionaries(headers, st.booleans()),
            "statusCode": one_of("204", "404"),
        }
    )


def _integration_response(world: World) -> Draw:
    headers = one_of("method.response.header.A", "method.response.header.B-C")
    return Draw(
        given={
            **{name: st.just(value) for name, value in world.method.items()},
            "responseParameters": st.dictionaries(headers, one_of("'*'", "integration.response.header.A")),
            "responseTemplates": _TEMPLATES,
            "selectionPattern": one_of("2..", ".*error.*"),
            "statusCode": st.just("200"),
        }
    )


def _gateway_response(world: World) -> Draw:
    headers = one_of("gatewayresponse.header.A", "gatewayresponse.header.Access-Control-Allow-Origin")
    return Draw(
        given={
            "responseParameters": st.dictionaries(headers, one_of("'*'", "'https://a.test'")),
            "responseTemplates": _TEMPLATES,
            "responseType": one_of("DEFAULT_4XX", "UNAUTHORIZED", "THROTTLED"),
            "restApiId": st.just(world.rest_api.id),
            "statusCode": one_of("403", "418"),
        }
    )


def _rest_authorizer(world: World) -> Draw:
    return Draw(
        given=_rest(
            world,
            identitySource=one_of("method.request.header.Authorization", "method.request.header.Token"),
            identityValidationExpression=one_of(".+", "^Bearer .*"),
            providerArns=st.just([world.pool.outputs["arn"]]),
            type=st.just("COGNITO_USER_POOLS"),
        ),
        always=("providerArns", "type"),
    )


def _validator(world: World) -> Draw:
    return Draw(given=_rest(world, name=named("trip-")))


def _deployment(world: World) -> Draw:
    assert world.method
    triggers = st.dictionaries(st.just("routes"), one_of("a", "b"))
    return Draw(given=_rest(world, description=one_of("first", "a: b"), triggers=triggers))


def _rest_stage(world: World) -> Draw:
    variables = st.dictionaries(one_of("a", "b"), one_of("1", "x/y"), max_size=2)
    return Draw(
        given=_rest(
            world,
            **_LOGS,
            deployment=one_of(*world.deployments),
            description=one_of("live", "a: b"),
            stageName=named("trip"),
            variables=variables,
        )
    )


def _settings(world: World) -> Draw:
    return Draw(
        given=_rest(
            world,
            methodPath=one_of("*/*", "pets/GET"),
            stageName=st.just(world.stage),
            **{
                "settings.throttlingBurstLimit": st.integers(0, 9),
                "settings.throttlingRateLimit": one_of(1, 2.5, 100),
            },
        ),
        fit=lambda inputs: inputs | {"settings": inputs["settings"] or {"metricsEnabled": True}},
    )


def _http_api(world: World) -> Draw:
    del world
    origins = some_of("https://a.test", "https://b.test")
    return Draw(
        given={
            "corsConfiguration.allowHeaders": some_of("authorization", "content-type"),
            "corsConfiguration.allowMethods": some_of("GET", "POST", "*"),
            "corsConfiguration.allowOrigins": origins,
            "corsConfiguration.exposeHeaders": some_of("x-id", "date"),
            "corsConfiguration.maxAge": st.integers(0, 86_400),
            "name": named("trip-"),
            "protocolType": st.just("HTTP"),
            "routeSelectionExpression": st.just("$request.method $request.path"),
        }
    )


def _http(world: World, **given: Any) -> dict[str, Any]:
    return {"apiId": st.just(world.http_api), **given}


def _http_authorizer(world: World) -> Draw:
    def fit(inputs: PropertyMap) -> PropertyMap:
        if inputs["authorizerType"] == "REQUEST":
            inputs = (
                {"authorizerPayloadFormatVersion": "2.0"} | inputs | {"authorizerUri": _invoke_arn(world)}
            )
            if inputs["authorizerPayloadFormatVersion"] == "1.0":
                inputs = without(inputs, "enableSimpleResponses")
            return without(inputs, "jwtConfiguration")
        jwt = {"issuer": "https://issuer.test", "audiences": ["trip"]} | inputs.get("jwtConfiguration", {})
        own = {"jwtConfiguration": jwt, "identitySources": ["$request.header.Authorization"]}
        return without(inputs, *_OF_REQUEST) | own

    return Draw(
        given=_http(
            world,
            authorizerCredentialsArn=_CREDENTIALS,
            authorizerUri=st.just(_invoke_arn(world)),
            identitySources=some_of("$request.header.Authorization", "$request.querystring.token"),
            name=named("trip-"),
            **{
                "jwtConfiguration.audiences": some_of("shop", "trip"),
                "jwtConfiguration.issuer": one_of("https://issuer.test", "https://other.test/a"),
            },
        ),
        fit=fit,
    )


_OF_REQUEST = (
    *("authorizerCredentialsArn", "authorizerPayloadFormatVersion", "authorizerResultTtlInSeconds"),
    *("authorizerUri", "enableSimpleResponses"),
)


def _http_integration(world: World) -> Draw:
    def fit(inputs: PropertyMap) -> PropertyMap:
        if inputs["integrationType"] == "AWS_PROXY":
            return inputs | {"integrationUri": world.function.outputs["arn"], "integrationMethod": "POST"}
        return (
            {"integrationMethod": "ANY"}
            | inputs
            | {"integrationUri": "https://a.test", "payloadFormatVersion": "1.0"}
        )

    changes = st.dictionaries(
        one_of("append:header.a", "overwrite:path"), one_of("$context.requestId", "b"), min_size=1
    )
    responses = st.lists(
        st.fixed_dictionaries({"statusCode": one_of("404", "500"), "mappings": changes}),
        min_size=1,
        unique_by=lambda each: each["statusCode"],
    )
    return Draw(
        given=_http(
            world,
            connectionType=st.just("INTERNET"),
            description=one_of("calls", "a: b"),
            integrationType=one_of("AWS_PROXY", "HTTP_PROXY"),
            integrationUri=st.just(""),
            requestParameters=changes,
            responseParameters=responses,
        ),
        fit=fit,
    )


def _http_route(world: World) -> Draw:
    def fit(inputs: PropertyMap) -> PropertyMap:
        if inputs.get("authorizationType") != "JWT":
            return without(inputs, "authorizationScopes", "authorizerId")
        return inputs | {"authorizerId": world.http_authorizer}

    return Draw(
        given=_http(
            world,
            authorizationScopes=some_of("openid", "api/read"),
            authorizationType=one_of("NONE", "AWS_IAM", "JWT"),
            authorizerId=st.just(world.http_authorizer),
            routeKey=one_of("$default", "GET /trips", "ANY /trips/{id}", "POST /{proxy+}"),
            target=st.just(f"integrations/{world.http_integration}"),
        ),
        fit=fit,
    )


def _http_stage(world: World) -> Draw:
    def fit(inputs: PropertyMap) -> PropertyMap:
        for n, each in enumerate(inputs.get("routeSettings", ())):
            each["routeKey"] = f"GET /{n}"
        return without(inputs, "deploymentId") if inputs.get("autoDeploy") else inputs

    limits = {
        f"{name}.{limit}": strategy
        for name in ("defaultRouteSettings", "routeSettings[]")
        for limit, strategy in (
            ("throttlingBurstLimit", st.integers(1, 9)),
            ("throttlingRateLimit", one_of(1, 2.5, 100)),
        )
    }
    return Draw(
        given=_http(
            world,
            **_LOGS,
            **limits,
            deploymentId=one_of("d1", "d2"),
            description=one_of("live", "a: b"),
            name=one_of("$default", "trip", "v1"),
            stageVariables=st.dictionaries(one_of("a", "b"), one_of("1", "x/y"), max_size=2),
        ),
        fit=fit,
    )


def _event_rule(world: World) -> Draw:
    def fit(inputs: PropertyMap) -> PropertyMap:
        if inputs.get("eventBusName", "default") != "default":
            inputs = without(inputs, "scheduleExpression")
        if "scheduleExpression" in inputs:
            return inputs
        return {"eventPattern": '{"source": ["trip"]}'} | inputs

    return Draw(
        given={
            "description": one_of("every hour", "a: b/c"),
            "eventBusName": one_of("default", world.bus),
            "eventPattern": documents({"source": ["trip"]}, {"detail": {"n": [{"numeric": [">", 1]}]}}),
            "name": named("trip-e"),
            "scheduleExpression": one_of("rate(15 minutes)", "cron(0 8 ? * MON-FRI *)"),
        },
        fit=fit,
    )


def _event_target(world: World) -> Draw:
    assert world.rules

    def fit(inputs: PropertyMap) -> PropertyMap:
        fifo = "sqsTarget" in inputs
        target = world.dead_letters[True] if fifo else world.function.outputs["arn"]
        return keep_one(inputs, "inputTransformer", "input", "inputPath") | {"arn": target}

    transformer = one_of(
        {"inputPaths": {"a": "$.detail.a"}, "inputTemplate": '"<a>"'}, {"inputTemplate": '{"b": 1}'}
    )
    return Draw(
        given={
            "arn": st.just(""),
            "deadLetterConfig.arn": st.just(world.dead_letters[False]),
            "eventBusName": one_of("default", world.bus),
            "input": documents({"a": 1}, [1, 2]),
            "inputPath": one_of("$.detail", "$.detail.a"),
            "inputTransformer": transformer,
            "roleArn": _CREDENTIALS,
            "rule": st.just("trip-rule"),
            "sqsTarget": st.just({"messageGroupId": "trips"}),
            "targetId": named("trip-"),
        },
        fit=fit,
    )


def _alarm(world: World) -> Draw:
    del world

    def fit(inputs: PropertyMap) -> PropertyMap:
        inputs = keep_one(inputs, "extendedStatistic", "statistic")
        if "extendedStatistic" not in inputs:
            inputs = {"statistic": "Sum"} | inputs
        if "datapointsToAlarm" in inputs:
            inputs["evaluationPeriods"] = max(inputs["evaluationPeriods"], inputs["datapointsToAlarm"])
        return inputs

    actions = some_of(*(f"arn:aws:sns:us-east-1:{ACCOUNT}:{name}" for name in ("alarms", "others")))
    return Draw(
        given={
            "alarmActions": actions,
            "datapointsToAlarm": st.integers(1, 3),
            "dimensions": st.dictionaries(one_of("FunctionName", "Resource"), one_of("trip", "trip:live")),
            "evaluationPeriods": st.integers(1, 5),
            "extendedStatistic": one_of("p99", "tm90", "IQM"),
            "insufficientDataActions": actions,
            "name": named("trip-a"),
            "namespace": one_of("AWS/Lambda", "Trips"),
            "okActions": actions,
            "period": one_of(10, 30, 60, 300),
            "threshold": one_of(0, 1, 0.5, -3, 1e9),
        },
        fit=fit,
    )


def _dashboard(world: World) -> Draw:
    del world
    text = {"type": "text", "x": 0, "y": 0, "width": 6, "height": 3, "properties": {"markdown": "# a"}}
    bodies = documents({"widgets": []}, {"widgets": [text], "periodOverride": "inherit"})
    return Draw(given={"dashboardBody": bodies, "dashboardName": named("trip-")})


CASES: Mapping[str, Callable[[World], Draw]] = {
    "aws:apigateway/authorizer:Authorizer": _rest_authorizer,
    "aws:apigateway/deployment:Deployment": _deployment,
    "aws:apigateway/integration:Integration": _rest_integration,
    "aws:apigateway/integrationResponse:IntegrationResponse": _integration_response,
    "aws:apigateway/method:Method": _method,
    "aws:apigateway/methodResponse:MethodResponse": _method_response,
    "aws:apigateway/methodSettings:MethodSettings": _settings,
    "aws:apigateway/requestValidator:RequestValidator": _validator,
    "aws:apigateway/resource:Resource": _path,
    "aws:apigateway/response:Response": _gateway_response,
    "aws:apigateway/restApi:RestApi": _rest_api,
    "aws:apigateway/stage:Stage": _rest_stage,
    "aws:apigatewayv2/api:Api": _http_api,
    "aws:apigatewayv2/authorizer:Authorizer": _http_authorizer,
    "aws:apigatewayv2/integration:Integration": _http_integration,
    "aws:apigatewayv2/route:Route": _http_route,
    "aws:apigatewayv2/stage:Stage": _http_stage,
    "aws:cloudwatch/dashboard:Dashboard": _dashboard,
    "aws:cloudwatch/eventRule:EventRule": _event_rule,
    "aws:cloudwatch/eventTarget:EventTarget": _event_target,
    "aws:cloudwatch/metricAlarm:MetricAlarm": _alarm,
}
