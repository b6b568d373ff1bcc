"""The first step of a fresh stage's deployment, as docs/hoopstat.md says it, can be done."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCUMENTED = "pulumi up --stack dev --target "


@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_it_makes_the_repository_and_no_function(tmp_path: Path, stage: str) -> None:
    lines = (ROOT / "docs" / "hoopstat.md").read_text().splitlines()
    (line,) = (line.strip() for line in lines if line.strip().startswith(DOCUMENTED))
    arguments = shlex.split(line.replace("--stack dev", f"--stack {stage}"))[2:]
    done = subprocess.run(
        [str(Path(sys.executable).with_name("fleet")), "preview", *arguments, "--json"],
        cwd=ROOT,
        env={**os.environ, "FLEET_HOME": str(tmp_path / "home")},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    made = {step["urn"] for step in json.loads(done.stdout)["steps"] if step["op"] == "create"}
    types = {urn.split("::")[2].rpartition("$")[2] for urn in made}
    assert {type_ for type_ in types if type_.startswith("aws")} == {
        "awsx:ecr:Repository",
        "aws:ecr/repository:Repository",
        "aws:ecr/lifecyclePolicy:LifecyclePolicy",
        "aws:ecr/repositoryPolicy:RepositoryPolicy",
    }
