"""Whatever a program declares, however broken.

The pack never fails, is never silent where it can't read what a mandatory rule must read, and never says a
secret.
"""

from __future__ import annotations

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from policies.iam.sources import TYPES
from policies.judge import judge
from policies.rules import ALL
from policies.view.graph import (
    ALIAS,
    FUNCTION,
    POLICY_ATTACHMENT,
    ROLE_ATTACHMENT,
    ROLE_ATTACHMENTS,
    SOURCE_MAPPING,
)
from tests.policies.estate import estate
from tests.policies.stacks import ROLE_POLICY, TODAY, UNKNOWN, Stack, configured, judged, secret, valid

SECRET = "hunter2-do-not-print"
_ALL_TYPES = sorted(
    {
        *TYPES,
        FUNCTION,
        ALIAS,
        SOURCE_MAPPING,
        ROLE_ATTACHMENT,
        ROLE_ATTACHMENTS,
        POLICY_ATTACHMENT,
        *(item.type for item in estate().resources.values() if item.type.startswith("aws:")),
        "aws:appautoscaling/target:Target",
        "aws:cloudwatch/compositeAlarm:CompositeAlarm",
        "aws:s3/bucketNotification:BucketNotification",
        "aws:ssm/parameter:Parameter",
        "aws:sqs/redrivePolicy:RedrivePolicy",
    }
)
_NAMES = [
    *(
        "policy",
        "assumeRolePolicy",
        "inlinePolicies",
        "managedPolicyArns",
        "policyArn",
        "policyArns",
        "role",
        "roles",
    ),
    *(
        "roleName",
        "action",
        "principal",
        "sourceArn",
        "vpcConfig",
        "name",
        "tags",
        "functionName",
        "eventSourceArn",
    ),
    *sorted({name for item in estate().resources.values() for name in item.properties}),
]
_WORDS = [
    "*",
    "",
    "Allow",
    "Deny",
    "s3:GetObject",
    "s3:*",
    "iam:PassRole",
    "arn:aws:s3:::*",
    "arn:::::",
    "AWS",
    SECRET,
]
_ELEMENTS = [
    "Version",
    "Statement",
    "Sid",
    "Effect",
    "Action",
    "NotAction",
    "Resource",
    "Principal",
    "Condition",
]

_leaf: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 5),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(_WORDS),
    st.text(max_size=5),
    st.just(UNKNOWN),
)
_value: st.SearchStrategy[Any] = st.recursive(
    _leaf,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from([*_ELEMENTS, "subnetIds", "Service", SECRET]), inner, max_size=4),
        st.builds(secret, inner),
    ),
    max_leaves=8,
)
_statement = st.dictionaries(st.sampled_from(_ELEMENTS), _value, max_size=6)
_document = st.one_of(
    _value,
    st.builds(lambda value: json.dumps({"Statement": value}), st.lists(_statement, max_size=2)),
    st.builds(lambda value: secret(json.dumps({"Statement": value})), st.lists(_statement, max_size=2)),
    st.builds(lambda value: {"Statement": value}, st.lists(_statement, max_size=2)),
)
_properties = st.dictionaries(st.sampled_from(_NAMES), st.one_of(_value, _document), max_size=5)


@st.composite
def _stacks(draw: st.DrawFn) -> Stack:
    stack = valid()
    for number in range(draw(st.integers(1, 3))):
        name = f"broken-{number}"
        stack.add(draw(st.sampled_from(_ALL_TYPES)), name, draw(_properties), outputs=draw(_properties))
        for property_ in draw(st.lists(st.sampled_from(_NAMES), max_size=2)):
            stack.depend(
                name, property_, *draw(st.lists(st.sampled_from(sorted(stack.resources)), max_size=2))
            )
    return stack


_often = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@_often
@given(_stacks())
def test_the_pack_never_fails(stack: Stack) -> None:
    """A rule that breaks is reported as a fault: there must be none."""
    faults = [v.message for v in judged(stack) if v.finding.subject == "fault"]
    assert faults == []
    judge(stack.graph(), ALL, configured(), today=TODAY, early=True)


def _holds(value: object, word: str) -> bool:
    if isinstance(value, dict):
        return any(_holds(item, word) or word in key for key, item in value.items())
    if isinstance(value, list):
        return any(_holds(item, word) for item in value)
    return isinstance(value, str) and word in value


@_often
@given(st.sampled_from(sorted(TYPES)), _document)
def test_no_secret_is_said(type_: str, content: Any) -> None:
    """A document that is a secret as a whole: nothing of it appears, wherever in it."""
    stack = valid()
    properties = dict.fromkeys(
        ("policy", "assumeRolePolicy", "policyDocument", "accessPolicies"), secret(content)
    )
    stack.add(
        type_, "broken", {**properties, "role": "r", "action": secret(content), "principal": secret(SECRET)}
    )
    said = "\n".join(violation.message for violation in judged(stack))
    assert SECRET not in said


@_often
@given(_document)
def test_what_cannot_be_read_is_not_passed_over(content: Any) -> None:
    """A role's policy either is a document, or somebody says that it isn't, or isn't known."""
    stack = valid()
    stack.add(ROLE_POLICY, "broken", {"role": "shop-dev-orders", "policy": content})
    rules = {v.rule.id for v in judged(stack) if v.level.value == "mandatory"}
    text = json.loads(content) if isinstance(content, str) and content.startswith("{") else content
    if _holds(text, UNKNOWN):
        assert rules & {"IAM-09", "IAM-10"}
    if not (isinstance(text, dict) and ("Statement" in text or "value" in text)):
        assert rules
