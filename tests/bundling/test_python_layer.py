"""Layers of locked wheels: the real one of text-service, from the wheels that set-up fetched."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import bundling
from bundling import BundleError, Kind, Target, python
from tests.bundling import sample

TEXT_LAYER = sample.ROOT / "functions" / "typerush" / "text_layer"
LAYER = 'kind = "python-layer"\npython_version = "3.12"\n'


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """Another project with the same layer and the same fetched wheels."""
    shutil.copytree(TEXT_LAYER, tmp_path / "functions" / "typerush" / "text_layer")
    (tmp_path / ".fleet").mkdir()
    (tmp_path / ".fleet" / "uv-cache").symlink_to(sample.ROOT / ".fleet" / "uv-cache")
    return tmp_path


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail as soon as uv would be run with the network."""
    run = python._run

    def guarded(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
        assert "--offline" in command, "set-up hasn't fetched the wheels"
        return run(command, folder)

    monkeypatch.setattr(python, "_run", guarded)


def _build(project: Path, target: Target) -> bundling.Bundle:
    return bundling.build(Path("functions/typerush/text_layer"), target, project=project)


@pytest.mark.usefixtures("offline")
@pytest.mark.parametrize("target", list(Target))
def test_another_folder_gives_the_same_bytes_without_the_network(copied: Path, target: Target) -> None:
    here, there = _build(sample.ROOT, target), _build(copied, target)
    assert there == here
    assert (copied / there.path).read_bytes() == (sample.ROOT / here.path).read_bytes()
    assert sample.leftovers(copied) == []


@pytest.mark.parametrize(
    ("target", "suffix"),
    [
        (Target.LAMBDA, ".cpython-312-aarch64-linux-gnu.so"),
        (Target.MACHINE, f".{sys.implementation.cache_tag}-"),
    ],
)
def test_compiled_code_is_for_the_target(target: Target, suffix: str) -> None:
    bundle = _build(sample.ROOT, target)
    assert bundle.kind is Kind.PYTHON_LAYER
    assert bundle.python_version == "3.12"
    compiled = [name for name in sample.contents(sample.ROOT, bundle) if name.endswith(".so")]
    assert compiled
    assert all(suffix in name for name in compiled)


@pytest.mark.parametrize("target", list(Target))
def test_nothing_of_this_machine_is_inside(target: Target) -> None:
    packed = sample.contents(sample.ROOT, _build(sample.ROOT, target))
    assert all(name.startswith("python/") for name in packed)
    unwanted = {"RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json", ".lock"}
    for name, content in packed.items():
        assert unwanted.isdisjoint({Path(name).name}), name
        assert not name.startswith("python/bin/"), name
        assert "__pycache__" not in name
        assert not name.endswith(".pyc")
        assert str(sample.ROOT).encode() not in content, name


def test_the_machines_layer_is_importable(tmp_path: Path) -> None:
    bundle = _build(sample.ROOT, Target.MACHINE)
    shutil.unpack_archive(sample.ROOT / bundle.path, tmp_path)
    script = "import fastapi, mangum; from importlib.metadata import version; print(version('fastapi'))"
    ran = subprocess.run(
        [
            sys.executable,
            "-I",
            "-S",
            "-c",
            f"import sys; sys.path.insert(0, {str(tmp_path / 'python')!r}); {script}",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.strip()


def _refused(project: Path, lock: str | None) -> str:
    files = {"bundle.toml": LAYER} | ({"requirements.txt": lock} if lock is not None else {})
    sample.write(project, "game/layer", files)
    with pytest.raises(BundleError) as refused:
        bundling.build(Path("functions/game/layer"), Target.LAMBDA, project=project)
    assert not (project / "build/lambda/game-layer.zip").exists()
    return str(refused.value)


def test_a_missing_lock(tmp_path: Path) -> None:
    assert "functions/game/layer/requirements.txt doesn't exist: lock" in _refused(tmp_path, None)


@pytest.mark.parametrize("lock", ["idna==3.20\n", f"a==1 \\\n    --hash=sha256:{'0' * 64}\nidna==3.20 ; x\n"])
def test_a_lock_without_hashes(tmp_path: Path, lock: str) -> None:
    message = _refused(tmp_path, lock)
    assert "functions/game/layer/requirements.txt: 'idna==3.20' has no hash" in message


def test_what_uv_cannot_install_is_told_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_OFFLINE", "1")
    message = _refused(tmp_path, f"idna==3.20 --hash=sha256:{'0' * 64}\n")
    assert message.startswith("functions/game/layer/requirements.txt can't be installed for lambda: ")
    assert message.endswith("Check the lock and the network, then build again.")
    assert "\n" not in message
    assert sample.leftovers(tmp_path) == []


@pytest.mark.parametrize(("version", "platform"), [("3.11", "2_17"), ("3.12", "2_28"), ("3.14", "2_28")])
def test_wheels_fit_the_runtimes_c_library(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, platform: str
) -> None:
    asked: list[list[str]] = []

    def install(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
        asked.append(command)
        installed = Path(command[command.index("--target") + 1])
        installed.mkdir(parents=True)
        (installed / "module.py").write_text("")
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(python, "_run", install)
    sample.write(
        tmp_path,
        "game/layer",
        {
            "bundle.toml": LAYER.replace("3.12", version),
            "requirements.txt": f"idna==3.20 --hash=sha256:{'0' * 64}\n",
        },
    )
    bundle = bundling.build(Path("functions/game/layer"), Target.LAMBDA, project=tmp_path)
    assert bundle.python_version == version
    assert f"aarch64-manylinux_{platform}" in asked[0]
    assert asked[0][asked[0].index("--python-version") + 1] == version
