"""Node packages, with the esbuild that record-service has installed."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

import bundling
from bundling import BundleError, Kind, Target
from tests.bundling import sample

RECORD_SERVICE = sample.ROOT / "functions" / "typerush" / "record_service"
LOCK = {"lockfileVersion": 3, "packages": {"": {"name": "f"}, "node_modules/esbuild": {"version": "1.0.0"}}}
FILES = {
    "bundle.toml": 'kind = "node"\nentry = "src/lambda.ts"\noutfile = "dist/lambda.js"\n',
    "src/lambda.ts": 'import { answer } from "./answer";\nimport ca from "./ca.pem";\n'
    "export const handler = async (): Promise<string> => `${ca.trim()} ${answer}`;\n",
    "src/answer.ts": "export const answer: number = 42;\nexport const unused = 'left out';\n",
    "src/ca.pem": "certificate\n",
    "package-lock.json": json.dumps(LOCK),
    "node_modules/.package-lock.json": json.dumps(LOCK),
}


def _write(project: Path) -> Path:
    folder = sample.write(project, "game/f", FILES)
    (folder / "node_modules" / ".bin").mkdir()
    (folder / "node_modules" / ".bin" / "esbuild").symlink_to(RECORD_SERVICE / "node_modules/.bin/esbuild")
    return folder


def _build(project: Path, target: Target = Target.LAMBDA) -> bundling.Bundle:
    return bundling.build(Path("functions/game/f"), target, project=project)


@pytest.mark.parametrize("target", list(Target))
def test_one_file_that_runs_by_itself(tmp_path: Path, target: Target) -> None:
    _write(tmp_path)
    bundle = _build(tmp_path, target)
    assert bundle.kind is Kind.NODE
    packed = sample.contents(tmp_path, bundle)
    assert list(packed) == ["dist/lambda.js"]
    assert b"left out" not in packed["dist/lambda.js"]

    script = tmp_path / "alone" / "lambda.js"
    script.parent.mkdir()
    script.write_bytes(packed["dist/lambda.js"])
    call = "require('./lambda.js').handler().then(answer => console.log(answer))"
    ran = subprocess.run(["node", "-e", call], cwd=script.parent, capture_output=True, text=True, check=True)
    assert ran.stdout == "certificate 42\n"


def test_two_folders_give_the_same_bytes_and_no_path(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "somewhere" / "else"
    _write(one)
    _write(two)
    first, second = _build(one), _build(two)
    assert (one / first.path).read_bytes() == (two / second.path).read_bytes()
    assert str(tmp_path).encode() not in sample.contents(one, first)["dist/lambda.js"]


def test_the_environment_decides_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    _write(one)
    _write(two)
    first = _build(one)
    monkeypatch.setenv("NODE_PATH", str(tmp_path))
    monkeypatch.setenv("NODE_ENV", "test")
    assert _build(two).sha256 == first.sha256


def test_a_mistake_in_the_sources_is_shown_with_its_place(tmp_path: Path) -> None:
    folder = _write(tmp_path)
    (folder / "src" / "answer.ts").write_text("export const answer = ;\n")
    with pytest.raises(BundleError, match=r"functions/game/f: esbuild can't bundle") as refused:
        _build(tmp_path)
    assert "src/answer.ts:1:22" in str(refused.value)
    assert not (tmp_path / "build/lambda/game-f.zip").exists()
    assert sample.leftovers(tmp_path) == []


def test_a_missing_entry(tmp_path: Path) -> None:
    (_write(tmp_path) / "src" / "lambda.ts").unlink()
    with pytest.raises(BundleError, match=r"functions/game/f/src/lambda\.ts, the entry.*doesn't exist"):
        _build(tmp_path)


def test_missing_node_modules(tmp_path: Path) -> None:
    shutil.rmtree(_write(tmp_path) / "node_modules")
    with pytest.raises(BundleError, match=r"node_modules is missing.*npm ci --prefix functions/game/f"):
        _build(tmp_path)


def test_a_missing_lock(tmp_path: Path) -> None:
    (_write(tmp_path) / "package-lock.json").unlink()
    with pytest.raises(BundleError, match=r"functions/game/f/package-lock\.json is missing"):
        _build(tmp_path)


@pytest.mark.parametrize(
    ("installed", "said"),
    [({"version": "0.9.0"}, "version 0.9.0"), (None, "nothing")],
    ids=["another version", "not installed"],
)
def test_node_modules_that_do_not_match_the_lock(
    tmp_path: Path, installed: dict[str, str] | None, said: str
) -> None:
    folder = _write(tmp_path)
    packages = {"node_modules/esbuild": installed} if installed else {}
    (folder / "node_modules" / ".package-lock.json").write_text(json.dumps({"packages": packages}))
    with pytest.raises(
        BundleError, match=f"wants node_modules/esbuild in version 1.0.0 and {said} is installed"
    ):
        _build(tmp_path)


def test_optional_packages_of_other_machines_need_not_be_installed(tmp_path: Path) -> None:
    folder = _write(tmp_path)
    packages = {**LOCK["packages"], "node_modules/@esbuild/aix": {"version": "1.0.0", "optional": True}}  # type: ignore[dict-item]
    (folder / "package-lock.json").write_text(json.dumps({"packages": packages}))
    assert _build(tmp_path).size_bytes > 0


def test_record_service_is_the_same_from_another_folder(tmp_path: Path) -> None:
    here = bundling.build(RECORD_SERVICE, Target.LAMBDA, project=sample.ROOT)
    folder = tmp_path / "functions" / "typerush" / "record_service"
    shutil.copytree(RECORD_SERVICE, folder, ignore=shutil.ignore_patterns("node_modules", "dist"))
    shutil.copytree(RECORD_SERVICE / "node_modules", folder / "node_modules", symlinks=True)
    there = bundling.build(folder, Target.LAMBDA, project=tmp_path)
    assert (tmp_path / there.path).read_bytes() == (sample.ROOT / here.path).read_bytes()
    code = sample.contents(sample.ROOT, here)["dist/lambda.js"]
    assert str(sample.ROOT).encode() not in code
    assert str(tmp_path).encode() not in code
