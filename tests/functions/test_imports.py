"""The code that runs in Lambda knows nothing of what deploys it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

FUNCTIONS = Path(__file__).parents[2] / "functions"
OURS = {
    "settings",
    "components",
    "bundling",
    "policies",
    "sandbox",
    "tests",
    "pulumi",
    "pulumi_aws",
    "functions",
}
SOURCES = [path for path in sorted(FUNCTIONS.rglob("*.py")) if "node_modules" not in path.parts]


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module or ""


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: str(path.relative_to(FUNCTIONS)))
def test_functions_import_none_of_ours(source: Path) -> None:
    imported = {name.partition(".")[0] for name in _imported(ast.parse(source.read_text()))}
    assert not imported & OURS
