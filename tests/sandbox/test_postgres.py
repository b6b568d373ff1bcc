from __future__ import annotations

import socket
import stat
import struct
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import psycopg
import pytest

from sandbox import postgres
from sandbox.errors import SandboxError
from sandbox.home import Home
from sandbox.postgres import Postgres, front, server
from tests.sandbox.test_emulator import listening


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return Home(path=tmp_path_factory.mktemp("fleet"))


@pytest.fixture(scope="module")
def running(home: Home) -> Iterator[Postgres]:
    started = postgres.ensure(home)
    postgres.create_database(started, database="shop", user="shop", password=FIRST)
    yield started
    postgres.stop(home)


FIRST = "first"


def connect(running: Postgres, password: str = FIRST, **changed: object) -> psycopg.Connection:
    asked: dict[str, object] = {
        "host": "localhost",
        "port": running.port,
        "user": "shop",
        "password": password,
        "dbname": "shop",
        "sslmode": "verify-full",
        "sslrootcert": str(running.authority),
        "connect_timeout": 10,
    }
    return psycopg.connect(**{**asked, **changed})  # type: ignore[arg-type]


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_it_answers_over_verified_tls(running: Postgres, host: str) -> None:
    with connect(running, host=host) as connection:
        assert connection.pgconn.ssl_in_use
        row = connection.execute("SELECT current_user, current_database()").fetchone()
    assert row == ("shop", "shop")


def test_a_large_answer_passes_whole(running: Postgres) -> None:
    with connect(running) as connection:
        row = connection.execute("SELECT repeat('x', 5000000)").fetchone()
    assert row is not None
    assert len(row[0]) == 5_000_000


def test_plaintext_is_refused(running: Postgres) -> None:
    with pytest.raises(psycopg.OperationalError, match="TLS is required"):
        connect(running, sslmode="disable", gssencmode="disable")


def test_a_client_with_another_authority_turns_away(running: Postgres, tmp_path: Path) -> None:
    from sandbox.postgres.certificates import ensure_certificates

    other = ensure_certificates(tmp_path / "tls").authority
    with pytest.raises(psycopg.OperationalError, match="certificate verify failed"):
        connect(running, sslrootcert=str(other))


def test_nonsense_on_the_port_harms_nobody(running: Postgres) -> None:
    no_handshake = struct.pack("!II", 8, front.SSL_REQUEST) + b"junk!"
    for nonsense in (b"GET / HTTP/1.1\r\n\r\n", b"", no_handshake):
        with socket.create_connection(("127.0.0.1", running.port)) as client:
            client.sendall(nonsense)
            client.shutdown(socket.SHUT_WR)
            while client.recv(1024):
                pass
    connect(running).close()


def test_a_wrong_password_is_refused(running: Postgres) -> None:
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        connect(running, "wrong")


def test_a_database_belongs_to_its_user_alone(running: Postgres) -> None:
    postgres.create_database(running, database="other", user="other", password="other")
    with pytest.raises(psycopg.OperationalError, match="permission denied"):
        connect(running, dbname="other")


def test_a_changed_password_counts_at_once(running: Postgres) -> None:
    with postgres.connect(running) as admin:
        postgres.set_password(admin, "shop", "second")
        connect(running, "second").close()
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            connect(running, "first")
        postgres.set_password(admin, "shop", "first")


def test_only_the_front_listens_and_only_on_loopback(running: Postgres) -> None:
    assert listening(running.pid) == set()
    assert listening(running.front_pid) == {"127.0.0.1"}


def test_its_environment_has_nothing_of_ours(running: Postgres) -> None:
    for pid in (running.pid, running.front_pid):
        assert set(psutil.Process(pid).environ()) - {"LC_CTYPE"} == {"LANG", "TZ", "PATH"}


def test_what_is_secret_is_its_owners_alone(running: Postgres, home: Home) -> None:
    folder = home.sandbox / "postgres"
    for path in (folder / "superuser", folder / "tls" / "server.key"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE((folder / "data").stat().st_mode) == 0o700
    assert running.superuser_password not in repr(running)


def test_a_restart_keeps_data_port_and_certificate(home: Home, running: Postgres) -> None:
    with connect(running) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    assert postgres.stop(home)
    assert not psutil.pid_exists(running.pid)
    assert not psutil.pid_exists(running.front_pid)
    assert postgres.find(home) is None
    assert not postgres.stop(home)

    again = postgres.ensure(home)
    assert replace(again, pid=0, front_pid=0) == replace(running, pid=0, front_pid=0)
    with connect(again) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)


def test_a_dead_front_alone_is_started_again(home: Home, running: Postgres) -> None:
    before = postgres.ensure(home)
    front = psutil.Process(before.front_pid)
    front.kill()
    front.wait(5)
    assert postgres.find(home) is None
    after = postgres.ensure(home)
    assert (after.pid, after.port) == (before.pid, before.port)
    connect(after).close()


def test_a_missing_installation_says_what_to_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(server, "_MAJOR_VERSION", 99)
    with pytest.raises(SandboxError, match="make setup"):
        postgres.ensure(Home(path=tmp_path))
