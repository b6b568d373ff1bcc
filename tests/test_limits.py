"""Limits that the components and the sandbox's provider both know, each in its own way, are the same.

Neither may import the other: the provider judges any program, and the program knows nothing of it.
"""

from __future__ import annotations

import pytest

from components import limits
from sandbox.provider.resource import ResourceType
from sandbox.provider.schema import Prop
from sandbox.provider.services.lambda_ import function
from sandbox.provider.services.lambda_.function import Function
from sandbox.provider.services.sqs import Queue


def test_the_reserved_variables() -> None:
    assert function.RESERVED_VARIABLES == limits.RESERVED_VARIABLES


def test_the_environments_size() -> None:
    assert function._ENVIRONMENT_LIMIT == limits.ENVIRONMENT_BYTES


def test_the_number_of_layers() -> None:
    assert Function.props["layers"].maximum == limits.LAYERS


@pytest.mark.parametrize(
    ("resource", "path", "allowed"),
    [
        (Function, "memorySize", limits.MEMORY_MB),
        (Function, "timeout", limits.TIMEOUT_S),
        (Function, "ephemeralStorage.size", limits.EPHEMERAL_STORAGE_MB),
        (Queue, "messageRetentionSeconds", limits.QUEUE_RETENTION_S),
    ],
)
def test_the_ranges(resource: type[ResourceType], path: str, allowed: limits.Range) -> None:
    first, *rest = path.split(".")
    prop: Prop = resource.props[first]
    for name in rest:
        assert prop.fields
        prop = prop.fields[name]
    assert (prop.minimum, prop.maximum) == (allowed.low, allowed.high)
