"""All that the embedded AWS holds, asked of its own APIs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from sandbox.provider import Endpoint, table
from sandbox.provider.clients import client
from sandbox.provider.errors import is_missing

Held = set[tuple[str, str]]
"""Types and what tells their resources apart."""


class Inventory:
    """What there is in one region."""

    def __init__(self, endpoint: Endpoint, region: str = "us-east-1") -> None:
        self._endpoint, self._region = endpoint, region

    def _aws(self, service: str) -> Any:
        return client(self._endpoint, service, self._region)

    def take(self) -> Held:
        parts = (self._lambda, self._names, self._events, self._http, self._rest, self._users, self._network)
        return {each for part in (*parts, self._buckets, self._images) for each in part()}

    def _pages(self, service: str, operation: str, **given: Any) -> Iterator[Any]:
        return iter(self._aws(service).get_paginator(operation).paginate(**given))

    def _names(self) -> Iterator[tuple[str, str]]:
        iam, sqs = self._aws("iam"), self._aws("sqs")
        for role in (each["RoleName"] for each in iam.list_roles()["Roles"]):
            yield "aws:iam/role:Role", role
            for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
                yield "aws:iam/rolePolicy:RolePolicy", f"{role}:{name}"
        for url in sqs.list_queues().get("QueueUrls", []):
            yield "aws:sqs/queue:Queue", url
            told = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])
            if told.get("Attributes", {}).get("Policy"):
                yield "aws:sqs/queuePolicy:QueuePolicy", url
        for page in self._pages("logs", "describe_log_groups"):
            for group in page["logGroups"]:
                yield "aws:cloudwatch/logGroup:LogGroup", group["logGroupName"]
        for name in self._aws("dynamodb").list_tables()["TableNames"]:
            yield "aws:dynamodb/table:Table", name
        for secret in self._aws("secretsmanager").list_secrets()["SecretList"]:
            yield "secret", secret["Name"]

    def _lambda(self) -> Iterator[tuple[str, str]]:
        aws = self._aws("lambda")
        for page in self._pages("lambda", "list_functions"):
            for name in (each["FunctionName"] for each in page["Functions"]):
                yield "aws:lambda/function:Function", name
                aliases = aws.list_aliases(FunctionName=name)["Aliases"]
                for alias in aliases:
                    yield "aws:lambda/alias:Alias", alias["AliasArn"]
                for qualifier in ("", *(each["Name"] for each in aliases)):
                    yield from self._of_function(aws, name, qualifier)
        for mapping in aws.list_event_source_mappings()["EventSourceMappings"]:
            yield "aws:lambda/eventSourceMapping:EventSourceMapping", mapping["UUID"]
        for layer in aws.list_layers()["Layers"]:
            for version in aws.list_layer_versions(LayerName=layer["LayerName"])["LayerVersions"]:
                yield "aws:lambda/layerVersion:LayerVersion", version["LayerVersionArn"]

    @staticmethod
    def _of_function(aws: Any, name: str, qualifier: str) -> Iterator[tuple[str, str]]:
        where = {"FunctionName": name} | ({"Qualifier": qualifier} if qualifier else {})
        policy = _or_none(aws.get_policy, **where)
        for statement in json.loads(policy["Policy"])["Statement"] if policy else ():
            yield "aws:lambda/permission:Permission", f"{name}:{statement['Sid']}"
        if _or_none(aws.get_function_url_config, **where):
            yield "aws:lambda/functionUrl:FunctionUrl", f"{name}/{qualifier}".rstrip("/")
        kind = "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig"
        if _or_none(aws.get_function_event_invoke_config, **where):
            yield kind, table.lookup(kind).id_of({"functionName": name, "qualifier": qualifier}) or ""

    def _events(self) -> Iterator[tuple[str, str]]:
        events, cloudwatch = self._aws("events"), self._aws("cloudwatch")
        for rule in (each["Name"] for each in events.list_rules()["Rules"]):
            yield "aws:cloudwatch/eventRule:EventRule", rule
            for target in events.list_targets_by_rule(Rule=rule)["Targets"]:
                yield "aws:cloudwatch/eventTarget:EventTarget", f"{rule}-{target['Id']}"
        for alarm in cloudwatch.describe_alarms()["MetricAlarms"]:
            yield "aws:cloudwatch/metricAlarm:MetricAlarm", alarm["AlarmName"]
        for board in cloudwatch.list_dashboards()["DashboardEntries"]:
            yield "aws:cloudwatch/dashboard:Dashboard", board["DashboardName"]

    def _http(self) -> Iterator[tuple[str, str]]:
        aws = self._aws("apigatewayv2")
        for api in (each["ApiId"] for each in aws.get_apis()["Items"]):
            yield "aws:apigatewayv2/api:Api", api
            for kind in ("Authorizer", "Integration", "Route"):
                for each in getattr(aws, f"get_{kind.lower()}s")(ApiId=api)["Items"]:
                    yield f"aws:apigatewayv2/{kind.lower()}:{kind}", f"{api}/{each[f'{kind}Id']}"
            for each in aws.get_stages(ApiId=api)["Items"]:
                yield "aws:apigatewayv2/stage:Stage", f"{api}/{each['StageName']}"

    def _rest(self) -> Iterator[tuple[str, str]]:
        aws = self._aws("apigateway")

        def part(kind: str, **place: str) -> tuple[str, str]:
            token = f"aws:apigateway/{kind[0].lower()}{kind[1:]}:{kind}"
            return token, table.lookup(token).id_of(place) or ""

        for api in (each["id"] for each in aws.get_rest_apis()["items"]):
            yield "aws:apigateway/restApi:RestApi", api
            for kind, operation in (
                ("authorizer:Authorizer", aws.get_authorizers),
                ("requestValidator:RequestValidator", aws.get_request_validators),
                ("deployment:Deployment", aws.get_deployments),
            ):
                for each in operation(restApiId=api)["items"]:
                    yield f"aws:apigateway/{kind}", f"{api}/{each['id']}"
            for stage in aws.get_stages(restApiId=api)["item"]:
                yield part("Stage", restApi=api, stageName=stage["stageName"])
                for path in stage.get("methodSettings", {}):
                    yield part("MethodSettings", restApi=api, stageName=stage["stageName"], methodPath=path)
            for response in aws.get_gateway_responses(restApiId=api)["items"]:
                if not response.get("defaultResponse"):
                    yield part("Response", restApiId=api, responseType=response["responseType"])
            for resource in aws.get_resources(restApiId=api, embed=["methods"])["items"]:
                if resource.get("parentId"):
                    yield "aws:apigateway/resource:Resource", f"{api}/{resource['id']}"
                for verb in resource.get("resourceMethods", {}):
                    where = {"restApi": api, "resourceId": resource["id"], "httpMethod": verb}
                    names = {"restApiId": api, "resourceId": resource["id"], "httpMethod": verb}
                    yield part("Method", **where)
                    method = aws.get_method(**names)
                    for status in method.get("methodResponses", {}):
                        yield part("MethodResponse", **where, statusCode=status)
                    if integration := method.get("methodIntegration"):
                        yield part("Integration", **where)
                        for status in integration.get("integrationResponses", {}):
                            yield part("IntegrationResponse", **where, statusCode=status)

    def _users(self) -> Iterator[tuple[str, str]]:
        aws = self._aws("cognito-idp")
        for pool in (each["Id"] for each in aws.list_user_pools(MaxResults=60)["UserPools"]):
            yield "aws:cognito/userPool:UserPool", pool
            for app in aws.list_user_pool_clients(UserPoolId=pool)["UserPoolClients"]:
                yield "aws:cognito/userPoolClient:UserPoolClient", app["ClientId"]

    def _network(self) -> Iterator[tuple[str, str]]:
        ec2 = self._aws("ec2")
        for each in ec2.describe_vpcs()["Vpcs"]:
            yield "aws:ec2/vpc:Vpc", each["VpcId"]
        for each in ec2.describe_subnets()["Subnets"]:
            yield "aws:ec2/subnet:Subnet", each["SubnetId"]
        for each in ec2.describe_internet_gateways()["InternetGateways"]:
            yield "aws:ec2/internetGateway:InternetGateway", each["InternetGatewayId"]
        for each in ec2.describe_addresses()["Addresses"]:
            yield "aws:ec2/eip:Eip", each["AllocationId"]
        for each in ec2.describe_nat_gateways()["NatGateways"]:
            if each["State"] not in ("deleted", "deleting"):
                yield "aws:ec2/natGateway:NatGateway", each["NatGatewayId"]
        for each in ec2.describe_vpc_endpoints()["VpcEndpoints"]:
            yield "aws:ec2/vpcEndpoint:VpcEndpoint", each["VpcEndpointId"]
        for each in ec2.describe_route_tables()["RouteTables"]:
            if not any(use.get("Main") for use in each["Associations"]):
                yield "aws:ec2/routeTable:RouteTable", each["RouteTableId"]
            for use in each["Associations"]:
                if not use.get("Main"):
                    kind = "aws:ec2/routeTableAssociation:RouteTableAssociation"
                    yield kind, use["RouteTableAssociationId"]
            for route in each["Routes"]:
                if route.get("GatewayId") != "local" and not route.get("GatewayId", "").startswith("vpce-"):
                    place = {
                        "routeTableId": each["RouteTableId"],
                        "destinationCidrBlock": route["DestinationCidrBlock"],
                    }
                    yield "aws:ec2/route:Route", table.lookup("aws:ec2/route:Route").id_of(place) or ""
        groups = [
            each
            for each in ec2.describe_security_groups()["SecurityGroups"]
            if each["GroupName"] != "default"
        ]
        for each in groups:
            yield "aws:ec2/securityGroup:SecurityGroup", each["GroupId"]
        own = {each["GroupId"] for each in groups}
        for rule in ec2.describe_security_group_rules()["SecurityGroupRules"]:
            if rule["GroupId"] in own:
                way = "Egress" if rule["IsEgress"] else "Ingress"
                yield f"aws:vpc/securityGroup{way}Rule:SecurityGroup{way}Rule", rule["SecurityGroupRuleId"]

    def _buckets(self) -> Iterator[tuple[str, str]]:
        s3 = self._aws("s3")
        for name in (each["Name"] for each in s3.list_buckets()["Buckets"]):
            yield "aws:s3/bucket:Bucket", name
            for kind, get, key in (
                ("Policy", s3.get_bucket_policy, "Policy"),
                ("PublicAccessBlock", s3.get_public_access_block, "PublicAccessBlockConfiguration"),
                ("Versioning", s3.get_bucket_versioning, "Status"),
                ("LifecycleConfiguration", s3.get_bucket_lifecycle_configuration, "Rules"),
            ):
                told = _or_none(get, Bucket=name)
                if told and told.get(key):
                    yield f"aws:s3/bucket{kind}:Bucket{kind}", name
            if s3.get_bucket_notification_configuration(Bucket=name).keys() - {"ResponseMetadata"}:
                yield "aws:s3/bucketNotification:BucketNotification", name
            for each in s3.list_objects_v2(Bucket=name).get("Contents", []):
                yield "aws:s3/bucketObjectv2:BucketObjectv2", f"{name}/{each['Key']}"

    def _images(self) -> Iterator[tuple[str, str]]:
        aws = self._aws("ecr")
        for name in (each["repositoryName"] for each in aws.describe_repositories()["repositories"]):
            yield "aws:ecr/repository:Repository", name
            if _or_none(aws.get_lifecycle_policy, repositoryName=name):
                yield "aws:ecr/lifecyclePolicy:LifecyclePolicy", name


_INSIDE = {
    **dict.fromkeys(
        [
            f"aws:apigatewayv2/{kind.lower()}:{kind}"
            for kind in ("Authorizer", "Integration", "Route", "Stage")
        ],
        "apiId",
    ),
    **dict.fromkeys(
        [
            "aws:apigateway/authorizer:Authorizer",
            "aws:apigateway/deployment:Deployment",
            "aws:apigateway/requestValidator:RequestValidator",
            "aws:apigateway/resource:Resource",
        ],
        "restApi",
    ),
}
_UNSEEN = {
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
}
"""Settings that AWS has for every bucket."""


def named(resources: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """What the state tells of, in the words of :class:`Inventory`."""
    found = []
    for each in resources:
        kind, outputs = each["type"], each.get("outputs", {})
        if not each["custom"] or kind.startswith("pulumi:") or kind in _UNSEEN:
            continue
        name = each["id"]
        if kind in _INSIDE:
            name = f"{outputs[_INSIDE[kind]]}/{name}"
        if kind == "aws:lambda/permission:Permission":
            name = f"{outputs['function'].split(':')[-1]}:{name}"  # here all qualifiers share one policy
        found.append((kind, name))
    return found


def _or_none(call: Any, **given: Any) -> Mapping[str, Any] | None:
    try:
        answer: Mapping[str, Any] = call(**given)
    except Exception as error:
        if is_missing(error):
            return None
        raise
    return answer
