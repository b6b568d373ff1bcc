"""The bytes of assets and archives."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from .errors import ProviderError
from .values import Archive, Asset

_TIME = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a zip can hold: the same files give the same bytes."""


def zipped(archive: Archive, directory: Path) -> bytes:
    """An archive as a zip file: one that is a zip file as it is, anything else packed.

    :param directory: what a relative path starts from
    :raises ProviderError: it can't be read, or is of a kind that Lambda doesn't take
    """
    if archive.assets is None:
        path = _path(archive.path, archive.uri, directory)
        if path.is_file():
            if not zipfile.is_zipfile(path):
                raise ProviderError(f"{path.name} isn't a zip file; build it with `fleet build`")
            return path.read_bytes()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in sorted(_entries(archive, directory)):
            entry = zipfile.ZipInfo(name, _TIME)
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            file.writestr(entry, content)
    return packed.getvalue()


def content(asset: Asset, directory: Path) -> bytes:
    """The bytes of one asset.

    :raises ProviderError: it can't be read
    """
    if not asset.path and not asset.uri:
        return asset.text.encode()
    path = _path(asset.path, asset.uri, directory)
    if not path.is_file():
        raise ProviderError(f"{path} isn't a file")
    return path.read_bytes()


def _path(path: str, uri: str, directory: Path) -> Path:
    if uri:
        parts = urlsplit(uri)
        if parts.scheme != "file":
            raise ProviderError(
                f"{uri} isn't fetched: the sandbox reads this machine's files only; use a file"
            )
        path = unquote(parts.path)
    found = directory / path
    if not found.exists():
        raise ProviderError(f"{found} doesn't exist; build the packages with `fleet build`")
    return found


def _entries(archive: Archive, directory: Path) -> Iterator[tuple[str, bytes]]:
    if archive.assets is None:
        folder = _path(archive.path, archive.uri, directory)
        for file in folder.rglob("*"):
            if file.is_file():
                yield file.relative_to(folder).as_posix(), file.read_bytes()
        return
    for name, item in archive.assets.items():
        if isinstance(item, Asset):
            yield name, content(item, directory)
        elif isinstance(item, Archive):
            for inner, data in _inside(item, directory):
                yield f"{name}/{inner}", data
        else:
            raise ProviderError(
                f"{name} in an archive is a {type(item).__name__}; give an asset or an archive"
            )


def _inside(archive: Archive, directory: Path) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(zipped(archive, directory))) as file:
        for entry in file.infolist():
            if not entry.is_dir():
                yield entry.filename, file.read(entry)
