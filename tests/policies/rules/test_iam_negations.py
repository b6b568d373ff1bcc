from __future__ import annotations

import pytest

from policies.rules.iam_negations import IAM_05
from tests.policies.stacks import TABLE_ARN, found, statement, with_statement


@pytest.mark.parametrize("element", ["NotAction", "NotResource", "NotPrincipal"])
def test_a_negation_in_an_allow(element: str) -> None:
    written = statement("dynamodb:GetItem", TABLE_ARN)
    written[element] = {"AWS": "123456789012"} if element == "NotPrincipal" else "dynamodb:PutItem"
    assert found(with_statement(written), IAM_05) == [
        (
            "IAM-05",
            "orders-policy",
            element,
            f"identity policy (policy), statement 1: {element} in an Allow: everything else is allowed",
        )
    ]


@pytest.mark.parametrize("element", ["NotAction", "NotResource", "NotPrincipal"])
def test_a_negation_in_a_deny_is_fine(element: str) -> None:
    written = {**statement("dynamodb:GetItem", TABLE_ARN), "Effect": "Deny", element: "*"}
    assert found(with_statement(written), IAM_05) == []
