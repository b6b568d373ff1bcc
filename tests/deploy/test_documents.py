"""The documents of the roles that preview and deploy: judged by our own rules, complete, and no more."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from policies.rules import ALL
from tests.policies.stacks import ACCOUNT, TAGS, Stack, found

DEPLOY = Path(__file__).parents[2] / "deploy"
MANAGED_POLICY_LIMIT = 6_144
"""https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""

RENDERED = {
    "ACCOUNT_ID": ACCOUNT,
    "REGION": "ap-southeast-1",
    "STAGE": "dev",
    "OWNER/REPOSITORY": "company/lambda-fleet",
    "ENVIRONMENT": "dev",
    "STATE_BUCKET": "company-pulumi-state",
    "STATE_KEY_ID": "1234abcd-12ab-34cd-56ef-1234567890ab",
    "DATABASE_GROUP_ID": "sg-0a1b2c3d4e5f60002",
    "FUNCTIONS_GROUP_ID": "sg-0a1b2c3d4e5f60001",
}

IAM = [rule for rule in ALL if rule.id.startswith("IAM-")]

# The boundary allows nothing by itself; these six are what Lambda asks for a function in a VPC.
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-permissions
_INTERFACES = {
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:UnassignPrivateIpAddresses",
}
_POOLS = (
    *("CreateUserPoolClient", "DeleteUserPool", "DeleteUserPoolClient", "DescribeUserPool"),
    *("DescribeUserPoolClient", "GetUserPoolMfaConfig", "TagResource", "UntagResource"),
    *("UpdateUserPool", "UpdateUserPoolClient"),
)
_SCALING = (
    *("DeleteScalingPolicy", "DeregisterScalableTarget"),
    *("PutScalingPolicy", "RegisterScalableTarget"),
)
_SCALING_TAGS = ("ListTagsForResource", "TagResource", "UntagResource")
EXPECTED: dict[str, set[tuple[str, str]]] = {
    "preview": set(),
    "boundary": {(rule, action) for rule in ("IAM-02", "IAM-07") for action in _INTERFACES},
    "deploy-superscapes": {
        # As for the others, below.
        ("IAM-02", "apigateway:DELETE"),
        ("IAM-02", "apigateway:GET"),
        ("IAM-02", "apigateway:PATCH"),
        ("IAM-02", "apigateway:POST"),
        ("IAM-07", "logs:PutResourcePolicy"),
        ("IAM-09", "apigateway:POST"),
    },
    "deploy-hoopstat": {
        # As for the others, below.
        ("IAM-02", "apigateway:DELETE"),
        ("IAM-02", "apigateway:GET"),
        ("IAM-02", "apigateway:PATCH"),
        ("IAM-02", "apigateway:POST"),
        ("IAM-07", "logs:PutResourcePolicy"),
        ("IAM-09", "apigateway:POST"),
    },
    "deploy-spendsense": {
        # As for the others, below; what is inside a REST API is put there.
        ("IAM-02", "apigateway:DELETE"),
        ("IAM-02", "apigateway:GET"),
        ("IAM-02", "apigateway:PATCH"),
        ("IAM-02", "apigateway:POST"),
        ("IAM-02", "apigateway:PUT"),
        ("IAM-02", "ec2:CreateTags"),
        ("IAM-07", "logs:PutResourcePolicy"),
        ("IAM-09", "apigateway:POST"),
    },
    "deploy-payments": {
        # As for the others, below; AWS makes the ids of event source mappings, too.
        ("IAM-02", "apigateway:DELETE"),
        ("IAM-02", "apigateway:GET"),
        ("IAM-02", "apigateway:PATCH"),
        ("IAM-02", "apigateway:POST"),
        *(("IAM-02", f"lambda:{verb}EventSourceMapping") for verb in ("Delete", "Get", "Update")),
        *(("IAM-02", f"lambda:{verb}") for verb in ("ListTags", "TagResource", "UntagResource")),
        ("IAM-07", "logs:PutResourcePolicy"),
        ("IAM-09", "apigateway:POST"),
    },
    "deploy-payments-data": {
        # AWS makes the ids of user pools and of what can be scaled.
        *(("IAM-02", f"cognito-idp:{action}") for action in _POOLS),
        *(("IAM-02", f"application-autoscaling:{action}") for action in (*_SCALING, *_SCALING_TAGS)),
        *(("IAM-07", f"application-autoscaling:{action}") for action in _SCALING),
    },
    "deploy-codedeploy": set(),
    "deploy": {
        # AWS makes the ids of APIs and of security group rules.
        ("IAM-02", "apigateway:DELETE"),
        ("IAM-02", "apigateway:GET"),
        ("IAM-02", "apigateway:PATCH"),
        ("IAM-02", "apigateway:POST"),
        ("IAM-02", "ec2:CreateTags"),
        # What an API's access logs need has no resource to name.
        # https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging.html
        ("IAM-07", "logs:PutResourcePolicy"),
        # Of the two services that share the prefix, the catalog has the actions of REST APIs only.
        # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonapigatewaymanagementv2.html
        ("IAM-09", "apigateway:POST"),
    },
}
"""What our rules find, and why it stays."""


