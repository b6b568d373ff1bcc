"""The command line itself: its help, its errors, its exit codes. No engine, no emulator."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from sandbox.cli import _COMMANDS
from sandbox.home import FLEET_ROOT, Home
from tests.sandbox.conftest import Fleet

PULUMI_YAML = "name: shop\nruntime: python\n"


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """A program that is never run."""
    folder = tmp_path / "program"
    folder.mkdir()
    (folder / "Pulumi.yaml").write_text(PULUMI_YAML)
    (folder / "__main__.py").write_text("raise AssertionError('never run')\n")
    for stack, account in (("local", "000000000000"), ("prod", "123456789012")):
        (folder / f"Pulumi.{stack}.yaml").write_text(
            f'config:\n  aws:region: eu-west-1\n  aws:allowedAccountIds: ["{account}"]\n'
        )
    return folder


def test_version(fleet: Fleet) -> None:
    assert fleet("--version") == (0, f"fleet {version('lambda-fleet')}\n", "")


def test_help_shows_commands_examples_and_exit_codes(fleet: Fleet) -> None:
    code, out, _ = fleet("--help")
    assert code == 0
    for word in (*_COMMANDS, "Examples:", "Exit codes:", "FLEET_HOME"):
        assert word in out


@pytest.mark.parametrize("command", _COMMANDS)
def test_every_command_has_help(fleet: Fleet, command: str) -> None:
    code, out, _ = fleet(command, "--help")
    assert code == 0
    assert "--cwd" in out


def test_a_misspelled_command(fleet: Fleet) -> None:
    code, _, err = fleet("prevew")
    assert code == 2
    assert "Did you mean 'preview'?" in err


def test_a_folder_without_a_program(fleet: Fleet, tmp_path: Path) -> None:
    code, _, err = fleet("-C", tmp_path, "preview")
    assert code == 2
    assert "Pulumi.yaml" in err
    assert "Traceback" not in err


def test_a_misspelled_stage(fleet: Fleet, program: Path) -> None:
    code, _, err = fleet("preview", "-C", program, "--stack", "prd")
    assert code == 2
    assert "there are: local, prod" in err
    assert "Did you mean 'prod'?" in err


@pytest.mark.parametrize("command", ["up", "destroy", "refresh"])
def test_nothing_is_changed_without_consent(
    fleet: Fleet, program: Path, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    code, _, err = fleet(command, "-C", program)
    assert code == 2
    assert "--yes" in err


@pytest.mark.parametrize("command", ["up", "destroy", "refresh"])
def test_a_stage_of_a_real_account_is_refused(
    fleet: Fleet, fleet_home: Home, program: Path, command: str
) -> None:
    code, _, err = fleet(command, "-C", program, "--stack", "prod", "--yes")
    assert code == 2
    assert "prod" in err
    assert "123456789012" in err
    assert "000000000000" in err
    assert not fleet_home.sandbox.exists()


def test_a_stage_with_a_profile_is_refused(fleet: Fleet, program: Path) -> None:
    (program / "Pulumi.local.yaml").write_text("config:\n  aws:profile: production\n")
    code, _, err = fleet("up", "-C", program, "--yes")
    assert code == 2
    assert "aws:profile" in err


def test_nothing_deployed(fleet: Fleet, program: Path) -> None:
    code, _, err = fleet("-C", program, "invoke", "anything")
    assert code == 1
    assert "fleet up --stack local" in err


def test_no_surroundings(fleet: Fleet, program: Path) -> None:
    code, _, err = fleet("-C", program, "surroundings")
    assert code == 1
    assert "surroundings.yaml has nothing for stage 'local'" in err


def test_a_stage_without_state_has_nothing_to_export(fleet: Fleet, program: Path) -> None:
    code, _, err = fleet("-C", program, "stack", "export")
    assert code == 4
    assert "nothing was deployed" in err


def test_the_state_of_another_program_is_left_alone(fleet: Fleet, fleet_home: Home, program: Path) -> None:
    other = {"urn": "urn:pulumi:local::other::pulumi:pulumi:Stack::other-local"}
    (fleet_home.path / "stacks").mkdir(parents=True)
    (fleet_home.path / "stacks" / "local.json").write_text(
        json.dumps({"version": 3, "checkpoint": {"latest": {"resources": [other]}}})
    )
    code, _, err = fleet("-C", program, "up", "--yes")
    assert code == 2
    assert "'other', not 'shop'" in err


@pytest.mark.parametrize(
    "state",
    [
        "{",
        "[]",
        '{"version": 3, "checkpoint": 5}',
        '{"version": 3, "checkpoint": {"latest": {"resources": 5}}}',
        '{"version": 3, "checkpoint": {"latest": {"resources": [5]}}}',
        '{"version": 3, "checkpoint": {"latest": {"resources": [{"urn": 5}]}}}',
        '{"version": 3, "checkpoint": {"latest": {"resources": [{}]}}}',
    ],
)
@pytest.mark.parametrize("command", ["status", "stack output", "stack export", "invoke anything"])
def test_a_damaged_state_is_an_error_with_a_way_out(
    fleet: Fleet, fleet_home: Home, program: Path, command: str, state: str
) -> None:
    (fleet_home.path / "stacks").mkdir(parents=True)
    (fleet_home.path / "stacks" / "local.json").write_text(state)
    code, _, err = fleet("-C", program, *command.split())
    assert code == 4
    assert "local.json is damaged" in err
    assert "Move it away" in err


def test_a_home_that_is_no_folder(fleet: Fleet, fleet_home: Home, program: Path) -> None:
    fleet_home.path.parent.mkdir(parents=True, exist_ok=True)
    fleet_home.path.write_text("")
    (program / "surroundings.yaml").write_text("stacks: {local: {}}")
    code, _, err = fleet("-C", program, "up", "--yes")
    assert code == 1
    assert f"error: {fleet_home.path}" in err
    assert "FLEET_HOME" in err
    code, out, _ = fleet("-C", program, "doctor", "--json")
    assert code == 1
    assert [f["found"] for f in json.loads(out) if not f["ok"]] == [f"{fleet_home.path} is no folder"]


def test_stages_are_listed(fleet: Fleet, program: Path) -> None:
    assert fleet("-C", program, "stack", "ls") == (0, "local\nprod\n", "")
    _, out, _ = fleet("-C", program, "stack", "ls", "--json")
    assert json.loads(out) == [{"name": "local", "deployed": False}, {"name": "prod", "deployed": False}]


def test_down_with_nothing_running(fleet: Fleet, program: Path) -> None:
    code, out, _ = fleet("-C", program, "down")
    assert code == 0
    assert out.count("was not running") == 2
    code, out, _ = fleet("-C", program, "down", "--json")
    assert code == 0
    assert json.loads(out) == {"stopped": {"emulator": False, "postgres": False}}


def test_status_with_nothing_running(fleet: Fleet, program: Path) -> None:
    code, out, _ = fleet("-C", program, "status", "--json")
    assert code == 0
    assert json.loads(out) == {"emulator": None, "postgres": None, "stacks": []}


def test_doctor_finds_this_machine_well(fleet: Fleet) -> None:
    code, out, _ = fleet("doctor", "--json")
    assert (code, [f for f in json.loads(out) if not f["ok"]]) == (0, [])


def test_doctor_says_how_to_mend(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sandbox.emulator.INTERPRETER", Path("/nowhere/python"))
    monkeypatch.setenv("PATH", "/nowhere")
    code, out, _ = fleet("doctor")
    assert code == 1
    assert "make setup" in out
    assert "install Node" in out


def test_the_start_imports_no_engine_and_no_library_of_a_command() -> None:
    script = (
        "import sys; from sandbox.cli import main; main(['--help']);"
        "print(sorted({m.split('.')[0] for m in sys.modules}), file=sys.stderr);"
        "print('sandbox.engine' in sys.modules, file=sys.stderr)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=FLEET_ROOT
    )
    modules, engine = ended.stderr.splitlines()
    assert engine == "False"
    for heavy in ("boto3", "botocore", "pulumi", "grpc", "pydantic", "rich", "yaml", "psutil"):
        assert f"'{heavy}'" not in modules


@pytest.mark.parametrize("command", ["--help", "preview", "preview --json"])
def test_a_closed_pipe_ends_a_command(fleet_home: Home, program: Path, command: str) -> None:
    (program / "__main__.py").write_text("for i in range(20): print(i, 'of twenty', flush=True)\n")
    ended = subprocess.run(
        ["bash", "-o", "pipefail", "-c", f"'{sys.executable}' -m sandbox.cli {command} | head -c 1"],
        capture_output=True,
        text=True,
        check=False,
        cwd=program,
        env={**os.environ, "PYTHONPATH": str(FLEET_ROOT)},
        timeout=60,
    )
    assert len(ended.stdout) == 1
    assert ended.stderr == ""
    assert ended.returncode in (0, 1)  # what fits into the pipe is written before anybody notices


def test_how_much_is_done_at_once(fleet: Fleet, program: Path) -> None:
    (program / "__main__.py").write_text(
        "from pulumi.runtime.settings import SETTINGS\nprint('at once:', SETTINGS.parallel)\n"
    )
    for more, number in ([], 16), (["--parallel", "3"], 3):
        code, out, _ = fleet("-C", program, "preview", *more)
        assert (code, f"at once: {number}\n" in out) == (0, True)
    code, _, err = fleet("-C", program, "preview", "--parallel", "0")
    assert code == 2
    assert "0 is not in the range x>=1" in err


def test_debug_shows_what_is_said_for_debugging(fleet: Fleet, program: Path) -> None:
    (program / "__main__.py").write_text("import pulumi\npulumi.log.debug('looking closely')\n")
    for more, shown in ([], False), (["--debug"], True):
        for form in ([], ["--json"]):
            code, out, _ = fleet("-C", program, "preview", *more, *form)
            assert (code, "looking closely" in out) == (0, shown)
