"""The way to PostgreSQL: one connection per container, over TLS, renewed when it breaks."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pg8000.dbapi
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError

from spendsense import deadline
from spendsense.errors import TimedOutError, UnavailableError
from spendsense.log import log
from spendsense.secrets import DatabaseSecret, database_secret
from spendsense.tables import metadata

STATEMENT_MS = 5_000
"""How long the server works at one statement; a silent server is waited for a little longer."""
_SOCKET_S = STATEMENT_MS / 1_000 + 1

# https://www.postgresql.org/docs/current/errcodes-appendix.html
_REFUSED_LOGIN = {"28P01", "28000"}
_CANCELED = "57014"  # of the operator's class, but it is our own limit, and the connection goes on
_NOT_OURS = ("08", "53", "57")
"""Classes of what neither the caller nor this code did: connection, resources, operator."""

_AUTHORITIES = Path(__file__).with_name("amazon-rds.pem")
_SCHEMA_LOCK = 7_368_001


class Database:
    """Opens the one connection when it is first needed, makes the tables, and keeps both."""

    def __init__(self, read_secret: Callable[[], DatabaseSecret] = database_secret) -> None:
        self._read_secret = read_secret
        self._secret: DatabaseSecret | None = None
        self._engine: Engine | None = None

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """Run what is inside as one transaction.

        Raises UnavailableError when the database isn't there, TimedOutError when a statement took too long,
        or the request in all.
        """
        deadline.check()
        try:
            with self._ready().begin() as connection:
                yield connection
        except DBAPIError as error:
            state = sqlstate(error.orig)
            if state == _CANCELED:
                raise TimedOutError(f"a statement took over {STATEMENT_MS} ms") from error
            if error.connection_invalidated or state is None or state.startswith(_NOT_OURS):
                raise UnavailableError(f"the database failed ({state or 'no connection'})") from error
            raise
        except OSError as error:  # of a socket that waited in vain, which pg8000 passes on as it is
            raise UnavailableError("the database fell silent") from error

    def _ready(self) -> Engine:
        if self._engine is None:
            engine = create_engine(
                "postgresql+pg8000://",
                creator=self._connect,
                pool_size=1,
                max_overflow=0,
                pool_pre_ping=True,  # a connection that broke since is renewed
                hide_parameters=True,  # errors are logged, and these are people's finances
            )
            event.listen(engine, "before_cursor_execute", lambda *_: deadline.check())
            try:
                _make_tables(engine)
            except Exception:
                engine.dispose()
                raise
            self._engine = engine
        return self._engine

    def _connect(self) -> Any:
        kept = self._secret
        secret = kept or self._read_secret()
        deadline.check()
        try:
            connection = _open(secret)
        except (pg8000.dbapi.Error, OSError) as error:
            # Whatever was wrong, host, certificate or password: the next attempt asks for the secret again.
            self._secret = None
            refused = sqlstate(error) in _REFUSED_LOGIN
            if refused and kept is not None:
                log.info("the database refused the login that was kept; reading the secret again")
                return self._connect()
            why = "refused the login in the secret" if refused else "can't be reached"
            raise UnavailableError(f"the database {why}") from error
        self._secret = secret
        return connection


def _make_tables(engine: Engine) -> None:
    with engine.begin() as connection:
        # Containers that start together make the tables one after the other.
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _SCHEMA_LOCK})
        metadata.create_all(connection)


def _open(secret: DatabaseSecret) -> Any:
    # Certificate and name are verified; Amazon RDS's authorities unless the secret brings its own.
    context = ssl.create_default_context(cadata=secret.ca or _AUTHORITIES.read_text("ascii"))
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return pg8000.dbapi.connect(
        secret.username,
        host=secret.host,
        port=secret.port,
        database=secret.dbname,
        password=secret.password,
        ssl_context=context,
        timeout=_SOCKET_S,
        application_name="spendsense",
        startup_params={"statement_timeout": str(STATEMENT_MS)},
    )


def sqlstate(error: BaseException | None) -> str | None:
    """Give PostgreSQL's own code of an error, if it comes from there."""
    told = error.args[0] if error is not None and error.args else None
    return str(told["C"]) if isinstance(told, dict) and "C" in told else None
