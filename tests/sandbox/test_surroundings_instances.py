"""RDS instances among the surroundings: made once, and then left as their users have them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from botocore.exceptions import ClientError

from sandbox import emulator, postgres, surroundings
from sandbox.emulator import Emulator
from sandbox.errors import SurroundingsError
from sandbox.home import Home
from sandbox.provider.clients import client
from sandbox.surroundings import declared

INSTANCES = {
    "asleep": {"region": "us-east-1", "identifier": "ss-asleep", "stopped": True},
    "awake": {"region": "eu-west-1", "identifier": "ss-awake"},
}


@pytest.fixture(scope="module")
def home(session_home: Home, running_emulator: Emulator) -> Iterator[Home]:
    yield session_home
    postgres.stop(session_home)


def status(home: Home, region: str, identifier: str) -> str:
    rds = client(emulator.require(home).endpoint, "rds", region)
    (found,) = rds.describe_db_instances(DBInstanceIdentifier=identifier)["DBInstances"]
    return str(found["DBInstanceStatus"])


def test_an_instance_is_made_as_declared_and_then_left_alone(home: Home, tmp_path: Path) -> None:
    content = {
        "stacks": {
            "rds": {
                "instances": INSTANCES,
                "config": {"lambda-fleet:x.databaseInstanceId": "instances.asleep.id"},
            }
        }
    }
    (tmp_path / surroundings.FILE).write_text(yaml.safe_dump(content))
    made = surroundings.ensure(tmp_path, "rds", home)
    assert made.config == {"lambda-fleet:x.databaseInstanceId": "ss-asleep"}
    assert made.ids["instances"]["asleep"] == {
        "region": "us-east-1",
        "id": "ss-asleep",
        "arn": "arn:aws:rds:us-east-1:000000000000:db:ss-asleep",
    }
    assert status(home, "us-east-1", "ss-asleep") == "stopped"
    assert status(home, "eu-west-1", "ss-awake") == "available"
    with pytest.raises(ClientError, match="DBInstanceNotFound"):
        status(home, "us-east-1", "ss-awake")

    client(emulator.require(home).endpoint, "rds", "us-east-1").start_db_instance(
        DBInstanceIdentifier="ss-asleep"
    )
    surroundings.ensure(tmp_path, "rds", home, thorough=True)
    assert status(home, "us-east-1", "ss-asleep") == "available"


@pytest.mark.parametrize("identifier", ["SS", "1-ss", "ss-", "ss--x", "s" * 64])
def test_what_rds_would_not_take_is_an_error(identifier: str) -> None:
    instance: dict[str, Any] = {"region": "us-east-1", "identifier": identifier}
    with pytest.raises(SurroundingsError, match="identifier"):
        declared.parse({"stacks": {"rds": {"instances": {"x": instance}}}}, "rds")
