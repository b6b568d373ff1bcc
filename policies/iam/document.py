"""A policy document, parsed: whatever is in it, parsing never fails; what's wrong with it is listed.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

from __future__ import annotations

import enum
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from policies.view import UNKNOWN, Resource, Secret, Value, plain
from policies.view.values import kind_of


class Kind(enum.Enum):
    """What a document does: says what its carrier may do, who may use a resource, who may take a role."""

    IDENTITY = "identity policy"
    RESOURCE = "resource policy"
    TRUST = "trust policy"


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One statement. Lists hold what is known; `unknown` says that something in it is not.

    principals, not_principals: pairs of kind and value: ("Service", "lambda.amazonaws.com"), ("*", "*").
    conditions: operator (as written) to lower-case key to values.
    """

    number: int
    sid: str
    allows: bool
    actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    not_resources: tuple[str, ...] = ()
    principals: tuple[tuple[str, str], ...] = ()
    not_principals: tuple[tuple[str, str], ...] = ()
    conditions: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    unknown: bool = False

    @property
    def name(self) -> str:
        """How a message names it."""
        return f'statement "{self.sid}"' if self.sid else f"statement {self.number}"

    def demands(self, key: str) -> tuple[str, ...]:
        """The values that the conditions demand of a key (a prefix ending in `*` stands for all such keys).

        Only what must hold counts: no negation, nothing that also holds where the key is missing.
        """
        wanted = key.lower()
        return tuple(
            value
            for operator, keys in self.conditions.items()
            if _demands(operator)
            for found, values in keys.items()
            if (found.startswith(wanted[:-1]) if wanted.endswith("*") else found == wanted)
            for value in values
        )


@dataclass(frozen=True, kw_only=True)
class Document:
    """A policy document of a resource, and where in it.

    problems: what isn't a policy document about it. unknown: it, or something in it, can't be known yet.
    secret: it is or holds a secret: nothing of it may be printed.
    """

    resource: Resource
    path: str
    kind: Kind
    statements: tuple[Statement, ...] = ()
    problems: tuple[str, ...] = ()
    unknown: bool = False
    secret: bool = False

    @property
    def allowing(self) -> Iterator[Statement]:
        """The statements that allow something."""
        return (statement for statement in self.statements if statement.allows)


def parse(resource: Resource, path: str, kind: Kind, value: Value) -> Document:
    """Parse the value of a property: JSON in a string, or an object."""
    reader = _Reader(kind)
    secret = isinstance(value, Secret) or resource.is_secret(path.split("[")[0].split(".")[0])
    statements = reader.document(plain(value))
    return Document(
        resource=resource,
        path=path,
        kind=kind,
        statements=statements,
        problems=tuple(reader.problems),
        unknown=reader.unknown,
        secret=secret,
    )


_ELEMENTS: Final = frozenset(
    [
        "sid",
        "effect",
        "action",
        "notaction",
        "resource",
        "notresource",
        "principal",
        "notprincipal",
        "condition",
    ]
)


