"""IAM-06: ways from some permissions to all."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Final

from policies.finding import Finding, Severity
from policies.iam import catalog
from policies.iam.carriers import Carrier, carriers_of
from policies.iam.document import Document, Statement
from policies.iam.findings import about
from policies.iam.matching import can_match, means_everything
from policies.rule import Context, Rule
from policies.view import Resource
from policies.view.graph import ROLE

_BOUNDED_BY: Final = ("iam:PermissionsBoundary", "iam:PolicyARN")
"""Conditions that take the danger out of changing permissions."""


@dataclass(frozen=True, kw_only=True)
class Method:
    """A way to escalate: who holds all these actions can get more than was given."""

    id: str
    what: str
    actions: tuple[str, ...]


@cache
def methods() -> tuple[Method, ...]:
    """The known methods, of the data file."""
    path = Path(__file__).parent.parent / "data" / "privilege_escalation.json"
    content: Mapping[str, list[dict[str, str]]] = json.loads(path.read_text(encoding="utf-8"))
    return tuple(
        Method(id=item["id"], what=item["what"], actions=tuple(item["actions"].split()))
        for item in content["methods"]
    )


def _check(carrier: Carrier, context: Context) -> Iterator[Finding]:
    held = _held(carrier)
    told: list[frozenset[str]] = []
    for method in sorted(methods(), key=lambda method: len(method.actions)):
        if not held.keys() >= set(method.actions) or any(told_of <= set(method.actions) for told_of in told):
            continue  # a shorter way has been told already
        told.append(frozenset(method.actions))
        document, statement = held[method.actions[0]]
        yield about(
            document,
            statement,
            subject=method.id,
            found=f"{method.what}: {', '.join(method.actions)}",
            allowed="not all of these together, or each on exact resources only",
        )


def _held(carrier: Carrier) -> dict[str, tuple[Document, Statement]]:
    """The actions of any method that a carrier has, not held down to exact resources, and where from."""
    denied: set[str] = set()
    held: dict[str, tuple[Document, Statement]] = {}
    for document in carrier.documents:
        for statement in document.statements:
            actions = _of_methods(statement.actions)
            if statement.allows:
                for action in actions - held.keys():
                    if _is_free(statement, action, carrier.resource):
                        held[action] = document, statement
            elif "*" in statement.resources and not statement.conditions:
                denied |= actions
    return {action: where for action, where in held.items() if action not in denied}


@lru_cache(maxsize=4096)
def _of_methods(written: tuple[str, ...]) -> frozenset[str]:
    """The actions of any method that a statement's actions mean."""
    known = {action for method in methods() for action in method.actions}
    return frozenset(
        action for action in known if any(catalog.action_matches(pattern, action) for pattern in written)
    )


def _is_free(statement: Statement, action: str, carrier: Resource) -> bool:
    if any(statement.demands(key) for key in _BOUNDED_BY):
        return False
    found = catalog.find(action)
    if found is not None and not found.resource_types:
        return True
    return any(
        means_everything(resource, action) or _is_itself(resource, action, carrier)
        for resource in statement.resources
    )


def _is_itself(resource: str, action: str, carrier: Resource) -> bool:
    """Whether a role may change itself, be it the only one it may change."""
    if carrier.type != ROLE or not action.startswith("iam:") or not can_match(resource, action):
        return False
    name, path = carrier.computed("name"), carrier.values.get("path", "/")
    return (
        isinstance(name, str)
        and isinstance(path, str)
        and catalog.matches(resource.rpartition(":")[2], f"role{path}{name}")
    )


IAM_06 = Rule(
    id="IAM-06",
    title="Privileges can be escalated",
    severity=Severity.CRITICAL,
    what="No role, by all its policies together, and no other policy has the actions of a known way to "
    "escalate, unless held down to exact resources.",
    why="What a role may do is then no limit to what its code, or whoever takes it over, can do.",
    mend="Take one of the actions away, name exact resources, or demand a permissions boundary.",
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html",
    over=carriers_of,
    check=_check,
    early=True,
)
