"""Makes the declared surroundings in the embedded AWS and in PostgreSQL: what is there already is kept."""

from __future__ import annotations

import json
from collections.abc import Mapping
from secrets import token_hex
from typing import Any

from sandbox import postgres
from sandbox.home import Home
from sandbox.provider.clients import client
from sandbox.provider.endpoint import Endpoint

from .declared import Database, Instance, Network, Role, Stack, UserPool
from .passwords import password

_GLOBAL_REGION = "us-east-1"


def make(
    declared: Stack, *, stack: str, endpoint: Endpoint, server: postgres.Postgres, home: Home
) -> dict[str, Any]:
    """Make what isn't there, and say what everything is called."""

    def aws(service: str, region: str = _GLOBAL_REGION) -> Any:
        return client(endpoint, service, region)

    account = aws("sts").get_caller_identity()["Account"]
    return {
        "networks": {
            name: _network(aws("ec2", network.region), network, f"{stack}-{name}")
            for name, network in declared.networks.items()
        },
        "databases": {
            name: _database(
                aws("secretsmanager", database.region), database, server, password(home, stack, name)
            )
            for name, database in declared.databases.items()
        },
        "instances": {
            name: _instance(aws("rds", instance.region), instance)
            for name, instance in declared.instances.items()
        },
        "userPools": {
            name: _user_pool(aws("cognito-idp", pool.region), aws("secretsmanager", pool.region), pool)
            for name, pool in declared.user_pools.items()
        },
        "roles": {name: _role(aws("iam"), role, account) for name, role in declared.roles.items()},
    }


def _network(ec2: Any, network: Network, name: str) -> dict[str, Any]:
    vpc = _one(ec2.describe_vpcs(Filters=_filters({"tag:Name": name}))["Vpcs"])
    if vpc is None:
        vpc = ec2.create_vpc(CidrBlock=str(network.cidr), TagSpecifications=_tags("vpc", name))["Vpc"]
    vpc_id = vpc["VpcId"]
    return {
        "region": network.region,
        "vpcId": vpc_id,
        "subnetIds": [
            _subnet(ec2, vpc_id, f"{network.region}{zone}", str(cidr), f"{name}-private-{zone}")
            for zone, cidr in network.private_subnets.items()
        ],
        "securityGroupIds": {
            group: _security_group(ec2, vpc_id, f"{name}-{group}", description)
            for group, description in network.security_groups.items()
        },
    }


def _subnet(ec2: Any, vpc_id: str, zone: str, cidr: str, name: str) -> str:
    found = _one(ec2.describe_subnets(Filters=_filters({"vpc-id": vpc_id, "tag:Name": name}))["Subnets"])
    if found is None:
        found = ec2.create_subnet(
            VpcId=vpc_id, CidrBlock=cidr, AvailabilityZone=zone, TagSpecifications=_tags("subnet", name)
        )["Subnet"]
    return str(found["SubnetId"])


def _security_group(ec2: Any, vpc_id: str, name: str, description: str) -> str:
    filters = _filters({"vpc-id": vpc_id, "group-name": name})
    found = _one(ec2.describe_security_groups(Filters=filters)["SecurityGroups"])
    if found is None:
        found = ec2.create_security_group(
            GroupName=name,
            Description=description,
            VpcId=vpc_id,
            TagSpecifications=_tags("security-group", name),
        )
    return str(found["GroupId"])


def _database(
    secrets_manager: Any, database: Database, server: postgres.Postgres, secret: str
) -> dict[str, Any]:
    postgres.create_database(server, database=database.database, user=database.user, password=secret)
    # The form of RDS's own secrets, and the authority that a client verifies the server with:
    # https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_secret_json_structure.html
    content = {
        "engine": "postgres",
        "host": postgres.HOST,
        "port": server.port,
        "username": database.user,
        "password": secret,
        "dbname": database.database,
        "ca": server.authority.read_text(),
    }
    return {
        "region": database.region,
        "secretArn": _secret(secrets_manager, database.secret_name, json.dumps(content)),
        "host": postgres.HOST,
        "port": server.port,
        "database": database.database,
        "user": database.user,
        "authority": str(server.authority),
    }