class _Reader:
    """Reads a document, and notes what it doesn't understand."""

    def __init__(self, kind: Kind) -> None:
        self.needed = ("resource", "notresource") if kind is Kind.IDENTITY else ("principal", "notprincipal")
        self.problems: list[str] = []
        self.unknown = False

    def document(self, value: Value) -> tuple[Statement, ...]:
        if isinstance(value, str):
            try:
                value = json.loads(value)
            except (ValueError, RecursionError):
                self.problems.append("the document isn't JSON")
                return ()
        if self._is_unknown(value):
            return ()
        if not isinstance(value, dict):
            self.problems.append(f"the document is {kind_of(value)}, not an object")
            return ()
        elements = _lower(value)
        for name, element in elements.items():
            if name != "statement":
                self._named(name, plain(element))
        statements = plain(elements.get("statement"))
        if self._is_unknown(statements):
            return ()
        if isinstance(statements, dict):
            statements = [statements]
        if not isinstance(statements, list):
            self.problems.append(f"Statement is {kind_of(statements)}, not a list of objects")
            return ()
        read = (self._statement(number, plain(item)) for number, item in enumerate(statements, start=1))
        return tuple(statement for statement in read if statement is not None)

    def _named(self, name: str, value: Value) -> None:
        """Read what stands beside the statements."""
        if name not in ("version", "id"):
            self.problems.append("the document has an element that no policy has")
        elif not self._is_unknown(value) and not isinstance(value, str):
            self.problems.append(f"{name.title()} is {kind_of(value)}, not a string")

    def _statement(self, number: int, value: Value) -> Statement | None:
        where = f"statement {number}"
        if self._is_unknown(value):
            return None
        if not isinstance(value, dict):
            self.problems.append(f"{where} is {kind_of(value)}, not an object")
            return None
        elements = _lower(value)
        before, self.unknown = self.unknown, False
        self.problems += [
            f"{where} has an element that no policy has" for name in elements if name not in _ELEMENTS
        ]
        effect = plain(elements.get("effect"))
        if not self._is_unknown(effect) and effect not in ("Allow", "Deny"):
            self.problems.append(f"{where}: Effect is neither Allow nor Deny")
        sid = plain(elements.get("sid"))
        conditions = self._conditions(where, plain(elements.get("condition")))
        lists = {
            name: self._texts(f"{where}: {name}", plain(elements.get(name)))
            for name in ("action", "notaction", "resource", "notresource")
        }
        principals = {
            name: self._principals(f"{where}: {name}", plain(elements.get(name)))
            for name in ("principal", "notprincipal")
        }
        unknown, self.unknown = self.unknown, self.unknown or before
        for one, other in (("action", "notaction"), self.needed):
            if all(plain(elements.get(name)) in (None, []) for name in (one, other)):
                self.problems.append(f"{where} has neither {one.title()} nor Not{one.title()}")
        return Statement(
            number=number,
            sid=sid if isinstance(sid, str) else "",
            allows=effect != "Deny",
            actions=lists["action"],
            not_actions=lists["notaction"],
            resources=lists["resource"],
            not_resources=lists["notresource"],
            principals=principals["principal"],
            not_principals=principals["notprincipal"],
            conditions=conditions,
            unknown=unknown,
        )

    def _texts(self, where: str, value: Value) -> tuple[str, ...]:
        """Read a string or a list of strings; what is unknown is left out and noted."""
        if value is None or self._is_unknown(value):
            return ()
        items = [plain(item) for item in value] if isinstance(value, list) else [value]
        texts = []
        for item in items:
            if isinstance(item, str):
                texts.append(item)
            elif not self._is_unknown(item):
                self.problems.append(f"{where} holds {kind_of(item)}, not a string")
        return tuple(texts)

    def _principals(self, where: str, value: Value) -> tuple[tuple[str, str], ...]:
        if value is None or self._is_unknown(value):
            return ()
        if value == "*":
            return (("*", "*"),)
        if not isinstance(value, dict):
            self.problems.append(f"{where} is {kind_of(value)}, not an object or '*'")
            return ()
        return tuple(
            (kind, text) for kind, texts in value.items() for text in self._texts(where, plain(texts))
        )

    def _conditions(self, where: str, value: Value) -> dict[str, dict[str, tuple[str, ...]]]:
        if value is None or self._is_unknown(value):
            return {}
        if not isinstance(value, dict):
            self.problems.append(f"{where}: Condition is {kind_of(value)}, not an object")
            return {}
        conditions: dict[str, dict[str, tuple[str, ...]]] = {}
        for operator, wrapped in value.items():
            keys = plain(wrapped)
            if self._is_unknown(keys):
                continue
            if not isinstance(keys, dict):
                self.problems.append(f"{where}: a condition's operator has {kind_of(keys)}, not an object")
                continue
            conditions[operator] = {key.lower(): self._values(where, plain(keys[key])) for key in keys}
        return conditions

    def _values(self, where: str, value: Value) -> tuple[str, ...]:
        if value is None or self._is_unknown(value):
            return ()
        items = [plain(item) for item in value] if isinstance(value, list) else [value]
        texts = []
        for item in items:
            if isinstance(item, bool):
                texts.append(str(item).lower())
            elif isinstance(item, str | int | float):
                texts.append(str(item))
            elif not self._is_unknown(item):
                self.problems.append(f"{where}: a condition's value is {kind_of(item)}, not a string")
        return tuple(texts)

    def _is_unknown(self, value: Value) -> bool:
        if value is UNKNOWN:
            self.unknown = True
        return value is UNKNOWN


def _lower(elements: Mapping[str, Value]) -> dict[str, Value]:
    return {name.lower(): value for name, value in elements.items()}


def _demands(operator: str) -> bool:
    name = operator.lower()
    return not (
        "not" in name or name == "null" or name.startswith("forallvalues:") or name.endswith("ifexists")
    )
