"""Secrets that are there already."""

from __future__ import annotations

from dataclasses import dataclass

from components.arns import Shape
from components.grants import Grant
from components.problems import refuse


@dataclass(frozen=True, kw_only=True)
class Secret:
    """A secret of Secrets Manager, known by its whole ARN.

    Raises InvalidArgumentsError for an ARN without the six characters that Secrets Manager adds.
    """

    arn: str

    def __post_init__(self) -> None:
        refuse(Shape.SECRET.problems("secret", "arn", self.arn))

    def grant_read(self) -> Grant:
        """Let a service read the secret's value."""
        return Grant(sid="ReadSecret", actions=("secretsmanager:GetSecretValue",), resources=(self.arn,))
