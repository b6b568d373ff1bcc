"""The form of ``surroundings.yaml``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator
from pydantic.alias_generators import to_camel

from sandbox.errors import SurroundingsError

FILE = "surroundings.yaml"

Region = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")]
Zone = Annotated[str, StringConstraints(pattern=r"^[a-z]$")]
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_-]*$")]
ImagePrefix = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._/-]*:[\w.-]*$")]
Folder = Annotated[str, StringConstraints(pattern=r"^functions(/[A-Za-z0-9_-]+)+$")]
Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,62}$")]


class Part(BaseModel):
    """A part of the file: camelCase keys, and no others than these."""

    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=to_camel, populate_by_name=False)


class Network(Part):
    """A VPC with private subnets and security groups."""

    region: Region
    cidr: IPv4Network
    private_subnets: dict[Zone, IPv4Network] = Field(min_length=1)
    security_groups: dict[Name, str] = Field(default={}, description="name -> description")

    @model_validator(mode="after")
    def _subnets_inside(self) -> Network:
        for zone, subnet in self.private_subnets.items():
            if not subnet.subnet_of(self.cidr):
                raise ValueError(f"privateSubnets.{zone} {subnet} isn't inside cidr {self.cidr}")
        return self


class Database(Part):
    """A database and its user in PostgreSQL, and the secret that says how to reach it."""

    region: Region
    secret_name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9/_+=.@-]{1,512}$")]
    database: Identifier
    user: Identifier


class Instance(Part):
    """A database instance of RDS, as its API knows it: started and stopped, with no database behind."""

    region: Region
    identifier: Annotated[str, StringConstraints(pattern=r"^[a-z](-?[a-z0-9]){0,62}$")]
    stopped: bool = Field(default=False, description="is it stopped when it is made")


class UserPool(Part):
    """A user pool of Cognito with one app client, and the secret that names both."""

    region: Region
    name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,128}$")]
    secret_name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9/_+=.@-]{1,512}$")]


class Role(Part):
    """A role of somebody who calls the program's services."""

    name: Annotated[str, StringConstraints(pattern=r"^[\w+=,.@-]{1,64}$")]
    trusted_services: list[str] = Field(default=[], description="service principals")
    trusted_by_account: bool = Field(default=False, description="may anybody in the account assume it")


class Stack(Part):
    """The surroundings of one stage."""

    networks: dict[Name, Network] = {}
    databases: dict[Name, Database] = {}
    instances: dict[Name, Instance] = {}
    user_pools: dict[Name, UserPool] = {}
    roles: dict[Name, Role] = {}
    images: dict[ImagePrefix, Folder] = Field(
        default={}, description="<repository>:<start of the tag> -> the folder that runs instead"
    )
    config: dict[str, str] = Field(default={}, description="configuration path -> reference")


class File(Part):
    """The whole file."""

    stacks: dict[Name, Stack]

    @model_validator(mode="after")
    def _databases_differ(self) -> File:
        seen: dict[str, str] = {}
        for stack, content in self.stacks.items():
            for name, database in content.databases.items():
                where = f"stacks.{stack}.databases.{name}"
                for kind, value in (("database", database.database), ("user", database.user)):
                    other = seen.setdefault(f"{kind} {value}", where)
                    if other != where:
                        raise ValueError(f"{where} and {other} have the same {kind} {value!r}")
        return self


def parse(content: Any, stack: str) -> Stack:
    """The surroundings of a stage.

    :raises SurroundingsError: every error of the file; or it has nothing for the stage
    """
    try:
        file = File.model_validate(content)
    except ValidationError as error:
        lines = (f"  {'.'.join(map(str, e['loc'])) or FILE}: {_sentence(e)}" for e in error.errors())
        raise SurroundingsError("\n".join([f"{FILE}:", *lines])) from None
    if stack not in file.stacks:
        raise SurroundingsError(f"{FILE} has nothing for {stack!r}; it has: {', '.join(file.stacks)}")
    return file.stacks[stack]


def _sentence(error: Any) -> str:
    if error["type"] == "extra_forbidden":
        return "unknown key"
    found = error["input"]
    shown = f"; found {found!r}" if isinstance(found, str | int | float) else ""
    return str(error["msg"]).removeprefix("Value error, ") + shown


def resolve(declared: Stack, stack: str, ids: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration with every reference replaced by what it refers to.

    :raises SurroundingsError: all references to nothing
    """
    known = dict(_leaves(ids))
    unknown = [
        f"  stacks.{stack}.config.{path}: {reference!r} refers to nothing"
        for path, reference in declared.config.items()
        if reference not in known
    ]
    if unknown:
        raise SurroundingsError("\n".join([f"{FILE}:", *unknown, f"  allowed: {', '.join(known)}"]))
    return {path: known[reference] for path, reference in declared.config.items()}


def _leaves(ids: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in ids.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value
