"""Runs a command several times and says how long it took and how much memory its largest process held."""

import os
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """What repeated runs of one case showed.

    ``median_s`` and ``worst_s`` are seconds of wall clock, ``peak_mb`` the largest resident set of one
    process of the run in MiB, ``target_s`` the limit that the project set itself (None: no target).
    """

    name: str
    runs: int
    median_s: float
    worst_s: float
    peak_mb: float
    target_s: float | None = None

    @property
    def met(self) -> bool | None:
        """Whether the median is within the target; None where there is none."""
        return None if self.target_s is None else self.median_s <= self.target_s


def run(command: Sequence[str], *, cwd: Path, env: Mapping[str, str]) -> tuple[float, float]:
    """Run ``command`` once; seconds of wall clock and MiB of its largest process.

    Raises:
        RuntimeError: when the command fails, with what it printed.
    """
    with (cwd / ".fleet" / "bench.log").open("w+b") as log:
        started = time.perf_counter()
        process = subprocess.Popen(command, cwd=cwd, env=dict(env), stdout=log, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
        elapsed = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            log.seek(0)
            printed = log.read().decode(errors="replace")
            raise RuntimeError(f"{' '.join(command)} exited with {process.returncode}:\n{printed}")
    return elapsed, usage.ru_maxrss / 1024


def measure(
    name: str,
    command: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    runs: int,
    target_s: float | None = None,
    before_each: Callable[[], None] = lambda: None,
) -> Measurement:
    """Run ``command`` ``runs`` times, each after ``before_each`` (which isn't measured)."""
    seconds, megabytes = [], []
    for _ in range(runs):
        before_each()
        elapsed, peak = run(command, cwd=cwd, env=env)
        seconds.append(elapsed)
        megabytes.append(peak)
    return Measurement(
        name=name,
        runs=runs,
        median_s=statistics.median(seconds),
        worst_s=max(seconds),
        peak_mb=max(megabytes),
        target_s=target_s,
    )
