"""What can go wrong, told apart by who has to act."""

from __future__ import annotations


class RefusedError(Exception):
    """The caller's mistake; the message is the answer.

    status: 400, 401 for a token that isn't good here, 403 for somebody else's data, 404, 405, 409.
    """

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


class UnavailableError(Exception):
    """Something that the function stands on doesn't work: a 503. The message is for the log."""


class TimedOutError(Exception):
    """What was asked for took too long, though the database is there: a 503, too, but one user's only."""


class JobError(Exception):
    """A job didn't do all that it had to: Lambda tries it again, then keeps the event."""
