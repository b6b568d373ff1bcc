"""From a folder under functions/ to a package that Lambda runs. Knows files, and nothing of the program."""

from bundling.build import build, discover
from bundling.model import (
    MAX_DIRECT_UPLOAD_BYTES,
    MAX_UNZIPPED_BYTES,
    Bundle,
    BundleError,
    Kind,
    Target,
    megabytes,
)

__all__ = [
    "MAX_DIRECT_UPLOAD_BYTES",
    "MAX_UNZIPPED_BYTES",
    "Bundle",
    "BundleError",
    "Kind",
    "Target",
    "build",
    "discover",
    "megabytes",
]
