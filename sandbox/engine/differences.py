"""Where exactly property maps differ (``NewDetailedDiffFromObjectDiff``, pkg/resource/plugin/provider.go)."""

from __future__ import annotations

from collections.abc import Iterator

from . import paths
from .events import PropertyDiff
from .properties import PropertyMap, Value, same


def detailed_diff(old: PropertyMap, new: PropertyMap) -> dict[str, PropertyDiff]:
    """What differs, by path, as deep as both sides are of a kind; without regard to secrecy."""
    return {
        paths.join(path): PropertyDiff(kind=kind, input_diff=True) for path, kind in _differing((), old, new)
    }


def _differing(path: paths.Path, old: Value, new: Value) -> Iterator[tuple[paths.Path, str]]:
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted(old.keys() | new.keys()):
            if key not in old:
                yield (*path, key), "add"
            elif key not in new:
                yield (*path, key), "delete"
            else:
                yield from _differing((*path, key), old[key], new[key])
    elif isinstance(old, list) and isinstance(new, list):
        for index, (before, after) in enumerate(zip(old, new, strict=False)):
            yield from _differing((*path, index), before, after)
        both = min(len(old), len(new))
        for index in range(both, max(len(old), len(new))):
            yield (*path, index), "add" if index < len(new) else "delete"
    elif not same(old, new):
        yield path, "add" if old is None else "delete" if new is None else "update"
