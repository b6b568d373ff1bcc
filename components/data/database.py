"""Reaching a database that is there already."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.component import Component
from components.data.secret import Secret
from components.naming import Scope
from components.network import MadeNetwork, Network, id_problems
from components.problems import Problem, refuse

POSTGRESQL_PORT = 5432


@dataclass(frozen=True, kw_only=True)
class Database:
    """A PostgreSQL database: the secret with its address and password, and the group that guards it.

    Raises InvalidArgumentsError for what isn't a security group's id.
    """

    secret: Secret
    security_group_id: str

    def __post_init__(self) -> None:
        refuse(self._problems())

    def _problems(self) -> Iterator[Problem]:
        yield from id_problems("database", "security_group_id", "security_group_id", self.security_group_id)


class DatabaseAccess(Component):
    """Lets the functions' security group reach the database's on PostgreSQL's port, and nothing else."""

    def __init__(
        self,
        name: str,
        *,
        scope: Scope,
        network: Network | MadeNetwork,
        database: Database,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("fleet:components:DatabaseAccess", name, opts)
        tags = scope.tags()
        description = f"{scope.name()}: functions to the database"
        self.ingress = aws.vpc.SecurityGroupIngressRule(
            self.child("ingress"),
            security_group_id=database.security_group_id,
            referenced_security_group_id=network.security_group_id,
            ip_protocol="tcp",
            from_port=POSTGRESQL_PORT,
            to_port=POSTGRESQL_PORT,
            description=description,
            tags=tags,
            opts=self.inside(),
        )
        self.egress = aws.vpc.SecurityGroupEgressRule(
            self.child("egress"),
            security_group_id=network.security_group_id,
            referenced_security_group_id=database.security_group_id,
            ip_protocol="tcp",
            from_port=POSTGRESQL_PORT,
            to_port=POSTGRESQL_PORT,
            description=description,
            tags=tags,
            opts=self.inside(),
        )
        self.finish({})
