from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from policies import configuration
from policies.configuration import ConfigurationError
from policies.finding import Level, Severity
from policies.judge import EXCEPTIONS
from policies.rule import RuleInfo
from policies.rules import ALL

RULES: tuple[RuleInfo, ...] = (*ALL, EXCEPTIONS)
LEVELS = dict.fromkeys((severity.value for severity in Severity), "mandatory")
WAIVER = {
    "rule": "IAM-01",
    "resource": "urn:pulumi:dev::shop::aws:iam/role:Role::r",
    "subject": "s3:*",
    "reason": "a good reason",
    "owner": "team",
    "expires": "2027-01-31",
}


@pytest.mark.parametrize("stage", ["local", "dev", "prod"])
def test_our_stages_are_valid_and_hold_what_is_severe(stage: str) -> None:
    loaded = configuration.load(stage, RULES)
    assert loaded.stage == stage
    severe = [rule.id for rule in RULES if rule.severity in (Severity.HIGH, Severity.CRITICAL)]
    assert [rule for rule in severe if loaded.levels[rule] is not Level.MANDATORY] == []


def test_a_stack_without_a_file_is_judged_as_prod_without_its_exceptions(tmp_path: Path) -> None:
    content = {"levels": LEVELS, "exceptions": [WAIVER]}
    (tmp_path / "prod.json").write_text(json.dumps(content))
    for stack in ("staging", "../../etc/passwd", ""):
        loaded = configuration.load(stack, RULES, tmp_path)
        assert (loaded.stage, loaded.waivers) == ("prod", ())
    assert len(configuration.load("prod", RULES, tmp_path).waivers) == 1


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ([], "it must be an object"),
        ({"levels": LEVELS, "level": 1}, "unknown key 'level'; known: levels, rules, exceptions"),
        (
            {"levels": {"high": "mandatory"}},
            "levels must name each severity once: critical, high, low, medium",
        ),
        ({"levels": {**LEVELS, "low": "loud"}}, "levels.low is 'loud'; allowed: disabled, advisory, "),
        ({"levels": LEVELS, "rules": {"IAM-99": {}}}, "there is no rule 'IAM-99'; rules: IAM-01, "),
        ({"levels": LEVELS, "rules": {"IAM-01": {"level": 1}}}, "rules.IAM-01.level is 1; allowed: "),
        ({"levels": LEVELS, "rules": {"IAM-01": {"x": 1}}}, "IAM-01 has no setting 'x'; settings: none"),
        ({"levels": LEVELS, "rules": {"IAM-01": 7}}, "rules.IAM-01 must be an object"),
        (
            {"levels": LEVELS, "rules": {"IAM-08": {"trustedAccounts": [1]}}},
            "IAM-08.trustedAccounts is [1]; allowed: an array of strings",
        ),
        (
            {"levels": LEVELS, "rules": {"IAM-10": {"level": "advisory"}}},
            "IAM-10 is advisory, weaker than IAM-01, IAM-02, IAM-03, ",
        ),
        ({"levels": LEVELS, "exceptions": {}}, "exceptions must be a list"),
        ({"levels": LEVELS, "exceptions": [1]}, "exception 1 must be an object"),
        ({"levels": LEVELS, "exceptions": [{**WAIVER, "rule": "X"}]}, "exception 1: there is no rule 'X'"),
        (
            {"levels": LEVELS, "exceptions": [{**WAIVER, "expires": "soon"}]},
            "exception 1: expires is 'soon'; ",
        ),
        ({"levels": LEVELS, "exceptions": [{**WAIVER, "reason": "so"}]}, "exception 1: reason must say why"),
        ({"levels": LEVELS, "exceptions": [{**WAIVER, "owner": " "}]}, "exception 1: owner is empty"),
        ({"levels": LEVELS, "exceptions": [{**WAIVER, "resource": "r"}]}, "exception 1: resource is 'r'; "),
        (
            {"levels": LEVELS, "exceptions": [{**WAIVER, "ticket": "1"}]},
            "exception 1 has an unknown key 'ticket'",
        ),
        ({"levels": LEVELS, "exceptions": [{**WAIVER, "owner": 1}]}, "exception 1: owner must be a string"),
        ({"levels": LEVELS, "exceptions": [WAIVER, WAIVER]}, "two exceptions are for the same finding"),
        (
            {"levels": LEVELS, "exceptions": [{k: v for k, v in WAIVER.items() if k != "owner"}]},
            "exception 1 lacks 'owner'",
        ),
    ],
)
def test_whatever_is_wrong_is_an_error(content: Any, problem: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        configuration.read("dev", content, RULES, "dev.json")
    assert str(caught.value).startswith("the policy pack's configuration (dev.json) is wrong:\n  - ")
    assert problem in str(caught.value)


def test_all_problems_are_said_at_once() -> None:
    with pytest.raises(ConfigurationError) as caught:
        configuration.read("dev", {"levels": {}, "rules": {"X": {}, "Y": {}}, "exceptions": 1}, RULES, "f")
    assert len(str(caught.value).splitlines()) >= 5


def test_a_file_that_is_no_json(tmp_path: Path) -> None:
    (tmp_path / "prod.json").write_text("{")
    with pytest.raises(ConfigurationError, match="it can't be read as JSON"):
        configuration.load("prod", RULES, tmp_path)


def test_a_host_changes_levels_and_settings() -> None:
    changed = configuration.load("dev", RULES).changed(
        RULES,
        {"IAM-01": (Level.ADVISORY, {}), "IAM-08": (None, {"trustedAccounts": ["123456789012"]})},
    )
    assert changed.levels["IAM-01"] is Level.ADVISORY
    assert changed.levels["IAM-08"] is Level.MANDATORY
    assert changed.settings["IAM-08"] == {"trustedAccounts": ["123456789012"]}


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"IAM-99": (None, {})}, "there is no rule 'IAM-99'"),
        ({"IAM-01": (None, {"x": 1})}, "IAM-01 has no setting 'x'"),
        ({"IAM-10": (Level.DISABLED, {})}, "IAM-10 is disabled, weaker than IAM-01, IAM-02, "),
    ],
)
def test_a_host_s_configuration_may_be_wrong_too(changes: Any, problem: str) -> None:
    with pytest.raises(ConfigurationError, match=problem):
        configuration.load("dev", RULES).changed(RULES, changes)
