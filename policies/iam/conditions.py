"""What the conditions of a statement say about who asks."""

from __future__ import annotations

from typing import Final

from policies.iam.document import Statement

SOURCE_KEYS: Final = (
    "aws:SourceArn",
    "aws:SourceAccount",
    "aws:SourceOrgID",
    "aws:SourceOrgPaths",
    "aws:PrincipalOrgID",
    "kms:EncryptionContext:*",
    "kms:ViaService",
    "kms:CallerAccount",
)
"""Conditions that tie a service to whom it acts for."""


def names_somebody(statement: Statement) -> bool:
    """Whether conditions say who it is, though the principal is anybody."""
    keys = ("aws:PrincipalArn", "aws:PrincipalAccount", "aws:PrincipalOrgID", "aws:SourceVpce", *SOURCE_KEYS)
    return any(value.strip("*") for key in keys for value in statement.demands(key))
