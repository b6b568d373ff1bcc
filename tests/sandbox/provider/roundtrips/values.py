"""Values that the cases of several services draw."""

from __future__ import annotations

import json
import string
import zlib

from hypothesis import strategies as st

from sandbox.provider.values import PropertyMap
from tests.sandbox.provider.graphs import policy

from .drawing import Strategy
from .world import ACCOUNT, KEY

KEYS = st.sampled_from([f"{KEY}1", f"{KEY}2"])
"""ARNs of KMS keys."""
LOG_GROUPS = st.sampled_from([f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:trip-{n}" for n in "12"])
LOG_LINES = st.sampled_from(['{"id":"$context.requestId"}', "$context.requestId $context.status"])
POLICIES = st.sampled_from([policy("s3:GetObject"), policy("sqs:SendMessage", "sqs:ReceiveMessage")])
FALSE = st.just(value=False)
TRUE = st.just(value=True)


def named(prefix: str, suffix: str = "") -> Strategy:
    """Names that nothing else has."""
    letters = st.text(string.ascii_lowercase + string.digits, min_size=1, max_size=6)
    return letters.map(lambda text: f"{prefix}{text}{suffix}")


def one_of(*values: object) -> Strategy:
    """One of some values."""
    return st.sampled_from(values)


def some_of(*values: object) -> Strategy:
    """One or more of some values, in any order."""
    return st.lists(st.sampled_from(values), min_size=1, unique_by=repr)


def documents(*values: object) -> Strategy:
    """One of some JSON documents."""
    return st.sampled_from([json.dumps(each) for each in values])


def keep_one(inputs: PropertyMap, *names: str) -> PropertyMap:
    """The inputs with only one of those that exclude each other: which one, all of them decide together."""
    found = [name for name in names if name in inputs]
    chosen = zlib.crc32(repr(sorted(inputs.items(), key=str)).encode()) % (len(found) or 1)
    return without(inputs, *(name for index, name in enumerate(found) if index != chosen))


def without(inputs: PropertyMap, *names: str) -> PropertyMap:
    """The inputs without some."""
    return {key: value for key, value in inputs.items() if key not in names}
