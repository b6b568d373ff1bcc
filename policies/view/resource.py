"""One resource: typed reading of its properties, each of which may be absent, unknown or of a wrong type."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from policies.view.values import UNKNOWN, Unknown, Value, is_secret, kind_of, plain


class MalformedError(Exception):
    """A property has a type that no program meant. The judge makes a finding of the rule that met it."""

    def __init__(self, path: str, found: Value, allowed: str) -> None:
        super().__init__(f"{path} is {kind_of(found)}, not {allowed}")


@dataclass(frozen=True, eq=False)
class Block:
    """Properties, or an object among them. A path may go through objects: `tracingConfig.mode`.

    Each reader gives None for what is absent and UNKNOWN for what a preview can't know, takes the wrapping
    off secrets, and raises MalformedError for a value of another type.
    """

    values: Mapping[str, Value]
    where: str = ""

    def read(self, path: str) -> Value:
        """Read a value of any type."""
        value: Value = dict(self.values)
        for step in path.split("."):
            if value is UNKNOWN or value is None:
                return value
            if not isinstance(value, dict):
                raise MalformedError(self._named(path), value, "an object")
            value = plain(value.get(step))
        return value

    def has(self, path: str) -> bool:
        """Whether something is given, be it unknown."""
        return self.read(path) is not None

    def text(self, path: str) -> str | Unknown | None:
        """Read a string."""
        value = self.read(path)
        if value is None or value is UNKNOWN or isinstance(value, str):
            return value
        raise MalformedError(self._named(path), value, "a string")

    def number(self, path: str) -> int | float | Unknown | None:
        """Read a number; a string that is one counts, as in Pulumi."""
        value = self.read(path)
        if isinstance(value, str):
            try:
                return int(value)
            except ValueError:
                raise MalformedError(self._named(path), value, "a number") from None
        if value is None or value is UNKNOWN:
            return value
        if isinstance(value, int | float) and not isinstance(value, bool):
            return value
        raise MalformedError(self._named(path), value, "a number")

    def flag(self, path: str) -> bool | Unknown | None:
        """Read a boolean; the strings `true` and `false` count, as in Pulumi."""
        value = self.read(path)
        if value is None or value is UNKNOWN or isinstance(value, bool):
            return value
        if value in ("true", "false"):
            return value == "true"
        raise MalformedError(self._named(path), value, "a boolean")

    def block(self, path: str) -> Block | Unknown | None:
        """Read an object."""
        value = self.read(path)
        if value is None or value is UNKNOWN:
            return value
        if isinstance(value, dict):
            return Block(value, self._named(path))
        raise MalformedError(self._named(path), value, "an object")

    def texts(self, path: str) -> list[str | Unknown] | Unknown | None:
        """Read a list of strings, each of which may be unknown."""
        value = self.read(path)
        if value is None or value is UNKNOWN:
            return value
        if not isinstance(value, list):
            raise MalformedError(self._named(path), value, "a list of strings")
        items: list[str | Unknown] = []
        for position, wrapped in enumerate(value):
            item = plain(wrapped)
            if not (item is UNKNOWN or isinstance(item, str)):
                raise MalformedError(f"{self._named(path)}[{position}]", item, "a string")
            items.append(item)
        return items

    def blocks(self, path: str) -> list[Block | Unknown] | Unknown | None:
        """Read a list of objects, each of which may be unknown."""
        value = self.read(path)
        if value is None or value is UNKNOWN:
            return value
        if not isinstance(value, list):
            raise MalformedError(self._named(path), value, "a list of objects")
        items: list[Block | Unknown] = []
        for position, wrapped in enumerate(value):
            item, where = plain(wrapped), f"{self._named(path)}[{position}]"
            if item is UNKNOWN:
                items.append(item)
            elif isinstance(item, dict):
                items.append(Block(item, where))
            else:
                raise MalformedError(where, item, "an object")
        return items

    def is_secret(self, name: str) -> bool:
        """Whether the top-level property is a secret or holds one: then nothing of it may be printed."""
        return is_secret(self.values.get(name))

    def _named(self, path: str) -> str:
        return f"{self.where}.{path}" if self.where else path


@dataclass(frozen=True, kw_only=True, eq=False)
class Resource(Block):
    """A resource of the stack. Reading it reads what the program declares (`outputs` is what came of it).

    A property that the program doesn't declare is absent here although AWS computes it: a bucket's policy
    that another resource sets isn't the bucket's declaration.

    urn, type, name: as Pulumi has them. parent: a URN, or "". dependencies: the URNs of all.
    property_dependencies: the URNs that each property comes from; provider: the properties of its provider.
    """

    urn: str
    type: str
    name: str
    outputs: Block = field(default_factory=lambda: Block({}))
    parent: str = ""
    dependencies: tuple[str, ...] = ()
    property_dependencies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    provider: Block = field(default_factory=lambda: Block({}))

    @property
    def stack(self) -> str:
        """The stack's name, of the URN."""
        return urn_part(self.urn, 0)

    @property
    def project(self) -> str:
        """The project's name, of the URN."""
        return urn_part(self.urn, 1)

    @property
    def is_component(self) -> bool:
        """Whether its type is one that programs give to components: `package:module:Type`, no slash."""
        return "/" not in self.type and not self.type.startswith("pulumi:")

    def computed(self, name: str) -> Value:
        """Read what the program declares, else what came of it: ARNs and ids, unknown at a first preview."""
        try:
            declared = self.read(name)
            return self.outputs.read(name) if declared is None else declared
        except MalformedError:
            return None

    def __repr__(self) -> str:
        return f"<{self.type} {self.name}>"


def urn_part(urn: str, number: int) -> str:
    """Take a part out of `urn:pulumi:stack::project::type::name`; "" when there is none."""
    parts = urn.removeprefix("urn:pulumi:").split("::", 3)
    return parts[number] if number < len(parts) else ""