def rendered(name: str) -> Any:
    text = (DEPLOY / f"{name}.json").read_text()
    for placeholder, value in RENDERED.items():
        text = text.replace(placeholder, value)
    return json.loads(text)


def role(policy: str) -> Stack:
    """A role as its owner makes it, with a policy of its own."""
    stack = Stack()
    trust = json.dumps(rendered("trust"))
    stack.add("aws:iam/role:Role", "role", {"name": "lambda-fleet", "assumeRolePolicy": trust, "tags": TAGS})
    stack.add(
        "aws:iam/policy:Policy",
        "policy",
        {"name": f"lambda-fleet-{policy}", "policy": json.dumps(rendered(policy)), "tags": TAGS},
    )
    if policy != "boundary":
        stack.add(
            "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
            "attachment",
            {"role": "lambda-fleet", "policyArn": f"arn:aws:iam::{ACCOUNT}:policy/lambda-fleet-{policy}"},
        )
    return stack


@pytest.mark.parametrize("policy", EXPECTED)
def test_our_own_rules_find_nothing_else(policy: str) -> None:
    assert {(rule, subject) for rule, _, subject, *_ in found(role(policy), *IAM)} == EXPECTED[policy]


@pytest.mark.parametrize("policy", EXPECTED)
def test_a_document_fits_into_a_managed_policy(policy: str) -> None:
    assert len(json.dumps(rendered(policy), separators=(",", ":"))) <= MANAGED_POLICY_LIMIT


def test_the_trust_names_one_environment() -> None:
    (statement,) = rendered("trust")["Statement"]
    assert statement["Condition"]["StringEquals"] == {
        "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
        "token.actions.githubusercontent.com:sub": "repo:company/lambda-fleet:environment:dev",
    }


def deploying() -> list[tuple[str, str, Any]]:
    """What the deploying role may do: the policies of all systems together."""
    return [item for policy in EXPECTED if policy.startswith("deploy") for item in allowed(rendered(policy))]


def allowed(document: Any) -> Iterator[tuple[str, str, Any]]:
    """Each action on each resource that a document allows, with its conditions."""
    for statement in document["Statement"]:
        if statement["Effect"] == "Allow":
            for action in _list(statement["Action"]):
                for resource in _list(statement["Resource"]):
                    yield action, resource, statement.get("Condition")


