"""Targets, drift, protection and `fleet cancel` from the command line, on the embedded AWS."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.emulator import Emulator
from sandbox.home import FLEET_ROOT, Home
from sandbox.provider.clients import client

pytestmark = pytest.mark.e2e

PROGRAM = """
import pulumi
import pulumi_aws as aws

text = pulumi.Config().get("text") or "old"
options = pulumi.ResourceOptions(protect=pulumi.Config().get_bool("protect"), delete_before_replace=True)
first = aws.cloudwatch.LogGroup("first", name="targets-first", tags={"text": text}, retention_in_days=7)
second = aws.cloudwatch.LogGroup("second", name="targets-second", tags={"text": text, "of": first.name})
third = aws.cloudwatch.LogGroup("third", name="targets-third", tags={"text": text}, opts=options)
pulumi.export("first", first.name)
"""
SLOW = """
import time
import pulumi_aws as aws

def wait(name):
    print("waiting now", flush=True)
    time.sleep(60)
    return name

first = aws.cloudwatch.LogGroup("first", name="cancelled-first")
aws.cloudwatch.LogGroup("second", name=first.arn.apply(wait))
"""
THIRD = "urn:pulumi:targets::targets::aws:cloudwatch/logGroup:LogGroup::third"


class Shop:
    """The program, its commands, and the embedded AWS behind its back."""

    def __init__(self, folder: Path, home: Home, emulator: Emulator) -> None:
        self.folder, self.home = folder, home
        self.logs = client(emulator.endpoint, "logs", "eu-west-1")
        self.write(PROGRAM)
        (folder / "Pulumi.yaml").write_text("name: targets\nruntime: python\n")
        self.configure()

    def write(self, program: str) -> None:
        (self.folder / "__main__.py").write_text(program)

    def configure(self, **values: str) -> None:
        lines = [f"  targets:{key}: {value}\n" for key, value in values.items()]
        (self.folder / "Pulumi.targets.yaml").write_text(
            "config:\n  aws:region: eu-west-1\n" + "".join(lines)
        )

    @property
    def environment(self) -> dict[str, str]:
        return {"PATH": os.environ["PATH"], "FLEET_HOME": str(self.home.path), "PYTHONPATH": str(FLEET_ROOT)}

    def fleet(self, *arguments: str, check: int = 0) -> subprocess.CompletedProcess[str]:
        ended = subprocess.run(
            [sys.executable, "-m", "sandbox.cli", *arguments],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert ended.returncode == check, ended.stdout + ended.stderr
        assert "Traceback" not in ended.stderr
        return ended

    def json(self, *arguments: str, check: int = 0) -> dict[str, Any]:
        content: dict[str, Any] = json.loads(self.fleet(*arguments, "--json", check=check).stdout)
        return content

    def texts(self) -> dict[str, str]:
        """What is really there: the tag of each log group."""
        found = {}
        for group in self.logs.describe_log_groups(logGroupNamePrefix="targets-")["logGroups"]:
            tags = self.logs.list_tags_for_resource(resourceArn=group["arn"].removesuffix(":*"))["tags"]
            found[group["logGroupName"].removeprefix("targets-")] = tags.get("text", "")
        return found


@pytest.fixture(scope="module")
def folder(
    tmp_path_factory: pytest.TempPathFactory, session_home: Home, running_emulator: Emulator
) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("targets")
    yield folder
    Shop(folder, session_home, running_emulator).fleet("destroy", "--yes", "--remove")


@pytest.fixture
def shop(folder: Path, session_home: Home, running_emulator: Emulator) -> Shop:
    """The program as it is, whatever the test before has left."""
    shop = Shop(folder, session_home, running_emulator)
    shop.fleet("up", "--yes", "--refresh")
    return shop


def test_up_touches_targets_only(shop: Shop) -> None:
    shop.configure(text="new")
    summary = shop.json("preview", "--target", "**::third")["changeSummary"]
    assert summary == {"same": 3, "update": 1}
    shop.fleet("up", "--yes", "--target", "**::third")
    assert shop.texts() == {"first": "old", "second": "old", "third": "new"}
    shop.fleet("up", "--yes", "--exclude", "**::first")
    assert shop.texts() == {"first": "old", "second": "new", "third": "new"}
    shop.fleet("up", "--yes", "-t", "**::first", "--target-dependents")
    assert shop.texts() == {"first": "new", "second": "new", "third": "new"}


def test_up_replaces_on_request(shop: Shop) -> None:
    assert shop.json("up", "--yes", "--target-replace", THIRD)["changes"] == {"replace": 1, "same": 3}
    refused = shop.fleet("up", "--yes", "--replace", f"{THIRD}x", check=1)
    assert f"Did you mean '{THIRD}'?" in refused.stdout


def test_targets_and_what_is_left_out_do_not_go_together(shop: Shop) -> None:
    assert "not both" in shop.fleet("up", "--yes", "-t", "**", "-x", THIRD, check=2).stderr
    assert "--remove" in shop.fleet("destroy", "--yes", "--remove", "-t", THIRD, check=2).stderr


def test_destroy_deletes_targets_and_leaves_outputs(shop: Shop) -> None:
    refused = shop.fleet("destroy", "--yes", "--target", "**::first", check=1)
    assert "--target-dependents" in refused.stdout
    assert len(shop.texts()) == 3
    shop.fleet("destroy", "--yes", "--target", "**::first", "--target-dependents")
    assert list(shop.texts()) == ["third"]
    assert shop.fleet("stack", "output", "first").stdout == "targets-first\n"


def test_destroy_leaves_what_is_protected(shop: Shop) -> None:
    shop.configure(protect="true")
    shop.fleet("up", "--yes")
    refused = shop.fleet("destroy", "--yes", check=1)
    assert THIRD in refused.stdout
    assert len(shop.texts()) == 3
    assert shop.json("destroy", "--preview-only", "--exclude-protected")["changes"]["delete"] == 2
    assert len(shop.texts()) == 3
    shop.fleet("destroy", "--yes", "--exclude-protected")
    assert list(shop.texts()) == ["third"]


def test_refresh_tells_drift_property_by_property(shop: Shop) -> None:
    shop.logs.put_retention_policy(logGroupName="targets-first", retentionInDays=30)
    shop.logs.delete_log_group(logGroupName="targets-third")
    seen = shop.fleet("refresh", "--preview-only").stdout
    assert "~ retentionInDays: 7 => 30" in seen
    assert "third is gone" in seen
    found = shop.json("refresh", "--preview-only")
    changed, gone = sorted(found["drift"], key=lambda entry: entry["urn"])
    assert changed["change"] == "changed"
    assert changed["properties"] == {"retentionInDays": {"before": 7, "after": 30}}
    assert (gone["urn"], gone["change"], gone["properties"]) == (THIRD, "gone", {})
    assert shop.json("refresh", "--yes")["drift"] == found["drift"]
    assert shop.json("refresh", "--yes")["drift"] == []
    assert shop.json("preview")["changeSummary"] == {"create": 1, "same": 2, "update": 1}


def test_up_and_destroy_read_first_on_request(shop: Shop) -> None:
    shop.logs.delete_log_group(logGroupName="targets-third")
    assert shop.json("preview")["changeSummary"] == {"same": 4}
    assert shop.json("preview", "--refresh")["changeSummary"] == {"create": 1, "same": 3}
    repaired = shop.json("up", "--yes", "--refresh")
    assert repaired["changes"] == {"create": 1, "same": 3}
    assert [entry["change"] for entry in repaired["drift"]] == ["gone"]
    shop.logs.delete_log_group(logGroupName="targets-third")
    assert shop.json("destroy", "--yes", "--refresh")["changes"]["delete"] == 3


def test_a_run_is_cancelled(shop: Shop) -> None:
    shop.fleet("destroy", "--yes")
    shop.write(SLOW)
    with subprocess.Popen(
        [sys.executable, "-u", "-m", "sandbox.cli", "up", "--yes"],
        cwd=shop.folder,
        env=shop.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),  # as a shell's background job
    ) as process:
        try:
            assert process.stdout is not None
            assert any("waiting now" in line for line in process.stdout)
            assert "It has stopped" in shop.fleet("cancel", "--yes").stdout
            assert process.wait(20) == 130
        finally:
            process.kill()
    assert "Nothing to cancel" in shop.fleet("cancel").stdout
    names = [e["urn"].split("::")[-1] for e in shop.json("stack", "export")["deployment"]["resources"]]
    assert "first" in names
