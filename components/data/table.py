"""Tables of DynamoDB: on demand, encrypted, with point-in-time recovery."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import pulumi
import pulumi_aws as aws

from components.component import Component
from components.grants import Grant
from components.naming import Kind, Scope
from components.problems import Problem, refuse


@dataclass(frozen=True, kw_only=True)
class Key:
    """An attribute that items are found by; its type is a string, a number or bytes."""

    name: str
    type: Literal["S", "N", "B"] = "S"


@dataclass(frozen=True, kw_only=True)
class Index:
    """A second way to find items (a global secondary index with all attributes)."""

    name: str
    hash_key: Key
    range_key: Key | None = None


@dataclass(frozen=True, kw_only=True)
class TableArgs:
    """A table: its keys, its names, and what may be done to it.

    what: its short name (`texts`); the physical one is `<system>-<stage>-<what>`.
    expires_by: the attribute with the second (since 1970) after which DynamoDB deletes an item, if any.
    protect: keep it from being deleted, by AWS and by Pulumi.
    """

    scope: Scope
    what: str
    hash_key: Key
    range_key: Key | None = None
    indexes: tuple[Index, ...] = ()
    expires_by: str | None = None
    protect: bool = False

    @property
    def name(self) -> str:
        """The table's physical name."""
        return self.scope.name(self.what)

    @property
    def arn(self) -> str:
        """The table's ARN."""
        return self.scope.arn("dynamodb", f"table/{self.name}")

    def grant_read(self) -> Grant:
        """Let a service find items by their keys; scanning isn't part of it."""
        return self._grant("Read", ("dynamodb:GetItem", "dynamodb:Query"), (self.arn,))

    def grant_get(self) -> Grant:
        """Let a service get single items by their whole key, and no more."""
        return self._grant("Get", ("dynamodb:GetItem",), (self.arn,))

    def grant_put(self) -> Grant:
        """Let a service store items."""
        return self._grant("Put", ("dynamodb:PutItem",), (self.arn,))

    def grant_update(self) -> Grant:
        """Let a service change attributes of an item by its key, or make it."""
        return self._grant("Update", ("dynamodb:UpdateItem",), (self.arn,))

    def grant_delete(self) -> Grant:
        """Let a service delete items by their key."""
        return self._grant("Delete", ("dynamodb:DeleteItem",), (self.arn,))

    def grant_query_index(self, index: str) -> Grant:
        """Let a service find items by an index."""
        return self._grant(f"Query{_camel(index)}Of", ("dynamodb:Query",), (f"{self.arn}/index/{index}",))

    @property
    def keys(self) -> tuple[Key, ...]:
        """Every attribute that the table or an index finds items by, each once, by name."""
        found = {self.hash_key, *([self.range_key] if self.range_key else [])}
        for index in self.indexes:
            found |= {index.hash_key, *([index.range_key] if index.range_key else [])}
        return tuple(sorted(found, key=lambda key: key.name))

    def problems(self) -> Iterator[Problem]:
        """Say what is impossible about the table."""
        where = f"table {self.what}"
        yield from Kind.TABLE.problems(where, self.name)
        names = [key.name for key in self.keys]
        for name in sorted({name for name in names if names.count(name) > 1}):
            yield Problem(
                where=where,
                what=f"the attribute {name!r}",
                got="of two types",
                allowed="one type for each attribute",
            )
        indexes = [index.name for index in self.indexes]
        for name in sorted({name for name in indexes if indexes.count(name) > 1}):
            yield Problem(
                where=where, what=f"the index {name!r}", got="there twice", allowed="each name once"
            )

    def _grant(self, verb: str, actions: tuple[str, ...], resources: tuple[str, ...]) -> Grant:
        return Grant(sid=f"{verb}{_camel(self.what)}", actions=actions, resources=resources)


class Table(Component):
    """A table that is billed by use, encrypted, and can be brought back to any second of the last 35 days."""

    def __init__(self, name: str, args: TableArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        refuse(args.problems())
        super().__init__("fleet:components:Table", name, opts)
        self.table = aws.dynamodb.Table(
            self.child("table"),
            name=args.name,
            billing_mode="PAY_PER_REQUEST",
            hash_key=args.hash_key.name,
            range_key=args.range_key.name if args.range_key else None,
            attributes=[{"name": key.name, "type": key.type} for key in args.keys],
            global_secondary_indexes=[_index(index) for index in args.indexes] or None,
            ttl={"attribute_name": args.expires_by, "enabled": True} if args.expires_by else None,
            point_in_time_recovery={"enabled": True},
            server_side_encryption={"enabled": True},
            deletion_protection_enabled=args.protect,
            tags=args.scope.tags(),
            opts=self.inside(protect=args.protect or None),
        )
        self.finish({"name": args.name, "arn": args.arn})


def _index(index: Index) -> aws.dynamodb.TableGlobalSecondaryIndexArgsDict:
    return {
        "name": index.name,
        "hash_key": index.hash_key.name,
        "range_key": index.range_key.name if index.range_key else None,
        "projection_type": "ALL",
    }


def _camel(words: str) -> str:
    return "".join(word.capitalize() for word in words.replace("_", "-").split("-"))
