"""Our own stages: they pass, and what is advice is written down here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]

# The model may be slow: the function bounds its own work, as the spec of TypeRush says.
ADVICE = [("LAM-11", "warning", "the timeout is 60 s, and the HTTP API in front waits 30 s")]


@pytest.mark.parametrize("stage", ["local", "dev", "prod"])
def test_our_stages_pass(stage: str, tmp_path: Path) -> None:
    report = tmp_path / "report.sarif"
    ended = subprocess.run(
        [sys.executable, "-m", "sandbox.cli", "preview", "--stack", stage, "--report", f"sarif={report}"],
        cwd=PROJECT,
        env={**os.environ, "FLEET_HOME": str(tmp_path / "fleet"), "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    (run,) = json.loads(report.read_text(encoding="utf-8"))["runs"]
    found = [(result["ruleId"], result["level"], result["message"]["text"]) for result in run["results"]]
    assert [finding[:2] for finding in found] == [expected[:2] for expected in ADVICE]
    for finding, (_, _, says) in zip(found, ADVICE, strict=True):
        assert says in finding[2]


@pytest.mark.parametrize("stage", ["local", "dev", "prod"])
def test_our_stages_have_no_exceptions(stage: str) -> None:
    """One more is one more line here, and a decision."""
    content = json.loads((PROJECT / "policies" / "config" / f"{stage}.json").read_text(encoding="utf-8"))
    assert content["exceptions"] == []
