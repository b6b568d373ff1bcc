"""botocore's service models, read as the JSON they are: only when asked, and without importing botocore."""

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
    spec = importlib.util.find_spec("botocore")
    folders = list(spec.submodule_search_locations or ()) if spec else []
    models = sorted(Path(folders[0], "data", service).glob("*/service-2.json.gz")) if folders else []
    if not models:
        raise LookupError(f"botocore has no service model {service!r}")
    with gzip.open(models[-1]) as file:
        found: dict[str, dict[str, Any]] = json.load(file)["shapes"]
    return found
