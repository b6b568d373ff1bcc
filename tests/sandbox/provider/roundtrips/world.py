"""What the drawn resources are in, and what they refer to: made when first asked for, once a module."""

from __future__ import annotations

import base64
import hashlib
import json
from functools import cached_property
from pathlib import Path
from typing import Any

from sandbox.provider import Endpoint
from sandbox.provider.clients import client as aws_client
from sandbox.provider.values import Archive, Asset
from tests.sandbox.provider.client import Client, Made
from tests.sandbox.provider.graphs import ALIAS, FUNCTION, TRUST, function_inputs, package, policy, role

ACCOUNT = "000000000000"
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/00000000-0000-0000-0000-00000000000"


class World:
    """The parents."""

    def __init__(self, client: Client, endpoint: Endpoint, folder: Path) -> None:
        self.client = client
        self.folder = folder
        self._endpoint = endpoint

    def aws(self, service: str) -> Any:
        """The embedded AWS without the provider."""
        return aws_client(self._endpoint, service, "us-east-1")

    def make(self, type: str, /, **inputs: Any) -> Made:
        return self.client.create(f"aws:{type}", inputs)

    # ---- code and what runs it

    @cached_property
    def role(self) -> Made:
        return role(self.client, "trip-owner", "*")

    @cached_property
    def boundaries(self) -> list[str]:
        """The ARNs of managed policies."""
        create = self.aws("iam").create_policy
        found = [
            create(PolicyName=f"trip-{name}", Path="/b/", PolicyDocument=policy("s3:*"))
            for name in ("one", "two")
        ]
        return [each["Policy"]["Arn"] for each in found]

    @cached_property
    def packages(self) -> list[Archive]:
        return [package(self.folder, answer) for answer in ("one", "two")]

    def sha256(self, code: Archive) -> str:
        """As Lambda gives it."""
        return base64.b64encode(hashlib.sha256(Path(code.path).read_bytes()).digest()).decode()

    @cached_property
    def stored_package(self) -> dict[str, str]:
        """A package in a versioned bucket, as a function names it."""
        s3, bucket, key = self.aws("s3"), "trip-packages", "one.zip"
        s3.create_bucket(Bucket=bucket)
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        put = s3.put_object(Bucket=bucket, Key=key, Body=Path(self.packages[0].path).read_bytes())
        return {"s3Bucket": bucket, "s3Key": key, "s3ObjectVersion": put["VersionId"]}

    @cached_property
    def function(self) -> Made:
        """A function with the versions 1 and 2, and the alias `live` of the first."""
        inputs = function_inputs(
            self.role.outputs["arn"], self.packages[0], name="trip", publish=True, timeout=5
        )
        first = self.client.create(FUNCTION, inputs)
        second = self.client.update(first, inputs | {"code": self.packages[1]})
        assert second.outputs["version"] == "2"
        self.client.create(ALIAS, {"functionName": "trip", "name": "live", "functionVersion": "1"})
        return second

    @cached_property
    def layer(self) -> Made:
        return self.make("lambda/layerVersion:LayerVersion", layerName="trip-owned", code=self.packages[0])

    # ---- networks

    @cached_property
    def vpcs(self) -> list[str]:
        return [self.make("ec2/vpc:Vpc", cidrBlock=f"10.{second}.0.0/16").id for second in (77, 78)]

    @cached_property
    def subnets(self) -> list[str]:
        return [
            self.make("ec2/subnet:Subnet", vpcId=self.vpcs[0], cidrBlock=f"10.77.{third}.0/24").id
            for third in (0, 1)
        ]

    @cached_property
    def groups(self) -> list[str]:
        return [
            self.make("ec2/securityGroup:SecurityGroup", vpcId=self.vpcs[0], name=name).id
            for name in ("trip-one", "trip-two", "trip-three")
        ]

    @cached_property
    def route_tables(self) -> list[str]:
        return [self.make("ec2/routeTable:RouteTable", vpcId=self.vpcs[0]).id for _ in range(2)]

    # ---- what keeps data

    @cached_property
    def bucket(self) -> str:
        return self.make("s3/bucket:Bucket", bucket="trip-owned").id

    @cached_property
    def assets(self) -> list[Asset]:
        found = []
        for text in ("one", "two"):
            path = self.folder / f"{text}.txt"
            path.write_text(text)
            found.append(Asset(path=str(path), hash=hashlib.sha256(text.encode()).hexdigest()))
        return found

    @cached_property
    def queue(self) -> Made:
        return self.make("sqs/queue:Queue", name="trip-owned", visibilityTimeoutSeconds=60)

    @cached_property
    def dead_letters(self) -> dict[bool, str]:
        """The ARN of a queue for dead letters; of a FIFO one for those of FIFO queues."""
        return {
            fifo: self.make(
                "sqs/queue:Queue", name=f"trip-dead{'.fifo' if fifo else ''}", fifoQueue=fifo
            ).outputs["arn"]
            for fifo in (False, True)
        }

    @cached_property
    def repository(self) -> str:
        return self.make("ecr/repository:Repository", name="trip-owned").id

    @cached_property
    def pool(self) -> Made:
        return self.make("cognito/userPool:UserPool", name="trip-owned")

    # ---- APIs and events

    @cached_property
    def rest_api(self) -> Made:
        return self.make(
            "apigateway/restApi:RestApi", name="trip", endpointConfiguration={"types": "REGIONAL"}
        )

    @cached_property
    def paths(self) -> list[Made]:
        return [
            self.make(
                "apigateway/resource:Resource",
                restApi=self.rest_api.id,
                parentId=self.rest_api.outputs["rootResourceId"],
                pathPart=part,
            )
            for part in ("pets", "toys")
        ]

    @cached_property
    def method(self) -> dict[str, str]:
        """Where a method with an integration and a declared status is."""
        at = {"restApi": self.rest_api.id, "resourceId": self.paths[0].id, "httpMethod": "GET"}
        self.make("apigateway/method:Method", **at, authorization="NONE")
        self.make("apigateway/integration:Integration", **at, type="MOCK")
        self.make("apigateway/methodResponse:MethodResponse", **at, statusCode="200")
        return at

    @cached_property
    def bare_method(self) -> dict[str, str]:
        """Where a method without an integration is."""
        at = {"restApi": self.rest_api.id, "resourceId": self.paths[1].id, "httpMethod": "POST"}
        self.make("apigateway/method:Method", **at, authorization="NONE")
        return at

    @cached_property
    def deployments(self) -> list[str]:
        assert self.method
        return [
            self.make("apigateway/deployment:Deployment", restApi=self.rest_api.id, triggers={"n": n}).id
            for n in "12"
        ]

    @cached_property
    def stage(self) -> str:
        self.make(
            "apigateway/stage:Stage",
            restApi=self.rest_api.id,
            stageName="owned",
            deployment=self.deployments[0],
        )
        return "owned"

    @cached_property
    def rest_authorizer(self) -> str:
        return self.make(
            "apigateway/authorizer:Authorizer",
            restApi=self.rest_api.id,
            type="COGNITO_USER_POOLS",
            providerArns=[self.pool.outputs["arn"]],
        ).id

    @cached_property
    def validator(self) -> str:
        return self.make("apigateway/requestValidator:RequestValidator", restApi=self.rest_api.id).id

    @cached_property
    def http_api(self) -> str:
        return self.make("apigatewayv2/api:Api", name="trip-owned", protocolType="HTTP").id

    @cached_property
    def http_integration(self) -> str:
        return self.make(
            "apigatewayv2/integration:Integration",
            apiId=self.http_api,
            integrationType="AWS_PROXY",
            integrationUri=self.function.outputs["arn"],
        ).id

    @cached_property
    def http_authorizer(self) -> str:
        return self.make(
            "apigatewayv2/authorizer:Authorizer",
            apiId=self.http_api,
            authorizerType="JWT",
            identitySources=["$request.header.Authorization"],
            jwtConfiguration={"issuer": "https://issuer.test", "audiences": ["trip"]},
        ).id

    @cached_property
    def bus(self) -> str:
        self.aws("events").create_event_bus(Name="trip-bus")
        return "trip-bus"

    @cached_property
    def rules(self) -> dict[str, str]:
        """A rule of each bus."""
        pattern = json.dumps({"source": ["trip"]})
        for bus in ("default", self.bus):
            self.make(
                "cloudwatch/eventRule:EventRule", name="trip-rule", eventBusName=bus, eventPattern=pattern
            )
        return {"default": "trip-rule", self.bus: "trip-rule"}

    @cached_property
    def trusts(self) -> list[str]:
        return [TRUST, TRUST.replace("lambda.", "scheduler.")]
