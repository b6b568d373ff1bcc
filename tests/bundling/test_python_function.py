"""Functions that carry the wheels of their own lock."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

import bundling
from bundling import BundleError, Kind, Target, python
from tests.bundling import sample

FUNCTION = Path("functions/game/worker")
LOCK = f"idna==3.20 --hash=sha256:{'0' * 64}\n"
INFO = "idna-3.20.dist-info"
FILES = {
    "bundle.toml": 'kind = "python"\npython_version = "3.12"\n',
    "handler.py": "import idna\n",
    "requirements.in": "idna\n",
    "requirements.txt": LOCK,
}


@pytest.fixture(autouse=True)
def asked(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Install one package of two files, and what installers leave; give the commands that were run."""
    commands: list[list[str]] = []

    def install(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
        commands.append(command)
        installed = Path(command[command.index("--target") + 1])
        for name in (
            "idna/__init__.py",
            f"{INFO}/METADATA",
            "idna-3.20.dist-info/RECORD",
            "bin/x",
        ):
            (installed / name).parent.mkdir(parents=True, exist_ok=True)
            (installed / name).write_text(name)
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(python, "_run", install)
    return commands


def test_wheels_lie_beside_the_sources(tmp_path: Path, asked: list[list[str]]) -> None:
    sample.write(tmp_path, "game/worker", FILES)
    bundle = bundling.build(FUNCTION, Target.LAMBDA, project=tmp_path)
    assert bundle.kind is Kind.PYTHON
    assert bundle.python_version == "3.12"
    names = ["handler.py", f"{INFO}/METADATA", "idna/__init__.py"]
    assert sorted(sample.contents(tmp_path, bundle)) == names
    assert bundle.unzipped_bytes == sum(map(len, sample.contents(tmp_path, bundle).values()))
    (command,) = asked
    assert {"--no-deps", "--require-hashes", "aarch64-manylinux_2_28"} <= set(command)


def test_two_folders_give_the_same_bytes(tmp_path: Path) -> None:
    made = []
    for project in (tmp_path / "a", tmp_path / "b"):
        sample.write(project, "game/worker", FILES)
        made.append((project / bundling.build(FUNCTION, Target.MACHINE, project=project).path).read_bytes())
    assert made[0] == made[1]


def test_a_changed_lock_is_another_package(tmp_path: Path, asked: list[list[str]]) -> None:
    sample.write(tmp_path, "game/worker", FILES)
    for lock, runs in ((LOCK, 1), (LOCK, 1), (LOCK + "# again\n", 2)):
        sample.write(tmp_path, "game/worker", {"requirements.txt": lock})
        bundling.build(FUNCTION, Target.LAMBDA, project=tmp_path)
        assert len(asked) == runs


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"bundle.toml": 'kind = "python"\n'}, "bundle.toml: python_version is missing; a function with a"),
        ({"requirements.txt": None}, "requirements.txt doesn't exist, and bundle.toml has a python_version"),
        ({"requirements.txt": "idna==3.20\n"}, "requirements.txt: 'idna==3.20' has no hash"),
        ({"idna/__init__.py": ""}, "idna/__init__.py: a package of requirements.txt has a file of this name"),
        ({"handler.py": None}, " has nothing to ship"),
    ],
)
def test_what_is_refused(tmp_path: Path, change: dict[str, str | None], message: str) -> None:
    files = {name: text for name, text in (FILES | change).items() if text is not None}
    sample.write(tmp_path, "game/worker", files)
    with pytest.raises(BundleError) as refused:
        bundling.build(FUNCTION, Target.LAMBDA, project=tmp_path)
    assert str(refused.value).startswith("functions/game/worker")
    assert message in str(refused.value)
    assert not (tmp_path / "build/lambda/game-worker.zip").exists()


def test_too_much_unzipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bundling.contents.MAX_UNZIPPED_BYTES", 20)
    sample.write(tmp_path, "game/worker", FILES)
    with pytest.raises(BundleError, match="unzipped, and Lambda allows"):
        bundling.build(FUNCTION, Target.LAMBDA, project=tmp_path)
