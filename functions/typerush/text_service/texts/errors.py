"""What can go wrong, told apart by who has to act."""

from __future__ import annotations


class BadRequestError(Exception):
    """The caller's mistake; the message is the answer.

    status: 400, or 404 for something that doesn't exist.
    """

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


class UnavailableError(Exception):
    """Something that this service stands on doesn't work: a 503.

    The message is for the log; `answer` is what the caller is told.
    """

    def __init__(self, message: str, answer: str) -> None:
        super().__init__(message)
        self.answer = answer


class ModelError(UnavailableError):
    """The model gave no text."""

    def __init__(self, message: str) -> None:
        super().__init__(message, "no text could be written; try again later")
