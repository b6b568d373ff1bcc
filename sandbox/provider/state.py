"""What a resource's inputs and outputs become: in previews, after an operation, and when read back.

Values here may hold secrets and unknowns. A property that the program gave as a secret, or with a secret
inside, is a secret among the outputs too.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from .compare import is_empty, same
from .resource import ResourceType
from .schema import Kind, Prop
from .settings import Settings
from .values import UNKNOWN, PropertyMap, Secret, Value, has_secret, has_unknown, plain

DEFAULTS = "__defaults"
"""Names the inputs that Check filled in, as the real provider's state does."""


def with_defaults(kind: ResourceType, inputs: PropertyMap, settings: Settings) -> PropertyMap:
    """The inputs with the type's defaults and with ``tagsAll``: the provider's tags and the resource's."""
    filled = {key: value for key, value in inputs.items() if key != DEFAULTS}
    added = [key for key, prop in kind.inputs.items() if prop.default is not None and key not in filled]
    for key in added:
        filled[key] = kind.inputs[key].default
    for key, prop in kind.inputs.items():
        if prop.kind is Kind.JSON and key in filled:
            filled[key] = _document(filled[key])
    if kind.tagged:
        filled["tagsAll"] = _all_tags(filled.get("tags", {}), settings)
    filled[DEFAULTS] = sorted(added)
    return filled


def _document(value: Value) -> Value:
    """A JSON document as the string that AWS takes; the SDK also has objects for policies."""
    if isinstance(value, Secret):
        return Secret(element=_document(value.element))
    if not isinstance(value, dict):
        return value
    text = UNKNOWN if has_unknown(value) else json.dumps(plain(value), separators=(",", ":"))
    return Secret(element=text) if has_secret(value) else text


def _all_tags(tags: Value, settings: Settings) -> Value:
    if isinstance(tags, Secret):
        return Secret(element=_all_tags(tags.element, settings))
    if settings.default_tags is None or not isinstance(tags, Mapping):
        return UNKNOWN
    return {**settings.default_tags, **{key: value for key, value in tags.items() if key != DEFAULTS}}


def _own_tags(every: Mapping[str, str], known: Mapping[str, Any], settings: Settings) -> dict[str, str]:
    """The resource's own among all its tags: those that the provider's defaults don't explain."""
    defaults, said = settings.default_tags or {}, known.get("tags") or {}
    return {key: value for key, value in every.items() if defaults.get(key) != value or key in said}


def predicted(kind: ResourceType, inputs: PropertyMap, settings: Settings) -> PropertyMap:
    """The outputs of a creation, as far as they are certain: what was given, and unknowns."""
    outputs = {key: value for key, value in inputs.items() if key != DEFAULTS}
    for key, prop in kind.inputs.items():
        if key in outputs:
            outputs[key] = _with_unknowns(prop, outputs[key])
        elif prop.settled:
            outputs[key] = UNKNOWN
    if kind.regional and "region" not in inputs:
        outputs["region"] = settings.region or UNKNOWN
    return outputs | dict.fromkeys(kind.outputs, UNKNOWN)


def _with_unknowns(prop: Prop, value: Value) -> Value:
    if prop.kind is not Kind.OBJECT or not isinstance(value, dict):
        return value
    filled = {key: _with_unknowns((prop.fields or {}).get(key, prop), item) for key, item in value.items()}
    for key, each in (prop.fields or {}).items():
        if key not in filled and each.default is not None:
            filled[key] = each.default
        elif key not in filled and (each.output or each.settled):
            filled[key] = UNKNOWN
    return filled


def predicted_update(
    kind: ResourceType, olds: PropertyMap, inputs: PropertyMap, changed: frozenset[str]
) -> PropertyMap:
    """The outputs of an update, as far as they are certain: the old ones, but for what the update touches."""
    gone = [key for key, prop in kind.inputs.items() if key not in inputs and not prop.settled]
    outputs = {key: value for key, value in olds.items() if key not in gone}
    for key in inputs.keys() & kind.inputs.keys():
        if key in changed or key not in outputs:
            outputs[key] = _with_unknowns(kind.inputs[key], inputs[key])
    return outputs | dict.fromkeys(kind.unsettled(changed, plain(inputs)), UNKNOWN)


