"""``fleet cost`` and ``fleet stack graph`` on a small program, which is previewed only."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from sandbox.home import FLEET_ROOT

FLEET = Path(sys.executable).with_name("fleet")
PROGRAM = """
import pulumi_aws as aws

tags = {"System": "shop"}
for name in ("one", "two"):
    aws.cloudwatch.MetricAlarm(name, name=name, comparison_operator="GreaterThanThreshold",
        evaluation_periods=1, metric_name="Errors", namespace="AWS/Lambda", period=300, statistic="Sum",
        threshold=0, tags=tags)
aws.sqs.Queue("orders", name="shop-dev-orders", tags=tags)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "shop"
    root.mkdir()
    (root / "__main__.py").write_text(PROGRAM)
    runtime = {"name": "python", "options": {"virtualenv": str(FLEET_ROOT / ".venv")}}
    (root / "Pulumi.yaml").write_text(yaml.safe_dump({"name": "shop", "runtime": runtime}))
    config = {"aws:region": "us-east-1", "fleet-cost:usage": {"shop/orders": {"requests": 5_000_000}}}
    (root / "Pulumi.dev.yaml").write_text(yaml.safe_dump({"config": config}))
    return root


def fleet(project: Path, *arguments: str, code: int = 0) -> str:
    done = subprocess.run(
        [str(FLEET), "-C", str(project), *arguments, "--stack", "dev"],
        env={**os.environ, "FLEET_HOME": str(project / ".fleet"), "COLUMNS": "120"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout if code == 0 else done.stderr


def test_the_estimate_of_a_stage(project: Path) -> None:
    told = fleet(project, "cost", "--lines")
    assert "shop" in told
    assert "2.2000" in told  # two alarms, five million requests
    assert "List prices of us-east-1 on 2026-" in told
    found = json.loads(fleet(project, "cost", "--json"))
    assert (found["total"], found["change"], found["currency"]) == (2.2, None, "USD")
    assert found["services"] == [{"system": "shop", "service": "shared", "usd": 2.2, "change": None}]
    assert [each["resource"] for each in found["charges"]] == ["one", "two", "orders"]  # by their URNs


def test_the_preview_says_it_too(project: Path) -> None:
    assert "Cost about 2.20 USD a month" in fleet(project, "preview")


def test_usage_that_makes_no_sense(project: Path) -> None:
    config = {"aws:region": "us-east-1", "fleet-cost:usage": {"shop/orders": {"requets": 5}}}
    (project / "Pulumi.dev.yaml").write_text(yaml.safe_dump({"config": config}))
    told = fleet(project, "cost", code=2)
    assert "fleet-cost:usage.shop/orders.requets: nothing reads this; did you mean requests?" in told
    assert "Traceback" not in told


def test_a_program_that_fails_costs_nothing(project: Path) -> None:
    (project / "__main__.py").write_text("raise ValueError('no such thing')")
    assert "no such thing" in fleet(project, "cost", code=1)


def test_the_picture_of_a_stage(project: Path) -> None:
    assert "<svg" in fleet(project, "stack", "graph")
    for name in ("shop.svg", "shop.html"):
        fleet(project, "stack", "graph", "--file", str(project / name))
        assert "orders" in (project / name).read_text()
    found = json.loads(fleet(project, "stack", "graph", "--json", "--system", "shop"))
    assert [(node["title"], node["system"]) for node in found["nodes"]] == [("shop-dev-orders", "shop")]
    told = fleet(project, "stack", "graph", "--system", "shopp", code=2)
    assert "has no system 'shopp'; it has: shop. Did you mean 'shop'?" in told
    assert "has to end in .svg, .html or .dot" in fleet(project, "stack", "graph", "--file", "x.png", code=2)


def test_a_picture_shows_no_secrets(project: Path) -> None:
    secret = 'aws.sqs.Queue("letters", name=pulumi.Output.secret("s3cr3t-name"), tags=tags)\n'
    (project / "__main__.py").write_text(f"import pulumi\n{PROGRAM}{secret}")
    told = fleet(project, "stack", "graph", "--json")
    assert "s3cr3t" not in told
    assert "letters" in told  # its name in the program
