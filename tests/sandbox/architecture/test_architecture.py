"""What is read from a stage's graph, and how it is drawn."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from typing import Any

import pytest

from sandbox.architecture import Architecture, Edge, Kind, Node, draw, page, read
from sandbox.architecture.drawing import DrawingError, dot
from sandbox.ownership import Resource

STACK = "urn:pulumi:dev::shop"
TAGS = {"System": "shop", "Stage": "dev"}


def made(
    token: str,
    name: str,
    parent: Resource | None = None,
    /,
    *,
    by: dict[str, Resource] | None = None,
    **inputs: Any,
) -> Resource:
    """A resource; ``by`` says which others its inputs come from."""
    return Resource(
        urn=f"{STACK}::{token}::{name}",
        type=token,
        parent=parent.urn if parent else "",
        inputs=inputs,
        depends={key: [other.urn] for key, other in (by or {}).items()},
    )


SYSTEM = made("shop:System", "shop")
SERVICE = made("shop:Service", "worker", SYSTEM)
ROLE = made("aws:iam/role:Role", "worker-role", SERVICE, name="shop-dev-worker")
FUNCTION = made(
    "aws:lambda/function:Function",
    "worker-function",
    SERVICE,
    by={"role": ROLE},
    name="shop-dev-worker",
    memorySize=256,
    timeout=30,
    runtime="python3.12",
    vpcConfig={"subnetIds": ["subnet-1"]},
    tags={**TAGS, "Service": "worker"},
)
ALIAS = made("aws:lambda/alias:Alias", "worker-live", SERVICE, by={"functionName": FUNCTION})
TABLE = made("aws:dynamodb/table:Table", "orders", SYSTEM, name="shop-dev-orders", tags=TAGS)
BUCKET = made(
    "aws:s3/bucket:Bucket", "uploads", SYSTEM, bucket="shop-dev-uploads-111122223333-us-east-1", tags=TAGS
)
QUEUE = made("aws:sqs/queue:Queue", "input", SYSTEM, name="shop-dev-input", tags=TAGS)
LETTERS = made("aws:sqs/queue:Queue", "dlq", SERVICE, name="shop-dev-worker-dlq", tags=TAGS)
FAILING = made(
    "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig",
    "async",
    SERVICE,
    by={"functionName": FUNCTION, "destinationConfig": LETTERS},
    destinationConfig={},
)


def architecture(*resources: Resource) -> Architecture:
    return read([SYSTEM, SERVICE, ROLE, FUNCTION, ALIAS, *resources], stage="dev")


def told(found: Architecture) -> list[tuple[str, str, str, tuple[str, ...]]]:
    """The arrows, by the titles of their ends."""
    titles = {node.id: node.title for node in found.nodes}
    return [(titles[edge.source], edge.kind, titles[edge.target], edge.labels) for edge in found.edges]


def policy(*statements: tuple[Sequence[str], str]) -> Resource:
    document = {"Statement": [{"Effect": "Allow", "Action": a, "Resource": r} for a, r in statements]}
    return made(
        "aws:iam/rolePolicy:RolePolicy", "policy", SERVICE, by={"role": ROLE}, policy=json.dumps(document)
    )


def test_a_service() -> None:
    (node,) = architecture().nodes
    assert (node.title, node.kind, node.system) == ("worker", Kind.SERVICE, "shop")
    assert node.details == ("python3.12", "256 MB, 30 s", "in the VPC")


def test_what_holds_data_has_the_short_name() -> None:
    found = architecture(TABLE, BUCKET, QUEUE, LETTERS, FAILING)
    nodes = {node.title: node for node in found.nodes}
    assert nodes.keys() == {"worker", "orders", "uploads", "input", "worker-dlq"}
    assert nodes["worker-dlq"].kind is Kind.FAILURES
    assert nodes["uploads"].details == ("bucket",)


def test_routes_of_an_http_api_lead_through_integration_and_alias() -> None:
    api = made("aws:apigatewayv2/api:Api", "api", SYSTEM, name="shop-dev-api", tags=TAGS)
    integration = made(
        "aws:apigatewayv2/integration:Integration", "i", SYSTEM, by={"apiId": api, "integrationUri": ALIAS}
    )
    routes = [
        made(
            "aws:apigatewayv2/route:Route",
            key,
            SYSTEM,
            by={"apiId": api, "target": integration},
            routeKey=key,
        )
        for key in ("GET /orders", "POST /orders")
    ]
    pool = made("aws:cognito/userPool:UserPool", "users", SYSTEM, name="shop-dev-users", tags=TAGS)
    authorizer = made(
        "aws:apigatewayv2/authorizer:Authorizer", "a", SYSTEM, by={"apiId": api, "jwtConfiguration": pool}
    )
    signed_in = made(
        "aws:apigatewayv2/route:Route",
        "PUT /orders",
        SYSTEM,
        by={"apiId": api, "target": integration, "authorizerId": authorizer},
        routeKey="PUT /orders",
        authorizationType="JWT",
    )
    assert set(told(architecture(api, integration, *routes, signed_in, pool, authorizer))) == {
        ("HTTP API", "calls", "worker", ("GET /orders (open)", "POST /orders (open)", "PUT /orders (token)")),
        ("HTTP API", "grant", "users", ("checks tokens of",)),
    }


def test_methods_of_a_rest_api_have_their_paths() -> None:
    api = made("aws:apigateway/restApi:RestApi", "api", SYSTEM, name="shop-dev", tags=TAGS)
    one = made("aws:apigateway/resource:Resource", "one", SYSTEM, by={"parentId": api}, pathPart="v1")
    two = made("aws:apigateway/resource:Resource", "two", SYSTEM, by={"parentId": one}, pathPart="{proxy+}")
    method = made(
        "aws:apigateway/method:Method", "m", SYSTEM, by={"resourceId": two, "restApi": api}, httpMethod="ANY"
    )
    integration = made(
        "aws:apigateway/integration:Integration",
        "i",
        SYSTEM,
        by={"restApi": api, "resourceId": method, "uri": ALIAS},
        httpMethod="ANY",
    )
    authorizer = made(
        "aws:apigateway/authorizer:Authorizer",
        "a",
        SYSTEM,
        by={"restApi": api},
        providerArns=["arn:aws:cognito-idp:us-east-1:111122223333:userpool/us-east-1_Abc"],
    )
    assert set(told(architecture(api, one, two, method, integration, authorizer))) == {
        ("REST API", "grant", "us-east-1_Abc", ("no route asks for tokens of",)),
        ("REST API", "calls", "worker", ("ANY /v1/{proxy+} (open)",)),
    }


def test_schedules_and_events() -> None:
    schedule = made(
        "aws:cloudwatch/eventRule:EventRule",
        "nightly",
        SYSTEM,
        name="shop-dev-nightly",
        scheduleExpression="cron(0 2 * * ? *)",
        tags=TAGS,
    )
    pattern = {"detail-type": ["Object Created"], "detail": {"bucket": {"name": [BUCKET.inputs["bucket"]]}}}
    event = made(
        "aws:cloudwatch/eventRule:EventRule",
        "uploaded",
        SYSTEM,
        name="shop-dev-uploaded",
        eventPattern=json.dumps(pattern),
        tags=TAGS,
    )
    targets = [
        made(
            "aws:cloudwatch/eventTarget:EventTarget",
            rule.name,
            SYSTEM,
            by={"rule": rule, "arn": ALIAS, "deadLetterConfig": LETTERS},
        )
        for rule in (schedule, event)
    ]
    found = architecture(schedule, event, *targets, BUCKET, LETTERS)
    assert set(told(found)) == {
        ("nightly", "calls", "worker", ()),
        ("nightly", "failures", "worker-dlq", ()),
        ("uploaded", "calls", "worker", ()),
        ("uploaded", "failures", "worker-dlq", ()),
        ("uploads", "calls", "uploaded", ("Object Created",)),
    }
    assert {node.title: node.details for node in found.nodes}["nightly"] == ("cron(0 2 * * ? *)",)


def test_a_queue_that_feeds_a_service() -> None:
    source = made(
        "aws:lambda/eventSourceMapping:EventSourceMapping",
        "source",
        SERVICE,
        by={"eventSourceArn": QUEUE, "functionName": ALIAS},
        batchSize=10,
    )
    redrive = {
        "deadLetterTargetArn": "arn:aws:sqs:us-east-1:111122223333:shop-dev-worker-dlq",
        "maxReceiveCount": 5,
    }
    queue = made(
        "aws:sqs/queue:Queue",
        "input",
        SYSTEM,
        name="shop-dev-input",
        tags=TAGS,
        redrivePolicy=json.dumps(redrive),
    )
    assert set(told(architecture(queue, LETTERS, source))) == {
        ("input", "calls", "worker", ("batches of 10",)),
        ("input", "failures", "worker-dlq", ("after 5 times",)),
    }


def test_a_role_that_calls() -> None:
    arn = "arn:aws:iam::111122223333:role/game-service"
    permission = made("aws:lambda/permission:Permission", "p", SERVICE, principal=arn)
    api = made("aws:lambda/permission:Permission", "q", SERVICE, principal="apigateway.amazonaws.com")
    found = architecture(permission, api)
    assert told(found) == [("game-service", "calls", "worker", ("invokes",))]
    assert {node.title: node.kind for node in found.nodes}["game-service"] is Kind.OUTSIDE


def test_grants_are_read_from_the_roles_policy() -> None:
    aws = "arn:aws:{}:us-east-1:111122223333:{}"
    found = architecture(
        TABLE,
        BUCKET,
        LETTERS,
        FAILING,
        policy(
            (["dynamodb:GetItem", "dynamodb:Query"], aws.format("dynamodb", "table/shop-dev-orders")),
            (["dynamodb:Query"], aws.format("dynamodb", "table/shop-dev-orders/index/by-day")),
            (["s3:GetObject"], "arn:aws:s3:::shop-dev-uploads-111122223333-us-east-1/uploads/*"),
            (["sqs:SendMessage"], aws.format("sqs", "shop-dev-worker-dlq")),
            (["secretsmanager:GetSecretValue"], aws.format("secretsmanager", "secret:shop/db-a1B2c3")),
            (["bedrock:InvokeModel"], "arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-3"),
            (["cloudwatch:PutMetricData"], "*"),
            (["logs:PutLogEvents"], aws.format("logs", "log-group:x")),
            (["xray:PutTraceSegments"], "*"),
            (["ec2:CreateNetworkInterface"], "*"),
        ),
    )
    assert set(told(found)) == {
        ("worker", "grant", "orders", ("GetItem", "Query", "Query (by-day)")),
        ("worker", "grant", "uploads", ("GetObject (uploads/)",)),
        ("worker", "failures", "worker-dlq", ("SendMessage",)),
        ("worker", "grant", "shop/db", ("GetSecretValue",)),
        ("worker", "grant", "anthropic.claude-3", ("InvokeModel",)),
        ("worker", "grant", "cloudwatch", ("PutMetricData",)),
    }


def test_a_role_that_no_service_runs_under() -> None:
    arn = "arn:aws:lambda:us-east-1:111122223333:function:shop-dev-worker"
    trust = '{"Statement": {"Principal": {"Federated": "arn:oidc/token.actions.githubusercontent.com"}}}'
    role = made(
        "aws:iam/role:Role", "deploy", SYSTEM, name="shop-dev-deploy", assumeRolePolicy=trust, tags=TAGS
    )
    document = {
        "Statement": {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": f"{arn}:live"}
    }
    text = json.dumps(document)
    own = made("aws:iam/rolePolicy:RolePolicy", "a", SYSTEM, by={"role": role}, policy=text)
    named = made("aws:iam/rolePolicy:RolePolicy", "b", SYSTEM, role="their-role", policy=text)
    found = architecture(role, own, named)
    assert set(told(found)) == {
        ("deploy", "grant", "worker", ("InvokeFunction (live)",)),
        ("their-role", "grant", "worker", ("InvokeFunction (live)",)),
    }
    nodes = {node.title: (node.kind, node.details) for node in found.nodes}
    assert nodes["deploy"] == (Kind.CALLER, ("role of GitHub Actions",))
    assert nodes["their-role"] == (Kind.OUTSIDE, ("role",))


def test_what_a_function_reaches_over_the_network() -> None:
    function = made(
        "aws:lambda/function:Function", "f", SYSTEM, name="f", vpcConfig={"securityGroupIds": ["sg-own"]}
    )
    rule = made(
        "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
        "r",
        SYSTEM,
        securityGroupId="sg-own",
        referencedSecurityGroupId="sg-database",
        fromPort=5432,
    )
    found = read([SYSTEM, function, rule], stage="dev")
    assert told(found) == [("f", "grant", "PostgreSQL", ("TCP 5432",))]


def test_the_image_that_a_function_runs() -> None:
    repository = made("aws:ecr/repository:Repository", "images", SYSTEM, name="shop/dev", tags=TAGS)
    uri = "111122223333.dkr.ecr.us-east-1.amazonaws.com/shop/dev:worker-initial"
    function = made("aws:lambda/function:Function", "f", SYSTEM, name="f", imageUri=uri)
    found = read([SYSTEM, repository, function], stage="dev")
    assert told(found) == [("shop/dev", "calls", "f", ("image of f",))]


def test_a_function_url_says_who_may_call_it() -> None:
    url = made("aws:lambda/functionUrl:FunctionUrl", "url", SERVICE, authorizationType="AWS_IAM")
    assert "function URL (signed)" in architecture(url).nodes[0].details


def test_a_policy_that_is_not_known_yet_says_nothing() -> None:
    assert told(architecture(made("aws:iam/rolePolicy:RolePolicy", "policy", SERVICE))) == []


STRANGE = Architecture(
    stage="dev",
    nodes=(
        Node(id="a", kind=Kind.SERVICE, system="<shop>", title='say "<hi>" & \\ go', details=("x < y",)),
        Node(id="b", kind=Kind.DATA, system="<shop>", title="table"),
    ),
    edges=(Edge(source="a", target="b", kind="grant", labels=tuple(f"Action{n}" for n in range(40))),),
)


def test_the_picture_is_well_formed_whatever_the_names() -> None:
    root = ET.fromstring(draw(STRANGE, title="stage"))  # noqa: S314 - our own
    texts = ["".join(each.itertext()) for each in root.iter("{http://www.w3.org/2000/svg}text")]
    assert 'say "<hi>" & \\ go' in texts
    assert " more" in "".join(texts)
    assert "Action39" not in "".join(texts)


def test_texts_of_a_node_are_in_its_middle() -> None:
    svg = draw(architecture(TABLE))
    for node in re.findall(r'class="node">(.*?)</g>', svg, re.DOTALL):
        assert 'text-anchor="start"' not in node


def test_the_picture_in_words_and_in_the_dark() -> None:
    svg = draw(
        architecture(TABLE, policy((["dynamodb:GetItem"], "arn:aws:dynamodb:::table/shop-dev-orders")))
    )
    assert "<title>Architecture of stage dev: shop</title>" in svg
    assert "<desc>worker may use orders: GetItem.</desc>" in svg
    assert svg.count("<title>") == 1  # Graphviz's own would be shown as tips
    assert "prefers-color-scheme:dark" in svg
    for color in re.findall(r'(?:fill|stroke)="(#[0-9a-f]{6})"', svg):
        assert f'="{color}"]{{' in svg  # each has another one in the dark


def test_the_model_as_json() -> None:
    found = json.loads(json.dumps(architecture(TABLE).plain()))
    assert found["stage"] == "dev"
    assert [(node["title"], node["kind"]) for node in found["nodes"]] == [
        ("orders", "data"),
        ("worker", "service"),
    ]


def test_the_picture_is_the_same_each_time() -> None:
    assert dot(architecture(TABLE, BUCKET)) == dot(architecture(BUCKET, TABLE))


def test_the_page_has_a_picture_and_a_table_for_each_system() -> None:
    text = page(STRANGE)
    assert text.startswith("<!doctype html>")
    assert text.count("<svg") == 1
    assert "&lt;shop&gt;" in text
    assert "<shop>" not in text
    assert 'href="#-shop-"' in text
    assert "http" not in re.sub(r"http://www.w3.org/\S+", "", text)  # nothing is loaded from anywhere


def test_the_table_says_who_runs_a_service_and_what_roles_may_do() -> None:
    document = {
        "Statement": {
            "Effect": "Allow",
            "Action": "lambda:UpdateFunctionCode",
            "Resource": "arn:aws:lambda:us-east-1:111122223333:function:shop-dev-worker",
        }
    }
    deploying = made("aws:iam/rolePolicy:RolePolicy", "b", SYSTEM, role="deploy", policy=json.dumps(document))
    caller = made(
        "aws:lambda/permission:Permission", "p", SERVICE, principal="arn:aws:iam::111122223333:role/game"
    )
    text = page(architecture(deploying, caller))
    assert (
        "<th scope=row>worker</th><td>python3.12<br>256 MB, 30 s<br>in the VPC</td><td>game: invokes</td>"
        in text
    )
    assert "<th scope=row>deploy</th><td>role</td><td></td><td>worker: UpdateFunctionCode</td>" in text
    assert "<th scope=row>game</th>" not in text


def test_without_graphviz(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sandbox.architecture.drawing._PROGRAM", "no-such-program")
    with pytest.raises(DrawingError, match="run `make setup`"):
        draw(STRANGE)
