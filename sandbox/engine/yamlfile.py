"""YAML as Pulumi reads it: yes, no, on, off, dates are strings; no base 60; each key of a mapping once."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, ClassVar

import yaml

from .errors import EngineError

_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Base):  # type: ignore[misc] # chosen at run time: libyaml's loader, or the slow one
    """YAML 1.2's core schema, which Go's yaml.v3 follows."""

    yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {}

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Make a mapping; unlike PyYAML, and like yaml.v3, refuse a key that stands there already."""
        lines: dict[str, int] = {}
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.tag != "tag:yaml.org,2002:merge":
                line = key.start_mark.line + 1
                if key.value in lines:
                    told = f"the key {key.value!r} is there already, in line {lines[key.value]}"
                    raise yaml.constructor.ConstructorError(None, None, told, key.start_mark)
                lines[key.value] = line
        made: dict[Any, Any] = super().construct_mapping(node, deep=deep)
        return made


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF")
)
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:int", re.compile(r"^(?:[-+]?[0-9]+|0x[0-9a-fA-F]+)$"), list("-+0123456789")
)
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(
        r"^(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$"
    ),
    list("-+0123456789."),
)
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:null", re.compile(r"^(?:~|null|Null|NULL|)$"), ["~", "n", "N", ""]
)
_Loader.add_implicit_resolver("tag:yaml.org,2002:merge", re.compile(r"^<<$"), ["<"])


def load_yaml(path: Path, error: type[EngineError]) -> Any:
    """The content of a YAML file; an empty one is ``None``.

    :raises EngineError: of the given class: it can't be read, or isn't YAML
    """
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506 - a safe loader
    except OSError as problem:
        raise error(f"{path} can't be read: {problem.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError, ValueError) as problem:
        raise error(f"{path} is not valid YAML: {explain_yaml(problem)}") from None


def explain_yaml(problem: Exception) -> str:
    """What is wrong with a YAML text, and in which line."""
    if not isinstance(problem, yaml.MarkedYAMLError) or problem.problem_mark is None:
        return str(problem)
    mark = problem.problem_mark
    told = " ".join(filter(None, (problem.problem, problem.context)))
    return f"line {mark.line + 1}, column {mark.column + 1}: {told}"
