"""What somebody outside the program may do with what is in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.arns import Shape
from components.component import Component
from components.grants import Grant, policy_document
from components.naming import Scope
from components.problems import Problem, refuse


@dataclass(frozen=True, kw_only=True)
class RoleAccessArgs:
    """What a role that is there already is granted, in an inline policy of the program's own on it.

    what: the policy's short name; the physical one is `<system>-<stage>-<what>`.
    """

    scope: Scope
    what: str
    role_arn: str
    grants: tuple[Grant, ...]

    def problems(self) -> Iterator[Problem]:
        """Say what is impossible about it."""
        yield from Shape.ROLE.problems(f"access {self.what}", "role_arn", self.role_arn)

    @property
    def role_name(self) -> str:
        """The role's name, without the path that its ARN may have."""
        return self.role_arn.rpartition("/")[2]


class RoleAccess(Component):
    """Lets a role that somebody else made do what is granted; its other policies are left alone."""

    def __init__(self, name: str, args: RoleAccessArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        refuse(args.problems())
        super().__init__("fleet:components:RoleAccess", name, opts)
        aws.iam.RolePolicy(
            self.child("policy"),
            name=args.scope.name(args.what),
            role=args.role_name,
            policy=policy_document(args.grants),
            opts=self.inside(),
        )
        self.finish({})
