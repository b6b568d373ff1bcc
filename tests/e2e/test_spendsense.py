"""SpendSense as its users meet it, on a sandbox of its own: what its specification wants seen."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
import urllib3
import yaml

from sandbox.home import FLEET_ROOT, Home
from tests.e2e.conftest import stopped_afterwards
from tests.e2e.sandbox import Sandbox, wait_for

REGION = "us-east-1"
DAY = "2026-06-30"
JOBS = ("compute-features", "assign-persona", "generate-recommendations")
EVERY: Mapping[str, Any] = {"origins": ["*"], "authorize": False}
GUARDED: Mapping[str, Any] = {"origins": ["https://app.test", "https://www.test"], "authorize": True}
ONE_SITE: Mapping[str, Any] = {"origins": ["https://app.test"], "authorize": True}

_http = urllib3.PoolManager(retries=False, timeout=40)


@dataclass(kw_only=True)
class SpendSense:
    """The deployed system, and the choices that its stage made for the API."""

    sandbox: Sandbox
    api: Mapping[str, Any] = field(default_factory=dict)
    outputs: Mapping[str, Any] = field(default_factory=dict)

    def chosen(self, api: Mapping[str, Any]) -> SpendSense:
        """Deploy with these choices for the API, unless that is what is deployed."""
        if api != self.api:
            file = self.sandbox.project / "Pulumi.local.yaml"
            stage = yaml.safe_load(file.read_text())
            stage["config"]["lambda-fleet:spendsense"]["api"] = dict(api)
            file.write_text(yaml.safe_dump(stage))
            self.sandbox.up()
            self.api, self.outputs = api, self.sandbox.json("stack", "output", "spendsense", "--json")
        return self

    def aws(self, service: str) -> Any:
        return self.sandbox.aws(service, region=REGION)

    def call(
        self, method: str, path: str, body: Any = None, **headers: str
    ) -> tuple[int, Any, Mapping[str, str]]:
        """Call the API, as a browser does."""
        given = None if body is None else json.dumps(body).encode()
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        url = f"{self.outputs['apiUrl']}{path}"
        answer = _http.request(method, url, body=given, headers={"content-type": "application/json", **names})
        content = json.loads(answer.data) if method != "OPTIONS" else None
        return answer.status, content, answer.headers

    def run(self, job: str, day: str = DAY) -> Any:
        """Run a job for a day, and wait for it."""
        answer = self.aws("lambda").invoke(
            FunctionName=self.outputs["functions"][job]["arn"], Payload=json.dumps({"date": day}).encode()
        )
        content = json.loads(answer["Payload"].read())
        assert "FunctionError" not in answer, content
        return content

    def token(self, name: str) -> tuple[str, dict[str, str]]:
        """Sign a new user in: their id, and their tokens."""
        cognito, secrets = self.aws("cognito-idp"), self.aws("secretsmanager")
        secret = secrets.get_secret_value(SecretId="spendsense/local/cognito/configuration")
        known = json.loads(secret["SecretString"])
        pool, password = known["user_pool_id"], "Correct-horse-1"
        user = cognito.admin_create_user(UserPoolId=pool, Username=name, MessageAction="SUPPRESS")["User"]
        cognito.admin_set_user_password(UserPoolId=pool, Username=name, Password=password, Permanent=True)
        signed_in = cognito.initiate_auth(
            ClientId=known["client_id"],
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": name, "PASSWORD": password},
        )["AuthenticationResult"]
        (sub,) = [each["Value"] for each in user["Attributes"] if each["Name"] == "sub"]
        return sub, {"id": signed_in["IdToken"], "access": signed_in["AccessToken"]}


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SpendSense]:
    """The system alone, in a project whose `local` stage tests may change."""
    project = tmp_path_factory.mktemp("project")
    for entry in FLEET_ROOT.iterdir():
        if entry.name not in {".git", ".fleet", "Pulumi.local.yaml"}:
            (project / entry.name).symlink_to(entry)
    stage = yaml.safe_load((FLEET_ROOT / "Pulumi.local.yaml").read_text())
    stage["config"]["lambda-fleet:systems"] = ["spendsense"]
    (project / "Pulumi.local.yaml").write_text(yaml.safe_dump(stage))
    sandbox = Sandbox(home=Home(path=tmp_path_factory.mktemp("home")), project=project)
    with stopped_afterwards(sandbox):
        yield SpendSense(sandbox=sandbox)


@pytest.fixture
def everybody(deployed: SpendSense) -> SpendSense:
    """As in dev: every origin, no authorizer applied."""
    return deployed.chosen(EVERY)


@pytest.fixture
def guarded(deployed: SpendSense) -> SpendSense:
    """As in prod: two front ends, ID tokens wanted."""
    return deployed.chosen(GUARDED)


def money(user: str) -> dict[str, Any]:
    """Three months of somebody: a salary, a rent, and more than the rest of it spent."""
    rows = [
        (f"2026-0{month}-{day:02}", amount, category, merchant)
        for month in (4, 5, 6)
        for day, amount, category, merchant in (
            (1, "2000.00", "income", "Employer"),
            (2, "-800.00", "housing", "Landlord"),
            (9 + month, "-1400.00", "travel", f"Trip {month}"),
        )
    ]
    transactions = [
        {"id": str(n), "date": day, "amount": amount, "category": category, "merchant": merchant}
        for n, (day, amount, category, merchant) in enumerate(rows)
    ]
    return {"user_id": user, "transactions": transactions}


def results(spendsense: SpendSense, user: str, **headers: str) -> list[Any]:
    answers = [
        spendsense.call("GET", f"/api/v1/users/{user}/{what}?date={DAY}", **headers)
        for what in ("features", "persona", "recommendations")
    ]
    assert [status for status, _, _ in answers] == [200, 200, 200]
    return [body for _, body, _ in answers]


def test_health_without_a_token(everybody: SpendSense) -> None:
    status, body, _ = everybody.call("GET", "/api/v1/health")
    assert (status, body) == (200, {"status": "ok", "database": "ok", "environment": "local"})


def test_from_transactions_to_recommendations_and_once_more(everybody: SpendSense) -> None:
    status, body, _ = everybody.call("POST", "/api/v1/transactions", money("ada"))
    assert (status, body["stored"]) == (201, 9)
    assert [everybody.run(job)["written"] for job in JOBS] == [1, 1, 1]
    features, persona, recommended = results(everybody, "ada")
    assert features["spend"] == {"housing": 800, "travel": 1400}
    assert features["recurring_share"] == 0.3636
    assert features["savings_rate"] == -0.1
    assert (persona["persona"], persona["reason"]) == ("overspender", "spends 10 % more than comes in")
    codes = [each["code"] for each in recommended["recommendations"]]
    assert codes == ["limit_top_category", "review_recurring", "build_buffer"]

    again = [everybody.run(job) for job in JOBS]
    assert [(each["users"], each["written"], each["unchanged"]) for each in again] == [(1, 0, 1)] * 3
    assert results(everybody, "ada") == [features, persona, recommended]


def test_the_jobs_say_what_they_did(everybody: SpendSense) -> None:
    everybody.run("compute-features", "2001-01-01")
    name = everybody.outputs["functions"]["compute-features"]["name"]

    def told() -> list[dict[str, Any]]:
        pages = everybody.aws("logs").get_paginator("filter_log_events")
        found = pages.paginate(logGroupName=f"/aws/lambda/{name}")
        lines = [
            event["message"] for page in found for event in page["events"] if "2001-01-01" in event["message"]
        ]
        return [json.loads(line) for line in lines if line.startswith("{")]

    lines = wait_for("the job's end in its log", lambda: told() if len(told()) == 2 else None)
    assert [line["message"] for line in lines] == ["job starts", "job ends"]
    assert {key: lines[1][key] for key in ("users", "written", "unchanged", "failed")} == {
        "users": 0,
        "written": 0,
        "unchanged": 0,
        "failed": 0,
    }


def test_bad_input_is_refused(everybody: SpendSense) -> None:
    given = money("bob")
    given["transactions"][3]["amount"] = "much"
    status, body, _ = everybody.call("POST", "/api/v1/transactions", given)
    assert status == 400
    assert body["error"].startswith("transactions.3.amount: ")
    assert everybody.call("GET", "/api/v1/users/bob/features")[0] == 404


def test_of_every_origin_the_api_answers_preflights(everybody: SpendSense) -> None:
    status, _, headers = preflight(everybody, "https://anywhere.test")
    assert (status, headers["access-control-allow-origin"]) == (204, "*")


def test_a_job_that_fails_lands_in_its_destination(everybody: SpendSense) -> None:
    everybody.sandbox.fleet("send", "compute-features", "bad-date", "--async")
    sqs = everybody.aws("sqs")
    url = sqs.get_queue_url(QueueName="spendsense-local-compute-features-dlq")["QueueUrl"]
    (message,) = wait_for(
        "the failed event, after three tries",
        lambda: sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1).get("Messages"),
        timeout_s=60,
    )
    body = json.loads(message["Body"])
    assert body["requestPayload"] == {"date": "yesterday"}
    assert "it has to be a day" in body["responsePayload"]["errorMessage"]
    alarms = everybody.aws("cloudwatch").describe_alarms(
        AlarmNames=["spendsense-local-compute-features-errors"]
    )
    (alarm,) = alarms["MetricAlarms"]
    assert (alarm["MetricName"], alarm["Threshold"]) == ("Errors", 0)


def test_with_the_authorizer_on(guarded: SpendSense) -> None:
    assert guarded.call("GET", "/api/v1/health")[0] == 200
    ada, tokens = guarded.token("ada")
    path = f"/api/v1/users/{ada}/persona"
    status, body, headers = guarded.call("GET", path)
    assert (status, body) == (401, {"message": "Unauthorized"})
    # The gateway's own answers carry the CORS headers of the first front end.
    assert headers["access-control-allow-origin"] == "https://app.test"
    assert guarded.call("GET", path, Authorization="not-a-token")[0] == 401
    assert guarded.call("POST", "/api/v1/transactions", money(ada))[0] == 401

    by = {"Authorization": tokens["id"]}
    assert guarded.call("POST", "/api/v1/transactions", money(ada), **by)[0] == 201
    for job in JOBS:
        guarded.run(job)
    assert results(guarded, ada, **by)[1]["persona"] == "overspender"


def test_a_token_opens_its_user_s_data_only(guarded: SpendSense) -> None:
    eve, tokens = guarded.token("eve")
    by = {"Authorization": tokens["id"]}
    assert guarded.call("GET", "/api/v1/users/ada/persona", **by)[0] == 403
    # AWS wants an ID token; the embedded AWS takes any of the pool's, and the function refuses it.
    by = {"Authorization": tokens["access"]}
    assert guarded.call("GET", f"/api/v1/users/{eve}/persona", **by)[0] == 401


def test_of_two_origins_the_function_answers_preflights(guarded: SpendSense) -> None:
    for origin in GUARDED["origins"]:
        status, _, headers = preflight(guarded, origin)
        assert (status, headers["access-control-allow-origin"]) == (200, origin)
        answer = guarded.call("GET", "/api/v1/health", Origin=origin)
        assert answer[2]["access-control-allow-origin"] == origin
    status, _, headers = preflight(guarded, "https://evil.test")
    assert status == 400
    assert "access-control-allow-origin" not in headers


def test_of_one_origin_the_api_answers_preflights(deployed: SpendSense) -> None:
    spendsense = deployed.chosen(ONE_SITE)
    for origin in ("https://app.test", "https://evil.test"):  # whose browser then sees that it isn't meant
        status, _, headers = preflight(spendsense, origin)
        assert (status, headers["access-control-allow-origin"]) == (204, "https://app.test")
    assert (
        "access-control-allow-origin"
        not in spendsense.call("GET", "/api/v1/health", Origin="https://evil.test")[2]
    )


def preflight(spendsense: SpendSense, origin: str) -> tuple[int, Any, Mapping[str, str]]:
    """Ask as a browser does before it sends JSON to another origin: without credentials."""
    asked = {"Origin": origin, "Access_Control_Request_Method": "POST"}
    return spendsense.call("OPTIONS", "/api/v1/transactions", **asked)
