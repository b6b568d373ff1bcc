"""`make bench`: the targets that the project set itself, measured.

Run in a sandbox of its own, which is removed afterwards. `--json` prints the figures for machines,
`--runs N` changes how often each case runs. Exits with 1 when a target is missed.
"""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from .imports import import_time
from .measure import Measurement, measure, run

ROOT = Path(__file__).resolve().parents[2]
FLEET = str(ROOT / ".venv" / "bin" / "fleet")


@contextmanager
def _sandbox() -> Iterator[dict[str, str]]:
    with tempfile.TemporaryDirectory(prefix="fleet-bench-") as home:
        env = {**os.environ, "FLEET_HOME": home}
        try:
            yield env
        finally:
            run([FLEET, "down"], cwd=ROOT, env=env)


def _cases(env: dict[str, str], runs: int) -> Iterator[Measurement]:
    for stage in ("dev", "prod"):
        command = [FLEET, "preview", "--stack", stage]
        yield measure(f"preview {stage}", command, cwd=ROOT, env=env, runs=runs, target_s=1.0)

    up = [FLEET, "up", "--stack", "local", "--yes"]
    destroy = [FLEET, "destroy", "--stack", "local", "--yes"]
    run(up, cwd=ROOT, env=env)
    yield measure(
        "up local, running emulator",
        up,
        cwd=ROOT,
        env=env,
        runs=runs,
        target_s=5.0,
        before_each=lambda: run(destroy, cwd=ROOT, env=env) and None,
    )
    yield measure("up local, nothing to do", up, cwd=ROOT, env=env, runs=runs, target_s=1.5)


def main() -> int:
    """Measure, print, and say by the exit code whether every target was met."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="how often each case runs (default: 5)")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    options = parser.parse_args()

    progress = Console(stderr=True)
    with _sandbox() as env:
        measurements = []
        for measurement in _cases(env, options.runs):
            progress.print(f"{measurement.name}: {measurement.median_s:.2f} s")
            measurements.append(measurement)
    import_s, costliest = import_time(options.runs)

    if options.json:
        figures = {
            "cases": [asdict(m) for m in measurements],
            "text_service_import_s": import_s,
            "text_service_costliest_packages_s": dict(costliest),
        }
        json.dump(figures, sys.stdout, indent=2)
    else:
        _print(measurements, import_s, costliest)
    return 0 if all(m.met is not False for m in measurements) else 1


def _print(measurements: list[Measurement], import_s: float, costliest: list[tuple[str, float]]) -> None:
    table = Table("case", "runs", "median", "worst", "peak memory", "target")
    for m in measurements:
        target = "" if m.target_s is None else f"{'met' if m.met else 'MISSED'}: {m.target_s:.1f} s"
        table.add_row(
            m.name, str(m.runs), f"{m.median_s:.2f} s", f"{m.worst_s:.2f} s", f"{m.peak_mb:.0f} MB", target
        )
    console = Console()
    console.print(table)
    console.print(
        f"text-service: importing its package takes {import_s * 1000:.0f} ms; most of it goes to "
        + ", ".join(f"{package} {seconds * 1000:.0f} ms" for package, seconds in costliest)
    )


if __name__ == "__main__":
    sys.exit(main())
