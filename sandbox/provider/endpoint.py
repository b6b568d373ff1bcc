"""Where the embedded AWS is."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """The embedded AWS and the credentials to call it with.

    :ivar url: ``http://127.0.0.1:PORT``
    :raises ValueError: the address isn't on this machine's loopback, or isn't plain HTTP
    """

    url: str
    access_key_id: str = "test"
    secret_access_key: str = field(default="test", repr=False)

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme != "http" or parts.hostname not in _LOOPBACK:
            raise ValueError(
                "the sandbox's provider talks to the embedded AWS on this machine only: "
                f"{self.url!r} is refused; allowed: http://127.0.0.1:PORT"
            )
