"""What a package is: its targets, its sizes, and Lambda's limits on them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

# "Deployment package (.zip file archive) size": 50 MB zipped when uploaded directly, 250 MB unzipped
# with layers.
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
MAX_DIRECT_UPLOAD_BYTES = 50 * 1024 * 1024
MAX_UNZIPPED_BYTES = 250 * 1024 * 1024


class BundleError(Exception):
    """A package can't be built. The message says what, where, and how to mend it."""


class Target(Enum):
    """Where a package is going to run."""

    LAMBDA = "lambda"
    """AWS Lambda on arm64, with the Python version that the package's manifest names."""
    MACHINE = "machine"
    """This machine and this interpreter, which is what the embedded AWS runs functions on."""


class Kind(Enum):
    """How a folder becomes a package."""

    PYTHON = "python"
    """A zip of the folder's sources, and of the wheels that its requirements.txt locks, if it has one."""
    NODE = "node"
    """One JavaScript file, bundled by the folder's own esbuild."""
    PYTHON_LAYER = "python-layer"
    """The wheels that the folder's requirements.txt locks, as a Lambda layer."""


@dataclass(frozen=True, kw_only=True)
class Bundle:
    """A built package.

    name: the folder's path below functions/, joined with hyphens (`typerush-record-service`).
    path: of the zip, relative to the project.
    sha256: of the zip, hexadecimal.
    python_version: what its wheels are built for on Lambda (`3.12`); None for a package without any.
    """

    name: str
    kind: Kind
    target: Target
    path: str
    size_bytes: int
    unzipped_bytes: int
    sha256: str
    python_version: str | None = None

    @property
    def needs_bucket(self) -> bool:
        """Whether the zip is too large to be uploaded with the API call and has to go through a bucket."""
        return self.size_bytes > MAX_DIRECT_UPLOAD_BYTES


def megabytes(size_bytes: int) -> str:
    """Write a size as people read it, for example `12.3 MB` (of 1024 * 1024 bytes, as AWS counts)."""
    return f"{size_bytes / (1024 * 1024):.1f} MB"