def _list(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


CHANGES_ROLES = {
    "iam:CreateRole",
    "iam:PutRolePolicy",
    "iam:DeleteRolePolicy",
    "iam:PutRolePermissionsBoundary",
}


def test_every_role_that_a_deployment_makes_is_inside_the_boundary() -> None:
    bounded = {
        "StringEquals": {"iam:PermissionsBoundary": f"arn:aws:iam::{ACCOUNT}:policy/lambda-fleet-boundary"}
    }
    rules = [item for item in deploying() if item[0] in CHANGES_ROLES]
    assert {action for action, *_ in rules} == CHANGES_ROLES
    assert all(condition == bounded for *_, condition in rules)


@pytest.mark.parametrize(
    "action",
    [
        "iam:AttachRolePolicy",
        "iam:CreatePolicyVersion",
        "iam:DeleteRolePermissionsBoundary",
        "iam:SetDefaultPolicyVersion",
        "sts:AssumeRole",
    ],
)
def test_nothing_leads_out_of_the_boundary(action: str) -> None:
    assert action not in {action for action, *_ in deploying()}


def test_the_deploying_role_cannot_change_or_pass_itself() -> None:
    """It is called lambda-fleet-..., and the program's roles SYSTEM-STAGE-...."""
    own = f"arn:aws:iam::{ACCOUNT}:role/lambda-fleet-deploy-dev"
    touched = {resource for action, resource, _ in deploying() if action.startswith("iam:")}
    assert not any(fnmatchcase(own, pattern) for pattern in touched)


CALLS = {
    "aws:apigateway/authorizer:Authorizer": "DELETE GET PATCH POST",
    "aws:apigateway/deployment:Deployment": "DELETE GET PATCH POST",
    "aws:apigateway/integration:Integration": "DELETE GET PATCH PUT",
    "aws:apigateway/integrationResponse:IntegrationResponse": "DELETE GET PUT",
    "aws:apigateway/method:Method": "DELETE GET PATCH PUT",
    "aws:apigateway/methodResponse:MethodResponse": "DELETE GET PATCH PUT",
    "aws:apigateway/methodSettings:MethodSettings": "GET PATCH",
    "aws:apigateway/requestValidator:RequestValidator": "DELETE GET PATCH POST",
    "aws:apigateway/resource:Resource": "DELETE GET PATCH POST",
    "aws:apigateway/response:Response": "DELETE GET PUT",
    "aws:apigateway/restApi:RestApi": "DELETE GET PATCH POST PUT",
    "aws:apigateway/stage:Stage": "DELETE GET PATCH POST PUT",
    "aws:apigatewayv2/api:Api": "DELETE GET PATCH POST PUT",
    "aws:apigatewayv2/authorizer:Authorizer": "DELETE GET PATCH POST",
    "aws:apigatewayv2/integration:Integration": "DELETE GET PATCH POST",
    "aws:apigatewayv2/route:Route": "DELETE GET PATCH POST",
    "aws:apigatewayv2/stage:Stage": "DELETE GET PATCH POST",
    "aws:appautoscaling/policy:Policy": "DeleteScalingPolicy DescribeScalingPolicies PutScalingPolicy",
    "aws:appautoscaling/target:Target": "DeregisterScalableTarget DescribeScalableTargets "
    "ListTagsForResource RegisterScalableTarget TagResource UntagResource",
    "aws:cognito/userPool:UserPool": "CreateUserPool DeleteUserPool DescribeUserPool GetUserPoolMfaConfig "
    "TagResource UntagResource UpdateUserPool",
    "aws:cognito/userPoolClient:UserPoolClient": "CreateUserPoolClient DeleteUserPoolClient "
    "DescribeUserPoolClient UpdateUserPoolClient",
    "aws:codedeploy/application:Application": "CreateApplication DeleteApplication GetApplication "
    "ListTagsForResource TagResource UntagResource UpdateApplication",
    "aws:codedeploy/deploymentConfig:DeploymentConfig": (
        "CreateDeploymentConfig DeleteDeploymentConfig GetDeploymentConfig"
    ),
    "aws:codedeploy/deploymentGroup:DeploymentGroup": "CreateDeploymentGroup DeleteDeploymentGroup "
    "GetDeploymentGroup ListTagsForResource TagResource UntagResource UpdateDeploymentGroup",
    "aws:cloudwatch/dashboard:Dashboard": "DeleteDashboards GetDashboard PutDashboard",
    "aws:cloudwatch/eventRule:EventRule": "DeleteRule DescribeRule ListTagsForResource PutRule TagResource "
    "UntagResource",
    "aws:cloudwatch/eventTarget:EventTarget": "ListTargetsByRule PutTargets RemoveTargets",
    "aws:cloudwatch/logGroup:LogGroup": "CreateLogGroup DeleteLogGroup DescribeLogGroups ListTagsForResource "
    "PutRetentionPolicy TagResource UntagResource",
    "aws:cloudwatch/metricAlarm:MetricAlarm": "DeleteAlarms DescribeAlarms ListTagsForResource "
    "PutMetricAlarm TagResource UntagResource",
    "aws:dynamodb/table:Table": "CreateTable DeleteTable DescribeContinuousBackups DescribeTable "
    "DescribeTimeToLive ListTagsOfResource TagResource UntagResource UpdateContinuousBackups UpdateTable "
    "UpdateTimeToLive",
    # The component makes the repository and its lifecycle's policy.
    "awsx:ecr:Repository": "CreateRepository DeleteLifecyclePolicy DeleteRepository DescribeRepositories "
    "GetLifecyclePolicy ListTagsForResource PutImageScanningConfiguration PutImageTagMutability "
    "PutLifecyclePolicy TagResource UntagResource",
    "aws:ecr/repositoryPolicy:RepositoryPolicy": "DeleteRepositoryPolicy GetRepositoryPolicy "
    "SetRepositoryPolicy",
    "aws:iam/role:Role": "CreateRole DeleteRole GetRole ListAttachedRolePolicies ListInstanceProfilesForRole "
    "ListRolePolicies PassRole PutRolePermissionsBoundary TagRole UntagRole UpdateAssumeRolePolicy "
    "UpdateRole UpdateRoleDescription",
    "aws:iam/rolePolicy:RolePolicy": "DeleteRolePolicy GetRolePolicy PutRolePolicy",
    "aws:lambda/alias:Alias": "CreateAlias DeleteAlias GetAlias UpdateAlias",
    "aws:lambda/eventSourceMapping:EventSourceMapping": "CreateEventSourceMapping DeleteEventSourceMapping "
    "GetEventSourceMapping ListTags TagResource UntagResource UpdateEventSourceMapping",
    "aws:lambda/function:Function": "CreateFunction DeleteFunction DeleteFunctionConcurrency GetFunction "
    "GetFunctionCodeSigningConfig GetFunctionConfiguration ListVersionsByFunction PublishVersion "
    "PutFunctionConcurrency TagResource UntagResource UpdateFunctionCode UpdateFunctionConfiguration",
    "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig": (
        "DeleteFunctionEventInvokeConfig GetFunctionEventInvokeConfig PutFunctionEventInvokeConfig"
    ),
    "aws:lambda/layerVersion:LayerVersion": "DeleteLayerVersion GetLayerVersion PublishLayerVersion",
    "aws:lambda/permission:Permission": "AddPermission GetPolicy RemovePermission",
    "aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig": (
        "DeleteProvisionedConcurrencyConfig GetProvisionedConcurrencyConfig PutProvisionedConcurrencyConfig"
    ),
    "aws:s3/bucket:Bucket": "CreateBucket DeleteBucket GetAccelerateConfiguration GetBucketAcl GetBucketCORS "
    "GetBucketLocation GetBucketLogging GetBucketObjectLockConfiguration GetBucketPolicy "
    "GetBucketRequestPayment GetBucketTagging GetBucketVersioning GetBucketWebsite "
    "GetEncryptionConfiguration GetLifecycleConfiguration GetReplicationConfiguration ListBucket "
    "ListBucketVersions PutBucketTagging",
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": (
        "GetLifecycleConfiguration PutLifecycleConfiguration"
    ),
    "aws:s3/bucketNotification:BucketNotification": "GetBucketNotification PutBucketNotification",
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": (
        "GetBucketOwnershipControls PutBucketOwnershipControls"
    ),
    "aws:s3/bucketPolicy:BucketPolicy": "DeleteBucketPolicy GetBucketPolicy PutBucketPolicy",
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": (
        "GetBucketPublicAccessBlock PutBucketPublicAccessBlock"
    ),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": (
        "GetEncryptionConfiguration PutEncryptionConfiguration"
    ),
    "aws:s3/bucketVersioning:BucketVersioning": "GetBucketVersioning PutBucketVersioning",
    "aws:sqs/queue:Queue": "CreateQueue DeleteQueue GetQueueAttributes ListQueueTags SetQueueAttributes "
    "TagQueue UntagQueue",
    "aws:sqs/queuePolicy:QueuePolicy": "GetQueueAttributes SetQueueAttributes",
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": "AuthorizeSecurityGroupEgress CreateTags "
    "DescribeSecurityGroupRules RevokeSecurityGroupEgress",
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": "AuthorizeSecurityGroupIngress CreateTags "
    "DescribeSecurityGroupRules RevokeSecurityGroupIngress",
}
"""What Pulumi's provider calls for each type that dev and prod have, or that a stage's `codeDeploy` adds."""

