"""What can go wrong, each with the exit code that it means for a command.

0  done
1  the program, a resource or an assertion of the engine failed
2  the project, the stack's configuration or an argument is wrong: nothing was started
3  a mandatory policy was violated
4  the state can't be used: locked by another run, unreadable, or its secrets can't be decrypted
130  interrupted
"""

from __future__ import annotations


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
    """A secret can't be decrypted or encrypted: no passphrase, a wrong one, or an unsupported secrets provider."""

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
    """

    def __init__(self, message: str, *, code: str = "UNKNOWN") -> None:
        super().__init__(message)
        self.code = code


class PolicyPackError(EngineError):
    """A policy pack can't be started, configured or asked."""

    exit_code = 2


class ProtectedError(EngineError):
    """Resources that are protected would be deleted."""


class InterruptedRun(EngineError):
    """The user stopped the run."""

    exit_code = 130
