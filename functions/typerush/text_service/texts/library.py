"""What the service does, whoever asks and however."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

from texts import aws
from texts.aws import Deadline
from texts.errors import BadRequestError, ModelError
from texts.log import fields, log
from texts.model import Model
from texts.table import TextTable
from texts.text import Difficulty, Text


class Library:
    """The texts, stored or new.

    Where any text will do, a stored one comes first; where a new one is wanted, the model does. Each stands
    in for the other. Every method raises UnavailableError when the table, or table and model, fail.
    """

    def __init__(self, table: TextTable, model: Model) -> None:
        self._table = table
        self._model = model

    def check(self) -> None:
        """Make sure that the table answers."""
        self._table.get(Difficulty.EASY, "health")

    def get(self, difficulty: Difficulty, text_id: str) -> Text:
        """Give the text of this id. Raises BadRequestError (404) if there is none."""
        text = self._table.get(difficulty, text_id)
        if text is None:
            raise BadRequestError(f"no {difficulty} text has the id {text_id}", status=404)
        return text

    def random(self, difficulty: Difficulty, deadline: Deadline) -> tuple[Text, bool]:
        """Give a stored text, or a new one if none is stored; and whether it is new."""
        stored = self._table.pick(difficulty)
        return (stored, False) if stored else (self._write(difficulty, deadline), True)

    def generate(self, difficulty: Difficulty, deadline: Deadline) -> tuple[Text, bool]:
        """Give a new text, or a stored one if the model fails; and whether it is new."""
        try:
            return self._write(difficulty, deadline), True
        except ModelError as failure:
            log.warning("%s; looking for a stored text instead", failure)
            stored = self._table.pick(difficulty)
            if stored is None:
                raise
            return stored, False

    def _write(self, difficulty: Difficulty, deadline: Deadline) -> Text:
        """Have a text written, and store it.

        What the model leaves of the time is enough to store the text, or to pick another in its place.
        """
        words = self._model.write(difficulty, within_s=deadline.left_s() - 2 * aws.TABLE_CALL_S)
        text = Text(
            difficulty=difficulty,
            text_id=secrets.token_hex(16),
            text=words,
            created_at=datetime.now(UTC).isoformat(timespec="seconds"),
        )
        self._table.put(text, model_id=self._model.model_id)
        log.info("stored a new text", extra=fields(difficulty=difficulty, text_id=text.text_id))
        return text
