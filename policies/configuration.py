"""A stage's configuration: levels, settings, exceptions. Whatever is wrong in it is an error.

`config/<stage>.json`:

    {
      "levels": {"critical": "mandatory", "high": "mandatory", "medium": "mandatory", "low": "advisory"},
      "rules": {"OPS-02": {"level": "advisory", "tags": ["System", "Stage"]}},
      "exceptions": [{"rule": "IAM-02", "resource": "urn:pulumi:...", "subject": "s3:ListBucket",
                      "reason": "...", "owner": "...", "expires": "2027-03-31"}]
    }

A stack that has no file is judged by prod's, the strictest, without its exceptions. Pulumi's own policy
configuration (`--policy-pack-config`) then changes levels and settings.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, Final

from policies.finding import Level, Severity
from policies.rule import RuleInfo, Setting
from policies.view.resource import urn_part

STRICTEST: Final = "prod"
FOLDER: Final = Path(__file__).parent / "config"
_FIELDS: Final = ("rule", "resource", "subject", "reason", "owner", "expires")
_KEYS: Final = ("levels", "rules", "exceptions")
_SHORT: Final = 10


class ConfigurationError(Exception):
    """A stage's configuration is wrong: all that is, a line each."""

    def __init__(self, where: str, problems: Sequence[str]) -> None:
        lines = "\n".join(f"  - {problem}" for problem in problems)
        super().__init__(f"the policy pack's configuration ({where}) is wrong:\n{lines}")


@dataclass(frozen=True, kw_only=True)
class Waiver:
    """A written exception: one finding of one rule at one resource that is tolerated, why, by whom, how long.

    resource: its URN. subject: the finding's. expires: the last day on which it holds.
    """

    rule: str
    resource: str
    subject: str
    reason: str
    owner: str
    expires: date

    def __str__(self) -> str:
        return f"{self.rule} for {self.subject!r} of {self.resource}"


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """What holds on a stack. levels and settings are complete: every rule is in them."""

    stage: str
    levels: Mapping[str, Level]
    settings: Mapping[str, Mapping[str, Any]]
    waivers: tuple[Waiver, ...] = ()

    def changed(
        self, rules: Iterable[RuleInfo], changes: Mapping[str, tuple[Level | None, Mapping[str, Any]]]
    ) -> Configuration:
        """Apply a host's policy configuration. Raises ConfigurationError."""
        known = {rule.id: rule for rule in rules}
        problems = [*_unknown_rules(changes, known)]
        levels, settings = dict(self.levels), {rule: dict(values) for rule, values in self.settings.items()}
        for name, (level, values) in changes.items():
            if name not in known:
                continue
            problems += _setting_problems(known[name], values)
            settings[name].update(values)
            if level is not None:
                levels[name] = level
        problems += _level_problems(levels)
        if problems:
            raise ConfigurationError("given by the host", problems)
        return replace(self, levels=levels, settings=settings)


def load(stack: str, rules: Iterable[RuleInfo], folder: Path = FOLDER) -> Configuration:
    """Load the configuration for a stack. Raises ConfigurationError."""
    stage = stack if re.fullmatch(r"[\w.-]+", stack) and (folder / f"{stack}.json").is_file() else STRICTEST
    path = folder / f"{stage}.json"
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigurationError(path.name, [f"it can't be read as JSON: {error}"]) from None
    configuration = read(stage, content, rules, path.name)
    return configuration if stage == stack else replace(configuration, waivers=())


def read(stage: str, content: object, rules: Iterable[RuleInfo], where: str) -> Configuration:
    """Make a configuration of a file's content. Raises ConfigurationError with every problem of it."""
    known = {rule.id: rule for rule in rules}
    if not isinstance(content, dict):
        raise ConfigurationError(where, ["it must be an object"])
    problems = [f"unknown key {key!r}; known: {', '.join(_KEYS)}" for key in content if key not in _KEYS]
    by_severity = _by_severity(content.get("levels"), problems)
    changes = _object(content.get("rules", {}), "rules", problems)
    problems += _unknown_rules(changes, known)
    levels: dict[str, Level] = {}
    settings: dict[str, dict[str, Any]] = {}
    for rule in known.values():
        values = dict(_object(changes.get(rule.id, {}), f"rules.{rule.id}", problems))
        levels[rule.id] = by_severity[rule.severity]
        if "level" in values:
            level = _level(values.pop("level"), f"rules.{rule.id}.level", problems)
            levels[rule.id] = level or levels[rule.id]
        problems += _setting_problems(rule, values)
        settings[rule.id] = {name: setting.default for name, setting in rule.settings.items()} | values
    waivers = _waivers(content.get("exceptions", []), known, problems)
    problems += _level_problems(levels)
    if problems:
        raise ConfigurationError(where, problems)
    return Configuration(stage=stage, levels=levels, settings=settings, waivers=waivers)


def _by_severity(value: object, problems: list[str]) -> dict[Severity, Level]:
    names = _object(value, "levels", problems)
    expected = {severity.value for severity in Severity}
    if set(names) != expected:
        problems.append(f"levels must name each severity once: {', '.join(sorted(expected))}")
    found = {
        severity: _level(names.get(severity.value), f"levels.{severity.value}", problems)
        for severity in Severity
    }
    return {severity: level or Level.MANDATORY for severity, level in found.items()}


