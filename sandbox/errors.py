"""Errors of the sandbox's own machinery: the embedded AWS, PostgreSQL, the surroundings."""

from __future__ import annotations


class SandboxError(Exception):
    """An error for the user: its text says what, where, found, allowed and how to mend it.

    :ivar exit_code: what a command ends with
    """

    exit_code = 1


class NotRunningError(SandboxError):
    """The embedded AWS is needed and isn't running."""


class SurroundingsError(SandboxError):
    """``surroundings.yaml`` is wrong; every error of the file at once."""

    exit_code = 2
