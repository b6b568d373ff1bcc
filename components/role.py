"""The role that a service runs under, and its one policy."""

from __future__ import annotations

from collections.abc import Iterable

import pulumi_aws as aws

from components.component import Component
from components.grants import Grant, policy_document, trust_document
from components.naming import Names

POLICY_NAME = "least-privilege"


def make_role(
    owner: Component, *, names: Names, grants: Iterable[Grant], tags: dict[str, str], boundary_arn: str | None
) -> tuple[aws.iam.Role, aws.iam.RolePolicy]:
    """Make a role that Lambda assumes, and what it allows.

    The function depends on the policy: Lambda checks some of it when the function is made, and needs it until
    the function's network interfaces are gone.

    boundary_arn: a managed policy that the role can't do more than; who deploys may be allowed no other role.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
    """
    role = aws.iam.Role(
        owner.child("role"),
        name=names.role,
        description=f"What {names.function} runs under",
        assume_role_policy=trust_document("lambda.amazonaws.com"),
        permissions_boundary=boundary_arn,
        tags=tags,
        opts=owner.inside(),
    )
    policy = aws.iam.RolePolicy(
        owner.child("role-policy"),
        name=POLICY_NAME,
        role=role.name,
        policy=policy_document(grants),
        opts=owner.inside(),
    )
    return role, policy
