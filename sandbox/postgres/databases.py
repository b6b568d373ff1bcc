"""Databases and their users."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from .server import HOST, SUPERUSER, Postgres

if TYPE_CHECKING:
    import psycopg


@contextmanager
def connect(postgres: Postgres, database: str = "postgres") -> Iterator[psycopg.Connection]:
    """A connection of the superuser, over TLS like everybody's; each statement is its own transaction."""
    import psycopg

    with psycopg.connect(
        host=HOST,
        port=postgres.port,
        user=SUPERUSER,
        password=postgres.superuser_password,
        dbname=database,
        sslmode="verify-full",
        sslrootcert=str(postgres.authority),
        gssencmode="disable",
        passfile="",
        autocommit=True,
        connect_timeout=10,
    ) as connection:
        yield connection


def create_database(postgres: Postgres, *, database: str, user: str, password: str) -> None:
    """Make the user and the database that it owns, if they aren't there; set the password either way."""
    from psycopg import sql

    with connect(postgres) as connection:
        if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [user]).fetchone():
            connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(user)))
        set_password(connection, user, password)
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone():
            names = (sql.Identifier(database), sql.Identifier(user))
            connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(*names))
        # Any user may connect to any database by default; here each has its own.
        connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(database)))


def set_password(connection: psycopg.Connection, user: str, password: str) -> None:
    """Change a user's password, hashed on this side: neither the server nor its log ever sees it."""
    from psycopg import sql

    hashed = connection.pgconn.encrypt_password(password.encode(), user.encode(), b"scram-sha-256")
    statement = sql.SQL("ALTER ROLE {} PASSWORD {}")
    connection.execute(statement.format(sql.Identifier(user), sql.Literal(hashed.decode())))
