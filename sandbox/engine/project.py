"""``Pulumi.yaml``: what is run, on which interpreter, and which configuration it declares."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from .errors import ProjectError
from .yamlfile import load_yaml

_NAMES: Final = ("Pulumi.yaml", "Pulumi.yml")
_TYPES: Final = ("string", "integer", "boolean", "object", "array")
_UNSUPPORTED: Final = ("options", "plugins", "stackConfigDir")
"""What would change how a program is run: where stages are, which plugins, a refresh before each update."""


@dataclass(frozen=True, kw_only=True)
class ConfigKey:
    """One declared configuration key (``ProjectConfigType``, sdk/go/common/workspace/project.go).

    :ivar type: string, integer, boolean, object, array, or ``""`` if it isn't typed
    :ivar items: of an array: the declaration of its items, as in the file
    :ivar default: value if the stack gives none; ``None`` if there is no default
    """

    type: str = ""
    items: Mapping[str, Any] | None = None
    default: Any = None
    secret: bool = False
    description: str = ""


@dataclass(frozen=True, kw_only=True)
class Project:
    """``Pulumi.yaml``.

    :ivar root: the folder that it is in
    :ivar working_directory: where the program runs
    :ivar program: what is run there: a folder with a ``__main__.py``, or a file
    :ivar interpreter: the Python that runs it (``runtime.options.virtualenv``, or the one we run on)
    :ivar virtualenv: the virtual environment of that Python, if the project names one
    :ivar schema: declared configuration, by full name (``project:key``)
    """

    name: str
    root: Path
    working_directory: Path
    program: str
    interpreter: Path
    virtualenv: Path | None = None
    description: str = ""
    schema: Mapping[str, ConfigKey] = field(default_factory=dict)

    @classmethod
    def load(cls, directory: Path) -> Project:
        """Read ``Pulumi.yaml`` of a directory or, as Pulumi does, of the nearest one above it.

        :raises ProjectError: it is missing, unreadable, or asks for something that isn't supported
        """
        start = directory.resolve()
        for folder in (start, *start.parents):
            for name in _NAMES:
                if (folder / name).is_file():
                    return _load(folder / name)
        raise ProjectError(
            f"no Pulumi.yaml in {directory} or in a folder above it: give the project with -C DIR"
        )


def _load(path: Path) -> Project:
    content = load_yaml(path, ProjectError)
    if not isinstance(content, dict):
        raise ProjectError(f"{path}: expected a mapping with at least name and runtime")
    name = content.get("name")
    if not isinstance(name, str) or not name:
        raise ProjectError(f"{path}: name: expected the project's name, got {name!r}")
    runtime = content.get("runtime")
    options: Mapping[str, Any] = {}
    if isinstance(runtime, dict):
        options = runtime.get("options") or {}
        runtime = runtime.get("name")
    if runtime != "python":
        raise ProjectError(f"{path}: runtime: got {runtime!r}; only python is supported here")
    refused = [key for key in _UNSUPPORTED if content.get(key)]
    if refused:
        raise ProjectError(f"{path}: {', '.join(refused)}: not supported by this engine; leave it out")
    root = path.parent
    main = root / (content.get("main") or ".")
    if not main.exists():
        raise ProjectError(f"{path}: main: {content['main']!r} doesn't exist")
    virtualenv, interpreter = _interpreter(path, options)
    return Project(
        name=name,
        root=root,
        working_directory=main if main.is_dir() else main.parent,
        program="." if main.is_dir() else main.name,
        interpreter=interpreter,
        virtualenv=virtualenv,
        description=content.get("description") or "",
        schema=_schema(path, name, content.get("config") or {}),
    )


def _interpreter(path: Path, options: Mapping[str, Any]) -> tuple[Path | None, Path]:
    given = options.get("virtualenv")
    if not given:
        return None, Path(sys.executable)
    virtualenv = path.parent / str(given)
    python = virtualenv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not python.exists():
        raise ProjectError(
            f"{path}: runtime.options.virtualenv: {given!r} has no Python in it: create it"
            " (in this repository: `make setup`)"
        )
    return virtualenv, python


def _schema(path: Path, project: str, declared: Any) -> dict[str, ConfigKey]:
    if not isinstance(declared, dict):
        raise ProjectError(f"{path}: config: expected a mapping, got {declared!r}")
    schema: dict[str, ConfigKey] = {}
    errors: list[str] = []
    for key, value in declared.items():
        full = key if ":" in key else f"{project}:{key}"
        own = full.startswith(f"{project}:")
        if not isinstance(value, dict) or not value.keys() & {
            "type",
            "default",
            "value",
            "items",
            "secret",
            "description",
        }:
            schema[full] = ConfigKey(default=value)
            continue
        problem = _problem(value, own=own)
        if problem:
            errors.append(f"  config.{key}: {problem}")
            continue
        schema[full] = ConfigKey(
            type=value.get("type") or "",
            items=value.get("items"),
            default=value["default"] if value.get("default") is not None else value.get("value"),
            secret=bool(value.get("secret", False)),
            description=value.get("description") or "",
        )
    if errors:
        raise ProjectError("\n".join([f"{path}:", *errors]))
    return schema


def _problem(declared: Mapping[str, Any], *, own: bool) -> str:
    """What is wrong with a declaration (``Project.Validate`` of Pulumi)."""
    type_ = declared.get("type") or ""
    if declared.get("default") is not None and declared.get("value") is not None:
        return "cannot have both a 'default' and a 'value' attribute"
    if not own:
        if type_:
            return "is not namespaced by the project and should not define a type"
        if declared.get("default") is not None:
            return (
                "is not namespaced by the project and should not define a default value;"
                " did you mean to use the 'value' attribute instead of 'default'?"
            )
        if declared.get("value") is None:
            return "is not namespaced by the project and must provide a value"
        return ""
    if type_ and type_ not in _TYPES:
        return f"type: got {type_!r}; allowed are {', '.join(_TYPES)}"
    if type_ == "array" and not isinstance(declared.get("items"), dict):
        return "an array needs 'items' with a 'type'"
    default = declared.get("default")
    if type_ and default is not None and not fits(type_, declared.get("items"), default):
        return f"the default value {default!r} is not of the type {type_name(type_, declared.get('items'))!r}"
    return ""


def type_name(type_: str, items: Mapping[str, Any] | None) -> str:
    """A type for showing, e.g. ``array<string>``."""
    if type_ == "array" and items:
        return f"array<{type_name(str(items.get('type')), items.get('items'))}>"
    return type_


def fits(type_: str, items: Mapping[str, Any] | None, value: Any) -> bool:
    """Whether a value has a declared type (``ValidateConfigValue`` of Pulumi).

    Simple values of a stack's file arrive as strings, so ``"8"`` is an integer and ``"true"`` a boolean.
    """
    if type_ == "string":
        return isinstance(value, str)
    if type_ == "integer":
        if isinstance(value, str):
            return value.removeprefix("-").removeprefix("+").isdigit()
        return not isinstance(value, bool) and isinstance(value, int | float) and float(value).is_integer()
    if type_ == "boolean":
        return isinstance(value, bool) or value in ("true", "false")
    if type_ == "object":
        return isinstance(value, dict)
    return (
        isinstance(value, list)
        and items is not None
        and all(fits(str(items.get("type")), items.get("items"), item) for item in value)
    )
