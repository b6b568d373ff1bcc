"""Building: names, what is kept, what is rebuilt, what two builds or a killed one leave."""

from __future__ import annotations

import multiprocessing
import os
import signal
import stat
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import bundling
from bundling import Bundle, BundleError, Kind, Target, contents
from tests.bundling import sample


def _build(project: Path, name: str = "game/text_service", target: Target = Target.LAMBDA) -> Bundle:
    return bundling.build(project / "functions" / name, target, project=project)


@pytest.mark.parametrize("target", list(Target))
def test_package_of_python_sources(tmp_path: Path, target: Target) -> None:
    sample.write(
        tmp_path,
        "game/text_service",
        sample.PYTHON
        | {
            "texts/easy.txt": "the quick brown fox",
            "events/health.json": "{}",
            "tests/test_main.py": "assert True",
            "README.md": "# text-service",
            "__pycache__/main.cpython-311.pyc": "",
            "texts/.hidden": "",
            "old.pyc": "",
        },
    )

    bundle = _build(tmp_path, target=target)

    assert bundle.name == "game-text-service"
    assert bundle.kind is Kind.PYTHON
    assert bundle.path == f"build/{target.value}/game-text-service.zip"
    assert bundle.size_bytes == (tmp_path / bundle.path).stat().st_size
    assert bundle.unzipped_bytes == len(sample.PYTHON["main.py"]) + len("the quick brown fox")
    assert list(sample.contents(tmp_path, bundle)) == ["main.py", "texts/easy.txt"]
    assert sample.leftovers(tmp_path) == []


def test_a_folder_may_be_named_relative_to_the_project(tmp_path: Path) -> None:
    sample.write(tmp_path, "game/text_service", sample.PYTHON)
    relative = bundling.build(Path("functions/game/text_service"), Target.LAMBDA, project=tmp_path)
    assert relative == _build(tmp_path)


def test_entries_have_one_time_one_mode_and_sorted_names(tmp_path: Path) -> None:
    folder = sample.write(tmp_path, "game/f", sample.PYTHON | {"b.py": "", "a/z.py": "", "a.py": ""})
    (folder / "b.py").chmod(0o600)
    bundle = _build(tmp_path, "game/f")
    with zipfile.ZipFile(tmp_path / bundle.path) as archive:
        entries = archive.infolist()
    assert [entry.filename for entry in entries] == sorted(entry.filename for entry in entries)
    assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}
    assert {entry.external_attr >> 16 for entry in entries} == {stat.S_IFREG | 0o644}


@pytest.mark.parametrize("target", list(Target))
def test_two_folders_give_the_same_bytes(tmp_path: Path, target: Target) -> None:
    files = sample.PYTHON | {"texts/easy.txt": "fox", "lib/a.py": "x = 1"}
    one, two = tmp_path / "one", tmp_path / "somewhere" / "else"
    sample.write(one, "game/f", files)
    folder = sample.write(two, "game/f", dict(reversed(files.items())))
    os.utime(folder / "main.py", (0, 0))

    first, second = _build(one, "game/f", target), _build(two, "game/f", target)

    assert (one / first.path).read_bytes() == (two / second.path).read_bytes()
    assert first == second


def test_what_is_unchanged_is_neither_made_nor_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sample.write(tmp_path, "game/text_service", sample.PYTHON)
    first = _build(tmp_path)
    written = (tmp_path / first.path).stat().st_mtime_ns
    monkeypatch.setattr(contents, "make", lambda *_: pytest.fail("made again"))
    assert _build(tmp_path) == first
    assert (tmp_path / first.path).stat().st_mtime_ns == written


@pytest.mark.parametrize("change", [{"main.py": "other"}, {"new.py": ""}], ids=["changed", "added"])
def test_changed_sources_are_built_anew(tmp_path: Path, change: dict[str, str]) -> None:
    sample.write(tmp_path, "game/text_service", sample.PYTHON)
    first = _build(tmp_path)
    sample.write(tmp_path, "game/text_service", change)
    second = _build(tmp_path)
    assert second.sha256 != first.sha256
    packed = sample.contents(tmp_path, second)
    assert {name: packed[name].decode() for name in change} == change


def test_a_changed_manifest_is_read_anew(tmp_path: Path) -> None:
    sample.write(tmp_path, "game/text_service", sample.PYTHON)
    _build(tmp_path)
    sample.write(tmp_path, "game/text_service", {"bundle.toml": 'kind = "ruby"'})
    with pytest.raises(BundleError, match="kind is 'ruby'"):
        _build(tmp_path)


def test_a_removed_source_leaves_the_package(tmp_path: Path) -> None:
    folder = sample.write(tmp_path, "game/text_service", sample.PYTHON | {"old.py": ""})
    _build(tmp_path)
    (folder / "old.py").unlink()
    assert list(sample.contents(tmp_path, _build(tmp_path))) == ["main.py"]


def test_moved_bytes_between_files_are_a_change(tmp_path: Path) -> None:
    sample.write(tmp_path, "game/text_service", sample.PYTHON | {"a": "12", "b": "3"})
    first = _build(tmp_path)
    sample.write(tmp_path, "game/text_service", {"a": "1", "b": "23"})
    assert _build(tmp_path).sha256 != first.sha256


