"""Who holds a stack's lock, and asking them to stop."""

from __future__ import annotations

import fcntl
import json
import signal
import socket
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sandbox.engine.errors import StateError, StateLockedError

if TYPE_CHECKING:
    import psutil


@dataclass(frozen=True, kw_only=True)
class Holder:
    """A run that holds a stack's lock, as it says itself.

    :ivar since: RFC 3339
    :ivar command: its command line
    """

    pid: int
    host: str
    since: str
    command: str
    lock: Path

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host} (`{self.command}`)"

    @classmethod
    def of(cls, lock: Path) -> Holder | None:
        """The run that holds a lock now; ``None`` if none does, for a lock ends with its process.

        :raises StateError: there is one, and it doesn't say who it is
        """
        try:
            with lock.open(encoding="utf-8") as file:
                try:
                    fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
                except OSError:
                    told = json.load(file)
                    return cls(
                        pid=int(told["pid"]),
                        host=str(told["host"]),
                        since=str(told["since"]),
                        command=str(told["command"]),
                        lock=lock,
                    )
                return None
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StateError(f"the lock {lock} can't be read: {error.strerror}") from None
        except (ValueError, KeyError, TypeError):
            raise StateLockedError(
                f"somebody holds {lock} and doesn't say who: wait, and try again"
            ) from None

    def process(self) -> psutil.Process:
        """The process, which was seen to have the lock open.

        :raises StateLockedError: it isn't on this machine, or another process has its number now
        """
        import psutil

        if self.host != socket.gethostname():
            raise StateLockedError(f"{self} is on another machine: cancel it there")
        try:
            process = psutil.Process(self.pid)
            opened = {Path(file.path) for file in process.open_files()}
        except psutil.AccessDenied:
            raise StateLockedError(f"{self} is somebody else's: its owner can stop it") from None
        except psutil.Error:
            opened = set()
        if self.lock.resolve() not in opened:
            raise StateLockedError(f"{self} doesn't have {self.lock} open, so it isn't the one that holds it")
        return process

    def stop(self, *, wait_s: float) -> bool:
        """Ask the process to stop, as Ctrl-C does, and wait until it lets go of the lock.

        :returns: whether it has, in time
        :raises StateLockedError: it can't be asked
        """
        import psutil

        process = self.process()
        try:
            process.send_signal(signal.SIGTERM)
        except psutil.NoSuchProcess:
            return True
        except psutil.AccessDenied:
            raise StateLockedError(f"{self} is somebody else's: its owner can stop it") from None
        end = time.monotonic() + wait_s
        while self._holds():
            if time.monotonic() > end:
                return False
            time.sleep(0.05)
        return True

    def _holds(self) -> bool:
        try:
            return Holder.of(self.lock) == self
        except StateLockedError:  # it has taken its name off already, or another has come
            return False
