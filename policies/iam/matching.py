"""What a resource in a policy document can mean: whether it can match at all, whether it means everything."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from policies.iam import catalog
from policies.view.arn import Arn

_PLACEHOLDER = re.compile(r"\$\{(\w+)\}")
_VARIABLE = re.compile(r"\$\{[^}]*\}")
_NO_SLASH: Final = frozenset({"BucketName", "TableName"})
"""Placeholders that a slash ends. Without them a bucket's pattern would match its objects."""

_ANY_NAME: Final = "\x01any\x01"
"""A name that nobody writes: what matches it matches every name."""


@lru_cache(maxsize=8192)
def can_match(resource: str, action: str) -> bool:
    """Whether a resource (with IAM's wildcards) can be one that the action acts on."""
    if resource == "*":
        return True
    wanted = Arn.parse(_VARIABLE.sub("*", resource))
    if wanted is None:
        return _stands_for_arns(resource)
    for pattern in catalog.arn_patterns(action):
        arn = Arn.parse(pattern)
        if arn is not None and _arns_meet(wanted, arn):
            return True
    return False


@lru_cache(maxsize=8192)
def means_everything(resource: str, action: str) -> bool:
    """Whether a resource is `*`, or a wildcard over a whole resource type of the action."""
    if resource == "*":
        return True
    wanted = Arn.parse(resource)
    if wanted is None:
        return _stands_for_arns(resource)
    for pattern in catalog.arn_patterns(action):
        arn = Arn.parse(pattern)
        if arn is None or not _arns_meet(wanted, arn):
            continue
        if catalog.matches(wanted.resource, _PLACEHOLDER.sub(_ANY_NAME, arn.resource)):
            return True
    return False


def _stands_for_arns(resource: str) -> bool:
    """Whether something with fewer colons than an ARN can still match one: `arn:aws:*`."""
    return catalog.has_wildcard(resource) and _globs_meet(tuple(resource), _tokens("arn:*"))


def _arns_meet(wanted: Arn, pattern: Arn) -> bool:
    return (
        _globs_meet(tuple(wanted.partition), _tokens(pattern.partition))
        and _globs_meet(tuple(wanted.service), _tokens(pattern.service))
        and _globs_meet(tuple(wanted.region), _tokens(pattern.region))
        and _globs_meet(tuple(wanted.account), _tokens(pattern.account))
        and _globs_meet(tuple(wanted.resource), _tokens(pattern.resource))
    )


@lru_cache(maxsize=4096)
def _tokens(pattern: str) -> tuple[str, ...]:
    """Turn a pattern of the catalog into characters and wildcards; a placeholder is one character or more."""
    tokens: list[str] = []
    for position, part in enumerate(_PLACEHOLDER.split(pattern)):
        if position % 2 == 0:
            tokens += part
        else:
            tokens += ["?/", "*/"] if part in _NO_SLASH else ["?", "*"]
    return tuple(tokens)


def _globs_meet(left: tuple[str, ...], right: tuple[str, ...]) -> bool:
    """Whether some text matches both. `*` and `?` are wildcards; `*/` and `?/` the same without a slash."""
    reached = {(0, 0)}
    pending = [(0, 0)]
    while pending:
        i, j = pending.pop()
        if i == len(left) and j == len(right):
            return True
        for step in _steps(left, right, i, j):
            if step not in reached:
                reached.add(step)
                pending.append(step)
    return False


def _steps(left: tuple[str, ...], right: tuple[str, ...], i: int, j: int) -> list[tuple[int, int]]:
    a = left[i] if i < len(left) else ""
    b = right[j] if j < len(right) else ""
    steps = []
    if a.startswith("*"):
        steps.append((i + 1, j))
    if b.startswith("*"):
        steps.append((i, j + 1))
    if a and b and _share_a_character(a, b):
        steps.append((i if a.startswith("*") else i + 1, j if b.startswith("*") else j + 1))
    return steps


def _share_a_character(a: str, b: str) -> bool:
    wild_a, wild_b = a[0] in "*?", b[0] in "*?"
    if wild_a and wild_b:
        return True
    if wild_a:
        return not (len(a) > 1 and b == "/")
    if wild_b:
        return not (len(b) > 1 and a == "/")
    return a == b