_SERVICES = {
    "appautoscaling": "application-autoscaling",
    "cognito": "cognito-idp",
    "apigatewayv2": "apigateway",
    "vpc": "ec2",
    "eventRule": "events",
    "eventTarget": "events",
    "logGroup": "logs",
}

BESIDES = {
    # the state
    *("s3:ListBucket", "s3:GetObject", "s3:PutObject", "s3:DeleteObject"),
    *("kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"),
    # what Lambda asks of who makes a function in a VPC
    *("ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcs"),
    # what API Gateway asks of who turns access logs on
    *(f"logs:{verb}LogDelivery" for verb in ("Create", "Delete", "Get", "Update")),
    *("logs:DescribeResourcePolicies", "logs:ListLogDeliveries", "logs:PutResourcePolicy"),
    # what deploy/shift-alias.sh does, and CodeDeploy asks of who does it
    *(f"codedeploy:{verb}" for verb in ("CreateDeployment", "GetDeployment")),
    *(f"codedeploy:{verb}ApplicationRevision" for verb in ("Get", "Register")),
}


def test_the_deploying_role_may_do_what_the_stages_need_and_nothing_else() -> None:
    folder = DEPLOY.parent / "tests" / "graphs"
    graphs = [path.read_text() for stage in ("dev", "prod") for path in sorted(folder.glob(f"*-{stage}.txt"))]
    types = set(re.findall(r"^ *(awsx?:\S+)", "\n".join(graphs), re.MULTILINE))
    where_asked = {type_ for type_ in CALLS if type_.startswith("aws:codedeploy/")}
    assert types | where_asked == set(CALLS)
    needed = {f"{_service(type_)}:{verb}" for type_, verbs in CALLS.items() for verb in verbs.split()}
    assert {action for action, *_ in deploying()} == needed | BESIDES


def _service(type_: str) -> str:
    module, _, kind = type_.split(":")[1].partition("/")
    return _SERVICES.get(kind) or _SERVICES.get(module) or module