def _level(value: object, where: str, problems: list[str]) -> Level | None:
    allowed = [level.value for level in Level]
    if value in allowed:
        return Level(value)
    problems.append(f"{where} is {value!r}; allowed: {', '.join(allowed)}")
    return None


def _object(value: object, where: str, problems: list[str]) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    problems.append(f"{where} must be an object")
    return {}


def _unknown_rules(names: Iterable[str], known: Mapping[str, RuleInfo]) -> Iterator[str]:
    for name in names:
        if name not in known:
            yield f"there is no rule {name!r}; rules: {', '.join(known)}"


def _setting_problems(rule: RuleInfo, values: Mapping[str, Any]) -> Iterator[str]:
    for name, value in values.items():
        setting = rule.settings.get(name)
        if setting is None:
            known = ", ".join(rule.settings) or "none"
            yield f"{rule.id} has no setting {name!r}; settings: {known}"
        else:
            problem = _value_problem(setting, value)
            if problem:
                yield f"{rule.id}.{name} is {value!r}; allowed: {problem}"


_TYPES: Final[Mapping[str, tuple[type, ...]]] = {
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "string": (str,),
    "array": (list,),
}


def _value_problem(setting: Setting, value: object) -> str | None:
    schema = setting.schema
    kind = str(schema["type"])
    right = isinstance(value, _TYPES[kind]) and (kind == "boolean" or not isinstance(value, bool))
    if kind == "integer" and isinstance(value, float) and value.is_integer():
        right = True  # a host sends every number as a float
    if not right:
        return f"a value of type {kind}"
    if isinstance(value, list) and not all(isinstance(item, str) for item in value):
        return "an array of strings"
    if "enum" in schema and value not in schema["enum"]:
        return f"one of {', '.join(map(str, schema['enum']))}"
    if isinstance(value, int | float):
        if value < schema.get("minimum", value):
            return f"at least {schema['minimum']}"
        if value > schema.get("maximum", value):
            return f"at most {schema['maximum']}"
    return None


SPEAKS_FOR: Final = "IAM-10"
_SPOKEN_FOR: Final = tuple(f"IAM-{number:02}" for number in range(1, 10))
_RANK: Final = {Level.DISABLED: 0, Level.ADVISORY: 1, Level.MANDATORY: 2, Level.REMEDIATE: 2}


def _level_problems(levels: Mapping[str, Level]) -> Iterator[str]:
    """IAM-10 speaks for the rules that can't read an unknown document: weaker, it would hide them."""
    own = levels.get(SPEAKS_FOR)
    if own is None:
        return
    hidden = [rule for rule in _SPOKEN_FOR if rule in levels and _RANK[levels[rule]] > _RANK[own]]
    if hidden:
        yield (
            f"{SPEAKS_FOR} is {own.value}, weaker than {', '.join(hidden)}: an unknown document would pass "
            f"these unseen; allowed: a level of {SPEAKS_FOR} that is at least theirs"
        )


def _waivers(value: object, known: Mapping[str, RuleInfo], problems: list[str]) -> tuple[Waiver, ...]:
    if not isinstance(value, list):
        problems.append("exceptions must be a list")
        return ()
    waivers = []
    for number, item in enumerate(value, start=1):
        waiver = _waiver(item, f"exception {number}", known, problems)
        if waiver is not None:
            waivers.append(waiver)
    counted = Counter((waiver.rule, waiver.resource, waiver.subject) for waiver in waivers)
    problems += [
        f"two exceptions are for the same finding: {key}" for key, count in counted.items() if count > 1
    ]
    return tuple(waivers)


def _waiver(item: object, where: str, known: Mapping[str, RuleInfo], problems: list[str]) -> Waiver | None:
    fields = _object(item, where, problems)
    found = [
        *(f"{where} lacks {name!r}" for name in _FIELDS if name not in fields),
        *(
            f"{where} has an unknown key {name!r}; keys: {', '.join(_FIELDS)}"
            for name in fields
            if name not in _FIELDS
        ),
        *(f"{where}: {name} must be a string" for name, text in fields.items() if not isinstance(text, str)),
    ]
    problems += found
    if found:
        return None
    expires = _day(fields["expires"])
    if expires is None:
        problems.append(f"{where}: expires is {fields['expires']!r}; allowed: a date, as 2027-03-31")
    if fields["rule"] not in known:
        problems += [f"{where}: {problem}" for problem in _unknown_rules([fields["rule"]], known)]
    if not urn_part(fields["resource"], 3):
        problems.append(
            f"{where}: resource is {fields['resource']!r}; allowed: a URN, as the findings show it"
        )
    if len(fields["reason"].strip()) < _SHORT:
        problems.append(f"{where}: reason must say why, in {_SHORT} characters or more")
    problems += [f"{where}: {name} is empty" for name in ("subject", "owner") if not fields[name].strip()]
    return Waiver(**{**fields, "expires": expires}) if expires is not None else None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