@pytest.mark.parametrize("damage", ["truncated", "removed", "no record", "garbled record"])
def test_a_damaged_package_is_made_again(tmp_path: Path, damage: str) -> None:
    sample.write(tmp_path, "game/text_service", sample.PYTHON)
    first = _build(tmp_path)
    zipped = tmp_path / first.path
    whole = zipped.read_bytes()
    match damage:
        case "truncated":
            zipped.write_bytes(whole[:-9])
        case "removed":
            zipped.unlink()
        case "no record":
            zipped.with_suffix(".json").unlink()
        case _:
            zipped.with_suffix(".json").write_text('{"fingerprint": ')
    assert _build(tmp_path) == first
    assert zipped.read_bytes() == whole


def test_discover_finds_every_manifest_and_nothing_installed(tmp_path: Path) -> None:
    for name in ("game/text_service", "game/record_service", "bank/accounts"):
        sample.write(tmp_path, name, sample.PYTHON)
    sample.write(tmp_path, "game/record_service/node_modules/other", sample.PYTHON)
    sample.write(tmp_path, "game/docs", {"README.md": ""})
    found = [folder.relative_to(tmp_path / "functions").as_posix() for folder in bundling.discover(tmp_path)]
    assert found == ["bank/accounts", "game/record_service", "game/text_service"]


def test_a_project_without_functions_has_no_packages(tmp_path: Path) -> None:
    assert bundling.discover(tmp_path) == []


def test_a_folder_outside_functions_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="isn't below functions/"):
        bundling.build(tmp_path / "elsewhere", Target.LAMBDA, project=tmp_path)


def test_a_symbolic_link_is_refused(tmp_path: Path) -> None:
    folder = sample.write(tmp_path, "game/f", sample.PYTHON)
    (folder / "passwords").symlink_to("/etc/passwd")
    with pytest.raises(BundleError, match="functions/game/f/passwords is a symbolic link"):
        _build(tmp_path, "game/f")


def test_nothing_to_ship_is_refused(tmp_path: Path) -> None:
    sample.write(tmp_path, "game/f", {"bundle.toml": 'kind = "python"'})
    with pytest.raises(BundleError, match=r"functions/game/f has nothing to ship"):
        _build(tmp_path, "game/f")
    assert not (tmp_path / "build/lambda/game-f.zip").exists()


def test_a_package_over_the_unzipped_limit_is_refused(tmp_path: Path) -> None:
    folder = sample.write(tmp_path, "game/f", sample.PYTHON)
    with (folder / "model.bin").open("wb") as stream:
        stream.truncate(bundling.MAX_UNZIPPED_BYTES)  # sparse: takes no room
    with pytest.raises(BundleError, match=r"functions/game/f is 250\.0 MB unzipped.*largest: model\.bin"):
        _build(tmp_path, "game/f")
    assert not (tmp_path / "build/lambda/game-f.zip").exists()


def _bundle(name: str, *, size_mb: int) -> Bundle:
    return Bundle(
        name=name,
        kind=Kind.PYTHON,
        target=Target.LAMBDA,
        path=f"build/lambda/{name}.zip",
        size_bytes=size_mb * 1024 * 1024,
        unzipped_bytes=size_mb * 1024 * 1024,
        sha256="0" * 64,
    )


def test_a_large_zip_needs_a_bucket() -> None:
    assert not _bundle("f", size_mb=50).needs_bucket
    assert _bundle("f", size_mb=51).needs_bucket


def _build_in_process(project: Path) -> str:
    return _build(project).sha256


def test_two_builds_at_once_give_one_whole_package(tmp_path: Path) -> None:
    files = {f"file{number}.py": f"x = {number}\n" * 2_000 for number in range(40)}
    sample.write(tmp_path, "game/text_service", sample.PYTHON | files)
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        hashes = pool.map(_build_in_process, [tmp_path] * 6, chunksize=1)
    assert len(set(hashes)) == 1
    assert _build(tmp_path).sha256 == hashes[0]
    assert sample.leftovers(tmp_path) == []


# Stops the process between the two moves that put a package into place, or while it is written.
_KILLED = """
import os, signal, sys
from pathlib import Path
import bundling
from bundling import archive
moment, project = sys.argv[1], Path(sys.argv[2])
die = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
if moment == "writing":
    archive.write = lambda target, files: (target.write_bytes(b"half"), die())
else:
    replace = Path.replace
    Path.replace = lambda self, target: die() if target.suffix == ".json" else replace(self, target)
bundling.build(Path("functions/game/text_service"), bundling.Target.LAMBDA, project=project)
"""


@pytest.mark.parametrize("moment", ["writing", "moving"])
def test_a_killed_build_leaves_nothing_half_done(tmp_path: Path, moment: str) -> None:
    sample.write(tmp_path, "game/text_service", sample.PYTHON)
    before = _build(tmp_path)
    sample.write(tmp_path, "game/text_service", {"main.py": "changed = True\n"})

    killed = subprocess.run(
        [sys.executable, "-c", _KILLED, moment, str(tmp_path)], cwd=sample.ROOT, check=False
    )

    assert killed.returncode == -signal.SIGKILL
    assert zipfile.is_zipfile(tmp_path / before.path)
    after = _build(tmp_path)
    assert sample.contents(tmp_path, after) == {"main.py": b"changed = True\n"}
    assert sample.leftovers(tmp_path) == []


def test_importing_the_package_is_light() -> None:
    """A preview has a second in all, and finds everything built."""
    heavy = {"zipfile", "tomllib", "difflib", "subprocess", "bundling.contents", "pulumi"}
    script = f"import sys, bundling; print(sorted({heavy!r} & set(sys.modules)))"
    loaded = subprocess.run(
        [sys.executable, "-c", script], cwd=sample.ROOT, capture_output=True, text=True, check=True
    )
    assert loaded.stdout.strip() == "[]"
