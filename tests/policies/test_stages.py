"""Our own stages: they pass, and what is advice is written down here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]

# Functions that bound their own work: the model may be slow, as the spec of TypeRush says; start-rds may be
# called by a rule, which waits longer than an API; SpendSense's API waits seconds for its database.
ADVICE = [
    ("LAM-11", "warning", "the timeout is 30 s, and the REST API in front waits 29 s"),
    ("LAM-11", "warning", "the timeout is 60 s, and the HTTP API in front waits 30 s"),
    ("LAM-11", "warning", "the timeout is 90 s, and the HTTP API in front waits 30 s"),
]


@pytest.mark.parametrize("stage", ["local", "dev", "prod"])
def test_our_stages_pass(stage: str, tmp_path: Path) -> None:
    report, home = tmp_path / "report.sarif", tmp_path / "fleet"
    try:
        ended = _fleet(home, "preview", "--stack", stage, "--report", f"sarif={report}")
    finally:
        _fleet(home, "down")  # the preview of `local` has started its surroundings
    assert ended.returncode == 0, ended.stdout + ended.stderr
    (run,) = json.loads(report.read_text(encoding="utf-8"))["runs"]
    found = sorted((each["ruleId"], each["level"], each["message"]["text"]) for each in run["results"])
    assert [finding[:2] for finding in found] == [expected[:2] for expected in ADVICE]
    for *_, says in ADVICE:
        assert any(says in text for *_, text in found), says


def _fleet(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command without credentials, without a user's files and without a way out of this machine."""
    nowhere = {f"{scheme}_PROXY": "http://127.0.0.1:9" for scheme in ("HTTP", "HTTPS", "ALL")}
    return subprocess.run(
        [sys.executable, "-m", "sandbox.cli", *arguments],
        cwd=PROJECT,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "FLEET_HOME": str(home),
            "PYTHONPATH": str(PROJECT),
            "NO_PROXY": "127.0.0.1,localhost",
            **nowhere,
        },
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("stage", ["local", "dev", "prod"])
def test_our_stages_have_no_exceptions(stage: str) -> None:
    """One more is one more line here, and a decision."""
    content = json.loads((PROJECT / "policies" / "config" / f"{stage}.json").read_text(encoding="utf-8"))
    assert content["exceptions"] == []
