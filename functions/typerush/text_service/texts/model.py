"""Asks a Claude model on Bedrock for a text."""

from __future__ import annotations

import json
import random
import re
import unicodedata
from collections.abc import Callable
from typing import Any

from texts import aws
from texts.errors import ModelError
from texts.text import Difficulty

_LEAST_S = 2 * aws.CONNECT_S
_LENGTH_LEAST, _LENGTH_MOST = 40, 1000

_STYLES = {
    Difficulty.EASY: "about 25 words: short, common words in short sentences, no digits, little punctuation",
    Difficulty.MEDIUM: "about 45 words: everyday words, sentences of mixed length, commas, an apostrophe",
    Difficulty.HARD: "about 70 words: rare and long words, digits, quotation marks, semicolons, parentheses",
}
# Without a subject, a model writes nearly the same text each time.
_SUBJECTS = (
    *("a harbor at night", "a bakery before dawn", "mountain railways", "a chess tournament", "the deep sea"),
    *("a thunderstorm", "old maps", "street markets", "space probes", "a lost umbrella", "rivers", "violins"),
    *("desert plants", "a night bus", "glaciers", "libraries", "kites", "volcanoes", "bees", "a school play"),
)

# Typographic characters that keyboards don't have: quotation marks and dashes.
_TYPED = str.maketrans("\u2018\u2019\u201c\u201d\u2010\u2011\u2012\u2013\u2014", "''\"\"-----")


class Model:
    """Writes texts. model_id: a model's id, or the ARN of an inference profile."""

    def __init__(self, model_id: str, make_client: Callable[[float], Any]) -> None:
        self.model_id = model_id
        self._make_client = make_client

    def write(self, difficulty: Difficulty, *, within_s: float) -> str:
        """Give a new text. Raises ModelError if the model fails, takes too long or writes something else."""
        if within_s < _LEAST_S:
            raise ModelError(f"no time is left to ask {self.model_id}")
        # A client's timeouts are fixed when it is made, and what is left differs from call to call.
        client = self._make_client(within_s - aws.CONNECT_S)
        try:
            response = client.invoke_model(
                modelId=self.model_id,
                contentType="application/json",
                accept="application/json",
                body=_body(difficulty),
            )
            reply = json.loads(response["body"].read())
        except aws.ERRORS as error:
            raise ModelError(aws.why("bedrock:InvokeModel", self.model_id, error)) from error
        except ValueError as error:
            raise ModelError(f"{self.model_id} answered something that isn't JSON") from error
        return self._text_of(reply)

    def _text_of(self, reply: Any) -> str:
        try:
            text = tidy(" ".join(block["text"] for block in reply["content"] if block["type"] == "text"))
        except (KeyError, TypeError) as error:
            raise ModelError(f"{self.model_id} answered something that isn't a message") from error
        stop_reason = reply.get("stop_reason")
        if stop_reason == "max_tokens" or len(text) > _LENGTH_MOST:
            text = _whole_sentences(text[:_LENGTH_MOST])
        if len(text) < _LENGTH_LEAST or stop_reason == "refusal":
            raise ModelError(
                f"{self.model_id} wrote no text of at least {_LENGTH_LEAST} characters "
                f"(stop_reason {stop_reason}, {len(text)} characters)"
            )
        return text


def _body(difficulty: Difficulty) -> str:
    """Make an Anthropic Messages request.

    https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-anthropic-claude-messages.html
    """
    prompt = (
        f"Write one passage for a typing game about {random.choice(_SUBJECTS)}: {_STYLES[difficulty]}. "  # noqa: S311
        "Use only characters of a US keyboard. Answer with the passage alone: no title, no quotes around it."
    )
    return json.dumps(
        {
            "anthropic_version": "bedrock-2023-05-31",
            "max_tokens": 400,
            "messages": [{"role": "user", "content": [{"type": "text", "text": prompt}]}],
        }
    )


def tidy(text: str) -> str:
    """Make a model's words typable: one paragraph of printable ASCII, with no preface or quotes around it."""
    text = re.sub(r"\A\s*(here|sure|certainly)\b[^\n]*:\s*\n", "", text, flags=re.IGNORECASE)
    text = unicodedata.normalize("NFKD", text.translate(_TYPED)).encode("ascii", "ignore").decode()
    text = re.sub(r"[^\x21-\x7e]+", " ", text).strip()
    if len(text) > 1 and text[0] == text[-1] == '"' and '"' not in text[1:-1]:
        text = text[1:-1].strip()
    return text


def _whole_sentences(text: str) -> str:
    """Cut off the half sentence at the end, or at least the half word."""
    end = max(text.rfind(mark) for mark in ".!?")
    return text[: end + 1] if end >= _LENGTH_LEAST else text.rpartition(" ")[0]
