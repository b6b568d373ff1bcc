"""One JSON object per line."""

from __future__ import annotations

import json
import logging
import os
import sys
from datetime import UTC, datetime

_LEVELS = {"TRACE": logging.DEBUG, "WARN": logging.WARNING, "FATAL": logging.CRITICAL}

log = logging.getLogger("spendsense")


class _JsonFormatter(logging.Formatter):
    """Uses the names `timestamp` and `level`, by which Lambda filters lines that are JSON already.

    https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html
    """

    request_id = ""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": "WARN" if record.levelno == logging.WARNING else record.levelname,
            "message": record.getMessage(),
            "requestId": self.request_id,
        }
        line.update(getattr(record, "fields", {}))
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


_formatter = _JsonFormatter()


def set_up() -> None:
    """Send these functions' lines to standard output, from LOG_LEVEL up (INFO if it is no level)."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(_formatter)
    log.handlers[:] = [handler]
    log.propagate = False  # Lambda's own handler would write each line a second time
    name = os.environ.get("LOG_LEVEL", "").upper()
    log.setLevel(_LEVELS.get(name) or logging.getLevelNamesMapping().get(name) or logging.INFO)


def begin(request_id: str) -> None:
    """Name the invocation that the following lines belong to: a container handles one at a time."""
    _formatter.request_id = request_id


def fields(**values: object) -> dict[str, dict[str, object]]:
    """What a line carries beside its message: `log.info("...", extra=fields(status=200))`."""
    return {"fields": values}
