"""Writes docs/policies.md from the rules.

python -m policies.document            writes it
python -m policies.document --check    says whether it is current
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from policies import configuration
from policies.judge import EXCEPTIONS
from policies.rule import Rule, RuleInfo
from policies.rules import ALL

PATH: Final = Path(__file__).parents[1] / "docs" / "policies.md"
_TOPICS: Final = {
    "IAM": "Permissions",
    "LAM": "Functions",
    "LOG": "Logs",
    "ESM": "Event sources",
    "SQS": "Queues",
    "DDB": "Tables",
    "S3": "Buckets",
    "API": "APIs",
    "EVT": "Rules and schedules",
    "SEC": "Secrets",
    "OPS": "Operations",
    "EXC": "Exceptions",
}
_HEAD: Final = """\
# The rules of the policy pack

Written by `python -m policies.document` from the rules: change those, not this page.

What each stage makes of a rule is in `policies/config/<stage>.json`; a stack without a file is judged as
`prod`. An exception names the rule, the resource's URN and the finding's subject, and has a reason, an owner
and a last day.
"""


def page() -> str:
    """Write the page."""
    rules: list[RuleInfo] = [*ALL, EXCEPTIONS]
    stages = sorted(path.stem for path in configuration.FOLDER.glob("*.json"))
    loaded = {stage: configuration.load(stage, rules) for stage in stages}
    lines = [_HEAD, f"| rule | severity | {' | '.join(loaded)} |", f"|---|---|{'---|' * len(loaded)}"]
    for rule in rules:
        levels = " | ".join(found.levels[rule.id].value for found in loaded.values())
        link = f"[{rule.id}](#{rule.id.lower()})"
        lines.append(f"| {link} {rule.title} | {rule.severity.value} | {levels} |")
    for topic, of_topic in groupby(rules, key=lambda rule: rule.id.split("-")[0]):
        lines += ["", f"## {_TOPICS[topic]}"]
        for rule in of_topic:
            lines += ["", *_section(rule)]
    return "\n".join(lines) + "\n"


def _section(rule: RuleInfo) -> Iterator[str]:
    yield f"### {rule.id}"
    yield ""
    yield f"**{rule.title}** ({rule.severity.value}{_abilities(rule)})"
    yield ""
    yield f"- What: {rule.what}"
    yield f"- Why: {rule.why}"
    yield f"- Mend: {rule.mend}"
    yield f"- Source: <{rule.source}>"
    yield from _settings(rule)


def _abilities(rule: RuleInfo) -> str:
    return "; can repair, at the level `remediate`" if isinstance(rule, Rule) and rule.remedy else ""


def _settings(rule: RuleInfo) -> Iterator[str]:
    for name, setting in rule.settings.items():
        default = f"{json.dumps(setting.default)} unless a stage says otherwise"
        yield f"- Setting `{name}` ({_kind(setting.schema)}; {default}): {setting.what}"


def _kind(schema: Any) -> str:
    if "enum" in schema:
        return f"one of {', '.join(map(str, schema['enum']))}"
    if "minimum" in schema and "maximum" in schema:
        return f"{schema['type']} from {schema['minimum']} to {schema['maximum']}"
    return "list of strings" if schema["type"] == "array" else str(schema["type"])


def main(arguments: Iterable[str] | None = None) -> int:
    """Write the page, or check it."""
    parser = argparse.ArgumentParser(
        prog="python -m policies.document", description="Write docs/policies.md."
    )
    parser.add_argument("--check", action="store_true", help="only say whether the page is current")
    if parser.parse_args(arguments if arguments is None else list(arguments)).check:
        if PATH.is_file() and PATH.read_text(encoding="utf-8") == page():
            return 0
        sys.stderr.write(f"docs/{PATH.name} isn't current: run python -m policies.document\n")
        return 1
    PATH.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
