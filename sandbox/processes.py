"""Processes that outlive the command that started them: recorded in a file, found again, stopped by id."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import SandboxError

if TYPE_CHECKING:
    import psutil

LOOPBACK = "127.0.0.1"
_SAME_START_S = 2.0
"""The start time that the kernel tells moves a little when the clock is set."""


@dataclass(frozen=True, kw_only=True)
class Record:
    """A started process.

    :ivar started: its start time (seconds since 1970): a later process with the same id isn't it
    :ivar facts: what else its owner wants to know again, e.g. the port
    """

    pid: int
    started: float
    facts: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> Record | None:
        """The recorded process, or ``None`` if there is no (readable) record."""
        try:
            return cls(**json.loads(path.read_text()))
        except (OSError, ValueError, TypeError):
            return None

    @property
    def alive(self) -> bool:
        """Whether this very process runs."""
        return self._process() is not None

    def _process(self) -> psutil.Process | None:
        import psutil

        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.started) < _SAME_START_S
            return process if same and process.status() != psutil.STATUS_ZOMBIE else None
        except psutil.Error:
            return None

    def stop(self, *, ask: signal.Signals = signal.SIGTERM, grace_s: float = 5.0) -> bool:
        """Ask the process to end, then make it and all its descendants; ``False`` if it was gone already."""
        import psutil

        process = self._process()
        if process is None:
            return False
        family = [process]
        with suppress(psutil.Error):
            family += process.children(recursive=True)
        with suppress(psutil.Error):
            process.send_signal(ask)
        if not wait_ended(family, grace_s):
            for member in family:
                with suppress(psutil.Error):
                    member.kill()
            wait_ended(family, grace_s)
        return True


def wait_ended(processes: Sequence[psutil.Process], timeout_s: float) -> bool:
    """Wait until all have ended; a zombie has, though it may be long until somebody reaps it."""
    end, pause = time.monotonic() + timeout_s, 0.005
    while not all(map(_ended, processes)):
        if time.monotonic() > end:
            return False
        time.sleep(pause)
        pause = min(pause * 1.5, 0.1)
    return True


def _ended(process: psutil.Process) -> bool:
    import psutil

    try:
        process.wait(0)  # reaps it, if it is our child
    except psutil.TimeoutExpired:
        with suppress(psutil.NoSuchProcess):
            # With a thread left that hasn't ended yet, its parent would still take it for running.
            return bool(process.status() == psutil.STATUS_ZOMBIE and process.num_threads() == 1)
    return True


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    draft.replace(path)


def sync_folder(folder: Path) -> None:
    """Return when the names in a folder are on disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def record(path: Path, pid: int, **facts: Any) -> Record:
    """Write down a process that runs now."""
    import psutil

    made = Record(pid=pid, started=psutil.Process(pid).create_time(), facts=facts)
    write_private(path, json.dumps(asdict(made), indent=1) + "\n")
    return made


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Let one process at a time through; the others wait. The lock goes when its holder does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        # Closing the file isn't enough to unlock: a child forked in between could hold the description open.
        fcntl.flock(file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(file, fcntl.LOCK_UN)


def spawn(
    command: Sequence[str], *, env: Mapping[str, str], cwd: Path, log: Path, mode: str = "wb"
) -> subprocess.Popen[bytes]:
    """Start a process in a session of its own (no terminal, no Ctrl-C of ours), its output in a file."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open(mode) as output:
        return subprocess.Popen(
            command,
            env=dict(env),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def wait_until(
    ready: Callable[[], bool], process: subprocess.Popen[bytes], *, what: str, log: Path, timeout_s: float
) -> None:
    """Wait until a started process is ready, then let go of it: it outlives us.

    :raises SandboxError: it ended or isn't ready in time; the text has the end of its log
    """
    end, pause = time.monotonic() + timeout_s, 0.02
    while not ready():
        code = process.poll()
        if code is not None or time.monotonic() > end:
            found = f"ended with exit code {code}"
            if code is None:
                process.kill()
                process.wait()
                found = f"wasn't ready within {timeout_s:g} s"
            raise SandboxError(f"{what} {found}. The end of its log ({log}):\n{tail(log)}")
        time.sleep(pause)
        pause = min(pause * 1.3, 0.2)
    process.returncode = 0  # else Popen warns that we leave a running child behind, which is what we want


def tail(log: Path, lines: int = 15) -> str:
    """The last lines of a log, indented."""
    try:
        text = log.read_text(errors="replace").splitlines()[-lines:]
    except OSError:
        text = []
    return "\n".join(f"  {line}" for line in text) or "  (empty)"


def free_port(preferred: int | None = None) -> int:
    """A port of 127.0.0.1 that nobody listens on: the preferred one if it is free."""
    for wanted in (preferred, 0):
        if wanted is None:
            continue
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((LOOPBACK, wanted))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise SandboxError(f"no free port on {LOOPBACK}")
