"""SpendSense's functions as Lambda runs them: their folder on the path, a real PostgreSQL behind."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox import postgres
from sandbox.home import Home
from sandbox.postgres import Postgres
from tests.functions.spendsense.backend import BACKEND, Secrets, context


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Any]]:
    """Imports a module of the backend; what was imported is forgotten afterwards, as a container is."""
    monkeypatch.syspath_prepend(str(BACKEND))
    monkeypatch.setenv("DATABASE_SECRET_ARN", "database")
    monkeypatch.setenv("COGNITO_SECRET_ARN", "cognito")
    monkeypatch.setenv("ENVIRONMENT", "test")
    monkeypatch.setenv("ALLOWED_ORIGINS", "https://app.test,https://www.test")
    yield importlib.import_module
    for name in [name for name in sys.modules if name.split(".")[0] in ("app", "lambdas", "spendsense")]:
        module: Any = sys.modules.pop(name)
        if name == "spendsense.job" and module.database._engine is not None:
            module.database._engine.dispose()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    home = Home(path=tmp_path_factory.mktemp("spendsense"))
    yield postgres.ensure(home)
    postgres.stop(home)


@pytest.fixture
def secrets(server: Postgres, load: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch) -> Secrets:
    """Secrets Manager with both secrets, and an empty database behind the one."""
    with postgres.connect(server) as connection:
        connection.execute("DROP DATABASE IF EXISTS spendsense WITH (FORCE)")
    postgres.create_database(server, database="spendsense", user="spendsense", password="first")
    known = Secrets(
        database={
            "host": postgres.HOST,
            "port": server.port,
            "username": "spendsense",
            "password": "first",
            "dbname": "spendsense",
            "ca": server.authority.read_text(),
        },
        cognito={"user_pool_id": "us-east-1_Pool", "client_id": "client"},
    )
    monkeypatch.setattr(load("spendsense.secrets").boto3, "client", lambda *_, **__: known)
    return known


@pytest.fixture
def ada_does(server: Postgres) -> Callable[[str, str], None]:
    """Lets PostgreSQL call a function of its own before each row of ada's that a table gets."""

    def does(table: str, call: str) -> None:
        body = f"BEGIN PERFORM {call}; RETURN NEW; END"
        with postgres.connect(server, "spendsense") as connection:
            connection.execute(f"CREATE FUNCTION does() RETURNS trigger LANGUAGE plpgsql AS '{body}'")
            connection.execute(
                f"CREATE TRIGGER does BEFORE INSERT ON {table}"
                " FOR EACH ROW WHEN (NEW.user_id = 'ada') EXECUTE FUNCTION does()"
            )

    return does


@pytest.fixture
def job(secrets: Secrets, load: Callable[[str], Any]) -> Callable[..., dict[str, Any]]:
    """Runs a job by the name of its module."""

    def run(name: str, **event: Any) -> dict[str, Any]:
        answer: dict[str, Any] = load(f"lambdas.{name}").handler(event, context())
        return answer

    return run


@pytest.fixture
def call(secrets: Secrets, load: Callable[[str], Any]) -> Iterator[Callable[..., Any]]:
    """Calls the API and gives status, body and headers."""
    handler, api = load("app.handler"), load("app.api")
    database = load("spendsense.database").Database()
    handler._adapter = handler.Mangum(api.make_app(database), lifespan="off")

    def call(method: str, path: str, body: Any = None, **more: Any) -> Any:
        answer = handler.handler(rest_event(method, path, body, **more), context())
        preflight = method == "OPTIONS"
        return answer["statusCode"], None if preflight else json.loads(answer["body"]), answer

    yield call
    if database._engine is not None:
        database._engine.dispose()


def rest_event(
    method: str,
    path: str,
    body: Any = None,
    *,
    claims: dict[str, str] | None = None,
    headers: dict[str, str] | None = None,
    query: dict[str, str] | None = None,
) -> dict[str, Any]:
    event = json.loads((Path(BACKEND).parent / "api" / "events" / "health.json").read_text())
    given = {"host": "api.test", "content-type": "application/json", **(headers or {})}
    context: dict[str, Any] = {**event["requestContext"], "httpMethod": method}
    return {
        **event,
        "httpMethod": method,
        "path": path,
        "headers": given,
        "multiValueHeaders": {key: [value] for key, value in given.items()},
        "queryStringParameters": query,
        "multiValueQueryStringParameters": {key: [value] for key, value in query.items()} if query else None,
        "requestContext": {**context, "authorizer": {"claims": claims}} if claims else context,
        "body": body if body is None or isinstance(body, str) else json.dumps(body),
    }
