"""How the inputs of a resource type are described.

A description says what Check and Diff need: the kind of a value, whether it is required, what is allowed, and
what a change of it means. Limits that botocore's service models know come from there: ``shape`` names one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final, TypedDict, Unpack

OURS: Final = "is for the provider; AWS doesn't have it"
CONTENT: Final = "AWS has what it led to, not where that came from"
NOT_TOLD: Final = "the embedded AWS doesn't tell it, AWS does"
"""Why a property isn't read back: see :class:`Prop`."""


class Kind(StrEnum):
    """The kinds of values, in the words of an error message."""

    STRING = "a string"
    INTEGER = "a whole number"
    NUMBER = "a number"
    BOOLEAN = "true or false"
    LIST = "a list"
    SET = "a list (its order means nothing)"
    MAP = "a map"
    OBJECT = "an object"
    JSON = "a JSON document in a string"
    ARCHIVE = "an archive"
    FILE = "an asset or an archive"


@dataclass(frozen=True, kw_only=True)
class Prop:
    """One input property.

    :ivar required: the program must give it
    :ivar replaces: a change replaces the resource (Terraform's ForceNew)
    :ivar default: what Check fills in, as the real provider does
    :ivar settled: AWS chooses a value when none is given, and keeps the last one (Optional and Computed)
    :ivar local: why it isn't read back: what the program said counts, and an import can't know it
    :ivar output: only AWS gives it (inside an object, e.g. ``vpcConfig.vpcId``)
    :ivar values: the allowed values
    :ivar minimum: of a number; of a string's length; of a list's or map's size
    :ivar maximum: likewise
    :ivar pattern: a regular expression for the whole string
    :ivar shape: a shape of the type's botocore service model whose limits hold too
    :ivar meaning: of the pattern, in words: ends the error
    :ivar canonical: gives equal answers for two values that AWS takes for the same
    """

    kind: Kind
    required: bool = False
    replaces: bool = False
    default: Any = None
    settled: bool = False
    local: str = ""
    output: bool = False
    values: tuple[Any, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    pattern: str = ""
    shape: str = ""
    meaning: str = ""
    canonical: Callable[[Any], Any] | None = None
    items: Prop | None = None
    fields: Mapping[str, Prop] | None = None


class Traits(TypedDict, total=False):
    """What can be said of a property besides its kind: see :class:`Prop`."""

    required: bool
    replaces: bool
    default: Any
    settled: bool
    local: str
    output: bool
    values: tuple[Any, ...]
    minimum: float | None
    maximum: float | None
    pattern: str
    shape: str
    meaning: str
    canonical: Callable[[Any], Any] | None


def string(**traits: Unpack[Traits]) -> Prop:
    """A string."""
    return Prop(kind=Kind.STRING, **traits)


def arn(**traits: Unpack[Traits]) -> Prop:
    """An ARN."""
    pattern = r"arn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]*:(\d{12}|aws)?:.+"
    return replace(Prop(kind=Kind.STRING, pattern=pattern, meaning="an ARN"), **traits)


def integer(**traits: Unpack[Traits]) -> Prop:
    """A whole number."""
    return Prop(kind=Kind.INTEGER, **traits)


def number(**traits: Unpack[Traits]) -> Prop:
    """A number."""
    return Prop(kind=Kind.NUMBER, **traits)


def boolean(**traits: Unpack[Traits]) -> Prop:
    """True or false."""
    return Prop(kind=Kind.BOOLEAN, **traits)


def list_of(items: Prop, **traits: Unpack[Traits]) -> Prop:
    """A list whose order counts."""
    return Prop(kind=Kind.LIST, items=items, **traits)


def set_of(items: Prop, **traits: Unpack[Traits]) -> Prop:
    """A list whose order doesn't count."""
    return Prop(kind=Kind.SET, items=items, **traits)


def map_of(items: Prop, **traits: Unpack[Traits]) -> Prop:
    """A map from strings."""
    return Prop(kind=Kind.MAP, items=items, **traits)


def object_of(fields: Mapping[str, Prop], **traits: Unpack[Traits]) -> Prop:
    """An object with known fields."""
    return Prop(kind=Kind.OBJECT, fields=fields, **traits)


def json_document(**traits: Unpack[Traits]) -> Prop:
    """A JSON document in a string; two that mean the same are equal."""
    return Prop(kind=Kind.JSON, **traits)


def archive(**traits: Unpack[Traits]) -> Prop:
    """An archive; AWS has only its bytes."""
    return replace(Prop(kind=Kind.ARCHIVE, local=CONTENT), **traits)


def file(**traits: Unpack[Traits]) -> Prop:
    """An asset or an archive; AWS has only its bytes."""
    return replace(Prop(kind=Kind.FILE, local=CONTENT), **traits)


REGION = string(
    replaces=True, settled=True, pattern=r"[a-z]{2}(-[a-z]+)+-\d", meaning="a region, e.g. us-east-1"
)
"""Every regional type takes one, in place of the provider's (pulumi-aws 7)."""

TAGS = map_of(
    string(maximum=256),
    maximum=50,
)
"""Limits: https://docs.aws.amazon.com/tag-editor/latest/userguide/tagging.html"""
