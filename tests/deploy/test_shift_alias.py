"""shift-alias.sh: CodeDeploy moves the alias, or says why not."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jmespath  # type: ignore[import-untyped]  # the language of --query, which botocore brings
import pytest

from tests.deploy.scripts import run

AWS = """\
  "lambda get-alias") echo 9 ;;
  "lambda list-versions-by-function") echo "$NEWEST" ;;
  "deploy create-deployment") echo d-ABC ;;
  "deploy get-deployment") case "$*" in
      *errorInformation*) echo 'the alarm fired' ;;
      *) [[ -e $CALLS.asked ]] && echo "$END" || { touch "$CALLS.asked"; echo InProgress; } ;;
    esac ;;
"""


def shift(folder: Path, newest: str = "10", end: str = "Succeeded") -> tuple[int, str, list[str]]:
    return run("shift-alias.sh", folder, AWS, "eu-west-1", "shop-dev-orders", NEWEST=newest, END=end)


def test_codedeploy_moves_the_alias_to_the_newest_version(tmp_path: Path) -> None:
    code, told, calls = shift(tmp_path)
    assert (code, told.splitlines()) == (
        0,
        [
            "shop-dev-orders: deployment d-ABC moves version 9 to 10",
            "shop-dev-orders: version 10 is live",
        ],
    )
    assert [call for call in calls if call.startswith("sleep")] == ["sleep 15", "sleep 15"]
    (made,) = (call for call in calls if call.startswith("deploy create-deployment"))
    assert "--application-name shop-dev-orders --deployment-group-name live" in made
    revision = json.loads(made.partition("--revision ")[2].partition(" --query")[0])
    assert revision["revisionType"] == "AppSpecContent"
    assert json.loads(revision["appSpecContent"]["content"]) == {
        "version": 0.0,
        "Resources": [
            {
                "function": {
                    "Type": "AWS::Lambda::Function",
                    "Properties": {
                        "Name": "shop-dev-orders",
                        "Alias": "live",
                        "CurrentVersion": "9",
                        "TargetVersion": "10",
                    },
                }
            }
        ],
    }


def test_the_newest_version_has_the_highest_number(tmp_path: Path) -> None:
    _, _, calls = shift(tmp_path)
    (asked,) = (call for call in calls if call.startswith("lambda list-versions-by-function"))
    found = re.search(r"--query (.*) --output json", asked)
    assert found
    versions = {"Versions": [{"Version": each} for each in ("$LATEST", "9", "10", "2")]}
    assert jmespath.search(found[1], versions) == 10


def test_what_is_live_already_is_left_alone(tmp_path: Path) -> None:
    code, told, calls = shift(tmp_path, newest="9")
    assert (code, told) == (0, "shop-dev-orders: version 9 is live already\n")
    assert not [call for call in calls if call.startswith("deploy")]


@pytest.mark.parametrize("end", ["Failed", "Stopped"])
def test_a_deployment_that_is_taken_back_fails(tmp_path: Path, end: str) -> None:
    code, told, _ = shift(tmp_path, end=end)
    assert code == 1
    assert f"d-ABC {end.lower()}: the alarm fired; CodeDeploy takes the calls back to version 9" in told
