from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from sandbox import postgres
from sandbox.postgres import Postgres
from tests.functions.spendsense.backend import ADA, BOB, DAY, Secrets, body

Job = Callable[..., dict[str, Any]]
Call = Callable[..., Any]
JOBS = ("compute_features", "assign_persona", "generate_recommendations")
ON = {"date": DAY.isoformat()}


@pytest.fixture
def users(call: Call) -> None:
    for name, rows in (("ada", ADA), ("bob", BOB)):
        assert call("POST", "/api/v1/transactions", body(name, rows))[0] == 201


def counts(answer: dict[str, Any]) -> tuple[int, int, int]:
    return answer["users"], answer["written"], answer["unchanged"]


def test_from_transactions_to_recommendations(users: None, job: Job, call: Call) -> None:
    for name in JOBS:
        assert counts(job(name, **ON)) == (2, 2, 0)
    status, features, _ = call("GET", "/api/v1/users/ada/features")
    assert status == 200
    assert features == {
        "user_id": "ada",
        "date": "2026-06-30",
        "spend": {"dining": 100, "groceries": 300, "health": 50, "housing": 1000},
        "total_spend": 1450,
        "recurring_share": 0.7241,
        "income_regularity": 0.9836,
        "savings_rate": 0.5722,
        "history_days": 91,
    }
    assert call("GET", "/api/v1/users/bob/persona")[1] == {
        "user_id": "bob",
        "date": "2026-06-30",
        "persona": "overspender",
        "reason": "spends 30 % more than comes in",
    }
    _, answer, _ = call("GET", "/api/v1/users/bob/recommendations", query=ON)
    assert [each["code"] for each in answer["recommendations"]] == ["limit_top_category", "build_buffer"]


def test_the_same_day_again_changes_nothing(users: None, job: Job, server: Postgres) -> None:
    def rows() -> list[Any]:
        with postgres.connect(server, "spendsense") as connection:
            return [
                connection.execute(f"SELECT xmin, * FROM {table} ORDER BY user_id, day").fetchall()  # noqa: S608
                for table in ("features", "personas", "recommendations")
            ]

    for name in JOBS:
        job(name, **ON)
    before = rows()
    for name in JOBS:
        assert counts(job(name, **ON)) == (2, 0, 2)
    assert rows() == before


def test_a_later_transaction_changes_the_day(users: None, job: Job, call: Call) -> None:
    job("compute_features", **ON)
    late = (("2026-06-30", "-1.00", "dining", "Kiosk"),)
    call("POST", "/api/v1/transactions", body("bob-late", late) | {"user_id": "bob"})
    assert counts(job("compute_features", **ON)) == (2, 1, 1)
    assert call("GET", "/api/v1/users/bob/features")[1]["spend"]["dining"] == 301


def test_one_bad_user_doesn_t_stop_the_others(
    users: None,
    job: Job,
    call: Call,
    load: Callable[[str], Any],
    monkeypatch: pytest.MonkeyPatch,
    capsys: Any,
) -> None:
    features = load("spendsense.features")
    compute = features.compute

    def fails_for_ada(transactions: Any, *args: Any, **more: Any) -> Any:
        if len(transactions) == len(ADA):
            raise ZeroDivisionError
        return compute(transactions, *args, **more)

    monkeypatch.setattr(features, "compute", fails_for_ada)
    with pytest.raises(
        load("spendsense.errors").JobError, match="compute-features for 2026-06-30: 1 of 2 users failed"
    ):
        job("compute_features", **ON)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "job" in line]
    assert [line["message"] for line in lines] == ["job starts", "a user's turn failed", "job ends"]
    assert lines[1]["user"] == "ada"
    assert {key: lines[2][key] for key in ("users", "written", "unchanged", "failed")} == {
        "users": 2,
        "written": 1,
        "unchanged": 0,
        "failed": 1,
    }
    assert call("GET", "/api/v1/users/ada/features")[0] == 404
    assert call("GET", "/api/v1/users/bob/features")[0] == 200


def test_one_slow_user_doesn_t_stop_the_others(
    users: None,
    job: Job,
    call: Call,
    load: Callable[[str], Any],
    ada_does: Callable[[str, str], None],
    monkeypatch: pytest.MonkeyPatch,
    capsys: Any,
) -> None:
    monkeypatch.setattr(load("spendsense.database"), "STATEMENT_MS", 1_000)
    ada_does("features", "pg_sleep(30)")
    with pytest.raises(load("spendsense.errors").JobError, match="1 of 2 users failed"):
        job("compute_features", **ON)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "job" in line]
    assert [line["message"] for line in lines] == ["job starts", "a user's turn failed", "job ends"]
    assert lines[1]["user"] == "ada"
    assert "a statement took over 1000 ms" in lines[1]["error"]
    assert call("GET", "/api/v1/users/bob/features")[0] == 200


