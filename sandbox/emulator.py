"""Starts, finds and stops the embedded AWS (ministack): on loopback, its environment built from nothing."""

from __future__ import annotations

import json
import secrets
import shutil
import subprocess
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from .errors import NotRunningError, SandboxError
from .home import FLEET_ROOT, Home
from .processes import LOOPBACK, Record, free_port, locked, record, spawn, wait_ended, wait_until
from .provider.endpoint import Endpoint

ACCOUNT = "000000000000"
"""The emulator's account: the only one that the sandbox deploys to."""
INTERPRETER = FLEET_ROOT / ".fleet" / "emulator" / "bin" / "python"
_MAIN = Path(__file__).with_name("embedded_aws.py")
_START_TIMEOUT_S = 60.0
_HEALTH_TIMEOUT_S = 5.0
_STOP_GRACE_S = 0.5
"""It has nothing to save, and would wait long for idle connections."""


@dataclass(frozen=True, kw_only=True)
class Emulator:
    """A running embedded AWS.

    :ivar instance: random name of this start; the emulator's state is in memory and lasts as long as it
    :ivar version: ministack's
    """

    pid: int
    port: int
    instance: str
    version: str

    @property
    def endpoint(self) -> Endpoint:
        """Where it is, with its root credentials."""
        return Endpoint(url=f"http://{LOOPBACK}:{self.port}")


def find(home: Home) -> Emulator | None:
    """The emulator of this home if it runs (by its process; a start waits for its first answer)."""
    found = Record.read(_record_file(home))
    if found is None or not found.alive:
        return None
    return _emulator(found)


def require(home: Home) -> Emulator:
    """The running emulator.

    :raises NotRunningError: it doesn't run
    """
    found = find(home)
    if found is None:
        raise NotRunningError(
            "the embedded AWS isn't running, and what it held is gone; `fleet up --stack local` starts it"
        )
    return found


def ensure(home: Home) -> Emulator:
    """The running emulator, started if there is none (or if the one there no longer answers).

    :raises SandboxError: it isn't installed, or doesn't start
    """
    with locked(home.sandbox / "emulator.lock"):
        found = find(home)
        if found is not None and _health(found.port, found.instance) is not None:
            return found
        _stop(home)
        return _start(home)


def stop(home: Home) -> bool:
    """Stop the emulator and every function's worker; ``False`` if it didn't run."""
    if not _record_file(home).exists():
        return False
    with locked(home.sandbox / "emulator.lock"):
        return _stop(home)


def log_file(home: Home) -> Path:
    """What the emulator writes while it runs."""
    return home.sandbox / "emulator.log"


def _record_file(home: Home) -> Path:
    return home.sandbox / "emulator.json"


def _work_dir(home: Home) -> Path:
    """HOME, TMPDIR and PATH of the emulator and so of the functions; emptied at every start and stop."""
    return home.sandbox / "emulator"


def _emulator(found: Record) -> Emulator:
    facts = found.facts
    return Emulator(pid=found.pid, port=facts["port"], instance=facts["instance"], version=facts["version"])


def _start(home: Home) -> Emulator:
    if not INTERPRETER.exists():
        raise SandboxError(f"the embedded AWS isn't installed ({INTERPRETER} is missing); run `make setup`")
    work = _work_dir(home)
    for folder in ("home", "tmp", "bin"):
        (work / folder).mkdir(parents=True, exist_ok=True)
    _link_node(work / "bin")
    port, instance, log = free_port(), secrets.token_hex(8), log_file(home)
    process = spawn(
        [str(INTERPRETER), "-I", str(_MAIN)],
        env=environment(work, port, instance),
        cwd=work / "home",
        log=log,
    )
    # Recorded before it is ready: a start that is cut off here leaves nothing that `fleet down` can't find.
    remember = partial(record, _record_file(home), process.pid, port=port, instance=instance)
    remember(version="")
    wait_until(
        lambda: _health(port, instance) is not None,
        process,
        what="the embedded AWS",
        log=log,
        timeout_s=_START_TIMEOUT_S,
    )
    return _emulator(remember(version=_health(port, instance) or ""))


def environment(work: Path, port: int, instance: str) -> dict[str, str]:
    """The whole environment of the emulator. Functions inherit it: nothing of the user's is in it.

    Variables that hold an address or a folder are set even where a feature is off, since ministack's defaults
    are every interface and ``/tmp``.
    """
    return {
        "PATH": str(work / "bin"),
        "HOME": str(work / "home"),
        "TMPDIR": str(work / "tmp"),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "PYTHONDONTWRITEBYTECODE": "1",
        "AUTH": "true",
        "BIND_HOST": LOOPBACK,
        "GATEWAY_PORT": str(port),
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "MINISTACK_EDITION": instance,  # told back by the health call: it is our emulator that answers
        "IOT_MTLS_ENABLED": "0",  # else a broker on every interface
        "SFTP_ENABLED": "0",
        "PERSIST_STATE": "0",
        "STATE_DIR": str(work / "tmp" / "state"),
        "S3_DATA_DIR": str(work / "tmp" / "s3"),
        "DOCKER_HOST": f"unix://{work}/no-container-engine",  # functions run as processes
        "LOG_LEVEL": "INFO",
    }


def _link_node(folder: Path) -> None:
    """Put the machine's Node, and nothing else, on the functions' PATH."""
    link = folder / "node"
    link.unlink(missing_ok=True)
    node = shutil.which("node")
    if node is not None:
        # Asked for its path, since what `which` finds may be a version manager's shim.
        asked = subprocess.run(
            [node, "-p", "process.execPath"], capture_output=True, text=True, check=False, timeout=30
        )
        if asked.returncode == 0:
            link.symlink_to(asked.stdout.strip())


def _stop(home: Home) -> bool:
    found = Record.read(_record_file(home))
    ended = found is not None and found.stop(grace_s=_STOP_GRACE_S)
    if found is not None and not ended:
        _end_orphans(_work_dir(home))
    _record_file(home).unlink(missing_ok=True)
    shutil.rmtree(_work_dir(home), ignore_errors=True)
    return ended


def _end_orphans(work: Path) -> None:
    """End the workers of a killed emulator: one with a connection open (Node's) goes on without it.

    No longer anybody's children, they are known by their folder, which nothing else of this machine uses.
    """
    import psutil

    orphans = []
    for process in psutil.process_iter():
        try:
            if Path(process.cwd()).is_relative_to(work):
                process.kill()
                orphans.append(process)
        except psutil.Error:
            continue
    wait_ended(orphans, _STOP_GRACE_S)


def _health(port: int, instance: str) -> str | None:
    """The version of the emulator on this port, or ``None`` if it isn't ours or doesn't answer."""
    import http.client  # not at the top: a preview that needs no emulator shouldn't pay for it

    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=_HEALTH_TIMEOUT_S)
    try:
        connection.request("GET", "/_ministack/health")
        answer = json.loads(connection.getresponse().read())
    except (OSError, ValueError, http.client.HTTPException):
        return None
    finally:
        connection.close()
    return str(answer.get("version")) if answer.get("edition") == instance else None