def after(
    kind: ResourceType,
    inputs: Mapping[str, Value],
    attributes: Mapping[str, Any],
    settings: Settings,
    region: str,
) -> PropertyMap:
    """The outputs of a resource: what AWS tells, in the program's own words where it means the same.

    :param inputs: what the program gave; in a refresh, the outputs so far
    """
    outputs: PropertyMap = {key: value for key, value in inputs.items() if key != DEFAULTS}
    for key, value in _attributes(kind, inputs, attributes, settings, region).items():
        prop, given = kind.inputs.get(key), inputs.get(key)
        if value is None:
            if prop is None or not is_empty(prop, given):
                outputs.pop(key, None)
        elif prop is None or given is None:
            outputs[key] = Secret(element=value) if has_secret(given) else value
        else:
            merged = _merged(prop, plain(given), value)
            outputs[key] = Secret(element=merged) if has_secret(given) else merged
    return outputs


def _attributes(
    kind: ResourceType,
    known: Mapping[str, Value],
    attributes: Mapping[str, Any],
    settings: Settings,
    region: str,
) -> dict[str, Any]:
    """What AWS told, complete: a property that it left out isn't there."""
    found = {key: attributes.get(key) for key, prop in kind.inputs.items() if not prop.local}
    found |= {key: value for key, value in attributes.items() if key != "id"}
    for key in found.keys() & kind.inputs.keys():
        found[key] = None if found[key] == "" else found[key]  # AWS's way to say that there is none
    if kind.tagged:
        every: dict[str, str] = attributes.get("tagsAll") or {}
        found["tagsAll"] = every
        found["tags"] = _own_tags(every, plain(dict(known)), settings) or None
    if kind.regional:
        found["region"] = region
    return found


def _merged(prop: Prop, given: Any, told: Any) -> Any:
    if prop.kind is Kind.OBJECT and isinstance(given, dict) and isinstance(told, dict):
        fields = prop.fields or {}
        kept = {
            key: value for key, value in given.items() if key in fields and (fields[key].local or key in told)
        }
        return {
            **kept,
            **{
                key: _merged(fields[key], given[key], value) if key in given and key in fields else value
                for key, value in told.items()
                if value is not None
            },
        }
    return given if not has_unknown(given) and same(prop, given, told) else told


def read_inputs(
    kind: ResourceType,
    inputs: Mapping[str, Value],
    attributes: Mapping[str, Any],
    settings: Settings,
    region: str,
) -> PropertyMap:
    """The inputs that a program would have to give for what is there now (a refresh or an import).

    What means the same as what the program gave stays in its words.
    """
    found: PropertyMap = dict(inputs)
    told = _attributes(kind, inputs, attributes, settings, region)
    for key, prop in kind.inputs.items():
        given, value = inputs.get(key), told.get(key)
        if prop.local or (key == "region" and given is None):
            continue
        if given is None:
            if inputs and prop.settled:
                continue
            unsaid = value == prop.default if prop.default is not None else value in (None, "", [], {}, False)
            if value is not None and not unsaid:
                found[key] = _inputs_only(prop, value)
        elif value is None:
            if not is_empty(prop, given):
                del found[key]
        elif not same(prop, plain(given), _inputs_only(prop, value)):
            restated = _restated(prop, plain(given), value)
            found[key] = Secret(element=restated) if has_secret(given) else restated
    return found


def _inputs_only(prop: Prop, value: Any) -> Any:
    if prop.kind is not Kind.OBJECT or not isinstance(value, dict):
        return value
    fields = prop.fields or {}
    return {
        key: _inputs_only(fields[key], item)
        for key, item in value.items()
        if key in fields and not fields[key].output and item is not None
    }


def _restated(prop: Prop, given: Any, told: Any) -> Any:
    """An object's drifted value, without what AWS only chose itself."""
    if prop.kind is not Kind.OBJECT or not isinstance(given, dict) or not isinstance(told, dict):
        return told
    fields = prop.fields or {}
    return {
        key: _restated(fields[key], given.get(key), value)
        for key, value in _inputs_only(prop, told).items()
        if key in given or not (fields[key].settled or value in ("", [], {}, fields[key].default))
    }
