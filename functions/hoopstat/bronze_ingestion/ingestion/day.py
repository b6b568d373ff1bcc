"""A day's records, sorted into good ones and bad ones, as bytes that depend on nothing else."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Day:
    """What is kept of a day. records, rejected: JSON lines in a fixed order, each once."""

    dataset: str
    date: str
    records: tuple[str, ...]
    rejected: tuple[str, ...]
    duplicates: int

    @property
    def content(self) -> bytes:
        """The good records, gzipped."""
        return _gzipped(self.records)

    @property
    def rejected_content(self) -> bytes:
        """The bad ones with the reason for each, gzipped."""
        return _gzipped(self.rejected)


def parse(dataset: str, date: str, records: Iterable[Any]) -> Day:
    """Tell good records from bad ones. The order in which they come makes no difference."""
    good: set[str] = set()
    bad: set[str] = set()
    count = 0
    for record in records:
        count += 1
        reason = _fault(record, date)
        if reason is None:
            good.add(_line(record))
        else:
            bad.add(_line({"reason": reason, "record": record}))
    return Day(
        dataset=dataset,
        date=date,
        records=tuple(sorted(good)),
        rejected=tuple(sorted(bad)),
        duplicates=count - len(good) - len(bad),
    )


def _fault(record: Any, date: str) -> str | None:
    if not isinstance(record, dict):
        return "not an object"
    game = record.get("game_id")
    if isinstance(game, bool) or not isinstance(game, str | int) or game == "":
        return "game_id is missing, or neither text nor a number"
    if record.get("date", date) != date:
        return "of another date"
    try:
        json.dumps(record, allow_nan=False)
    except ValueError:
        return "a number that JSON does not know"
    return None


def _line(record: Any) -> str:
    return json.dumps(record, sort_keys=True, separators=(",", ":"))


def _gzipped(lines: Iterable[str]) -> bytes:
    # Without the time of day: the same records give the same bytes.
    return gzip.compress("".join(f"{line}\n" for line in lines).encode(), mtime=0)
