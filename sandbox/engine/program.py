"""The user's program: a process of its own, run as Pulumi's Python language host runs it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, Final

from .project import Project

_RUNNER: Final = Path(__file__).with_name("guest") / "program.py"
_LAST_LINES_TIMEOUT_S: Final = 1.0
_SHOWN_ERROR: Final = 32
"""The program's exit code when its error was shown already (as the language host has it)."""


class Program:
    """A started interpreter that imports the SDK and waits to be told what to run."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self._process = subprocess.Popen(
            [str(project.interpreter), "-u", str(_RUNNER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=project.working_directory,
            env=_environment(project),
            start_new_session=True,  # Ctrl-C is for the engine, which ends the program when it is done
        )
        self._readers: list[threading.Thread] = []
        self._closed = False

    @classmethod
    def start(cls, directory: Path) -> Program:
        """Start the interpreter of the project in ``directory`` and return at once.

        Do this first: its imports then run while the engine is prepared.

        :raises ProjectError: as ``Project.load``
        """
        return cls(Project.load(directory))

    def run(self, request: Mapping[str, Any], on_line: Callable[[str, str], None]) -> None:
        """Tell it what to run.

        :param request: see ``guest/program.py``
        :param on_line: called with ``stdout`` or ``stderr`` and each line that the program writes
        """
        for name, stream in (("stdout", self._process.stdout), ("stderr", self._process.stderr)):
            assert stream is not None  # noqa: S101 - they are pipes
            reader = threading.Thread(target=self._read, args=(stream, name, on_line), daemon=True)
            reader.start()
            self._readers.append(reader)
        assert self._process.stdin is not None  # noqa: S101 - it is a pipe
        with suppress(BrokenPipeError):  # it is gone already; wait() tells how
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
            self._process.stdin.flush()  # and stays open: the program ends when we do

    def wait(self) -> str | None:
        """Wait for its end.

        :returns: ``None`` if it ended well or has shown its error, else what to say about its end
        """
        code = self._process.wait()
        self._read_out()
        if code == 0 or code == _SHOWN_ERROR:
            return None
        if code < 0:
            return f"program was ended by signal {signal.Signals(-code).name}"
        return f"program exited with non-zero exit code: {code}"

    @property
    def failed(self) -> bool:
        """Whether it has ended with an error."""
        return self._process.poll() not in (None, 0)

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    def close(self) -> None:
        """End it if it still runs, politely at first. May be called more than once."""
        if not self._readers:  # it was never told to run: it waits for that
            self._close_input()
        for sign, patience_s in ((signal.SIGINT, 2.0), (signal.SIGKILL, 10.0)):
            if self._process.poll() is not None:
                break
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, sign)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(patience_s)
        self._close_input()
        self._read_out()
        self._closed = True
        for stream in (self._process.stdout, self._process.stderr):
            if stream and not self._readers:
                stream.close()

    def _read_out(self) -> None:
        """Read what it has written; a process that it leaves behind may hold its output open for ever."""
        end = time.monotonic() + _LAST_LINES_TIMEOUT_S
        for reader in self._readers:
            reader.join(max(end - time.monotonic(), 0.0))

    def _read(self, stream: IO[bytes], name: str, on_line: Callable[[str, str], None]) -> None:
        with stream:
            for line in stream:
                text = line.decode(errors="replace").rstrip("\r\n")
                if text and not self._closed:
                    on_line(name, text)

    def _close_input(self) -> None:
        if self._process.stdin and not self._process.stdin.closed:
            with suppress(BrokenPipeError):
                self._process.stdin.close()


def _environment(project: Project) -> dict[str, str]:
    environment = dict(os.environ)
    if project.virtualenv:
        environment.pop("PYTHONHOME", None)
        environment["VIRTUAL_ENV"] = str(project.virtualenv)
        environment["PATH"] = f"{project.interpreter.parent}{os.pathsep}{environment.get('PATH', '')}"
    environment["GRPC_VERBOSITY"] = environment.get("GRPC_VERBOSITY", "NONE")
    return environment
