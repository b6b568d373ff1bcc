"""What rules find, and how much it counts."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from policies.view import Resource


class Severity(enum.Enum):
    """How bad what a rule catches is."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class Level(enum.Enum):
    """What follows from a finding: nothing, advice, a stop, or (where a rule can) a repair."""

    DISABLED = "disabled"
    ADVISORY = "advisory"
    MANDATORY = "mandatory"
    REMEDIATE = "remediate"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that a rule found.

    resource: where; None for the stack as a whole. subject: what exactly, stable between runs (for IAM the
    action, else a property): exceptions name it. found, allowed, mend: for people; mend is the rule's own
    unless given. advice: this one is advice, whatever the rule's level.
    """

    resource: Resource | None
    subject: str
    found: str
    allowed: str
    mend: str | None = None
    advice: bool = False
