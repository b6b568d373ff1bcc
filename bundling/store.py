"""Where built packages lie: a zip and, beside it, the record of what it was made from."""

from __future__ import annotations

import fcntl
import hashlib
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bundling.contents import Contents


@dataclass(frozen=True, kw_only=True)
class Record:
    """What is known of a built zip. fingerprint: of its inputs; sha256: of the zip; both hexadecimal."""

    fingerprint: str
    kind: str
    python_version: str | None
    size_bytes: int
    unzipped_bytes: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Slot:
    """The place of one package for one target: `<folder>/<name>.zip`."""

    folder: Path
    name: str

    @property
    def zip(self) -> Path:
        """The package."""
        return self.folder / f"{self.name}.zip"

    @property
    def _record(self) -> Path:
        return self.folder / f"{self.name}.json"

    def find(self, fingerprint: str) -> Record | None:
        """Return the record of the zip that is there, if it was made from these inputs."""
        try:
            record = Record(**json.loads(self._record.read_text(encoding="utf-8")))
            whole = self.zip.stat().st_size == record.size_bytes
        except (OSError, ValueError, TypeError):
            return None
        return record if whole and record.fingerprint == fingerprint else None

    @contextmanager
    def building(self) -> Iterator[Path]:
        """Hold the place against other builds and give an empty folder to build in.

        The system lets go of the lock when the process ends, however it ends, and what a killed build
        left in the folder is cleared by the next.
        """
        scratch = self.folder / f".{self.name}"
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / f".{self.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            shutil.rmtree(scratch, ignore_errors=True)
            scratch.mkdir()
            try:
                yield scratch
            finally:
                shutil.rmtree(scratch, ignore_errors=True)

    def put(self, fingerprint: str, contents: Contents, scratch: Path) -> Record:
        """Zip the contents, move the zip into place, then its record: a zip without one doesn't count."""
        from bundling import archive

        made = scratch / "package.zip"
        archive.write(made, contents.files)
        with made.open("rb") as stream:
            sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
        record = Record(
            fingerprint=fingerprint,
            kind=contents.kind.value,
            python_version=contents.python_version,
            size_bytes=made.stat().st_size,
            unzipped_bytes=contents.unzipped_bytes,
            sha256=sha256,
        )
        note = scratch / "package.json"
        note.write_text(json.dumps(asdict(record), indent=2) + "\n", encoding="utf-8")
        self._record.unlink(missing_ok=True)
        made.replace(self.zip)
        note.replace(self._record)
        return record
