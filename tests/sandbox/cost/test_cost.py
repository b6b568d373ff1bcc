"""The estimate, on resources as a preview gives them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from sandbox.cli.cost import short
from sandbox.cost import Charge, Estimate, Resource, Usages, estimate, load_prices, parse_usage
from sandbox.cost.usage import KEY, UsageError
from sandbox.ownership import SHARED
from sandbox.provider import table

STACK = "urn:pulumi:dev::shop"


def urn(type: str, name: str) -> str:
    return f"{STACK}::{type}::{name}"


SYSTEM = Resource(urn=urn("shop:System", "shop"), type="shop:System", parent="", inputs={})


def service(name: str) -> Resource:
    return Resource(urn=urn("shop:Service", name), type="shop:Service", parent=SYSTEM.urn, inputs={})


WORKER = service("shop-worker")


def resource(type: str, name: str, parent: Resource = WORKER, /, **inputs: Any) -> Resource:
    return Resource(urn=urn(type, name), type=type, parent=parent.urn, inputs=inputs)


def function(memory_mb: int = 512, parent: Resource = WORKER, **inputs: Any) -> Resource:
    what = parent.name.removeprefix("shop-")
    tags = {"System": "shop", "Service": what}
    base = {"name": f"shop-dev-{what}", "memorySize": memory_mb, "architectures": ["arm64"], "tags": tags}
    return resource("aws:lambda/function:Function", f"{parent.name}-function", parent, **{**base, **inputs})


def usages(**said: Mapping[str, float]) -> Usages:
    return Usages(said={key.replace("__", "/").replace("_", "-"): value for key, value in said.items()})


def of(*resources: Resource, **said: Mapping[str, float]) -> Estimate:
    return estimate([SYSTEM, WORKER, *resources], usages(**said), load_prices())


def usd(found: Estimate, what: str) -> float:
    (charge,) = (each for each in found.charges if each.what.startswith(what))
    return charge.usd


def test_typerushs_figures() -> None:
    """Of its specification: about 0.015 USD for Lambda, 4.4 for one provisioned instance."""
    record, text = service("shop-record-service"), service("shop-text-service")
    resources = [SYSTEM, record, text, function(parent=record), function(parent=text)]
    said = usages(
        shop__record_service={"calls": 5_000, "durationMs": 200},
        shop__text_service={"calls": 1_000, "durationMs": 1_000},
    )
    found = estimate(resources, said, load_prices())
    assert found.usd == pytest.approx(0.015, abs=0.0005)
    instance = resource(
        "aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig",
        "it",
        record,
        provisionedConcurrentExecutions=1,
    )
    more = estimate([*resources, instance], said, load_prices())
    assert more.usd - found.usd == pytest.approx(4.4, abs=0.05)
    assert found.by_service().keys() == {("shop", "record-service"), ("shop", "text-service")}


@pytest.mark.parametrize(
    ("inputs", "key", "quantity"),
    [
        ({}, "lambda.arm64", 100),
        ({"architectures": ["x86_64"]}, "lambda.x86_64", 100),
        ({"ephemeralStorage": {"size": 1_536}}, "lambda.storage", 200),
        ({"tracingConfig": {"mode": "Active"}}, "xray.traces", 1_000),
    ],
)
def test_a_function(inputs: dict[str, Any], key: str, quantity: float) -> None:
    found = {each.key: each.quantity for each in of(function(**inputs)).charges}
    assert found["lambda.requests"] == 1_000
    assert found[key] == quantity


def test_a_secret_is_counted_once_for_all_that_read_it() -> None:
    statement = {
        "Effect": "Allow",
        "Action": "secretsmanager:GetSecretValue",
        "Resource": "arn:aws:secretsmanager:us-east-1:111122223333:secret:shop-a1B2c3",
    }
    policy = json.dumps({"Statement": [statement, {"Effect": "Allow", "Action": ["s3:GetObject"]}]})
    policies = [resource("aws:iam/rolePolicy:RolePolicy", name, policy=policy) for name in "ab"]
    assert of(*policies, resource("aws:iam/rolePolicy:RolePolicy", "c", policy=None)).usd == 0.40


def test_a_table() -> None:
    table = resource(
        "aws:dynamodb/table:Table",
        "shop-texts",
        SYSTEM,
        name="shop-dev-texts",
        billingMode="PAY_PER_REQUEST",
        globalSecondaryIndexes=[{}, {}],
        pointInTimeRecovery={"enabled": True},
    )
    found = of(table, shop__texts={"reads": 8e6, "writes": 1e6, "storageGb": 10})
    assert usd(found, "reads") == pytest.approx(1.0)
    assert usd(found, "writes") == pytest.approx(3 * 0.625)
    assert usd(found, "storage") == pytest.approx(2.5)
    assert usd(found, "point-in-time") == pytest.approx(2.0)
    assert found.by_service().keys() == {("shop", SHARED)}


def test_an_api_is_called_as_often_as_the_services_behind_it() -> None:
    permission = resource("aws:lambda/permission:Permission", "p", principal="apigateway.amazonaws.com")
    api = resource("aws:apigatewayv2/api:Api", "shop-api", SYSTEM)
    parts = (function(), permission, api)
    found = [
        each.quantity for each in of(*parts, shop__worker={"calls": 3e6}).charges if each.key == "api.http"
    ]
    assert found == [3e6]
    said = of(*parts, shop__api={"requests": 5})
    assert [each.quantity for each in said.charges if each.key == "api.http"] == [5]


def test_a_network() -> None:
    subnets = [
        resource("aws:ec2/subnet:Subnet", f"s{n}", SYSTEM, tags={"SubnetType": "Private"}) for n in (1, 2, 3)
    ]
    endpoint = resource("aws:ec2/vpcEndpoint:VpcEndpoint", "sqs", SYSTEM, vpcEndpointType="Interface")
    free = resource("aws:ec2/vpcEndpoint:VpcEndpoint", "s3", SYSTEM, vpcEndpointType="Gateway")
    nat = resource("aws:ec2/natGateway:NatGateway", "nat", SYSTEM)
    vpc = resource("aws:ec2/vpc:Vpc", "vpc", SYSTEM)
    found = of(vpc, *subnets, endpoint, free, nat)
    assert usd(found, "in 3 zones") == pytest.approx(3 * 7.3)
    assert usd(found, "gateway") == pytest.approx(32.85)
    assert len(found.charges) == 2


@pytest.mark.parametrize(
    ("type", "inputs", "expected"),
    [
        ("aws:cloudwatch/metricAlarm:MetricAlarm", {}, 0.10),
        ("aws:cloudwatch/dashboard:Dashboard", {}, 3.00),
        ("aws:ecr/repository:Repository", {}, 0.50),
        ("aws:s3/bucket:Bucket", {}, 0.115 + 5.0),
        ("aws:sqs/queue:Queue", {}, 0.40),
        ("aws:cognito/userPool:UserPool", {}, 3.00),
        ("aws:cloudwatch/eventRule:EventRule", {}, 0.0),
        ("aws:cloudwatch/eventRule:EventRule", {"eventBusName": "orders"}, 2.00),
        ("aws:cloudwatch/logGroup:LogGroup", {}, 0.005),
        ("aws:ec2/eip:Eip", {}, 3.65),
    ],
)
def test_the_others(type: str, inputs: dict[str, Any], expected: float) -> None:
    figures = {"storageGb": 5, "requests": 1e6, "users": 200, "events": 2e6, "calls": 1e4}
    assert of(resource(type, "it", **inputs), default=figures).usd == pytest.approx(expected)


def test_what_is_said_most_exactly_wins() -> None:
    said = usages(
        default={"calls": 1, "durationMs": 1, "logKb": 1},
        shop={"calls": 2, "durationMs": 2},
        shop__worker={"calls": 3},
        other__worker={"calls": 9},
    )
    found = said.of("shop", "worker")
    assert (found.calls, found.durationMs, found.logKb) == (3, 2, 1)
    assert said.of("shop", "shop-worker-queue").calls == 3
    assert said.of("shop", "coworker").calls == 2


def test_every_type_of_the_sandbox_has_a_price_or_is_known_to_have_none() -> None:
    unknown = [
        token
        for token in table.tokens()
        if of(resource(token, "it")).unpriced and not token.startswith("aws:rds/")
    ]
    assert not unknown
    assert of(resource("aws:kinesis/stream:Stream", "it")).unpriced == ("aws:kinesis/stream:Stream",)
    assert of(resource(next(iter(load_prices().free)), "it")) == Estimate(charges=(), unpriced=())


def test_every_price_is_dated_and_says_where_it_is_from() -> None:
    prices = load_prices()
    assert prices.date.year >= 2026
    for price in prices.by_key.values():
        assert price.page.startswith("https://aws.amazon.com/")
        assert 0 < price.usd < 5


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("often", "give a map"),
        ('{"default": 5}', f"{KEY}.default: 5 isn't allowed; give a map of calls"),
        ('{"shop": {"cals": 1}}', f"{KEY}.shop.cals: nothing reads this; did you mean calls?"),
        ('{"shop": {"calls": -1}}', f"{KEY}.shop.calls: -1 isn't allowed"),
        ('{"shop": {"calls": true}}', f"{KEY}.shop.calls: True isn't allowed"),
    ],
)
def test_figures_that_make_no_sense(text: str, told: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_usage({KEY: text})
    assert told in str(caught.value)


def test_a_charge_is_quantity_times_price() -> None:
    price = load_prices().by_key["cloudwatch.alarm"]
    charge = Charge(
        system="s", service="x", resource="r", what="alarm", quantity=2, key="cloudwatch.alarm", price=price
    )
    assert charge.usd == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("before", "told"),
    [
        (None, "about 0.20 USD a month"),
        (2, "about 0.20 USD a month (unchanged)"),
        (1, "about 0.20 USD a month (+0.10)"),
        (5, "about 0.20 USD a month (-0.30)"),
    ],
)
def test_the_preview_says_what_a_change_adds(before: int | None, told: str) -> None:
    def alarms(count: int) -> Estimate:
        return of(*(resource("aws:cloudwatch/metricAlarm:MetricAlarm", f"a{n}") for n in range(count)))

    assert short(alarms(2), None if before is None else alarms(before)) == told
