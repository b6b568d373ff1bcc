"""Hashes of assets and archives as Pulumi computes them (sdk/go/common/resource/asset, .../archive).

An archive file is hashed as it is; a folder or a map of assets as the tar file that Pulumi would make of it.
"""

from __future__ import annotations

import hashlib
import os
import tarfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from posixpath import join
from typing import Any

from .errors import EngineError, UnsupportedError
from .properties import Archive, Asset, OutputValue, Secret, Value

_ARCHIVE_SUFFIXES = (".tar", ".tgz", ".tar.gz", ".zip", ".jar")
_BOOKKEEPING = ".pulumi"
_BLOCK = 512


def with_hashes(value: Value, root: Path) -> Value:
    """The value with the hash of every asset and archive inside it; paths are relative to ``root``.

    :raises EngineError: a file can't be read
    """
    if isinstance(value, Asset):
        return value if value.hash else replace(value, hash=_asset_hash(value, root))
    if isinstance(value, Archive):
        if value.hash:
            return value
        if value.assets is not None:
            value = replace(value, assets={k: with_hashes(v, root) for k, v in value.assets.items()})
        return replace(value, hash=_archive_hash(value, root))
    if isinstance(value, Secret):
        return Secret(element=with_hashes(value.element, root))
    if isinstance(value, OutputValue):
        return replace(value, element=with_hashes(value.element, root))
    if isinstance(value, dict):
        return {k: with_hashes(v, root) for k, v in value.items()}
    if isinstance(value, list):
        return [with_hashes(v, root) for v in value]
    return value


def _read(path: Path, shown: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise EngineError(f"failed to compute asset hash: can't read {shown!r}: {error.strerror}") from None


def _asset_bytes(asset: Asset, root: Path) -> bytes:
    if asset.uri:
        raise UnsupportedError(
            f"asset {asset.uri!r}: remote assets aren't supported; use a FileAsset or a StringAsset"
        )
    return _read(root / asset.path, asset.path) if asset.path else asset.text.encode()


def _asset_hash(asset: Asset, root: Path) -> str:
    return hashlib.sha256(_asset_bytes(asset, root)).hexdigest()


def _archive_hash(archive: Archive, root: Path) -> str:
    if archive.uri:
        raise UnsupportedError(
            f"archive {archive.uri!r}: remote archives aren't supported; use a FileArchive or an AssetArchive"
        )
    if archive.path.endswith(_ARCHIVE_SUFFIXES):
        return hashlib.sha256(_read(root / archive.path, archive.path)).hexdigest()
    digest = hashlib.sha256()
    seen: set[str] = set()
    for name, read in _members(archive, root):
        if name not in seen:
            seen.add(name)
            content = read()
            for block in _tar_headers(name, len(content)):
                digest.update(block)
            digest.update(content)
            digest.update(bytes(-len(content) % _BLOCK))
    digest.update(bytes(2 * _BLOCK))
    return digest.hexdigest()


def _members(archive: Archive, root: Path) -> Iterator[tuple[str, Callable[[], bytes]]]:
    if archive.assets is not None:
        yield from _asset_members(archive.assets, root)
    elif archive.path.endswith(_ARCHIVE_SUFFIXES):
        yield from _file_members(root / archive.path, archive.path)
    elif (root / archive.path).is_dir():
        yield from _folder_members(root / archive.path)
    else:
        problem = "is neither a recognized archive type nor a directory"
        if not (root / archive.path).exists():
            problem = "doesn't exist"
        raise EngineError(f"failed to compute archive hash: {archive.path!r} {problem}")


def _asset_members(assets: Mapping[str, Any], root: Path) -> Iterator[tuple[str, Callable[[], bytes]]]:
    for name in sorted(assets, key=str.encode):
        member = assets[name]
        if isinstance(member, Asset):
            yield name, partial(_asset_bytes, member, root)
        else:
            for inner, read in _members(member, root):
                yield join(name, inner), read


def _folder_members(folder: Path) -> Iterator[tuple[str, Callable[[], bytes]]]:
    """In the order of Go's ``filepath.Walk``: each folder's entries by name, folders entered in place."""

    def walk(directory: Path, prefix: str) -> Iterator[tuple[str, Callable[[], bytes]]]:
        for entry in sorted(os.scandir(directory), key=lambda e: os.fsencode(e.name)):
            if entry.name == _BOOKKEEPING:
                continue
            path = Path(entry.path)
            if entry.is_dir(follow_symlinks=False):
                yield from walk(path, f"{prefix}{entry.name}/")
            elif not path.is_dir():
                name = f"{prefix}{entry.name}"
                yield name, partial(_read, path, name)

    return walk(folder, "")


def _file_members(path: Path, shown: str) -> Iterator[tuple[str, Callable[[], bytes]]]:
    try:
        if shown.endswith((".zip", ".jar")):
            with zipfile.ZipFile(path) as opened:
                for info in opened.infolist():
                    if not info.is_dir():
                        yield info.filename, partial(opened.read, info)
            return
        with tarfile.open(path) as tar:
            for member in tar:
                if member.isfile():
                    content = tar.extractfile(member)
                    assert content is not None  # noqa: S101 - a regular file has content
                    yield member.name, content.read
    except (OSError, zipfile.BadZipFile, tarfile.TarError) as error:
        raise EngineError(f"failed to compute archive hash: can't read {shown!r}: {error}") from None


def _tar_headers(name: str, size: int) -> Iterator[bytes]:
    """The header blocks that Go's archive/tar writes for ``Header{Name, Mode: 0600, Size}``."""
    encoded = name.encode()
    if name.isascii():
        if len(encoded) <= 100:
            yield _tar_block(encoded, size)
            return
        prefix, short = _split_ustar(encoded)
        if prefix:
            yield _tar_block(short, size, prefix=prefix)
            return
    folder, _, base = name.rpartition("/")
    record = b" path=" + encoded + b"\n"
    length = len(record) + len(str(len(record)))
    if len(str(length)) + len(record) != length:
        length += 1
    record = str(length).encode() + record
    pax_name = _ascii(join(folder, "PaxHeaders.0", base))[:100].rstrip(b"/")
    yield _tar_block(pax_name, len(record), kind=b"x", mode=0, devices=False)
    yield record + bytes(-len(record) % _BLOCK)
    yield _tar_block(_ascii(name)[:100], size)


def _ascii(name: str) -> bytes:
    return "".join(c for c in name if c.isascii()).encode()


def _split_ustar(name: bytes) -> tuple[bytes, bytes]:
    """Go's ``splitUSTARPath``: (prefix, name), with an empty prefix if it can't be split."""
    length = len(name)
    if length > 156:
        length = 156
    elif name.endswith(b"/"):
        length -= 1
    cut = name[:length].rfind(b"/")
    short = len(name) - cut - 1
    if cut <= 0 or short > 100 or short == 0 or cut > 155:
        return b"", name
    return name[:cut], name[cut + 1 :]


def _tar_block(
    name: bytes,
    size: int,
    *,
    prefix: bytes = b"",
    kind: bytes = b"0",
    mode: int = 0o600,
    devices: bool = True,
) -> bytes:
    device = b"0000000\0" if devices else bytes(8)
    block = bytearray(
        name.ljust(100, b"\0")
        + b"%07o\0" % mode
        + b"0000000\0" * 2
        + b"%011o\0" % size
        + b"00000000000\0"
        + b" " * 8
        + kind
        + bytes(100)
        + b"ustar\x0000"
        + bytes(64)
        + device * 2
        + prefix.ljust(155, b"\0")
        + bytes(12)
    )
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)
