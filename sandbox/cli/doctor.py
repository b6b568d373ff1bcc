"""``doctor``."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import click

from sandbox import emulator, postgres
from sandbox.errors import SandboxError
from sandbox.home import FLEET_ROOT, Home
from sandbox.postgres.server import binary
from sandbox.processes import LOOPBACK

from .options import JSON, SHARED, chosen, with_options

_PYTHON = (3, 11)
_NODE = 20
_DISK_BYTES = 1024**3
_SETUP = "run `make setup`"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that was looked at.

    :ivar mend: what to do, if it isn't ok
    """

    check: str
    ok: bool
    found: str
    mend: str = ""


@click.command("doctor")
@with_options(*SHARED, *JSON)
def doctor_command() -> int:
    """Check what the sandbox needs of this machine, and say how to mend what is missing.

    Exit code 1: something is missing.
    """
    home = Home.of((chosen("cwd") or Path.cwd()).resolve())
    findings = [_looked(check, home) for check in _CHECKS]
    if chosen("json"):
        click.echo(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        width = max(len(finding.check) for finding in findings)
        for finding in findings:
            sign = click.style("ok ", fg="green") if finding.ok else click.style("no ", fg="red")
            click.echo(f"{sign} {finding.check:<{width}}  {finding.found}")
            if not finding.ok:
                click.echo(f"    {'':<{width}}  {finding.mend}")
    return 0 if all(finding.ok for finding in findings) else 1


def _looked(check: Callable[[Home], Finding], home: Home) -> Finding:
    try:
        return check(home)
    except (OSError, SandboxError, subprocess.SubprocessError) as error:
        return Finding(check=check.__name__.strip("_"), ok=False, found=str(error), mend=_SETUP)


def _python(_: Home) -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    return Finding(
        check="Python",
        ok=sys.version_info[:2] == _PYTHON,
        found=version,
        mend=f"install Python 3.11; {_SETUP}",
    )


def _node(_: Home) -> Finding:
    path = shutil.which("node")
    mend = f"install Node {_NODE} or later: functions in Node run on it, and it bundles them"
    if path is None:
        return Finding(check="Node", ok=False, found="not on PATH", mend=mend)
    asked = subprocess.run([path, "--version"], capture_output=True, text=True, check=True, timeout=30)
    version = asked.stdout.strip()
    return Finding(check="Node", ok=int(version.lstrip("v").split(".")[0]) >= _NODE, found=version, mend=mend)


def _packages(_: Home) -> Finding:
    ready = (FLEET_ROOT / ".venv" / ".ready").exists()
    found = "installed" if ready else "not installed as locked"
    return Finding(check="Python packages (.venv)", ok=ready, found=found, mend=_SETUP)


def _emulator_installed(_: Home) -> Finding:
    there = emulator.INTERPRETER.exists()
    return Finding(
        check="embedded AWS", ok=there, found="installed" if there else "not installed", mend=_SETUP
    )


def _emulator_running(home: Home) -> Finding:
    found = emulator.find(home)
    text = f"running at {found.endpoint.url}" if found else "not running (`fleet up` starts it)"
    return Finding(check="embedded AWS now", ok=True, found=text)


def _postgres_installed(_: Home) -> Finding:
    server = binary("postgres")
    asked = subprocess.run([server, "--version"], capture_output=True, text=True, check=True, timeout=30)
    return Finding(check="PostgreSQL", ok=True, found=asked.stdout.strip())


def _postgres_user(_: Home) -> Finding:
    lacking = os.geteuid() == 0 and shutil.which("setpriv") is None
    return Finding(
        check="user for PostgreSQL",
        ok=not lacking,
        found="root, and setpriv is missing"
        if lacking
        else "root, by setpriv"
        if os.geteuid() == 0
        else "you",
        mend="install util-linux, or run fleet as another user than root",
    )


def _postgres_running(home: Home) -> Finding:
    found = postgres.find(home)
    text = f"running at {postgres.HOST}:{found.port}" if found else "not running (`fleet up` starts it)"
    return Finding(check="PostgreSQL now", ok=True, found=text)


def _loopback(_: Home) -> Finding:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port = probe.getsockname()[1]
    names = {entry[4][0] for entry in socket.getaddrinfo("localhost", None, socket.AF_INET)}
    ok = LOOPBACK in names
    found = f"ports of {LOOPBACK} can be opened ({port})" if ok else f"localhost is {names}"
    return Finding(check="loopback", ok=ok, found=found, mend="let localhost be 127.0.0.1 in /etc/hosts")


def _disk(home: Home) -> Finding:
    place = next(folder for folder in (home.path, *home.path.parents) if folder.exists())
    free = shutil.disk_usage(place).free
    return Finding(
        check="disk",
        ok=free >= _DISK_BYTES and place.is_dir() and os.access(place, os.W_OK),
        found=f"{free / 1024**3:.1f} GB free below {place}" if place.is_dir() else f"{place} is no folder",
        mend="free 1 GB, or set FLEET_HOME to a folder that can be written to",
    )


_CHECKS = (
    _python,
    _node,
    _packages,
    _emulator_installed,
    _emulator_running,
    _postgres_installed,
    _postgres_user,
    _postgres_running,
    _loopback,
    _disk,
)
