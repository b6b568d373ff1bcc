"""OPS-03: AWS's quotas on names and counts. The quotas are data: data/quotas.json."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from policies.finding import Finding, Severity
from policies.rule import Context, Rule
from policies.view import UNKNOWN, Graph, MalformedError, Resource, plain


@dataclass(frozen=True, kw_only=True)
class Quota:
    """One quota. path: the property that it is about; source: AWS's page.

    most, least, pattern: for a name, its characters; for a list or an object, its items (most).
    per: for resources, the property that names what they are counted for.
    """

    type: str
    what: str
    source: str
    most: int
    path: str = ""
    least: int = 0
    pattern: str = ""
    per: str = ""


@dataclass(frozen=True, kw_only=True)
class Quotas:
    """The quotas by what they limit."""

    names: dict[str, list[Quota]]
    items: dict[str, list[Quota]]
    counts: list[Quota]

    @property
    def types(self) -> frozenset[str]:
        """Every type that has a quota."""
        return frozenset({*self.names, *self.items, *(quota.type for quota in self.counts)})


@cache
def quotas() -> Quotas:
    """Read data/quotas.json."""
    path = Path(__file__).parent.parent / "data" / "quotas.json"
    content: dict[str, list[dict[str, Any]]] = json.loads(path.read_text(encoding="utf-8"))
    names: dict[str, list[Quota]] = defaultdict(list)
    items: dict[str, list[Quota]] = defaultdict(list)
    for entry in content["names"]:
        names[entry["type"]].append(Quota(**entry))
    for entry in content["items"]:
        items[entry["type"]].append(Quota(**entry))
    return Quotas(names=names, items=items, counts=[Quota(**entry) for entry in content["counts"]])


def _judged(graph: Graph) -> list[Resource]:
    return [resource for resource in graph if resource.type in quotas().types]


def _check(resource: Resource, context: Context) -> Iterator[Finding]:
    for quota in quotas().names.get(resource.type, ()):
        yield from _name(resource, quota)
    for quota in quotas().items.get(resource.type, ()):
        yield from _items(resource, quota)
    for quota, siblings in context.graph.remember(_counted).get(resource.urn, ()):
        yield Finding(
            resource=resource,
            subject=quota.per,
            found=f"{siblings} {quota.what}",
            allowed=f"at most {quota.most} ({quota.source})",
        )


def _name(resource: Resource, quota: Quota) -> Iterator[Finding]:
    name = resource.text(quota.path)
    if not isinstance(name, str):
        return  # AWS or Pulumi makes one that fits
    if len(name) > quota.most or len(name) < quota.least:
        found = f"the {quota.what} {name!r} has {len(name)} characters"
        allowed = f"{quota.least} to {quota.most} characters"
    elif quota.pattern and not re.fullmatch(quota.pattern, name):
        found = f"the {quota.what} {name!r} has characters that it can't have"
        allowed = f"names like {quota.pattern}"
    else:
        return
    yield Finding(resource=resource, subject=quota.path, found=found, allowed=f"{allowed} ({quota.source})")


def _items(resource: Resource, quota: Quota) -> Iterator[Finding]:
    value = resource.read(quota.path)
    if isinstance(value, list | dict) and len(value) > quota.most:
        yield Finding(
            resource=resource,
            subject=quota.path,
            found=f"{len(value)} {quota.what}",
            allowed=f"at most {quota.most} ({quota.source})",
        )


def _counted(graph: Graph) -> dict[str, list[tuple[Quota, int]]]:
    """Too many resources for one thing: said once, of the first of them."""
    found: dict[str, list[tuple[Quota, int]]] = defaultdict(list)
    for quota in quotas().counts:
        groups: dict[object, list[Resource]] = defaultdict(list)
        for resource in graph.of_type(quota.type):
            groups[_owner(graph, resource, quota.per)].append(resource)
        for owner, siblings in groups.items():
            if owner is not None and len(siblings) > quota.most:
                found[siblings[0].urn].append((quota, len(siblings)))
    return found


def _owner(graph: Graph, resource: Resource, path: str) -> object:
    """What a resource is counted for: the one that the property comes from, else its value."""
    urns = resource.property_dependencies.get(path, ())
    if len(urns) == 1:
        return urns[0]
    try:
        value = resource.text(path)
    except MalformedError:
        return None
    return None if value is UNKNOWN else plain(value)


OPS_03 = Rule(
    id="OPS-03",
    title="A name or a count is over AWS's quota",
    severity=Severity.HIGH,
    what="Names have a length and characters that AWS takes, and lists, routes, targets and the like are no "
    "more than AWS's quotas allow by default.",
    why="AWS refuses it when it is deployed, in the middle of an update.",
    mend="Shorten the name; split what is too many, or have the quota raised and except this finding.",
    source="https://docs.aws.amazon.com/general/latest/gr/aws_service_limits.html",
    over=_judged,
    check=_check,
)
