from __future__ import annotations

import io
import json
import os
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
import urllib3
from botocore.exceptions import ClientError

from sandbox import emulator
from sandbox.emulator import Emulator
from sandbox.errors import NotRunningError, SandboxError
from sandbox.home import Home
from sandbox.processes import Record
from sandbox.provider.clients import client


def listening(pid: int) -> set[str]:
    """The addresses on which a process or one of its descendants listens."""
    root = psutil.Process(pid)
    connections = list(root.net_connections(kind="inet"))
    for process in root.children(recursive=True):
        with suppress(psutil.NoSuchProcess):  # it came and went: PostgreSQL makes them as it needs them
            connections += process.net_connections(kind="inet")
    return {
        connection.laddr.ip
        for connection in connections
        if connection.status == psutil.CONN_LISTEN or connection.type.name == "SOCK_DGRAM"
    }


@pytest.fixture
def started(fleet_home: Home) -> Iterator[Emulator]:
    yield emulator.ensure(fleet_home)
    emulator.stop(fleet_home)


def test_it_is_started_once_and_found_again(fleet_home: Home, started: Emulator) -> None:
    assert emulator.ensure(fleet_home) == started
    assert emulator.find(fleet_home) == started
    assert emulator.require(fleet_home) == started


def test_two_starts_at_once_give_one_emulator(fleet_home: Home) -> None:
    try:
        with ThreadPoolExecutor(2) as pool:
            first, second = pool.map(lambda _: emulator.ensure(fleet_home), range(2))
        assert first == second
    finally:
        emulator.stop(fleet_home)


def test_it_listens_on_loopback_only(started: Emulator) -> None:
    assert listening(started.pid) == {"127.0.0.1"}


