from __future__ import annotations

from typing import Any

import pytest

from policies.rules.lambda_environment import LAM_06
from tests.policies.estate import estate
from tests.policies.stacks import UNKNOWN, Stack, found, judged, secret

HIDDEN = "(its value isn't shown)"
PASSWORD = "random:index/randomPassword:RandomPassword"
ACCESS_KEY = "AKIA" + "IOSFODNN7EXAMPLE"
SLACK = "xox" + "b-123456789012-abcdefghijkl"


def _with(variables: Any, *sources: str) -> Stack:
    stack = estate()
    stack["orders-function"]["environment"] = {"variables": variables}
    stack.depend("orders-function", "environment", *sources)
    return stack


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("DB_PASSWORD", "hunter2", "holds something like a secret, by its name"),
        ("dbPassword", "hunter2", "holds something like a secret, by its name"),
        ("API_KEY", "abc", "holds something like a secret, by its name"),
        ("STRIPE_SECRET", "abc", "holds something like a secret, by its name"),
        ("GITHUB_TOKEN", "abc", "holds something like a secret, by its name"),
        ("X", ACCESS_KEY, "holds something like an AWS access key"),
        ("X", "-----BEGIN RSA PRIVATE KEY-----\nMII", "holds something like a private key"),
        ("DATABASE_URL", "postgres://u:hunter2@db/x", "holds something like a URL with a password"),
        ("X", "ghp_" + "a" * 36, "holds something like a token of GitHub"),
        ("X", SLACK, "holds something like a token of Slack"),
        ("X", "sk_live_" + "a" * 20, "holds something like a key of Stripe"),
        ("X", "eyJhbGciOiJI.eyJzdWIiOiIx.SflKxwRJSMeK", "holds something like a JSON web token"),
        ("HARMLESS", secret("hunter2"), "is a secret of the program"),
        ("HARMLESS", secret(UNKNOWN), "is a secret of the program"),
        (
            "DB_PASSWORD",
            UNKNOWN,
            "holds something like a secret, by its name, and can't be known at this preview",
        ),
        ("HARMLESS", UNKNOWN, "can't be known at this preview, and comes from no resource"),
    ],
)
def test_something_like_a_secret(name: str, value: object, reason: str) -> None:
    stack = _with({name: value})
    subject = f"environment.variables.{name}"
    assert found(stack, LAM_06) == [("LAM-06", "orders-function", subject, f"{name} {reason} {HIDDEN}")]
    if isinstance(value, str) and value != UNKNOWN:
        assert value not in "".join(violation.message for violation in judged(stack, LAM_06))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DB_SECRET_ARN", "arn:aws:secretsmanager:eu-central-1:123456789012:secret:db-a1B2c3"),
        ("DB_SECRET", "arn:aws:secretsmanager:eu-central-1:123456789012:secret:db-a1B2c3"),
        ("SECRET_NAME", "shop-dev-database"),
        ("TOKEN_TABLE", "tokens"),
        ("TOKEN_TTL_SECONDS", "3600"),
        ("PASSWORD_MIN_LENGTH", "8"),
        ("MAX_TOKENS", "4096"),
        ("TOKEN_REQUIRED", "true"),
        ("PASSWORD", ""),
        ("SECRETARY", "anne"),
        ("TOKENIZER", "bert"),
        ("KEYBOARD", "qwerty"),
        ("URL", "https://example.com:8080/a@b"),
        ("DATABASE_URL", "postgres://db.internal:5432/orders"),
    ],
)
def test_near_misses(name: str, value: str) -> None:
    assert found(_with({name: value}), LAM_06) == []


def test_unknown_values_are_judged_by_where_they_come_from() -> None:
    assert found(_with({"API_ID": UNKNOWN}, "api"), LAM_06) == []
    assert found(_with({"VALUE": UNKNOWN}, "api", "password"), LAM_06) == [
        (
            "LAM-06",
            "orders-function",
            "environment.variables.VALUE",
            f"VALUE can't be known at this preview, and can come from {PASSWORD} {HIDDEN}",
        )
    ]


@pytest.mark.parametrize(
    ("variables", "says"),
    [
        (UNKNOWN, "the environment as a whole can't be known at this preview"),
        (secret({"A": "b"}), "the environment as a whole is a secret of the program"),
    ],
)
def test_an_environment_that_cannot_be_read(variables: object, says: str) -> None:
    assert found(_with(variables), LAM_06) == [("LAM-06", "orders-function", "environment.variables", says)]


def test_a_key_where_one_is_required() -> None:
    demanded = {"rules": {"LAM-06": {"requireKey": True}}}
    stack = _with({"A": "b"})
    assert found(stack, LAM_06, content=demanded) == [
        (
            "LAM-06",
            "orders-function",
            "kmsKeyArn",
            "the environment is encrypted with a key that AWS owns",
        )
    ]
    stack["orders-function"]["kmsKeyArn"] = UNKNOWN
    assert [finding[3] for finding in found(stack, LAM_06, content=demanded)] == [
        "kmsKeyArn can't be known at this preview, and comes from no resource"
    ]
    stack.depend("orders-function", "kmsKeyArn", "api")
    assert found(stack, LAM_06, content=demanded) == []
    assert found(_with({}), LAM_06, content=demanded) == []
