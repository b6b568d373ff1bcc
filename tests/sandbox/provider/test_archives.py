from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path

import pytest

from sandbox.provider.archives import content, zipped
from sandbox.provider.errors import ProviderError
from sandbox.provider.values import Archive, Asset


def entries(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        return {name: file.read(name) for name in file.namelist()}


def test_a_zip_file_stays_as_it_is(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "shop.zip", "w") as file:
        file.writestr("main.py", "x = 1")
    expected = (tmp_path / "shop.zip").read_bytes()
    assert zipped(Archive(path="shop.zip"), tmp_path) == expected
    assert zipped(Archive(path=str(tmp_path / "shop.zip")), Path("/")) == expected
    assert zipped(Archive(uri=(tmp_path / "shop.zip").as_uri()), Path("/")) == expected


def test_a_folder_and_assets_give_the_same_bytes_whenever(tmp_path: Path) -> None:
    folder = tmp_path / "source"
    (folder / "inner").mkdir(parents=True)
    (folder / "b.py").write_text("b")
    (folder / "inner" / "a.py").write_text("a")
    first = zipped(Archive(path="source"), tmp_path)
    os.utime(folder / "b.py", (0, 10**9))
    assert zipped(Archive(path="source"), tmp_path) == first
    assert entries(first) == {"b.py": b"b", "inner/a.py": b"a"}
    assets = Archive(assets={"b.py": Asset(text="b"), "inner": Archive(assets={"a.py": Asset(text="a")})})
    assert zipped(assets, tmp_path) == first
    assert zipped(Archive(assets={"x": Archive(path="source")}), tmp_path) != first


def test_an_asset(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a")
    assert content(Asset(path="a.txt"), tmp_path) == b"a"
    assert content(Asset(text="t"), tmp_path) == b"t"
    assert content(Asset(text=""), tmp_path) == b""


@pytest.mark.parametrize(
    ("archive", "message"),
    [
        (Archive(path="missing.zip"), r"missing\.zip doesn't exist; build the packages with `fleet build`"),
        (Archive(path="notes.txt"), r"notes\.txt isn't a zip file"),
        (Archive(uri="https://example.com/x.zip"), r"https://example\.com/x\.zip isn't fetched"),
        (Archive(assets={"a": Asset(path="missing.txt")}), r"missing\.txt doesn't exist"),
    ],
)
def test_what_cannot_be_read(tmp_path: Path, archive: Archive, message: str) -> None:
    (tmp_path / "notes.txt").write_text("notes")
    with pytest.raises(ProviderError, match=message):
        zipped(archive, tmp_path)
