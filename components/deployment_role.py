"""Roles that GitHub's workflows take, without a secret that somebody keeps (OpenID Connect)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.arns import Shape
from components.component import Component
from components.grants import Grant, federated_trust_document, policy_document
from components.naming import Kind, Names, Scope
from components.problems import Problem, refuse
from components.role import POLICY_NAME

_ISSUER = "token.actions.githubusercontent.com"
_AUDIENCE = "sts.amazonaws.com"

# https://docs.github.com/en/get-started/using-git/dealing-with-special-characters-in-branch-and-tag-names
_BRANCH = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]*")
_REPOSITORY = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9._-]{1,100}")


def grant_deploy(services: Iterable[Names]) -> tuple[Grant, ...]:
    """Let a pipeline give services new code, move their alias, and call them to see whether they work."""
    names = tuple(services)
    return (
        Grant(
            sid="DeployFunctions",
            actions=(
                "lambda:GetAlias",
                "lambda:GetFunction",
                "lambda:GetFunctionConfiguration",
                "lambda:PublishVersion",
                "lambda:UpdateAlias",
                "lambda:UpdateFunctionCode",
            ),
            resources=tuple(each.function_arn for each in names),
        ),
        Grant(
            sid="CallFunctions",
            actions=("lambda:InvokeFunction",),
            resources=tuple(each.alias_arn for each in names),
        ),
    )


@dataclass(frozen=True, kw_only=True)
class DeploymentRoleArgs:
    """A role for the workflows of one branch of one repository on GitHub.

    provider_arn: GitHub's OIDC provider, which an account has once. repository: `owner/name`.
    """

    scope: Scope
    provider_arn: str
    repository: str
    grants: tuple[Grant, ...]
    branch: str = "main"
    what: str = "deployment"
    permissions_boundary_arn: str | None = None

    @property
    def name(self) -> str:
        """The role's physical name."""
        return self.scope.name(self.what)

    @property
    def arn(self) -> str:
        """The role's ARN."""
        return self.scope.iam_arn(f"role/{self.name}")

    @property
    def trust(self) -> str:
        """Who may take the role: runs of that branch, whose token is meant for AWS."""
        claims = {
            f"{_ISSUER}:aud": _AUDIENCE,
            f"{_ISSUER}:sub": f"repo:{self.repository}:ref:refs/heads/{self.branch}",
        }
        return federated_trust_document(self.provider_arn, claims)

    def problems(self) -> Iterator[Problem]:
        """Say what is impossible about the role."""
        where = f"role {self.what}"
        yield from Kind.ROLE.problems(where, self.name)
        yield from Shape.GITHUB_PROVIDER.problems(where, "provider_arn", self.provider_arn)
        yield from Shape.POLICY.problems(where, "permissions_boundary_arn", self.permissions_boundary_arn)
        for what, value, pattern, allowed in (
            ("repository", self.repository, _REPOSITORY, "one repository, as 'owner/name'"),
            ("branch", self.branch, _BRANCH, "one branch, without wildcards"),
        ):
            if not pattern.fullmatch(value):
                yield Problem(where=where, what=what, got=repr(value), allowed=allowed)


class DeploymentRole(Component):
    """A role that workflows of one branch take, and that may do what is granted and nothing else."""

    def __init__(
        self, name: str, args: DeploymentRoleArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        refuse(args.problems())
        super().__init__("fleet:components:DeploymentRole", name, opts)
        self.role = aws.iam.Role(
            self.child("role"),
            name=args.name,
            description=f"What {args.repository} on {args.branch} deploys with",
            assume_role_policy=args.trust,
            permissions_boundary=args.permissions_boundary_arn,
            tags=args.scope.tags(),
            opts=self.inside(),
        )
        aws.iam.RolePolicy(
            self.child("policy"),
            name=POLICY_NAME,
            role=self.role.name,
            policy=policy_document(args.grants),
            opts=self.inside(),
        )
        self.finish({"arn": args.arn})
