"""What can go wrong, each with the exit code that it means for a command.

0  done
1  the program, a resource or an assertion of the engine failed
2  the project, the stack's configuration or an argument is wrong: nothing was started
3  a mandatory policy was violated
4  the state can't be used: locked by another run, unreadable, on a full disk, or its secrets can't be
   decrypted
130  interrupted
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


class EngineError(Exception):
    """An error for the user: its text says what, where, found, allowed and how to mend it."""

    exit_code = 1


class ProjectError(EngineError):
    """``Pulumi.yaml`` is missing, unreadable or asks for something that isn't supported."""

    exit_code = 2


class ConfigError(EngineError):
    """The stack's configuration doesn't fit the project's schema, or can't be read."""

    exit_code = 2


class SecretsError(EngineError):
    """A secret can't be decrypted or encrypted: no passphrase, or a wrong one."""

    exit_code = 4


class StateError(EngineError):
    """The state file can't be used."""

    exit_code = 4


class StateLockedError(StateError):
    """Another run holds the stack's lock."""


class UnsupportedError(EngineError):
    """The program asks for a feature of Pulumi that this engine doesn't have; the text names it."""


class ProviderError(EngineError):
    """A provider's answer is an error.

    :ivar code: name of the gRPC status, e.g. ``"INVALID_ARGUMENT"``
    :ivar details: what the provider attached to the status: ``google.protobuf.Any`` messages
    """

    def __init__(self, message: str, *, code: str = "UNKNOWN") -> None:
        super().__init__(message)
        self.code = code
        self.details: tuple[Any, ...] = ()

    @property
    def unanswered(self) -> bool:
        """Whether there was no answer: what was asked for may have been done nevertheless."""
        return self.code in ("UNAVAILABLE", "CANCELLED", "DEADLINE_EXCEEDED")

    @property
    def unsettled(self) -> bool:
        """Whether it isn't known what became of what was asked for: the next run has to find out."""
        return self.unanswered


class NonsenseError(ProviderError):
    """A provider's answer breaks the protocol: what was asked for may have been done."""

    @property
    def unsettled(self) -> bool:
        """It isn't known."""
        return True


class InitError(ProviderError):
    """A resource was created or updated, and isn't healthy.

    :ivar reasons: what is wrong with it
    :ivar answer: what there is of it
    """

    def __init__(self, reasons: Sequence[str], answer: Any) -> None:
        count = "1 error" if len(reasons) == 1 else f"{len(reasons)} errors"
        lines = "".join(f"\n\t* {reason}" for reason in reasons)
        super().__init__(f"{count} occurred:{lines}" if reasons else "resource init failed")
        self.reasons = list(reasons)
        self.answer = answer


class PluginError(EngineError):
    """There is no provider for a package, or it can't be asked."""


class PolicyPackError(EngineError):
    """A policy pack can't be started, configured or asked."""

    exit_code = 2


class ProtectedError(EngineError):
    """Resources that are protected would be deleted."""


class RunInterruptedError(EngineError):
    """The user stopped the run."""

    exit_code = 130
