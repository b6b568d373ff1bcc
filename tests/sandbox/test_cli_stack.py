"""`fleet stack import`, the state as DOT, and `fleet cancel`, on states that nobody has to deploy."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from sandbox.home import FLEET_ROOT, Home
from tests.sandbox.conftest import Fleet

ROOT = "urn:pulumi:local::shop::pulumi:pulumi:Stack::shop-local"
QUEUE = "urn:pulumi:local::shop::shop:index:Queue::queue"
HOLDS = """
import sys, time
from pathlib import Path
from sandbox.engine.project import Project
from sandbox.engine.state import StateStore

with StateStore(Project.load(Path(sys.argv[1])), "local", home=Path(sys.argv[2])).lock():
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def program(tmp_path: Path) -> Path:
    folder = tmp_path / "program"
    folder.mkdir()
    (folder / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    (folder / "Pulumi.local.yaml").write_text("config:\n  aws:region: eu-west-1\n")
    (folder / "__main__.py").write_text("raise AssertionError('never run')\n")
    return folder


@pytest.fixture
def fleet(fleet: Fleet, program: Path, monkeypatch: pytest.MonkeyPatch) -> Fleet:
    """Run the command on the program."""

    def run(*arguments: str | Path, stdin: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        return fleet("-C", program, *arguments)

    return run


def state(*more: dict[str, Any]) -> str:
    root = {
        "urn": ROOT,
        "type": "pulumi:pulumi:Stack",
        "custom": False,
        "outputs": {"url": "here", "a.url": "there"},
    }
    return json.dumps({"version": 3, "deployment": {"resources": [root, *more]}})


def queue(**more: Any) -> dict[str, Any]:
    return {"urn": QUEUE, "type": "shop:index:Queue", "custom": False, "parent": ROOT, **more}


# --- import ----------------------------------------------------------------------------------------------


def test_a_state_comes_from_a_file_or_stdin(fleet: Fleet, tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    file.write_text(state())
    assert fleet("stack", "import", "--file", file) == (0, "local: 1 resources taken in; there were 0.\n", "")
    assert fleet("stack", "output", "url") == (0, "here\n", "")
    assert fleet("stack", "output", "a.url") == (0, "there\n", "")
    code, out, _ = fleet("stack", "import", "--json", stdin=state(queue()))
    assert (code, json.loads(out)) == (0, {"resources": 2, "before": 1, "warnings": []})


def test_an_export_can_be_imported(fleet: Fleet) -> None:
    fleet("stack", "import", stdin=state(queue()))
    _, exported, _ = fleet("stack", "export")
    assert fleet("stack", "import", stdin=exported)[0] == 0
    assert (
        json.loads(fleet("stack", "export")[1])["deployment"]["resources"]
        == (json.loads(exported)["deployment"]["resources"])
    )


def test_what_does_not_fit_is_refused_unless_it_is_forced(fleet: Fleet) -> None:
    broken = state(queue(dependencies=[f"{QUEUE}-gone"]))
    code, _, err = fleet("stack", "import", stdin=broken)
    assert code == 4
    assert f"its dependency {QUEUE}-gone isn't there" in err
    assert "--force" in err
    code, _, err = fleet("stack", "import", "--force", stdin=broken)
    assert code == 0
    assert err.startswith("warning: ")


def test_what_cannot_be_read_is_refused(fleet: Fleet, tmp_path: Path) -> None:
    code, _, err = fleet("stack", "import", "--file", tmp_path / "nowhere.json")
    assert code == 2
    assert "nowhere.json" in err
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    assert fleet("stack", "import", "--file", tmp_path / "binary")[0] == 2
    code, _, err = fleet("stack", "import", stdin="nonsense")
    assert code == 4
    assert "the input isn't JSON" in err


# --- DOT -------------------------------------------------------------------------------------------------


def test_the_state_is_written_as_dot(fleet: Fleet, tmp_path: Path) -> None:
    fleet("stack", "import", stdin=state(queue()))
    code, _, err = fleet("stack", "graph", "--file", tmp_path / "state.dot")
    assert (code, err) == (0, "")
    assert (tmp_path / "state.dot").read_text() == (
        "strict digraph {\n"
        f'    Resource0 [label="{ROOT}"];\n'
        f'    Resource1 [label="{QUEUE}"];\n'
        '    Resource1 -> Resource0 [color = "#AA6639"];\n'
        "}\n"
    )
    _, out, _ = fleet("stack", "graph", "--format", "dot", "--short-node-name", "--ignore-parent-edges")
    assert out == 'strict digraph {\n    Resource0 [label="shop-local"];\n    Resource1 [label="queue"];\n}\n'


@pytest.mark.parametrize(
    "arguments",
    [
        ["--format", "dot", "--system", "shop"],
        ["--format", "dot", "--json"],
        ["--file", "{system}.dot"],
        ["--file", "x.svg", "--short-node-name"],
        ["--file", "x.png"],
    ],
)
def test_what_dot_cannot_show_is_refused(fleet: Fleet, arguments: list[str]) -> None:
    assert fleet("stack", "graph", *arguments)[0] == 2


def test_without_a_state_there_is_no_dot(fleet: Fleet) -> None:
    code, _, err = fleet("stack", "graph", "--format", "dot")
    assert code == 4
    assert "nothing was deployed" in err


# --- cancel ----------------------------------------------------------------------------------------------


@contextmanager
def held(program: Path, home: Home) -> Iterator[subprocess.Popen[str]]:
    """A process that holds the stage."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(program), str(home.path)],
        cwd=FLEET_ROOT,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "held\n"
            yield process
        finally:
            process.kill()


def test_nothing_to_cancel(fleet: Fleet, program: Path, fleet_home: Home) -> None:
    said = "Nothing to cancel: no run holds stage 'local'.\n"
    assert fleet("cancel") == (0, said, "")
    with held(program, fleet_home) as process:
        process.kill()
        process.wait()
        assert fleet("cancel", "--yes") == (0, said, "")  # a lock ends with its process
    assert json.loads(fleet("cancel", "--json")[1]) == {"holder": None, "stopped": False}


def test_a_run_is_cancelled(fleet: Fleet, program: Path, fleet_home: Home) -> None:
    with held(program, fleet_home) as process:
        code, out, _ = fleet("cancel", "--yes")
        assert code == 0
        assert f"Asking process {process.pid} on " in out
        assert "It has stopped" in out
        assert process.wait(10) != 0
    with held(program, fleet_home) as process:
        code, out, _ = fleet("cancel", "--yes", "--json")
        found = json.loads(out)
        assert (code, found["stopped"], found["holder"]["pid"]) == (0, True, process.pid)


def test_a_run_is_not_cancelled_without_consent(fleet: Fleet, program: Path, fleet_home: Home) -> None:
    with held(program, fleet_home) as process:
        code, _, err = fleet("cancel")
        assert code == 2
        assert "--yes" in err
        assert process.poll() is None


def test_a_run_that_does_not_stop_is_told(fleet: Fleet, program: Path, fleet_home: Home) -> None:
    import signal

    with held(program, fleet_home) as process:
        process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, process.pid, os.WSTOPPED)
        code, out, _ = fleet("cancel", "--yes", "--wait", "0.2")
        assert code == 1
        assert "hasn't stopped within 0.2 s" in out


@pytest.mark.parametrize("told", [{"pid": 1}, {"host": "elsewhere"}])
def test_only_the_process_that_has_the_lock_is_stopped(
    fleet: Fleet, program: Path, fleet_home: Home, told: dict[str, Any]
) -> None:
    with held(program, fleet_home) as process:
        lock = fleet_home.path / "stacks" / "local.lock"
        lock.write_text(json.dumps({**json.loads(lock.read_text()), **told}))
        code, _, err = fleet("cancel", "--yes")
        assert code == 4
        assert "so it isn't the one" in err or "another machine" in err or "somebody else's" in err
        lock.write_text("")
        code, _, err = fleet("cancel", "--yes")
        assert code == 4
        assert "doesn't say who" in err
        assert process.poll() is None


def test_who_is_refused_a_stage_hears_of_cancel(fleet: Fleet, program: Path, fleet_home: Home) -> None:
    with held(program, fleet_home):
        code, _, err = fleet("stack", "import", stdin=state())
        assert code == 4
        assert "fleet cancel" in err
