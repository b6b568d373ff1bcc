"""From plain data to models, and from pydantic's errors to mistakes that a person can mend."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar, get_args

from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from settings.errors import Mistake
from settings.values import REFUSED, Facts, Settings, suggestion

S = TypeVar("S", bound=Settings)

_TYPES = {
    "string": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "tuple": "a list",
    "dict": "a map of settings",
    "model": "a map of settings",
}
_SHOWN_CHARACTERS = 80


def parse(
    schema: type[S], data: Mapping[str, Any], *, stage: str, prefix: str, facts: Facts
) -> tuple[S | None, list[Mistake]]:
    """Make a model of a part of the stage, and say everything that is wrong with it.

    What is wrong has its default in the model, so that the rest can be judged further; there is none where
    something has no default. prefix: what a key's path begins with (`lambda-fleet:typerush.`).
    """
    mistakes: list[Mistake] | None = None
    while True:
        try:
            # As JSON, because strict types then mean JSON's types: a list is a list, whatever it becomes.
            return schema.model_validate_json(json.dumps(data), context=facts), mistakes or []
        except ValidationError as error:
            details = error.errors(include_url=False)
        if mistakes is None:
            mistakes = [_mistake(schema, detail, stage=stage, prefix=prefix) for detail in details]
        before = data
        for detail in details:
            data = _without(data, detail["loc"])
        if data == before:
            return None, mistakes


def how_to_set(stage: str, path: str, options: str = "--path") -> str:
    """Say how a setting is changed."""
    return f"Edit Pulumi.{stage}.yaml, or: pulumi config set --stack {stage} {options} '{path}' VALUE"


def _mistake(schema: type[Settings], detail: ErrorDetails, *, stage: str, prefix: str) -> Mistake:
    location = detail["loc"]
    field = field_at(schema, location)
    if field and field.alias and detail["type"] != "extra_forbidden":
        # Of a default that its own validator refuses, pydantic says the field's name and not its key.
        location = (*location[:-1], field.alias)
    path = prefix + _path(location)
    mend = how_to_set(stage, path)
    match detail["type"]:
        case kind if kind == REFUSED:
            context = detail["ctx"]
            hint = f"{context['mend']} " if context["mend"] else ""
            return Mistake(path=path, found=context["found"], allowed=context["allowed"], mend=hint + mend)
        case "extra_forbidden":
            known = keys(_model(field_at(schema, location[:-1])) or schema)
            meant = suggestion(str(location[-1]), known)
            return Mistake(
                path=path,
                found="a key that nothing reads",
                allowed=", ".join(known),
                mend=" ".join(
                    filter(None, (meant, f"Rename it in Pulumi.{stage}.yaml, or: {_remove(stage, path)}"))
                ),
            )
        case "missing":
            allowed = (field.description if field else None) or "a value"
            return Mistake(path=path, found="nothing", allowed=allowed, mend=mend)
        case kind:
            allowed = _TYPES.get(kind.partition("_")[0], detail["msg"])
            quote = " Quote it in YAML." if allowed == "text" else ""
            return Mistake(
                path=path, found=_shown(detail["input"]), allowed=allowed, mend=(quote + " " + mend).strip()
            )


def _without(data: Mapping[str, Any], location: Sequence[str | int]) -> Mapping[str, Any]:
    """Leave out what is at a place; the map or the list around it where that is wrong by lacking it."""
    if not location:
        return data
    key, *rest = location
    inner = data.get(str(key))
    if rest and isinstance(inner, dict):
        left = _without(inner, rest)
        if left != inner:
            return {**data, str(key): left}
    return {name: value for name, value in data.items() if name != key}


def _remove(stage: str, path: str) -> str:
    return f"pulumi config rm --stack {stage} --path '{path}'"


def _path(location: Sequence[str | int]) -> str:
    """Write where something is as `pulumi config --path` does."""
    parts = [f"[{part}]" if isinstance(part, int) else f".{part}" for part in location]
    return "".join(parts).removeprefix(".")


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return "a map"
    if isinstance(value, list):
        return "a list"
    text = json.dumps(value) if not isinstance(value, str) else f"{value!r} (text)"
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…"


def keys(model: type[Settings]) -> list[str]:
    """List a model's keys as they are in YAML."""
    return [field.alias or name for name, field in model.model_fields.items()]


def field_at(schema: type[Settings], location: Iterable[str | int]) -> FieldInfo | None:
    """Find the field at a place in the stage, by its key or its name; None where a model has none."""
    model: type[Settings] | None = schema
    field = None
    for part in location:
        fields = model.model_fields.items() if model else ()
        field = next((field for name, field in fields if part in (name, field.alias)), None)
        model = _model(field)
    return field


def _model(field: FieldInfo | None) -> type[Settings] | None:
    """Find the model of the map that a field holds."""
    choices = (field.annotation, *get_args(field.annotation)) if field else ()
    models = (choice for choice in choices if isinstance(choice, type) and issubclass(choice, Settings))
    return next(models, None)
