"""A preview as ``pulumi preview --json`` prints it (pkg/backend/display/json.go)."""

from __future__ import annotations

from typing import Any

from . import urn as urns
from .api import Result
from .events import Op, Severity, Step
from .properties import mask
from .state import ResourceState
from .state.serialize import serialize_resource

_LOGICAL = (Op.CREATE, Op.UPDATE, Op.DELETE, Op.REPLACE, Op.READ, Op.DISCARD, Op.IMPORT)
_PARTS = (
    Op.CREATE_REPLACEMENT,
    Op.DELETE_REPLACED,
    Op.READ_REPLACEMENT,
    Op.DISCARD_REPLACED,
    Op.IMPORT_REPLACEMENT,
)


def preview_digest(
    result: Result, *, show_sames: bool = False, show_replacement_steps: bool = False
) -> dict[str, Any]:
    """Plain JSON data: config, steps, diagnostics, duration, changeSummary; secrets as ``[secret]``.

    :param show_sames: also what doesn't change (``--show-sames``); the stack itself is always there
    :param show_replacement_steps: also the parts of replacements (``--show-replacement-steps``)
    """
    digest: dict[str, Any] = {}
    if result.config:
        digest["config"] = dict(result.config)
    steps = [
        _step(step) for step in result.planned if _shown(step, sames=show_sames, parts=show_replacement_steps)
    ]
    if steps:
        digest["steps"] = steps
    diagnostics = [
        {
            **({"urn": diagnostic.urn} if diagnostic.urn else {}),
            "message": _prefixed(diagnostic.severity, diagnostic.message),
            "severity": str(diagnostic.severity),
        }
        for diagnostic in result.diagnostics
        if not diagnostic.ephemeral
    ]
    if diagnostics:
        digest["diagnostics"] = diagnostics
    digest["duration"] = int(result.duration_s * 1e9)
    if result.changes:
        digest["changeSummary"] = {str(op): count for op, count in sorted(result.changes.items())}
    return digest


def _prefixed(severity: Severity, message: str) -> str:
    prefix = f"{severity}: " if severity in (Severity.ERROR, Severity.WARNING) else ""
    return f"{prefix}{message}\n"


def _shown(step: Step, *, sames: bool, parts: bool) -> bool:
    if urns.qualified_type(step.urn) == urns.ROOT_TYPE or step.op in _LOGICAL:
        return True
    if step.op is Op.SAME:
        changed = step.old is not None and step.new is not None and step.old.protect != step.new.protect
        return sames or changed
    return parts and step.op in _PARTS


def _step(step: Step) -> dict[str, Any]:
    entry: dict[str, Any] = {"op": str(step.op), "urn": step.urn}
    if step.provider:
        entry["provider"] = step.provider
    if step.old is not None:
        entry["oldState"] = _state(step.old)
    if step.new is not None:
        entry["newState"] = _state(step.new)
    if step.diffs:
        entry["diffReasons"] = list(step.diffs)
    if step.keys:
        entry["replaceReasons"] = list(step.keys)
    entry["detailedDiff"] = None
    if step.detailed_diff is not None:
        entry["detailedDiff"] = {
            path: {"kind": diff.kind, "inputDiff": diff.input_diff}
            for path, diff in step.detailed_diff.items()
        }
    return entry


def _state(state: ResourceState) -> dict[str, Any]:
    shown = state.copy()
    shown.inputs, shown.outputs = mask(state.inputs), mask(state.outputs)
    return serialize_resource(shown, None)
