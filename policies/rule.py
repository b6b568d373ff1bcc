"""What a rule is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Generic, TypeVar

from policies.finding import Finding, Severity
from policies.view import Graph, Resource, Value

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Setting:
    """Something that a stage's configuration may say to a rule.

    schema: a JSON schema of type boolean, integer, number, string, or array of strings, with `enum`,
    `minimum` and `maximum` where wanted. default: what holds where a stage says nothing.
    """

    schema: Mapping[str, Any]
    default: Any
    what: str


@dataclass(frozen=True, kw_only=True)
class Context:
    """What a rule may ask beside the thing that it judges.

    settings: the rule's own, complete. today: for dates (runtimes' ends, exceptions).
    """

    graph: Graph
    settings: Mapping[str, Any]
    stage: str
    today: date


@dataclass(frozen=True, kw_only=True)
class RuleInfo:
    """What people are told of a rule, and what a stage may set.

    id: stable, as `IAM-01`. title: one line. what, why, mend: what it checks, why it matters, what to do.
    source: the AWS page that it rests on.
    """

    id: str
    title: str
    severity: Severity
    what: str
    why: str
    mend: str
    source: str
    settings: Mapping[str, Setting] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Rule(RuleInfo, Generic[T]):
    """One rule.

    over: what it judges, one by one (`resources(...)`, `documents(...)`, `stack`). check: makes findings.
    early: needs nothing but the one resource, so that an update can be stopped before that is made.
    remedy: new values of top-level properties, where a repair is safe; used at the level `remediate` only.
    """

    over: Callable[[Graph], Iterable[T]]
    check: Callable[[T, Context], Iterable[Finding]]
    early: bool = False
    remedy: Callable[[Resource, Context], Mapping[str, Value]] | None = None


def resources(*types: str) -> Callable[[Graph], Iterable[Resource]]:
    """Have a rule judge each resource of these types."""
    return lambda graph: graph.of_type(*types)


def stack(graph: Graph) -> Iterable[Graph]:
    """Have a rule judge the stack as a whole."""
    return [graph]