@pytest.mark.parametrize("how", ["pg_terminate_backend(pg_backend_pid())", "pg_sleep(30)"])
def test_a_database_that_goes_or_falls_silent_ends_the_job(
    users: None,
    job: Job,
    call: Call,
    load: Callable[[str], Any],
    ada_does: Callable[[str, str], None],
    monkeypatch: pytest.MonkeyPatch,
    how: str,
) -> None:
    monkeypatch.setattr(load("spendsense.database"), "_SOCKET_S", 2)
    ada_does("features", how)
    with pytest.raises(load("spendsense.errors").UnavailableError, match="the database f"):
        job("compute_features", **ON)
    assert call("GET", "/api/v1/users/bob/features")[0] == 404


@pytest.mark.parametrize("page", [1, 2, 3])
def test_nobody_is_left_out_between_pages(
    users: None, job: Job, call: Call, load: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    assert call("POST", "/api/v1/transactions", body("Cleo", BOB))[0] == 201
    monkeypatch.setattr(load("spendsense.store"), "_PAGE", page)
    for name in JOBS:
        assert counts(job(name, **ON)) == (3, 3, 0)


@pytest.mark.parametrize("name", JOBS)
def test_a_day_without_anybody(job: Job, name: str) -> None:
    assert counts(job(name, date="2000-01-01")) == (0, 0, 0)


@pytest.mark.parametrize("event", [{"date": "yesterday"}, {"date": 20260630}, {"time": "late"}])
def test_an_event_without_a_day(job: Job, load: Callable[[str], Any], event: dict[str, Any]) -> None:
    with pytest.raises(load("spendsense.errors").JobError, match="it has to be a day"):
        job("compute_features", **event)


def test_a_schedule_s_event_is_for_the_day_that_made_it(job: Job) -> None:
    assert job("compute_features", time="2026-06-30T02:00:00Z", detail={})["date"] == "2026-06-30"


def test_a_rotated_password_is_read_again(job: Job, secrets: Secrets, server: Postgres, load: Any) -> None:
    job("compute_features", **ON)
    secrets.database["password"] = "second"
    with postgres.connect(server) as connection:
        postgres.databases.set_password(connection, "spendsense", "second")
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'spendsense'"
        )
    assert secrets.asked == ["database"]
    job("compute_features", **ON)
    assert secrets.asked == ["database", "database"]


def test_one_connection_is_kept_and_renewed(job: Job, server: Postgres) -> None:
    def backends() -> list[int]:
        with postgres.connect(server) as connection:
            found = connection.execute("SELECT pid FROM pg_stat_activity WHERE usename = 'spendsense'")
            return [row[0] for row in found]

    job("compute_features", **ON)
    (first,) = backends()
    job("assign_persona", **ON)
    assert backends() == [first]
    with postgres.connect(server) as connection:
        connection.execute("SELECT pg_terminate_backend(%s)", [first])
    job("compute_features", **ON)
    (second,) = backends()
    assert second != first


def test_the_certificate_is_verified(
    job: Job, secrets: Secrets, load: Callable[[str], Any], capsys: Any
) -> None:
    del secrets.database["ca"]  # then Amazon's authorities count, and this server's isn't one of them
    with pytest.raises(load("spendsense.errors").UnavailableError, match="can't be reached") as caught:
        job("compute_features", **ON)
    assert "CERTIFICATE_VERIFY_FAILED" in str(caught.value.__cause__)


def test_amazon_s_authorities_can_be_read(load: Callable[[str], Any]) -> None:
    import ssl

    text = load("spendsense.database")._AUTHORITIES.read_text("ascii")
    assert len(ssl.create_default_context(cadata=text).get_ca_certs()) > 80


def test_the_password_is_in_no_message(
    job: Job, secrets: Secrets, load: Callable[[str], Any], capsys: Any
) -> None:
    secrets.database["password"] = "wrong-and-secret"
    with pytest.raises(load("spendsense.errors").UnavailableError, match="refused the login") as caught:
        job("compute_features", **ON)
    assert "wrong-and-secret" not in f"{caught.value!r}{caught.value.__cause__!r}{capsys.readouterr()}"
    assert "wrong-and-secret" not in repr(load("spendsense.secrets").database_secret())


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"host": ""}, "has no host"),
        ({"port": "none"}, "port is not a number"),
        ({"password": 5}, "has no password"),
    ],
)
def test_a_bad_secret(
    job: Job, secrets: Secrets, load: Callable[[str], Any], changes: dict[str, Any], told: str
) -> None:
    secrets.database.update(changes)
    with pytest.raises(load("spendsense.errors").UnavailableError, match=told):
        job("compute_features", **ON)
