"""The texts' table: key `difficulty` (hash) and `text_id` (range)."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from functools import cached_property
from typing import Any

from texts import aws
from texts.errors import UnavailableError
from texts.text import Difficulty, Text


class TextTable:
    """Finds, reads and stores texts. Every method raises UnavailableError when DynamoDB doesn't do it."""

    def __init__(self, name: str, make_client: Callable[[], Any]) -> None:
        self._name = name
        self._make_client = make_client

    @cached_property
    def _client(self) -> Any:
        return self._make_client()

    def pick(self, difficulty: Difficulty) -> Text | None:
        """Give a random text, or None if there is none of this difficulty.

        Ids are random: the first one at or after a random point is a random text, and where none comes after,
        the first one of all (the points form a ring). Two small queries at most, and never a scan.
        """
        point = secrets.token_hex(16)
        return self._first(difficulty, ">=", point) or self._first(difficulty, "<", point)

    def get(self, difficulty: Difficulty, text_id: str) -> Text | None:
        """Read a text by its id; None if there is none."""
        found = self._call(
            "GetItem", self._client.get_item, Key={"difficulty": {"S": difficulty}, "text_id": {"S": text_id}}
        )
        return _text(found["Item"]) if "Item" in found else None

    def put(self, text: Text, *, model_id: str) -> None:
        """Store a text and the model that wrote it."""
        item = {
            "difficulty": text.difficulty,
            "text_id": text.text_id,
            "text": text.text,
            "created_at": text.created_at,
            "model_id": model_id,
        }
        self._call(
            "PutItem", self._client.put_item, Item={name: {"S": value} for name, value in item.items()}
        )

    def _first(self, difficulty: Difficulty, relation: str, point: str) -> Text | None:
        found = self._call(
            "Query",
            self._client.query,
            KeyConditionExpression=f"difficulty = :difficulty AND text_id {relation} :point",
            ExpressionAttributeValues={":difficulty": {"S": difficulty}, ":point": {"S": point}},
            Limit=1,
        )
        return _text(found["Items"][0]) if found["Items"] else None

    def _call(self, action: str, method: Callable[..., Any], **arguments: object) -> Any:
        try:
            return method(TableName=self._name, **arguments)
        except aws.ERRORS as error:
            raise UnavailableError(
                aws.why(f"dynamodb:{action}", self._name, error),
                "the texts' table can't be reached; try again later",
            ) from error


def _text(item: dict[str, dict[str, str]]) -> Text:
    return Text(
        difficulty=Difficulty(item["difficulty"]["S"]),
        text_id=item["text_id"]["S"],
        text=item["text"]["S"],
        created_at=item.get("created_at", {}).get("S", ""),
    )
