"""A preview as ``pulumi preview --json`` prints it (pkg/backend/display/json.go)."""

from __future__ import annotations

from typing import Any

from .api import Result


def preview_digest(result: Result) -> dict[str, Any]:
    """Plain JSON data: config, steps, diagnostics, duration, changeSummary; secrets as ``[secret]``."""
    raise NotImplementedError
