"""Runs a script of deploy/ against an AWS CLI, a docker and a sleep that write down what they are asked."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

DEPLOY = Path(__file__).parents[2] / "deploy"


def run(
    script: str, folder: Path, aws: str, *arguments: str, **environment: str
) -> tuple[int, str, list[str]]:
    """Run it in a folder, and give its exit code, what it says, and the calls; `calls.input`: what they read.

    :param aws: the branches of a `case` over `$1 $2`, what the CLI does
    """
    calls = folder / "calls"
    cli = f'#!/usr/bin/env bash\necho "$*" >> "$CALLS"\ncase "$1 $2" in\n{aws}esac\n'
    other = '#!/usr/bin/env bash\necho "${0##*/} $*" >> "$CALLS"\ncat >> "$CALLS.input"\n'
    for name, text in {"aws": cli, "docker": other, "sleep": other}.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    done = subprocess.run(
        [DEPLOY / script, *arguments],
        env={"PATH": f"{folder}:{os.environ['PATH']}", "CALLS": str(calls), **environment},
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.returncode, done.stderr, calls.read_text().splitlines()
