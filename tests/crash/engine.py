"""Runs of the engine in processes of their own, which can be killed.

They are forked from a process that has imported everything already and has derived the key of the secrets, so
one costs hardly more than what it does.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import wait
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Final

import grpc  # noqa: F401 - imported for all that are forked
from botocore import session as _session  # noqa: F401

from sandbox.engine import (  # noqa: F401
    Kind,
    Project,
    StackConfig,
    StateStore,
    Update,
    analyzer,
    deployment,
    in_process,
    monitor,
    run,
)
from sandbox.engine.secrets import Crypter
from sandbox.protos import engine_pb2_grpc, resource_pb2_grpc  # noqa: F401
from sandbox.provider import Endpoint, servicer, table

PASSPHRASE: Final = "crash test"
SALT: Final = "CRASH_TEST_SALT"
_LONGEST_S: Final = 120.0

context = multiprocessing.get_context("forkserver")
context.set_forkserver_preload(["tests.crash.engine"])

table.warm()
if SALT in os.environ:
    Crypter.open(PASSPHRASE, os.environ[SALT])


@dataclass(frozen=True, kw_only=True)
class Lab:
    """A project, the folder of its state, and where AWS is."""

    root: Path
    home: Path
    endpoint: Endpoint

    def store(self) -> StateStore:
        project = Project.load(self.root)
        return StateStore(project, "dev", home=self.home, salt=StackConfig.load(project, "dev").salt)

    @property
    def journal(self) -> Path:
        return self.home / "stacks" / "dev.journal"

    @property
    def said(self) -> Path:
        return self.root / "said.txt"

    def start(self, kind: str) -> ForkServerProcess:
        process = context.Process(target=_run, args=(self, kind))
        process.start()
        return process

    def finish(self, process: ForkServerProcess) -> int:
        """The exit code, negative for the signal that has ended it."""
        process.join(_LONGEST_S)
        code = process.exitcode
        if code is None:
            process.kill()
            process.join()
            raise AssertionError(f"it doesn't end:\n{self.said.read_text()}")
        return code


def _run(lab: Lab, kind: str) -> None:
    said = os.open(lab.said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(said, 1)
    os.dup2(said, 2)
    sys.stdout, sys.stderr = os.fdopen(1, "w", 1), os.fdopen(2, "w", 1)
    os.environ["PULUMI_CONFIG_PASSPHRASE"] = PASSPHRASE
    project = Project.load(lab.root)
    result = run(
        Update(
            kind=Kind(kind),
            project=project,
            config=StackConfig.load(project, "dev"),
            state=lab.store(),
        ),
        providers=lambda package, version: in_process(servicer(lab.endpoint, directory=lab.root)),
    )
    for diagnostic in result.diagnostics:
        print(diagnostic.severity, diagnostic.urn, diagnostic.message)  # noqa: T201
    sys.stdout.flush()
    os._exit(result.exit_code)


def kill(process: ForkServerProcess) -> None:
    """End it as ``kill -9`` does, and wait until it has ended."""
    assert process.pid is not None
    with suppress(ProcessLookupError):  # it has ended by itself
        os.kill(process.pid, signal.SIGKILL)
    wait([process.sentinel], 10)  # one thread may join it


class Watch:
    """Calls ``strike`` as soon as the journal has a number of lines, synced or not."""

    def __init__(self, journal: Path, lines: int, strike: Callable[[], None]) -> None:
        self._journal, self._lines, self._strike = journal, lines, strike
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self._thread.start()

    def _look(self) -> None:
        seen = -1
        while not self._ended.is_set():
            try:
                size = self._journal.stat().st_size
                if size != seen:
                    seen = size
                    if self._journal.read_bytes().count(b"\n") >= self._lines:
                        self._strike()
                        return
            except FileNotFoundError:
                seen = -1
            time.sleep(0.0003)

    def end(self) -> None:
        self._ended.set()
        self._thread.join()
