"""Two sandboxes, deployed at the same time: one that tests leave as they find it, one to break."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import pytest
from botocore.credentials import Credentials

from sandbox.home import Home
from tests.e2e.sandbox import GAME_SERVICE, RECORD, TEXT, Sandbox, TypeRush, project_of

CANARY = {"FLEET_E2E_CANARY": "tweet", "AWS_PROFILE": "somebody-else", "PYTHONPATH": "/nowhere"}
"""Of the shell of whoever deploys: none of it may reach a function."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/e2e/" in item.path.as_posix():
            item.add_marker(pytest.mark.e2e)


@pytest.fixture(scope="session")
def sandboxes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Sandbox, Sandbox]]:
    """Both from the same project, started side by side: they must not collide."""
    project = project_of("typerush", tmp_path_factory.mktemp("typerush") / "project")
    quiet, broken = (
        Sandbox(home=Home(path=tmp_path_factory.mktemp(name)), project=project)
        for name in ("quiet", "scratch")
    )
    up = ("up", "--stack", "local", "--yes")
    with stopped_afterwards(quiet), stopped_afterwards(broken):
        with quiet.start(*up, env=CANARY) as first, broken.start(*up, env=CANARY) as second:
            told = [each.communicate(timeout=180)[0] for each in (first, second)]
        assert (first.returncode, second.returncode) == (0, 0), "\n".join(told)
        yield quiet, broken


@pytest.fixture(scope="session")
def sandbox(sandboxes: tuple[Sandbox, Sandbox]) -> Sandbox:
    """TypeRush, deployed. Whoever changes something puts it back."""
    return sandboxes[0]


@pytest.fixture
def scratch(sandboxes: tuple[Sandbox, Sandbox]) -> Sandbox:
    """TypeRush, deployed (again, if the test before took it away), to be done anything to."""
    broken = sandboxes[1]
    (stack,) = broken.json("status", "--json")["stacks"]
    if not (stack["deployed"] and stack["functions"]):
        broken.up()
    return broken


@pytest.fixture(scope="session")
def typerush(sandbox: Sandbox) -> TypeRush:
    return TypeRush(sandbox=sandbox, outputs=sandbox.outputs())


@pytest.fixture(scope="session")
def game_service(sandbox: Sandbox) -> Credentials:
    """The game service's task, with the role that the surroundings made for it."""
    return sandbox.assume(GAME_SERVICE)


@pytest.fixture(scope="session")
def stranger(sandbox: Sandbox) -> Credentials:
    """Another role of the account, that nobody has given anything."""
    return sandbox.assume(make_role(sandbox, "stranger"))


@pytest.fixture(params=[RECORD, TEXT])
def service(request: pytest.FixtureRequest) -> str:
    """Each of the services."""
    return str(request.param)


def make_role(sandbox: Sandbox, name: str, **principal: str) -> str:
    """Make a role that the account's users (or who is given) may take; the answer is its ARN."""
    iam = sandbox.aws("iam")
    trusted = principal or {"AWS": "arn:aws:iam::000000000000:root"}
    statement = {"Effect": "Allow", "Principal": trusted, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    return str(iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"])


@contextmanager
def stopped_afterwards(sandbox: Sandbox) -> Iterator[None]:
    try:
        yield
    finally:
        running = sandbox.processes()
        sandbox.fleet("down")
        gone, left = psutil.wait_procs(running, timeout=10)
        assert not left
        assert len(gone) == len(running)
