"""Every type's description against the real provider's SDK and botocore's models."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator

import pytest
from pulumi._types import input_type_py_to_pulumi_names, resource_pulumi_to_py_names

from sandbox.provider import models, table
from sandbox.provider.errors import UnsupportedError
from sandbox.provider.schema import Prop
from sandbox.provider.settings import Settings
from sandbox.provider.state import with_defaults
from sandbox.provider.values import UNKNOWN

TOKENS = table.tokens()


def sdk_module(token: str) -> str:
    """The module of the SDK that has a type's class."""
    _, path, _ = token.split(":")
    package, _, file = path.partition("/")
    package = {"lambda": "lambda_"}.get(package, package)
    # The package first: asked for one of its files, pulumi_aws's lazy packages stay empty afterwards.
    # What loads it is an attribute of its own.
    assert hasattr(importlib.import_module(f"pulumi_aws.{package}"), "_utilities")
    return f"pulumi_aws.{package}.{re.sub(r'(?<=[a-z0-9])(?=[A-Z])', '_', file).lower()}"


def sdk_names(token: str) -> tuple[set[str], set[str]]:
    """What the SDK's class takes and what it gives, by Pulumi's names."""
    name = token.rpartition(":")[2]
    module = importlib.import_module(sdk_module(token))
    resource = getattr(module, name)
    # `InitArgs` where an input type of another resource has the name already.
    arguments = getattr(module, f"{name}InitArgs", None) or getattr(module, f"{name}Args")
    taken = set(input_type_py_to_pulumi_names(arguments).values())
    given = set(resource_pulumi_to_py_names(resource))
    return taken, given - {"id", "urn"}


def inside(prop: Prop) -> Iterator[Prop]:
    yield prop
    for each in [*(prop.fields or {}).values(), *([prop.items] if prop.items else [])]:
        yield from inside(each)


@pytest.mark.parametrize("token", TOKENS)
def test_properties_are_the_real_providers(token: str) -> None:
    kind = table.lookup(token)
    taken, given = sdk_names(token)
    assert kind.inputs.keys() - {"tagsAll"} <= taken
    assert kind.tagged == ("tags" in taken)
    assert kind.regional == ("region" in taken)
    # What only AWS gives is all there; more is of the emulated AWS's own making nowhere.
    assert given - taken - {"tagsAll"} == set(kind.outputs) - taken
    assert set(kind.identity) <= kind.inputs.keys()
    assert not kind.autoname or kind.autoname in kind.inputs


@pytest.mark.parametrize("token", TOKENS)
def test_limits_are_in_the_models(token: str) -> None:
    kind = table.lookup(token)
    for prop in (each for top in kind.inputs.values() for each in inside(top)):
        shape = models.shapes(kind.service)[prop.shape] if prop.shape else {}
        re.compile(prop.pattern or shape.get("pattern", ""))  # ours goes first: Check knows no other
        assert not prop.pattern or prop.meaning, "a pattern of ours is said in words"


@pytest.mark.parametrize("token", TOKENS)
def test_the_rules_of_a_type_cope_with_what_is_not_known(token: str) -> None:
    kind = table.lookup(token)
    list(kind.check(dict.fromkeys(kind.inputs, UNKNOWN), Settings()))
    for key in kind.inputs:
        alone = {k: UNKNOWN for k, prop in kind.inputs.items() if prop.required} | {key: UNKNOWN}
        list(kind.check(with_defaults(kind, alone, Settings()), Settings()))


def test_a_service_without_a_model() -> None:
    with pytest.raises(LookupError, match="no service model 'lambada'"):
        models.shapes("lambada")


def test_lookup_names_what_there_is() -> None:
    with pytest.raises(UnsupportedError, match="supported here: nothing of aws:eks"):
        table.lookup("aws:eks/cluster:Cluster")
