"""ARNs, as far as rules look into them."""

from __future__ import annotations

import re
from dataclasses import dataclass

_PARTS = 6


@dataclass(frozen=True, kw_only=True)
class Arn:
    """The six parts of an ARN. Each may hold wildcards where a policy document has it.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
    """

    partition: str
    service: str
    region: str
    account: str
    resource: str

    @classmethod
    def parse(cls, text: str) -> Arn | None:
        """Parse an ARN; None for what isn't one."""
        parts = text.split(":", _PARTS - 1)
        if len(parts) != _PARTS or parts[0] != "arn" or not parts[-1]:
            return None
        return cls(partition=parts[1], service=parts[2], region=parts[3], account=parts[4], resource=parts[5])

    @property
    def name(self) -> str:
        """The name of what it means, without the kind in front of it and the qualifier behind it."""
        if self.service in _PLAIN:
            return self.resource.split("/", 1)[0]
        kind, name = re.fullmatch(r"([a-z-]+[/:])?(.*)", self.resource, re.DOTALL).groups()  # type: ignore[union-attr]
        if kind == "log-group:" or self.service == "lambda":
            return str(name).split(":", 1)[0]
        if self.service == "iam":
            return str(name).rsplit("/", 1)[-1]
        if self.service == "dynamodb":
            return str(name).split("/", 1)[0]
        if self.service == "secretsmanager":
            return re.sub(r"-[A-Za-z0-9]{6}$", "", str(name))
        return str(name)


_PLAIN = ("sqs", "sns", "s3")  # the resource is the name, without a kind in front
