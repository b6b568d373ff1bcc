from __future__ import annotations

import json
from dataclasses import replace

import pytest

from components.deployment_role import DeploymentRole, DeploymentRoleArgs, grant_deploy
from components.naming import Names
from components.problems import InvalidArgumentsError
from tests.components.sample import SCOPE
from tests.mocks import ACCOUNT, REGION, declare

PROVIDER = f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/boundary"
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:typerush-dev-orders"
ROLE = DeploymentRoleArgs(
    scope=SCOPE,
    provider_arn=PROVIDER,
    repository="shop/orders",
    grants=grant_deploy([Names(scope=SCOPE, service="orders")]),
)


def test_one_branch_of_one_repository_takes_it() -> None:
    role = declare(lambda: DeploymentRole("deploy", replace(ROLE, permissions_boundary_arn=BOUNDARY)))[
        "deploy-role"
    ]
    assert (role.inputs["name"], role.inputs["permissionsBoundary"]) == ("typerush-dev-deployment", BOUNDARY)
    assert json.loads(role.inputs["assumeRolePolicy"])["Statement"] == [
        {
            "Effect": "Allow",
            "Principal": {"Federated": PROVIDER},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {
                "StringEquals": {
                    "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
                    "token.actions.githubusercontent.com:sub": "repo:shop/orders:ref:refs/heads/main",
                }
            },
        }
    ]


def test_what_it_may_do_with_functions() -> None:
    deploy, call = declare(lambda: DeploymentRole("deploy", ROLE))["deploy-policy"].policy
    assert deploy["Action"] == [
        "lambda:GetAlias",
        "lambda:GetFunction",
        "lambda:GetFunctionConfiguration",
        "lambda:PublishVersion",
        "lambda:UpdateAlias",
        "lambda:UpdateFunctionCode",
    ]
    assert deploy["Resource"] == [FUNCTION]
    assert (call["Action"], call["Resource"]) == (["lambda:InvokeFunction"], [f"{FUNCTION}:live"])


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"repository": "shop/*"}, "repository is 'shop/*'"),
        ({"repository": "orders"}, "one repository, as 'owner/name'"),
        ({"branch": "*"}, "one branch, without wildcards"),
        ({"provider_arn": f"arn:aws:iam::{ACCOUNT}:oidc-provider/elsewhere"}, "provider_arn"),
        ({"permissions_boundary_arn": "boundary"}, "permissions_boundary_arn"),
        ({"what": "w" * 60}, "at most 64"),
    ],
)
def test_refusals(change: dict[str, str], fault: str) -> None:
    with pytest.raises(InvalidArgumentsError) as refusal:
        DeploymentRole("deploy", replace(ROLE, **change))  # type: ignore[arg-type]
    assert fault in str(refusal.value)
