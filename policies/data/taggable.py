"""Writes taggable.json: the types of pulumi-aws that take tags. Run it when pulumi-aws is renewed.

python -m policies.data.taggable
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import re
from pathlib import Path
from typing import Any

PATH = Path(__file__).with_suffix(".json")
_TOKEN = re.compile(r'^@pulumi\.type_token\("([^"]+)"\)\nclass \w+\(pulumi\.CustomResource\)', re.MULTILINE)


def read() -> dict[str, Any]:
    """Read the types from the sources of the installed pulumi-aws, without importing its 1,600 modules."""
    spec = importlib.util.find_spec("pulumi_aws")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("pulumi_aws isn't installed")
    types = {
        token
        for path in Path(spec.origin).parent.rglob("*.py")
        for text in [path.read_text(encoding="utf-8")]
        if "def tags_all(" in text
        for token in _TOKEN.findall(text)
    }
    return {
        "about": "The types of pulumi-aws that take tags. Written by `python -m policies.data.taggable`.",
        "source": "https://github.com/pulumi/pulumi-aws",
        "version": importlib.metadata.version("pulumi-aws"),
        "types": sorted(types),
    }


if __name__ == "__main__":
    PATH.write_text(json.dumps(read(), indent=2) + "\n", encoding="utf-8")
