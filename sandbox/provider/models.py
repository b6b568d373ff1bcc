"""botocore's data, read as the JSON it is: only when asked, and without importing botocore."""

from __future__ import annotations

import gzip
import importlib.util
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any


@cache
def shapes(service: str) -> Mapping[str, Mapping[str, Any]]:
    """Every shape of a service's newest model, e.g. ``shapes("lambda")["MemorySize"]["max"]``.

    :raises LookupError: botocore has no such service
    """
    models = sorted((_folder() / service).glob("*/service-2.json.gz"))
    if not models:
        raise LookupError(f"botocore has no service model {service!r}")
    with gzip.open(models[-1]) as file:
        found: dict[str, dict[str, Any]] = json.load(file)["shapes"]
    return found


def data_file(name: str) -> bytes:
    """A file of botocore's data that isn't of one service, e.g. ``"endpoints.json"``."""
    return (_folder() / name).read_bytes()


def _folder() -> Path:
    spec = importlib.util.find_spec("botocore")
    if spec is None or not spec.submodule_search_locations:
        raise LookupError("botocore isn't installed in this environment; run `make setup`")
    return Path(spec.submodule_search_locations[0], "data")
