"""`make bench`: the targets that the project set itself, measured.

Run in a sandbox of its own, which is removed afterwards. `--json` prints the figures for machines,
`--runs N` changes how often each case runs, `--large` adds previews of 10,000 resources, `--only GROUP`
leaves the other groups of cases out. What runs a program whole is compared with the SDK alone, in the same
minutes: times ours over times its. Exits with 1 when a target is missed: a median counts, on whatever
machine, so run it where nothing else runs; the load is printed beside the figures.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.e2e.sandbox import project_of

from .imports import import_time
from .measure import Measurement, measure, of, run
from .policies import policy_cases
from .scale import scale_cases
from .sdk_alone import sdk_alone

ROOT = Path(__file__).resolve().parents[2]
FLEET = str(ROOT / ".venv" / "bin" / "fleet")
UP = [FLEET, "up", "--stack", "local", "--yes"]
TRY = [FLEET, "try", "--stack", "local"]
DESTROY = [FLEET, "destroy", "--stack", "local", "--yes"]


@contextmanager
def _sandbox() -> Iterator[dict[str, str]]:
    with tempfile.TemporaryDirectory(prefix="fleet-bench-") as home:
        env = {**os.environ, "FLEET_HOME": home}
        env.pop("PYTHONDONTWRITEBYTECODE", None)  # users have our modules compiled after the first run
        try:
            yield env
        finally:
            run([FLEET, "down"], cwd=ROOT, env=env)


def _typerush_cases(env: dict[str, str], runs: int) -> Iterator[Measurement]:
    """TypeRush alone, in a project whose stages have no other system."""
    with tempfile.TemporaryDirectory(prefix="fleet-bench-") as folder:
        project = project_of("typerush", Path(folder) / "project")
        yield measure(
            f"TypeRush, preview dev: {_resources('dev', project, env)} resources",
            [FLEET, "preview", "--stack", "dev"],
            cwd=project,
            env=env,
            runs=runs,
            target_s=1.0,
            peer_s=sdk_alone(project, "dev", env, runs),
        )
        run(UP, cwd=project, env=env)
        yield measure(
            "TypeRush, up on a running emulator",
            UP,
            cwd=project,
            env=env,
            runs=runs,
            target_s=5.0,
            before_each=lambda: run(DESTROY, cwd=project, env=env),
        )
        yield measure("TypeRush, up with nothing to do", UP, cwd=project, env=env, runs=runs, target_s=1.5)
        run([FLEET, "down"], cwd=project, env=env)


def _cases(env: dict[str, str], runs: int) -> Iterator[Measurement]:
    """All five systems."""
    for stage, target_s in (("dev", None), ("prod", 2.5)):
        yield measure(
            f"all systems, preview {stage}: {_resources(stage, ROOT, env)} resources",
            [FLEET, "preview", "--stack", stage],
            cwd=ROOT,
            env=env,
            runs=runs,
            target_s=target_s,
            peer_s=sdk_alone(ROOT, stage, env, min(runs, 3)),
        )
    yield of(
        f"all systems, make up from nothing: {_resources('local', ROOT, env)} resources",
        [_from_nothing(env) for _ in range(min(runs, 3))],
        target_s=60.0,
    )
    yield measure("all systems, up with nothing to do", UP, cwd=ROOT, env=env, runs=runs)
    yield from _calls(env, runs)


def _resources(stage: str, project: Path, env: dict[str, str]) -> int:
    previewed = json.loads(run([FLEET, "preview", "--stack", stage, "--json"], cwd=project, env=env).output)
    return sum(previewed["changeSummary"].values())


def _from_nothing(env: dict[str, str]) -> float:
    """What `make up` does after set-up: nothing runs and nothing is known before."""
    run([FLEET, "down"], cwd=ROOT, env=env)
    shutil.rmtree(env["FLEET_HOME"])
    return sum(run(command, cwd=ROOT, env=env).seconds for command in (UP, TRY))


def _calls(env: dict[str, str], runs: int) -> Iterator[Measurement]:
    """Calls of each function in the sandbox: its environment ended before, and again."""
    answers = [json.loads(run([*TRY, "--json"], cwd=ROOT, env=env).output) for _ in range(runs)]
    for rows in zip(*answers, strict=True):
        name = rows[0]["function"]
        if not all(row["ok"] for row in rows):
            raise RuntimeError(f"{name} doesn't answer: {rows}")
        yield of(f"{name}, cold start", [row["coldSeconds"] for row in rows])
        yield of(f"{name}, warm", [row["warmSeconds"] for row in rows])


def main() -> int:
    """Measure, print, and say by the exit code whether every target was met."""
    groups: dict[str, Callable[[dict[str, str], int], Iterator[Measurement]]] = {
        "typerush": _typerush_cases,
        "systems": _cases,
        "policies": policy_cases,
        "scale": lambda env, runs: scale_cases(env, runs, large=options.large),
    }
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="how often each case runs (default: 5)")
    parser.add_argument("--large", action="store_true", help="also preview 10,000 resources")
    parser.add_argument("--only", choices=[*groups, "imports"], help="one group of cases (default: all)")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    options = parser.parse_args()

    progress = Console(stderr=True)
    load = os.getloadavg()[0]
    measurements = []
    with _sandbox() as env:
        for name, cases in groups.items():
            for measurement in cases(env, options.runs) if options.only in (None, name) else ():
                progress.print(f"{measurement.name}: {measurement.median_s:.2f} s")
                measurements.append(measurement)
    costliest: list[tuple[str, float]] = []
    if options.only in (None, "imports"):
        imports, costliest = import_time(options.runs)
        measurements.append(of("text-service, import of its package", imports))

    if options.json:
        figures = {
            "load_before": load,
            "processors": os.cpu_count(),
            "cases": [asdict(m) for m in measurements],
            "text_service_costliest_packages_s": dict(costliest),
        }
        json.dump(figures, sys.stdout, indent=2)
    else:
        _print(measurements, costliest, load)
    return 0 if all(m.met is not False for m in measurements) else 1


def _print(measurements: list[Measurement], costliest: list[tuple[str, float]], load: float) -> None:
    table = Table("case", "runs", "median", "best", "worst", "each", "cpu", "memory", "SDK alone", "target")
    for column in table.columns:
        column.no_wrap = True
    for m in measurements:
        table.add_row(
            m.name,
            str(m.runs),
            *(f"{seconds:.3f} s" for seconds in (m.median_s, m.best_s, m.worst_s)),
            f"{m.median_s / m.resources * 1000:.1f} ms" if m.resources else "",
            "" if m.cpu_s is None else f"{m.cpu_s:.2f} s",
            _memory(m),
            f"{m.peer_s:.2f} s: {m.median_s / m.peer_s:.2f} of it" if m.peer_s else "",
            _target(m),
        )
    console = Console()
    console.width = max(console.width, 200)
    console.print(table)
    if costliest:
        console.print(
            "text-service's import goes to (each package's own modules) "
            + ", ".join(f"{package} {seconds * 1000:.0f} ms" for package, seconds in costliest)
        )
    console.print(f"{os.cpu_count()} processors, load {load:.1f} before the runs")


def _memory(m: Measurement) -> str:
    """All of it, and each process's part."""
    if not m.peaks_mb:
        return ""
    parts = " + ".join(f"{mb:.0f}" for mb in m.peaks_mb.values())
    return f"{m.peak_mb:.0f} MB = {parts}" if len(m.peaks_mb) > 1 else f"{parts} MB"


def _target(m: Measurement) -> str:
    if m.met is None:
        return ""
    limits = [f"{m.target_s:g} s"] if m.target_s is not None else []
    limits += [f"{m.target_mb:.0f} MB"] if m.target_mb is not None else []
    return f"{'met' if m.met else 'MISSED'}: {', '.join(limits)}"


if __name__ == "__main__":
    sys.exit(main())
