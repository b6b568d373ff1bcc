"""What tests of more than one folder need: an embedded AWS of their own."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox import emulator
from sandbox.emulator import Emulator
from sandbox.home import Home
from sandbox.provider.endpoint import Endpoint


def pytest_configure() -> None:
    """End as Ctrl-C does when the run is terminated, so that fixtures stop what they have started.

    And Ctrl-C is heard where a shell's background job ignores it, as the tests of it need.
    """
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.default_int_handler)


@pytest.hookimpl(trylast=True)  # the marks come from hooks, too
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest, so that no process is left alone with one of them."""

    def order(item: pytest.Item) -> tuple[bool, bool]:
        return item.get_closest_marker("e2e") is None, item.path.parent != Path(__file__).parent

    items.sort(key=order)


@pytest.fixture(scope="session")
def session_home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A FLEET_HOME for the whole run, apart from the project's own."""
    return Home(path=tmp_path_factory.mktemp("fleet"))


@pytest.fixture(scope="session")
def running_emulator(session_home: Home) -> Iterator[Emulator]:
    """An embedded AWS for the whole run; tests give what they make names of their own."""
    yield emulator.ensure(session_home)
    emulator.stop(session_home)


@pytest.fixture(scope="session")
def endpoint(running_emulator: Emulator) -> Endpoint:
    """Where the run's embedded AWS is."""
    return running_emulator.endpoint


@pytest.fixture
def fleet_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """An empty FLEET_HOME for one test, set in the environment too."""
    home = Home(path=tmp_path / "fleet")
    monkeypatch.setenv("FLEET_HOME", str(home.path))
    return home
