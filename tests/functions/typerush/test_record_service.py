"""record-service's tests are TypeScript, beside this file: here they are checked, bundled and run by Node."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox import postgres
from sandbox.home import Home

TESTS = Path(__file__).parent / "record_service"
SERVICE = Path(__file__).parents[3] / "functions" / "typerush" / "record_service"
FILES = sorted(file.name for file in TESTS.glob("*.test.ts"))


def run(*command: str | Path, **environment: str) -> None:
    done = subprocess.run(
        [str(part) for part in command],
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def tool(name: str) -> Path:
    path = SERVICE / "node_modules" / ".bin" / name
    assert path.exists(), f"{path} is missing: run `make setup`, which installs the function's npm packages."
    return path


@pytest.fixture(scope="module")
def bundled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("record_service")
    run(
        tool("esbuild"),
        *(TESTS / file for file in FILES),
        "--bundle",
        "--platform=node",
        "--target=node20",
        "--format=cjs",
        "--sourcemap=inline",
        f"--tsconfig={TESTS / 'tsconfig.json'}",
        f"--outdir={folder}",
        "--log-level=warning",
    )
    return folder


@pytest.fixture(scope="module")
def database_secret(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    home = Home(path=tmp_path_factory.mktemp("fleet"))
    running = postgres.ensure(home)
    postgres.create_database(running, database="typerush", user="game", password="first")
    yield json.dumps(
        {
            "host": postgres.HOST,
            "port": running.port,
            "username": "game",
            "password": "first",
            "dbname": "typerush",
            "ca": running.authority.read_text(),
        }
    )
    postgres.stop(home)


def test_types() -> None:
    run(tool("tsc"), "--noEmit", "--project", SERVICE)
    run(tool("tsc"), "--noEmit", "--project", TESTS)


@pytest.mark.parametrize("file", [file for file in FILES if file != "postgres.test.ts"])
def test_unit(bundled: Path, file: str) -> None:
    run("node", "--enable-source-maps", "--test", bundled / file.replace(".ts", ".js"))


def test_against_postgresql(bundled: Path, database_secret: str) -> None:
    run(
        "node",
        "--enable-source-maps",
        "--test",
        bundled / "postgres.test.js",
        DATABASE_SECRET=database_secret,
    )


def test_the_lock_names_no_registry() -> None:
    packages = json.loads((SERVICE / "package-lock.json").read_text())["packages"]
    assert [path for path, package in packages.items() if path and "integrity" not in package] == []
    assert [path for path, package in packages.items() if "resolved" in package] == []
