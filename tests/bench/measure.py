"""Runs a command several times and says how long it took and what it needed."""

import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """What repeated runs of one case showed.

    ``median_s``, ``best_s`` and ``worst_s`` are seconds of wall clock, ``target_s`` the limit that the
    project set itself for the median (None: no target). ``cpu_s`` is the least processor time of a run,
    which other work on the machine disturbs least, and ``peak_mb`` the largest resident set of one process
    in MiB; both are of the command and what it starts and ends, None where they can't be known.
    """

    name: str
    runs: int
    median_s: float
    best_s: float
    worst_s: float
    cpu_s: float | None = None
    peak_mb: float | None = None
    target_s: float | None = None

    @property
    def met(self) -> bool | None:
        """Whether the median is within the target; None where there is none."""
        return None if self.target_s is None else self.median_s <= self.target_s


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run: wall clock and processor seconds, MiB of its largest process, its standard output."""

    seconds: float
    cpu_s: float
    peak_mb: float
    output: str


def run(command: Sequence[str], *, cwd: Path, env: Mapping[str, str]) -> Run:
    """Run ``command`` once.

    Raises:
        RuntimeError: when the command fails, with what it printed.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        started = time.perf_counter()
        process = subprocess.Popen(command, cwd=cwd, env=dict(env), stdout=out, stderr=errors)
        _, status, usage = os.wait4(process.pid, 0)
        elapsed = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        output, told = (_text(file) for file in (out, errors))
        if process.returncode != 0:
            raise RuntimeError(f"{' '.join(command)} exited with {process.returncode}:\n{output}{told}")
    return Run(
        seconds=elapsed,
        cpu_s=usage.ru_utime + usage.ru_stime,
        peak_mb=usage.ru_maxrss / 1024,
        output=output,
    )


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode(errors="replace")


def measure(
    name: str,
    command: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    runs: int,
    target_s: float | None = None,
    before_each: Callable[[], object] = lambda: None,
) -> Measurement:
    """Run ``command`` once for the caches, then ``runs`` times, each after ``before_each`` (not measured)."""
    found = []
    for _ in range(1 + runs):
        before_each()
        found.append(run(command, cwd=cwd, env=env))
    del found[0]
    return of(
        name,
        [each.seconds for each in found],
        cpu_s=min(each.cpu_s for each in found),
        peak_mb=max(each.peak_mb for each in found),
        target_s=target_s,
    )


def of(
    name: str,
    seconds: Sequence[float],
    *,
    cpu_s: float | None = None,
    peak_mb: float | None = None,
    target_s: float | None = None,
) -> Measurement:
    """Sum up the seconds of several runs."""
    return Measurement(
        name=name,
        runs=len(seconds),
        median_s=statistics.median(seconds),
        best_s=min(seconds),
        worst_s=max(seconds),
        cpu_s=cpu_s,
        peak_mb=peak_mb,
        target_s=target_s,
    )