def _secret(secrets_manager: Any, name: str, content: str) -> str:
    missing = secrets_manager.exceptions.ResourceNotFoundException
    try:
        found = secrets_manager.get_secret_value(SecretId=name)
    except missing:
        made = secrets_manager.create_secret(Name=name, SecretString=content)
        return str(made["ARN"])
    if found["SecretString"] != content:
        secrets_manager.put_secret_value(SecretId=name, SecretString=content)
    return str(found["ARN"])


def _instance(rds: Any, instance: Instance) -> dict[str, Any]:
    name = {"DBInstanceIdentifier": instance.identifier}
    try:
        (found,) = rds.describe_db_instances(**name)["DBInstances"]
    except rds.exceptions.DBInstanceNotFoundFault:
        found = rds.create_db_instance(
            **name,
            Engine="postgres",
            DBInstanceClass="db.t4g.micro",
            AllocatedStorage=20,
            MasterUsername="dashboard",
            MasterUserPassword=token_hex(16),  # nobody can use it: there is no database behind
        )["DBInstance"]
        if instance.stopped:
            rds.stop_db_instance(**name)
    return {"region": instance.region, "id": instance.identifier, "arn": str(found["DBInstanceArn"])}


def _user_pool(cognito: Any, secrets_manager: Any, pool: UserPool) -> dict[str, Any]:
    pools = cognito.list_user_pools(MaxResults=60)["UserPools"]
    found = _one([each for each in pools if each["Name"] == pool.name])
    if found is None:
        found = cognito.create_user_pool(PoolName=pool.name)["UserPool"]
    pool_id = str(found["Id"])
    clients = cognito.list_user_pool_clients(UserPoolId=pool_id, MaxResults=60)["UserPoolClients"]
    app = _one([each for each in clients if each["ClientName"] == pool.name])
    if app is None:
        # By password, so that whoever tries things gets a token in one call.
        flows = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
        app = cognito.create_user_pool_client(
            UserPoolId=pool_id, ClientName=pool.name, ExplicitAuthFlows=flows
        )["UserPoolClient"]
    content = {"user_pool_id": pool_id, "client_id": app["ClientId"]}
    return {
        "region": pool.region,
        "id": pool_id,
        "arn": str(cognito.describe_user_pool(UserPoolId=pool_id)["UserPool"]["Arn"]),
        "clientId": app["ClientId"],
        "secretArn": _secret(secrets_manager, pool.secret_name, json.dumps(content)),
    }


def _role(iam: Any, role: Role, account: str) -> dict[str, Any]:
    principals: list[Mapping[str, str]] = [{"Service": service} for service in role.trusted_services]
    if role.trusted_by_account:
        principals.append({"AWS": f"arn:aws:iam::{account}:root"})
    trust = json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
                for principal in principals
            ],
        }
    )
    try:
        found = iam.get_role(RoleName=role.name)["Role"]
        iam.update_assume_role_policy(RoleName=role.name, PolicyDocument=trust)
    except iam.exceptions.NoSuchEntityException:
        found = iam.create_role(RoleName=role.name, AssumeRolePolicyDocument=trust)["Role"]
    return {"name": role.name, "arn": found["Arn"]}


def _one(found: list[dict[str, Any]]) -> dict[str, Any] | None:
    return found[0] if found else None


def _filters(wanted: Mapping[str, str]) -> list[dict[str, Any]]:
    return [{"Name": name, "Values": [value]} for name, value in wanted.items()]


def _tags(kind: str, name: str) -> list[dict[str, Any]]:
    return [{"ResourceType": kind, "Tags": [{"Key": "Name", "Value": name}]}]
