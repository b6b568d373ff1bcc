"""How much a stage is used: what its configuration says under ``fleet-cost:usage``.

A map from what is used to figures of a month. ``default`` holds for everything; ``SYSTEM`` for all of a
system; ``SYSTEM/WHAT`` for a service, or for the resources whose names have WHAT in them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from difflib import get_close_matches
from typing import Any, Final

from sandbox.errors import SandboxError

KEY: Final = "fleet-cost:usage"


class UsageError(SandboxError):
    """The configuration says something about usage that makes no sense."""

    exit_code = 2


@dataclass(frozen=True, kw_only=True)
class Usage:
    """Figures of one month.

    :ivar calls: of a function
    :ivar durationMs: that a call takes, on average
    :ivar logKb: that a call writes to its log
    :ivar requests: to an API (default: the calls of the services that it calls), a queue, a bucket
    :ivar reads: of items of a table (default: one a call)
    :ivar writes: likewise
    :ivar storageGb: that a table, a bucket or a repository holds
    :ivar users: who are active in a user pool
    :ivar events: that match a rule of a bus of one's own
    """

    calls: float = 1_000
    durationMs: float = 200  # noqa: N815 - as it is written in YAML
    logKb: float = 1  # noqa: N815
    requests: float | None = None
    reads: float | None = None
    writes: float | None = None
    storageGb: float = 1  # noqa: N815
    users: float = 100
    events: float = 0


_NAMES: Final = tuple(field.name for field in fields(Usage))


@dataclass(frozen=True, kw_only=True)
class Usages:
    """The stage's figures, by what they are for."""

    said: Mapping[str, Mapping[str, float]]

    def of(self, system: str, *names: str) -> Usage:
        """The figures for a service or a resource: what is said most exactly wins.

        :param names: the service's name; or a resource's, which has ``WHAT`` between hyphens
        """
        figures = {**self.said.get("default", {}), **self.said.get(system, {})}
        matching = [key for key in self.said if self._is_about(key, system, names)]
        for key in sorted(matching, key=len):
            figures.update(self.said[key])
        return Usage(**figures)

    @staticmethod
    def _is_about(key: str, system: str, names: tuple[str, ...]) -> bool:
        of, slash, what = key.partition("/")
        return bool(slash) and of == system and any(f"-{what}-" in f"-{name}-" for name in names)


def parse_usage(values: Mapping[str, str]) -> Usages:
    """The stage's figures.

    :param values: the stage's configuration: full name -> text
    :raises UsageError: every mistake, each with its place and what is allowed
    """
    if KEY not in values:
        return Usages(said={})
    try:
        content: Any = json.loads(values[KEY])
    except ValueError:
        content = values[KEY]
    if not isinstance(content, dict):
        raise UsageError(f"{KEY}: {content!r} isn't allowed; give a map, e.g. {{default: {{calls: 1000}}}}")
    mistakes = [line for what, figures in content.items() for line in _mistakes(what, figures)]
    if mistakes:
        raise UsageError("\n".join(mistakes))
    return Usages(said=content)


def _mistakes(what: str, figures: Any) -> list[str]:
    where = f"{KEY}.{what}"
    if not isinstance(figures, dict):
        return [f"{where}: {figures!r} isn't allowed; give a map of {', '.join(_NAMES)}"]
    found = []
    for name, value in figures.items():
        if name not in _NAMES:
            close = get_close_matches(name, _NAMES, 1)
            hint = f"did you mean {close[0]}?" if close else f"allowed: {', '.join(_NAMES)}"
            found.append(f"{where}.{name}: nothing reads this; {hint}")
        elif isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            found.append(f"{where}.{name}: {value!r} isn't allowed; give a number that isn't negative")
    return found
