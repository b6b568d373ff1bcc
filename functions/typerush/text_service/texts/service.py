"""The operations by name, for both kinds of callers."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping

from texts.aws import Deadline
from texts.errors import BadRequestError, UnavailableError, fault
from texts.library import Library
from texts.log import fields, log
from texts.text import Text, parse_difficulty, parse_text_id

Input = Mapping[str, object]
Answer = tuple[int, dict[str, object]]


class TextService:
    """Answers every call with a status and a JSON object; never raises."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._operations: dict[str, Callable[[Input, Deadline], Answer]] = {
            "health": self._health,
            "get_random_text": self._random,
            "generate_text": self._generate,
            "get_text": self._get,
        }

    def answer(self, operation: object, given: Input, deadline: Deadline) -> Answer:
        """Do what is asked: 400 or 404 for a caller's mistake, 503 or 500 for a fault, which is logged."""
        try:
            status, body = self._find(operation)(given, deadline)
        except BadRequestError as refusal:
            return refuse(refusal)
        except UnavailableError as failure:
            log.error("%s", failure, extra=fields(operation=operation, status=503))
            return 503, {"error": failure.answer}
        except Exception:
            log.exception("the call failed", extra=fields(operation=operation, status=500))
            return 500, {"error": "internal error"}
        log.info("answered", extra=fields(operation=operation, status=status))
        return status, body

    def _find(self, operation: object) -> Callable[[Input, Deadline], Answer]:
        if isinstance(operation, str) and operation in self._operations:
            return self._operations[operation]
        raise BadRequestError(fault("action", operation, f"one of {', '.join(self._operations)}"))

    def _health(self, _given: Input, _deadline: Deadline) -> Answer:
        self._library.check()
        return 200, {"status": "ok", "table": "ok"}

    def _random(self, given: Input, deadline: Deadline) -> Answer:
        text, new = self._library.random(parse_difficulty(given.get("difficulty")), deadline)
        return 200, _shown(text, new=new)

    def _generate(self, given: Input, deadline: Deadline) -> Answer:
        text, new = self._library.generate(parse_difficulty(given.get("difficulty")), deadline)
        return 201 if new else 200, _shown(text, new=new)

    def _get(self, given: Input, _deadline: Deadline) -> Answer:
        text = self._library.get(
            parse_difficulty(given.get("difficulty")), parse_text_id(given.get("text_id"))
        )
        return 200, _shown(text, new=False)


def refuse(refusal: BadRequestError) -> Answer:
    """Tell the caller what is wrong, and the log that it was refused."""
    log.info("refused", extra=fields(status=refusal.status, reason=str(refusal)))
    return refusal.status, {"error": str(refusal)}


def _shown(text: Text, *, new: bool) -> dict[str, object]:
    return {**dataclasses.asdict(text), "new": new}
