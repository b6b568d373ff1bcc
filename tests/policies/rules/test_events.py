from __future__ import annotations

from typing import Any

import pytest

from policies.rules.events import EVT_01, EVT_02
from tests.policies.estate import estate
from tests.policies.stacks import UNKNOWN, found

RETRIES = "nobody has chosen when retries end: AWS tries 185 times, for 24 hours"
DROPPED = "events that can't be delivered are dropped"


@pytest.mark.parametrize("name", ["nightly-target", "hourly"])
@pytest.mark.parametrize(
    ("key", "value", "subject", "says"),
    [
        ("retryPolicy", None, "retryPolicy", RETRIES),
        ("retryPolicy", {}, "retryPolicy", RETRIES),
        ("deadLetterConfig", None, "deadLetterConfig.arn", DROPPED),
        ("deadLetterConfig", {}, "deadLetterConfig.arn", DROPPED),
    ],
)
def test_what_cannot_be_delivered(name: str, key: str, value: object, subject: str, says: str) -> None:
    stack = estate()
    block, prefix = (stack[name], "") if name == "nightly-target" else (stack[name]["target"], "target.")
    block[key] = value
    assert found(stack, EVT_01) == [("EVT-01", name, f"{prefix}{subject}", says)]


@pytest.mark.parametrize(
    "value",
    [
        {"retryPolicy": {"maximumRetryAttempts": 0}},
        {"retryPolicy": {"maximumEventAgeInSeconds": UNKNOWN}},
        {"retryPolicy": UNKNOWN},
        {"deadLetterConfig": UNKNOWN},
    ],
)
def test_what_is_given(value: dict[str, Any]) -> None:
    stack = estate()
    stack["nightly-target"].update(value)
    for name in value:
        stack.depend("nightly-target", name, "dead")
    assert found(stack, EVT_01) == []


@pytest.mark.parametrize(
    ("key", "subject", "path"),
    [
        ("retryPolicy", "retryPolicy", "retryPolicy.maximumRetryAttempts"),
        ("deadLetterConfig", "deadLetterConfig.arn", "deadLetterConfig.arn"),
    ],
)
def test_what_is_unknown_and_comes_from_nothing(key: str, subject: str, path: str) -> None:
    stack = estate()
    stack["nightly-target"][key] = UNKNOWN
    says = f"{path} can't be known at this preview, and comes from no resource"
    assert found(stack, EVT_01) == [("EVT-01", "nightly-target", subject, says)]


@pytest.mark.parametrize(
    ("name", "key", "value", "says"),
    [
        ("nightly", "state", "DISABLED", "it is disabled"),
        ("nightly", "isEnabled", False, "it is disabled"),
        ("nightly", "state", UNKNOWN, "whether it is enabled can't be known at this preview"),
        ("hourly", "state", "DISABLED", "it is disabled"),
    ],
)
def test_disabled(name: str, key: str, value: object, says: str) -> None:
    stack = estate()
    stack[name][key] = value
    assert found(stack, EVT_02) == [("EVT-02", name, "state", says)]


@pytest.mark.parametrize("state", ["ENABLED", "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS", None])
def test_enabled(state: object) -> None:
    stack = estate()
    stack["nightly"]["state"] = state
    assert found(stack, EVT_02) == []
