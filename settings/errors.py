"""What is wrong with a stage, told so that whoever wrote it can mend it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pulumi


@dataclass(frozen=True, kw_only=True)
class Mistake:
    """One setting that can't be used.

    path: as `pulumi config --path` writes it (`lambda-fleet:typerush.recordService.memoryMb`).
    found: what stands there, as text; never a secret. allowed: what could stand there.
    mend: what to type or to write instead.
    """

    path: str
    found: str
    allowed: str
    mend: str

    def __str__(self) -> str:
        return (
            f"  {self.path}\n    found:   {self.found}\n    allowed: {self.allowed}\n    mend:    {self.mend}"
        )


class SettingsError(pulumi.RunError):
    """A stage's settings are refused, all mistakes told at once, before anything is registered.

    A RunError, so that Pulumi's language host prints the message and no traceback.
    """

    def __init__(self, stage: str, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = tuple(mistakes)
        count = len(self.mistakes)
        head = f"stage {stage}: {'a setting' if count == 1 else f'{count} settings'} can't be used:"
        super().__init__("\n".join([head, *map(str, self.mistakes)]))
