"""Programs forked from an interpreter that has imported what they import: that is most of what they take.

What a fork runs is the same, ``sandbox/engine/guest/program.py``. That it runs in an interpreter of its own,
too, test_guest.py and all tests of the command show.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from sandbox.engine import guest
from tests.sandbox.engine import forked

_GUEST: Final = Path(guest.__file__).parent
_PROGRAM: Final = [sys.executable, "-u", str(_GUEST / "program.py")]


class Forks:
    """The interpreter that is forked; stands in for the module ``subprocess`` where programs are started."""

    PIPE = subprocess.PIPE
    TimeoutExpired = subprocess.TimeoutExpired

    def __init__(self, *modules: str) -> None:
        """Start the interpreter.

        :param modules: what it imports beside the SDK
        """
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._variables = _pythons(os.environ)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-u", forked.__file__, str(_GUEST), *modules],
                stdin=theirs.fileno(),
                env={**os.environ, "GRPC_VERBOSITY": "NONE"},
            )

    def Popen(self, command: list[str], *, cwd: Path, env: Mapping[str, str], **options: Any) -> Any:  # noqa: N802
        """A fork, or another process if that isn't the same."""
        if command != _PROGRAM or _pythons(env) != self._variables:
            return subprocess.Popen(command, cwd=cwd, env=env, **options)
        return Fork(self._control, cwd, env)

    def close(self) -> None:
        self._control.close()
        self._process.wait(30)


class Fork:
    """A started program: as much of ``subprocess.Popen`` as is used of it."""

    def __init__(self, control: socket.socket, directory: Path, environment: Mapping[str, str]) -> None:
        stdin, to_stdin = os.pipe()
        (from_stdout, stdout), (from_stderr, stderr), (from_told, told) = (os.pipe() for _ in range(3))
        request = {"directory": str(directory), "environment": dict(environment)}
        theirs = [stdin, stdout, stderr, told]
        socket.send_fds(control, [json.dumps(request).encode()], theirs)
        for file in theirs:
            os.close(file)
        self.stdin = os.fdopen(to_stdin, "wb")
        self.stdout, self.stderr = os.fdopen(from_stdout, "rb"), os.fdopen(from_stderr, "rb")
        self._told = os.fdopen(from_told)
        self.pid = int(self._told.readline())
        self._code: int | None = None
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self._watcher.start()

    def _watch(self) -> None:
        with self._told:
            self._code = int(self._told.readline())

    def poll(self) -> int | None:
        return self._code

    def wait(self, timeout: float | None = None) -> int:
        self._watcher.join(timeout)
        if self._code is None:
            raise subprocess.TimeoutExpired("the program", timeout or 0.0)
        return self._code


def _pythons(environment: Mapping[str, str]) -> dict[str, str]:
    """What an interpreter looks at when it starts."""
    return {name: value for name, value in environment.items() if name.startswith("PYTHON")}
