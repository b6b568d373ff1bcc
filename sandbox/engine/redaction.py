"""Hides the secrets of a stack's configuration in what is shown (sdk/go/common/util/logging/log.go)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from .events import (
    Diagnostic,
    Event,
    OutputsRegistered,
    PolicyViolation,
    ResourceDone,
    ResourceFailed,
    ResourcePre,
    Step,
)
from .properties import PropertyMap, Value
from .state import ResourceState

_HIDDEN: Final = "[secret]"
_SHORTEST: Final = 3
"""Anything shorter is in too many words to be hidden in all of them; Pulumi draws the same line."""


class Redaction:
    """Knows what mustn't be shown, however a program, a provider or a policy comes to say it."""

    def __init__(self, secrets: Iterable[str]) -> None:
        hidden = {
            form
            for secret in secrets
            if len(secret) >= _SHORTEST and secret.lower() not in ("true", "false")
            for form in (secret, json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1])
        }
        longest_first = sorted(hidden, key=lambda text: (-len(text), text))
        self._pattern = re.compile("|".join(map(re.escape, longest_first))) if hidden else None

    def text(self, text: str) -> str:
        """The text, with ``[secret]`` for each of them."""
        return text if self._pattern is None else self._pattern.sub(_HIDDEN, text)

    def event(self, event: Event) -> Event:
        """The event as it may be shown."""
        if self._pattern is None:
            return event
        if isinstance(event, Diagnostic | PolicyViolation):
            return replace(event, message=self.text(event.message))
        if isinstance(event, ResourceFailed):
            return replace(event, step=self._step(event.step), error=self.text(event.error))
        if isinstance(event, ResourcePre | ResourceDone):
            return replace(event, step=self._step(event.step))
        if isinstance(event, OutputsRegistered):
            return replace(event, state=self._state(event.state))
        return event

    def properties(self, properties: PropertyMap) -> PropertyMap:
        """The properties, with every text in them as it may be shown."""
        return {key: self._value(value) for key, value in properties.items()}

    def _step(self, step: Step) -> Step:
        return replace(
            step,
            old=None if step.old is None else self._state(step.old),
            new=None if step.new is None else self._state(step.new),
        )

    def _state(self, state: ResourceState) -> ResourceState:
        shown = state.copy()
        shown.inputs, shown.outputs = self.properties(state.inputs), self.properties(state.outputs)
        return shown

    def _value(self, value: Value) -> Value:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return self.properties(value)
        return [self._value(inner) for inner in value] if isinstance(value, list) else value
