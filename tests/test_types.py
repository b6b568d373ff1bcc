"""The type check reads only a part of pulumi_aws: all that our sources use."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

from sandbox.home import FLEET_ROOT

SOURCES = ("__main__.py", "settings", "components", "policies", "sandbox", "tests")


def test_the_services_that_we_use_are_read() -> None:
    settings = tomllib.loads((FLEET_ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["mypy"]
    read = {
        module
        for each in settings["overrides"]
        if each.get("follow_imports") == "normal"
        for module in each["module"]
    }
    used = {f"pulumi_aws.{service}.*" for path in _sources() for service in _services(path)}
    assert {"pulumi_aws.lambda_.*", "pulumi_aws.sqs.*"} <= used
    assert used == {module for module in read if module.endswith(".*")}


def _sources() -> Iterator[Path]:
    for each in SOURCES:
        path = FLEET_ROOT / each
        yield from path.rglob("*.py") if path.is_dir() else [path]


def _services(path: Path) -> set[str]:
    """The services in `aws.<service>.<Name>` of a file; all of ours have `import pulumi_aws as aws`."""
    text = path.read_text(encoding="utf-8")
    if "pulumi_aws" not in text:
        return set()
    tree = ast.parse(text)
    imports = [each for each in ast.walk(tree) if isinstance(each, ast.Import | ast.ImportFrom)]
    names = {
        (name.name if isinstance(each, ast.Import) else str(each.module), name.asname)
        for each in imports
        for name in each.names
    }
    found = {name for name in names if name[0].split(".")[0] == "pulumi_aws"}
    assert found <= {("pulumi_aws", "aws")}, f"{path}: write `import pulumi_aws as aws`"
    return {
        each.value.attr
        for each in ast.walk(tree)
        if isinstance(each, ast.Attribute)
        and isinstance(each.value, ast.Attribute)
        and isinstance(each.value.value, ast.Name)
        and each.value.value.id == "aws"
    }
