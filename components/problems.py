"""What is wrong with arguments, told so that whoever reads it can mend it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pulumi


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing that can't be deployed as it was asked for.

    where: the service, system or value that it is about (`service record-service`).
    what: the argument (`memory_mb`).
    got: what was found, as text.
    allowed: what could stand there.
    mend: what to do about it; may be empty where `allowed` says it all.
    """

    where: str
    what: str
    got: str
    allowed: str
    mend: str = ""

    def __str__(self) -> str:
        sentence = f"{self.where}: {self.what} is {self.got}; allowed: {self.allowed}."
        return f"{sentence} {self.mend}" if self.mend else sentence


class InvalidArgumentsError(pulumi.RunError):
    """Arguments that are refused before anything is registered.

    A RunError, so that Pulumi's language host prints the message and no traceback.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


def refuse(problems: Iterable[Problem]) -> None:
    """Raise InvalidArgumentsError with all of the problems, if there are any."""
    found = tuple(problems)
    if found:
        raise InvalidArgumentsError(found)
