"""`fleet build`: every package below functions/, and a table of their sizes."""

from __future__ import annotations

import json
import zipfile
from functools import partial
from hashlib import sha256
from pathlib import Path

import pytest

from tests.bundling import sample
from tests.sandbox.conftest import Fleet

SIZES = {"shop-greeter": 300_000, "shop-teller": 40_000}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    for name, size in SIZES.items():
        files = sample.PYTHON | {"main.py": "#" * size}
        sample.write(folder, name.replace("-", "/"), files)
    return folder


@pytest.fixture
def fleet(fleet: Fleet, project: Path) -> Fleet:
    return partial(fleet, "-C", project, "build")


def test_a_table_of_sizes(fleet: Fleet, project: Path) -> None:
    code, out, _ = fleet("--target", "lambda", "--target", "machine")
    assert code == 0
    head, *rows = (line.split() for line in out.splitlines())
    assert head == ["package", "target", "zipped", "unzipped", "took"]
    assert [row[:6] for row in rows] == [
        [name, target, "0.0", "MB", f"{size / 1e6:.1f}", "MB"]
        for target in ("lambda", "machine")
        for name, size in SIZES.items()
    ]
    assert sorted(path.relative_to(project).as_posix() for path in project.rglob("*.zip")) == [
        f"build/{target}/{name}.zip" for target in ("lambda", "machine") for name in SIZES
    ]


def test_the_table_as_json(fleet: Fleet, project: Path) -> None:
    code, out, _ = fleet("--json")
    found = json.loads(out)
    assert code == 0
    assert [(each["name"], each["target"]) for each in found] == [(name, "lambda") for name in SIZES]
    for each in found:
        package = project / each["path"]
        assert each["size_bytes"] == package.stat().st_size
        assert each["sha256"] == sha256(package.read_bytes()).hexdigest()
        with zipfile.ZipFile(package) as archive:
            assert each["unzipped_bytes"] == sum(entry.file_size for entry in archive.infolist())
            assert each["unzipped_bytes"] == SIZES[each["name"]]


def test_a_package_that_cannot_be_built_is_told(fleet: Fleet, project: Path) -> None:
    sample.write(project, "shop/empty", {"bundle.toml": 'kind = "python"\n'})
    code, out, err = fleet()
    assert (code, out) == (1, "")
    assert "functions/shop/empty has nothing to ship" in err


def test_nothing_to_build(fleet: Fleet, project: Path) -> None:
    (project / "functions").rename(project / "elsewhere")
    code, _, err = fleet()
    assert code == 2
    assert "has no package: a folder below functions/ with a bundle.toml" in err
