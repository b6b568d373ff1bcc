"""The passwords of database users: random, kept in a file of the owner's, the same for the next emulator."""

from __future__ import annotations

import json
import secrets
from pathlib import Path

from sandbox.home import Home
from sandbox.processes import write_private


def password(home: Home, stack: str, database: str) -> str:
    """The password for a database of a stage, made if there is none yet."""
    kept = _read(home)
    return kept.get(_key(stack, database)) or _keep(home, kept, stack, database)


def forget(home: Home, stack: str, database: str) -> None:
    """Let the next :func:`password` be another one."""
    kept = _read(home)
    kept.pop(_key(stack, database), None)
    write_private(_file(home), json.dumps(kept))


def _keep(home: Home, kept: dict[str, str], stack: str, database: str) -> str:
    made = secrets.token_urlsafe(24)
    write_private(_file(home), json.dumps(kept | {_key(stack, database): made}))
    return made


def _key(stack: str, database: str) -> str:
    return f"{stack}/{database}"


def _file(home: Home) -> Path:
    return home.sandbox / "passwords.json"


def _read(home: Home) -> dict[str, str]:
    try:
        content = json.loads(_file(home).read_text())
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
