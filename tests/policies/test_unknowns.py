"""The estate, with every value in turn unknown, of another type, or a secret.

No rule breaks, none says the secret, and what can't be known and comes from nothing is nowhere passed over
where a rule asks for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from tests.policies.estate import estate
from tests.policies.stacks import UNKNOWN, Stack, found, judged, secret

HIDDEN = "hunter2-do-not-print"
STRANGE: list[Any] = [5, True, -1.5, "x", "*", "arn:::::", [], {}, [5], [None], {"a": 5}, [{"a": [UNKNOWN]}]]

Path = tuple[str | int, ...]

SPOKEN_FOR = {
    "api-route": {"authorizationType"},
    "api-stage": {"accessLogSettings", "defaultRouteSettings"},
    "async": {"destinationConfig"},
    "dead": {"sqsManagedSseEnabled", "tags"},
    "dead-policy": {"policy"},
    "files": {"tags"},
    "files-block": {"blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"},
    "files-encryption": {"rules"},
    "files-policy": {"policy"},
    "files-versioning": {"versioningConfiguration"},
    "game-permission": {"principal"},
    "hourly": {"target"},
    "jobs": {"redrivePolicy", "visibilityTimeoutSeconds"},
    "layer": {"compatibleArchitectures"},
    "mapping": {"eventSourceArn", "functionName", "functionResponseTypes"},
    "nightly": {"state", "tags"},
    "nightly-permission": {"principal", "sourceArn"},
    "nightly-target": {"arn", "deadLetterConfig", "retryPolicy"},
    "orders-function": {
        *("architectures", "codeSigningConfigArn", "environment", "layers", "memorySize"),
        *("reservedConcurrentExecutions", "role", "runtime", "tags", "timeout", "tracingConfig", "vpcConfig"),
    },
    "orders-function-errors": {"alarmActions", "dimensions", "metricName", "namespace"},
    "orders-function-logs": {"kmsKeyId", "name", "retentionInDays"},
    "provisioned": {"functionName", "provisionedConcurrentExecutions", "qualifier"},
    "rest-method": {"authorization"},
    "rest-settings": {"methodPath", "settings"},
    "rest-stage": {"accessLogSettings"},
    "table": {"deletionProtectionEnabled", "pointInTimeRecovery", "serverSideEncryption", "tags"},
    "url": {"authorizationType"},
}
"""By resource: properties of which some rule says that it can't know them."""


@cache
def _names() -> list[str]:
    return sorted(name for name, item in estate().resources.items() if item.properties)


def _paths(value: object, before: Path = ()) -> Iterator[Path]:
    items: list[tuple[str | int, object]] = []
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, list):
        items = list(enumerate(value))
    for key, item in items:
        yield (*before, key)
        yield from _paths(item, (*before, key))


def _with(name: str, path: Path, value: object) -> Stack:
    stack = estate()
    at: Any = stack[name]
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    stack.resources[name].depends.pop(str(path[0]), None)
    return stack


@pytest.mark.parametrize("name", _names())
def test_whatever_a_value_is(name: str) -> None:
    for number, path in enumerate(_paths(estate()[name])):
        for strange in (UNKNOWN, secret(HIDDEN), STRANGE[number % len(STRANGE)]):
            violations = judged(_with(name, path, strange))
            assert [v.message for v in violations if v.finding.subject == "fault"] == []
            assert HIDDEN not in "".join(violation.message for violation in violations)


@pytest.mark.parametrize(
    ("name", "property_"), [(name, key) for name, keys in SPOKEN_FOR.items() for key in sorted(keys)]
)
def test_what_cannot_be_known_is_not_passed_over(name: str, property_: str) -> None:
    findings = found(_with(name, (property_,), UNKNOWN))
    assert findings
    assert all(finding[0] != "advisory" for finding in findings)
