"""The rules about policy documents and roles, which are tested apart from the others."""

from __future__ import annotations

from policies.rules import ALL

IAM = tuple(rule for rule in ALL if rule.id.startswith("IAM-"))
