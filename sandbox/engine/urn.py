"""Uniform resource names: ``urn:pulumi:<stack>::<project>::<type chain>::<name>``."""

from __future__ import annotations

from typing import Final

ROOT_TYPE: Final = "pulumi:pulumi:Stack"
PROVIDER_PREFIX: Final = "pulumi:providers:"
UNCONFIGURED_ID: Final = "unconfigured"
DENY_DEFAULTS: Final = "urn:pulumi:denydefaultprovider"


def make(stack: str, project: str, parent: str, type_: str, name: str) -> str:
    """The URN of a resource: a parent that isn't the stack lends its type chain."""
    chain = type_
    if parent:
        parent_chain = qualified_type(parent)
        if parent_chain and parent_chain != ROOT_TYPE:
            chain = f"{parent_chain}${type_}"
    return f"urn:pulumi:{stack}::{project}::{chain}::{name}"


def root(stack: str, project: str) -> str:
    """The URN of the stack's own resource."""
    return make(stack, project, "", ROOT_TYPE, f"{project}-{stack}")


def is_valid(urn: str) -> bool:
    """Whether a string has the form of a URN."""
    return urn.startswith("urn:pulumi:") and urn.count("::") >= 3


def _parts(urn: str) -> list[str]:
    parts = urn.removeprefix("urn:pulumi:").split("::", 3)
    return parts if len(parts) == 4 else ["", "", "", ""]


def stack(urn: str) -> str:
    """Name of the stack."""
    return _parts(urn)[0]


def project(urn: str) -> str:
    """Name of the project."""
    return _parts(urn)[1]


def qualified_type(urn: str) -> str:
    """The type chain: parents' types and the resource's own, with ``$`` between."""
    return _parts(urn)[2]


def type_of(urn: str) -> str:
    """The resource's own type."""
    return qualified_type(urn).rsplit("$", 1)[-1]


def name(urn: str) -> str:
    """The resource's name."""
    return _parts(urn)[3]


def package(type_: str) -> str:
    """The package of a type token: ``aws`` of ``aws:sqs/queue:Queue``."""
    return type_.split(":", 1)[0]


def is_provider(type_: str) -> bool:
    """Whether a type is that of a provider."""
    return type_.startswith(PROVIDER_PREFIX)


def provider_package(type_: str) -> str:
    """The package that a provider type is of."""
    return type_.removeprefix(PROVIDER_PREFIX)


def split_reference(reference: str) -> tuple[str, str]:
    """A provider reference as (URN, id).

    :raises ValueError: it isn't one
    """
    urn, separator, identity = reference.rpartition("::")
    if not separator or not is_valid(urn) or not identity:
        raise ValueError(f"{reference!r} is not a provider reference (expected <URN>::<id>)")
    return urn, identity
