"""The id by which what exists is imported, or looked up with ``get``: of the form that its type says."""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from .errors import ProviderError
from .resource import ResourceType

_PIECE: Final = re.compile(r"<\w+>|[\[\]]|[^<\[\]]+")
_ELSEWHERE: Final = re.compile(r"(?P<id>.+)@(?P<region>[a-z]{2}(?:-[a-z]+)+-\d{1,2})")


def place(kind: ResourceType, given: str) -> tuple[str, str]:
    """The id alone, and the region that may be said after it (``<id>@eu-west-1``); empty: the provider's.

    :raises ProviderError: it hasn't the parts of the type's ids
    """
    elsewhere = _ELSEWHERE.fullmatch(given) if kind.regional else None
    alone, region = (elsewhere["id"], elsewhere["region"]) if elsewhere else (given, "")
    form = kind.imported_by()
    if not _pattern(form).fullmatch(alone):
        raise ProviderError(f'"{alone}" isn\'t an id of it; it is imported by {form}')
    return alone, region


@cache
def _pattern(form: str) -> re.Pattern[str]:
    """What fits a form: ``<part>`` is anything, without what separates it from the next one."""
    pieces = _PIECE.findall(form)
    found = ""
    for piece, following in zip(pieces, [*pieces[1:], ""], strict=True):
        if piece.startswith("<"):
            found += f"[^{re.escape(following[0])}]+" if following and following[0] not in "[]" else ".+"
        else:
            found += {"[": "(?:", "]": ")?"}.get(piece, re.escape(piece))
    return re.compile(found)
