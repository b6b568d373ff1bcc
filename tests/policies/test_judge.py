from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from policies.finding import Finding, Severity
from policies.judge import judge
from policies.rule import Context, Rule, resources
from policies.rules.iam_actions import IAM_01
from policies.rules.iam_resources import IAM_02
from policies.view import Resource
from tests.policies.iam_rules import IAM
from tests.policies.stacks import (
    FUNCTION,
    ROLE_POLICY,
    TODAY,
    UNKNOWN,
    configured,
    found,
    judged,
    secret,
    statement,
    valid,
    with_statement,
)


def _rule(check: Any) -> Rule[Resource]:
    """A rule of the test's own, under an id that the configuration knows."""
    return Rule(
        id="IAM-01",
        title="A title",
        severity=Severity.HIGH,
        what="What.",
        why="Why.",
        mend="Mend it.",
        source="https://docs.aws.amazon.com/",
        over=resources(FUNCTION),
        check=check,
    )


def test_a_message_says_what_where_found_allowed_and_how_to_mend_it() -> None:
    (violation,) = judged(with_statement(statement("rds:DescribeDBInstances", "*")), IAM_02)
    assert violation.message.splitlines() == [
        "An action that can be narrowed is allowed on everything",
        f"  where:   service orders, component orders (OrderService), {ROLE_POLICY} orders-policy",
        "  subject: rds:DescribeDBInstances",
        "  found:   identity policy (policy), statement 1: rds:DescribeDBInstances on *",
        "  allowed: exact ARNs of: db",
        "  mend:    Name the resources; in a mixed statement, split off the actions that have no resource.",
        f"  source:  {IAM_02.source}",
    ]


def _broken(resource: Resource, context: Context) -> Iterator[Finding]:
    raise ValueError("hunter2")


def test_a_fault_in_a_rule_is_a_violation_of_it_and_the_others_go_on() -> None:
    violations = judge(
        with_statement(statement("sqs:*", "arn:aws:sqs:*:*:a")).graph(),
        [_rule(_broken), IAM_01],
        configured(),
        today=TODAY,
    )
    assert [(v.rule.title, v.finding.subject, v.level.value) for v in violations] == [
        ("A title", "fault", "mandatory"),
        ("An action has a wildcard", "sqs:*", "mandatory"),
    ]
    assert violations[0].finding.found.startswith("a fault in the rule: ValueError in test_judge.py line ")
    assert "hunter2" not in violations[0].message


def test_a_property_of_a_wrong_type_is_a_violation() -> None:
    def check(resource: Resource, context: Context) -> Iterator[Finding]:
        resource.number("timeout")
        yield from ()

    stack = valid()
    stack["orders-function"]["timeout"] = {"a": 1}
    assert found(stack, _rule(check)) == [
        ("IAM-01", "orders-function", "malformed", "timeout is an object, not a number")
    ]


def test_no_message_holds_a_secret() -> None:
    def check(resource: Resource, context: Context) -> Iterator[Finding]:
        yield Finding(
            resource=resource, subject="x", found=f"{resource.text('description')}", allowed="nothing"
        )

    stack = valid()
    stack["orders-function"]["description"] = secret("hunter2")
    (violation,) = judged(stack, _rule(check))
    assert "hunter2" not in violation.message
    assert "  found:   [secret]" in violation.message


def test_levels() -> None:
    faulty = with_statement(statement("sqs:*", "arn:aws:sqs:*:*:a"))
    for level, seen in (("advisory", "advisory"), ("mandatory", "mandatory"), ("remediate", "mandatory")):
        (violation,) = judged(faulty, IAM_01, content={"rules": {"IAM-01": {"level": level}}})
        assert violation.level.value == seen
    assert judged(faulty, IAM_01, content={"rules": {"IAM-01": {"level": "disabled"}}}) == []


# Exceptions

FAULTY = statement("sqs:*", "arn:aws:sqs:*:*:a")
URN = valid().resources["orders-policy"].urn


def _waiver(**changes: str) -> dict[str, Any]:
    waiver = {
        "rule": "IAM-01",
        "resource": URN,
        "subject": "sqs:*",
        "reason": "the vendor's agent calls them all",
        "owner": "team-orders",
        "expires": str(TODAY),
    }
    return {"exceptions": [{**waiver, **changes}]}


def test_an_exception_makes_one_finding_advice_and_shows() -> None:
    (violation,) = judged(with_statement(FAULTY), IAM_01, content=_waiver())
    assert violation.level.value == "advisory"
    assert violation.message.endswith(
        f"excepted until {TODAY} by team-orders: the vendor's agent calls them all"
    )


def test_it_covers_nothing_else() -> None:
    both = with_statement({**FAULTY, "Action": ["sqs:*", "sqs:Get*"]})
    levels = {v.finding.subject: v.level.value for v in judged(both, IAM_01, content=_waiver())}
    assert levels == {"sqs:*": "advisory", "sqs:Get*": "mandatory"}


def test_an_expired_exception_fails_and_covers_nothing() -> None:
    yesterday = str(TODAY - timedelta(days=1))
    findings = found(with_statement(FAULTY), IAM_01, content=_waiver(expires=yesterday))
    assert [finding[:3] for finding in findings] == [
        ("EXC-01", "orders-policy", "IAM-01 sqs:*"),
        ("IAM-01", "orders-policy", "sqs:*"),
    ]
    assert findings[0][3].startswith(f"the exception expired on {yesterday}")


@pytest.mark.parametrize(
    "changes",
    [{}, {"subject": "sqs:Get*"}, {"resource": URN + "x"}, {"rule": "IAM-02"}],
)
def test_an_exception_for_nothing_fails(changes: dict[str, str]) -> None:
    findings = found(valid(), *IAM, content=_waiver(**changes))
    assert [finding[0] for finding in findings] == ["EXC-01"]
    assert findings[0][3].startswith("the exception is for a finding that isn't there: ")


def test_exceptions_of_other_projects_are_not_judged() -> None:
    assert found(valid(), *IAM, content=_waiver(resource=URN.replace("::shop::", "::bakery::"))) == []


def test_before_an_update_makes_a_resource_only_what_it_says_itself_is_judged() -> None:
    stack = with_statement(FAULTY)
    stack["orders-function"]["role"] = UNKNOWN
    early = judge(stack.graph(), [IAM_01, _rule(_broken)], configured(_waiver()), today=TODAY, early=True)
    assert [violation.finding.subject for violation in early] == ["sqs:*"]
