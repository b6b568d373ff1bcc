"""A day's records from where the configuration says they are."""

from __future__ import annotations

import json
from typing import Any

import urllib3

_TIMEOUT = urllib3.Timeout(connect=5, read=30)
_MOST_BYTES = 64 * 1024 * 1024
_http = urllib3.PoolManager(timeout=_TIMEOUT, retries=urllib3.Retry(2, backoff_factor=0.5))


class SourceError(Exception):
    """The source gave no records. Not the caller's mistake: it is tried again."""


def fetch(source_url: str | None, date: str) -> list[Any]:
    """Get a JSON list over https; `{date}` in the URL stands for the day.

    Raises SourceError for any other answer.
    """
    url = (source_url or "").replace("{date}", date)
    if not url.startswith("https://"):
        raise SourceError("SOURCE_URL isn't an https URL")
    answer = _http.request("GET", url, headers={"accept": "application/json"}, preload_content=False)
    try:
        content = answer.read(_MOST_BYTES + 1)
    finally:
        answer.release_conn()
    if answer.status != 200:
        raise SourceError(f"the source answered {answer.status} for {date}")
    if len(content) > _MOST_BYTES:
        raise SourceError(f"the source's answer for {date} is over {_MOST_BYTES} bytes")
    try:
        records = json.loads(content)
    except ValueError:
        raise SourceError(f"the source's answer for {date} isn't JSON") from None
    if not isinstance(records, list):
        raise SourceError(f"the source's answer for {date} isn't a list")
    return records
