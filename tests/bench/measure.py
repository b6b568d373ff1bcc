"""Runs a command several times and says how long it took and what it needed."""

import os
import statistics
import subprocess
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

_LOOK_EVERY_S = 0.1


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """What repeated runs of one case showed.

    ``median_s``, ``best_s`` and ``worst_s`` are seconds of wall clock, ``target_s`` the limit that the
    project set itself for the median (None: no target). ``cpu_s`` is the least processor time of a run,
    which other work on the machine disturbs least (None where it can't be known). ``peaks_mb`` is the largest
    resident set, in MiB, of each process of the command by its name (of the run in which they needed most
    together), ``target_mb`` the limit for all of them together. CPU and memory are of the command and what it
    starts and ends. ``resources``: how many a run handles, where that is what the case is about. ``peer_s``:
    what the peer took beside it (``sdk_alone``; None where there is none).
    """

    name: str
    runs: int
    median_s: float
    best_s: float
    worst_s: float
    cpu_s: float | None = None
    peaks_mb: Mapping[str, float] = field(default_factory=dict)
    target_s: float | None = None
    target_mb: float | None = None
    resources: int | None = None
    peer_s: float | None = None

    @property
    def peak_mb(self) -> float:
        """All processes together, as if each had needed most at the same time."""
        return sum(self.peaks_mb.values())

    @property
    def met(self) -> bool | None:
        """Whether the targets are met; None where there is none."""
        checks = [self.median_s <= self.target_s] if self.target_s is not None else []
        checks += [self.peak_mb <= self.target_mb] if self.target_mb is not None else []
        return all(checks) if checks else None


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run: wall clock and processor seconds, MiB of each of its processes, its standard output."""

    seconds: float
    cpu_s: float
    peaks_mb: Mapping[str, float]
    output: str


def run(command: Sequence[str], *, cwd: Path, env: Mapping[str, str]) -> Run:
    """Run ``command`` once.

    Raises:
        RuntimeError: when the command fails, with what it printed.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        started = time.perf_counter()
        process = subprocess.Popen(command, cwd=cwd, env=dict(env), stdout=out, stderr=errors)
        memory = _Memory(process.pid)
        _, status, usage = os.wait4(process.pid, 0)
        elapsed = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        output, told = (_text(file) for file in (out, errors))
        if process.returncode != 0:
            raise RuntimeError(f"{' '.join(command)} exited with {process.returncode}:\n{output}{told}")
    return Run(
        seconds=elapsed, cpu_s=usage.ru_utime + usage.ru_stime, peaks_mb=memory.peaks_mb(), output=output
    )


class _Memory:
    """Looks at the memory of a process and of those that it has started, ten times a second.

    The kernel keeps each one's largest resident set, so what a look can miss is the growth of the last tenth
    of a second. (The resource usage that ``wait4`` gives counts the parent's memory at the fork as well.)
    """

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._found: dict[int, tuple[str, float]] = {}
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while self._look():
            time.sleep(_LOOK_EVERY_S)

    def _look(self) -> bool:
        for pid in _family(self._pid):
            with suppress(OSError, ValueError, StopIteration):
                self._found[pid] = (_name(pid), _largest_mb(pid))
        return Path(f"/proc/{self._pid}").exists()

    def peaks_mb(self) -> dict[str, float]:
        """The largest resident set of each process; those of the same name together."""
        self._thread.join()
        peaks: Counter[str] = Counter()
        for name, mb in self._found.values():
            peaks[name] += mb  # type: ignore[assignment]  # counters count in floats as well
        return dict(peaks)


def _family(pid: int) -> Iterator[int]:
    """A process, and all that it has started and that hasn't ended."""
    yield pid
    with suppress(OSError):
        for children in Path(f"/proc/{pid}/task").glob("*/children"):
            for child in children.read_text().split():
                yield from _family(int(child))


def _name(pid: int) -> str:
    """The script that an interpreter runs, or else the executable."""
    executable, *arguments = Path(f"/proc/{pid}/cmdline").read_text().rstrip("\0").split("\0")
    return Path(next((each for each in arguments if not each.startswith("-")), executable)).stem


def _largest_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM:")).split()[1]) / 1024


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
    target_mb: float | None = None,
    resources: int | None = None,
    peer_s: float | None = None,
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
        peaks_mb=largest(found),
        target_s=target_s,
        target_mb=target_mb,
        resources=resources,
        peer_s=peer_s,
    )


def largest(runs: Iterable[Run]) -> Mapping[str, float]:
    """The memory of the run that needed most."""
    return max((each.peaks_mb for each in runs), key=lambda peaks: sum(peaks.values()))


def of(
    name: str,
    seconds: Sequence[float],
    *,
    cpu_s: float | None = None,
    peaks_mb: Mapping[str, float] | None = None,
    target_s: float | None = None,
    target_mb: float | None = None,
    resources: int | None = None,
    peer_s: float | None = None,
) -> Measurement:
    """Sum up the seconds of several runs."""
    return Measurement(
        name=name,
        runs=len(seconds),
        median_s=statistics.median(seconds),
        best_s=min(seconds),
        worst_s=max(seconds),
        cpu_s=cpu_s,
        peaks_mb=peaks_mb or {},
        target_s=target_s,
        target_mb=target_mb,
        resources=resources,
        peer_s=peer_s,
    )