def test_its_environment_has_nothing_of_ours(fleet_home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRIVATE_TOKEN", "s3cret")
    monkeypatch.setenv("AWS_PROFILE", "production")
    try:
        inside = psutil.Process(emulator.ensure(fleet_home).pid).environ()
    finally:
        emulator.stop(fleet_home)
    work = fleet_home.sandbox / "emulator"
    # LC_CTYPE: what Python itself may add when it coerces the C locale (PEP 538).
    assert {k for k in inside if k != "LC_CTYPE"} == set(emulator.environment(work, 1, "x"))
    assert not {"s3cret", "production", os.environ["PATH"], os.environ["HOME"]} & set(inside.values())


def test_its_path_holds_node_and_nothing_else(fleet_home: Home, started: Emulator) -> None:
    (folder,) = psutil.Process(started.pid).environ()["PATH"].split(":")
    assert [entry.name for entry in Path(folder).iterdir()] == ["node"]


def test_unknown_callers_are_refused(started: Emulator) -> None:
    from dataclasses import replace

    stranger = replace(started.endpoint, access_key_id="AKIASTRANGERSTRANGER")
    with pytest.raises(ClientError, match="InvalidClientTokenId"):
        client(stranger, "sts", "us-east-1").get_caller_identity()


def test_stopping_leaves_nothing_but_the_log(fleet_home: Home) -> None:
    found = emulator.ensure(fleet_home)
    assert emulator.stop(fleet_home)
    assert not psutil.pid_exists(found.pid)
    assert emulator.find(fleet_home) is None
    assert {entry.name for entry in fleet_home.sandbox.iterdir()} == {"emulator.log", "emulator.lock"}
    assert not emulator.stop(fleet_home)


def test_a_dead_emulator_is_noticed_and_replaced(fleet_home: Home) -> None:
    try:
        first = emulator.ensure(fleet_home)
        process = psutil.Process(first.pid)
        process.kill()
        process.wait(5)
        assert emulator.find(fleet_home) is None
        with pytest.raises(NotRunningError, match="fleet up"):
            emulator.require(fleet_home)
        assert emulator.ensure(fleet_home).instance != first.instance
    finally:
        emulator.stop(fleet_home)


def test_a_later_process_with_the_same_id_is_left_alone() -> None:
    ours = psutil.Process()
    other = Record(pid=ours.pid, started=ours.create_time() - 60)
    assert not other.alive
    assert not other.stop()


def test_a_missing_installation_says_what_to_run(fleet_home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(emulator, "INTERPRETER", Path("/nowhere/python"))
    with pytest.raises(SandboxError, match="make setup"):
        emulator.ensure(fleet_home)


def test_a_failing_start_shows_the_log(
    fleet_home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\necho no such module >&2\nexit 3\n")
    broken.chmod(0o755)
    monkeypatch.setattr(emulator, "INTERPRETER", broken)
    with pytest.raises(SandboxError, match=r"(?s)exit code 3.*no such module"):
        emulator.ensure(fleet_home)


ENVIRONMENT_READER = b"""
import os, pathlib

def handler(event, context):
    written = pathlib.Path(os.environ["TMPDIR"]) / "written"
    written.write_text("x")
    return {"env": dict(os.environ), "written": str(written)}
"""


def test_a_function_inherits_nothing_and_its_files_go_with_the_emulator(
    fleet_home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRIVATE_TOKEN", "s3cret")
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("main.py", ENVIRONMENT_READER)
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
    try:
        endpoint = emulator.ensure(fleet_home).endpoint
        role = client(endpoint, "iam", "us-east-1").create_role(
            RoleName="reader",
            AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
        )
        aws = client(endpoint, "lambda", "us-east-1")
        aws.create_function(
            FunctionName="reader",
            Runtime="python3.12",
            Handler="main.handler",
            Role=role["Role"]["Arn"],
            Code={"ZipFile": package.getvalue()},
            Environment={"Variables": {"MINE": "yes"}},
        )
        aws.get_waiter("function_active_v2").wait(FunctionName="reader", WaiterConfig={"Delay": 1})
        answer = json.loads(aws.invoke(FunctionName="reader")["Payload"].read())
        assert listening(emulator.require(fleet_home).pid) == {"127.0.0.1"}
    finally:
        emulator.stop(fleet_home)
    inside = answer["env"]
    assert inside["MINE"] == "yes"
    assert "PRIVATE_TOKEN" not in inside
    assert inside["HOME"].startswith(str(fleet_home.path))
    assert inside["AWS_ACCESS_KEY_ID"].startswith("ASIA")
    ours = set(emulator.environment(fleet_home.sandbox, 1, "x")) | {"MINE", "LC_CTYPE"}
    lambdas = {key for key in inside if key.startswith(("AWS_", "LAMBDA_", "_LAMBDA_", "_X_AMZN_"))}
    assert set(inside) - ours - lambdas <= {"_MINISTACK_INVOKE_DEPTH"}
    assert not Path(answer["written"]).exists()


def test_a_policy_may_deny_what_comes_without_tls(started: Emulator) -> None:
    """Clients come over plain HTTP on loopback, which counts as safe unless they say that it isn't."""
    s3 = client(started.endpoint, "s3", "us-east-1")
    s3.create_bucket(Bucket="guarded")
    deny = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": ["arn:aws:s3:::guarded", "arn:aws:s3:::guarded/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    s3.put_bucket_policy(Bucket="guarded", Policy=json.dumps({"Version": "2012-10-17", "Statement": [deny]}))
    s3.put_object(Bucket="guarded", Key="a", Body=b"")
    iam = client(started.endpoint, "iam", "us-east-1")
    allow = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::guarded/*"}
    iam.create_user(UserName="reader")
    iam.put_user_policy(
        UserName="reader",
        PolicyName="read",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [allow]}),
    )
    key = iam.create_access_key(UserName="reader")["AccessKey"]
    reader = client(
        replace(started.endpoint, access_key_id=key["AccessKeyId"], secret_access_key=key["SecretAccessKey"]),
        "s3",
        "us-east-1",
    )
    url = reader.generate_presigned_url("get_object", Params={"Bucket": "guarded", "Key": "a"})
    assert urllib3.request("GET", url).status == 200
    assert urllib3.request("GET", url, headers={"X-Forwarded-Proto": "http"}).status == 403
