"""What triggers have in common: each names services of its system, by their short names."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Protocol, runtime_checkable

from components.problems import Problem


@runtime_checkable
class Targets(Protocol):
    """The arguments of a trigger, which can say that a service they name isn't there."""

    def target_problems(self, services: Collection[str]) -> Iterable[Problem]:
        """Say which services aren't among those of the system."""


def target_problems(where: str, what: str, service: str, services: Collection[str]) -> Iterator[Problem]:
    """Say that a service isn't among those of the system, if it isn't."""
    if service not in services:
        yield Problem(
            where=where,
            what=what,
            got=repr(service),
            allowed=", ".join(sorted(services)) or "none: no service is given",
            mend="Name one of the system's SERVICES, or add it there.",
        )
