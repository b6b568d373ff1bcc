"""Runs a script of deploy/ against an AWS CLI that writes down what it is asked."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

DEPLOY = Path(__file__).parents[2] / "deploy"


def run(
    script: str, folder: Path, aws: str, *arguments: str, **environment: str
) -> tuple[int, str, list[str]]:
    """Run it, and give its exit code, what it says, and the calls.

    :param aws: the branches of a `case` over `$1 $2`, what the CLI does
    """
    calls = folder / "calls"
    cli = f'#!/usr/bin/env bash\necho "$*" >> "$CALLS"\ncase "$1 $2" in\n{aws}esac\n'
    for name, text in {"aws": cli, "sleep": '#!/usr/bin/env bash\necho "sleep $*" >> "$CALLS"\n'}.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    done = subprocess.run(
        [DEPLOY / script, *arguments],
        env={"PATH": f"{folder}:{os.environ['PATH']}", "CALLS": str(calls), **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.returncode, done.stderr, calls.read_text().splitlines()
