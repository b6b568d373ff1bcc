"""What its users do with Superscapes: everything under "What must be seen" of its specification.

The stage's schedule is every full minute here, so that the embedded AWS fires it twice while this runs.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import urllib3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from tests.e2e.alone import deployed_alone
from tests.e2e.conftest import make_role
from tests.e2e.sandbox import ROOT, HttpAnswer, Sandbox, wait_for

pytestmark = pytest.mark.waits

REGION = "us-east-1"
INSTANCE = "ss-financial-local"
BACKEND = "arn:aws:iam::000000000000:role/superscapes-local-dashboard-backend"
START, AUTO_STOP = "start-rds", "auto-stop-rds"
BUSY = (datetime.now(UTC) - timedelta(minutes=50)).isoformat()
"""When the backend has used the database, unless a test says otherwise: nothing stops what one starts."""
EVERY_MINUTE = "cron(* * * * ? *)"
SCHEDULE_S = 75.0
"""A minute, and what the emulator and a cold start take."""


@dataclass(frozen=True, kw_only=True)
class Superscapes:
    """The deployed system, as its users know it."""

    sandbox: Sandbox
    outputs: Mapping[str, Any]

    def aws(self, service: str, caller: Credentials = ROOT) -> Any:
        return self.sandbox.aws(service, caller, REGION)

    @property
    def database(self) -> str:
        """The instance's status."""
        (found,) = self.aws("rds").describe_db_instances(DBInstanceIdentifier=INSTANCE)["DBInstances"]
        return str(found["DBInstanceStatus"])

    def stop_database(self) -> None:
        self.aws("rds").stop_db_instance(DBInstanceIdentifier=INSTANCE)

    def start_database(self) -> None:
        self.aws("rds").start_db_instance(DBInstanceIdentifier=INSTANCE)

    def post(self, caller: Credentials | None, region: str = REGION) -> HttpAnswer:
        """Call the API; without a caller, unsigned."""
        url = self.outputs["apiUrl"].rstrip("/") + "/database/start"
        request = AWSRequest("POST", url, data=b"")
        if caller is not None:
            SigV4Auth(caller, "execute-api", region).add_auth(request)
        with urllib3.PoolManager(retries=False, timeout=40) as http:
            answer = http.request("POST", url, body=b"", headers=dict(request.headers.items()))
        return HttpAnswer(status=answer.status, body=json.loads(answer.data))

    def invoke(self, service: str, caller: Credentials = ROOT, name: str | None = None) -> dict[str, Any]:
        """Call a function directly; the answer as Lambda gives it, with its payload read."""
        arn = name or self.outputs["functions"][service]["arn"]
        answer = self.aws("lambda", caller).invoke(FunctionName=arn, Payload=b"{}")
        return {**answer, "Payload": json.loads(answer["Payload"].read())}

    def said(self, service: str, caller: Credentials = ROOT) -> dict[str, str]:
        """What a function answers when nothing is wrong."""
        answer = self.invoke(service, caller)
        assert "FunctionError" not in answer, answer["Payload"]
        assert answer["Payload"]["statusCode"] == 200
        body: dict[str, str] = json.loads(answer["Payload"]["body"])
        return body

    def log(self, service: str) -> list[dict[str, Any]]:
        """What a function has logged."""
        pages = self.aws("logs").get_paginator("filter_log_events")
        found = pages.paginate(logGroupName=f"/aws/lambda/{self.outputs['functions'][service]['name']}")
        messages = (event["message"].strip() for page in found for event in page["events"])
        return [json.loads(message) for message in messages if message.startswith("{")]

    def write(self, caller: Credentials, value: str) -> None:
        """Write when the database was last used, as the backend does."""
        item = {"key": {"S": "last_rds_query_time"}, "value": {"S": value}}
        self.aws("dynamodb", caller).put_item(TableName=self.outputs["tableName"], Item=item)

    @contextmanager
    def without(self, service: str, action: str) -> Iterator[None]:
        """Take an action out of a service's role for a while."""
        iam, role = self.aws("iam"), self.outputs["functions"][service]["name"]
        (name,) = iam.list_role_policies(RoleName=role)["PolicyNames"]
        document = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
        left = [each for each in document["Statement"] if each["Action"] != [action]]
        assert len(left) == len(document["Statement"]) - 1

        def put(statements: list[Any]) -> None:
            changed = json.dumps({**document, "Statement": statements})
            iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=changed)

        put(left)
        try:
            yield
        finally:
            put(document["Statement"])


def ago(**time: float) -> str:
    return (datetime.now(UTC) - timedelta(**time)).isoformat()


@pytest.fixture(scope="module")
def superscapes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Superscapes]:
    folder = tmp_path_factory.mktemp("superscapes")
    with deployed_alone("superscapes", folder, {"check": EVERY_MINUTE}) as sandbox:
        outputs = sandbox.json("stack", "output", "superscapes", "--json")
        deployed = Superscapes(sandbox=sandbox, outputs=outputs)
        assert deployed.database == "stopped"  # as the surroundings have it
        yield deployed


@pytest.fixture(scope="module")
def backend(superscapes: Superscapes) -> Credentials:
    """The dashboard's backend, which has used the database."""
    found = superscapes.sandbox.assume(BACKEND)
    superscapes.write(found, BUSY)
    return found


@pytest.fixture(scope="module")
def caller(superscapes: Superscapes) -> Credentials:
    """A role that may use the API, by exactly the ARN that the stack gives."""
    arn = make_role(superscapes.sandbox, "dashboard")
    statement = {
        "Effect": "Allow",
        "Action": "execute-api:Invoke",
        "Resource": superscapes.outputs["startArn"],
    }
    superscapes.aws("iam").put_role_policy(
        RoleName="dashboard",
        PolicyName="start",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
    )
    return superscapes.sandbox.assume(arn)


@pytest.mark.usefixtures("backend")
def test_the_schedule_leaves_a_busy_instance(superscapes: Superscapes) -> None:
    """First: nobody but the schedule has called the function."""
    superscapes.start_database()
    checked = {"message": "RDS still active", "last_activity": BUSY}
    wait_for("the schedule", lambda: logged(superscapes, checked), SCHEDULE_S)
    assert superscapes.database == "available"


# --- starting --------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("backend")
def test_a_stopped_instance_is_started_through_the_signed_api(
    superscapes: Superscapes, caller: Credentials
) -> None:
    superscapes.stop_database()
    answer = superscapes.post(caller)
    assert (answer.status, answer.body) == (
        200,
        {"message": "RDS instance starting", "instance_id": INSTANCE},
    )
    assert superscapes.database == "available"
    again = superscapes.post(caller)
    assert (again.status, again.body["message"]) == (200, "RDS already available")


def test_a_stopped_instance_is_started_by_the_backends_role(
    superscapes: Superscapes, backend: Credentials
) -> None:
    superscapes.stop_database()
    assert superscapes.said(START, backend) == {"message": "RDS instance starting", "instance_id": INSTANCE}
    assert superscapes.database == "available"


def test_an_unsigned_call_is_denied_and_so_is_everybody_who_may_not(
    superscapes: Superscapes, caller: Credentials, backend: Credentials
) -> None:
    superscapes.stop_database()
    stranger = superscapes.sandbox.assume(make_role(superscapes.sandbox, "stranger"))
    forged = Credentials(caller.access_key, "a" * 40, caller.token)
    for who in (None, stranger, forged, backend):
        assert superscapes.post(who).status == 403
    with pytest.raises(ClientError, match=r"AccessDenied.*lambda:InvokeFunction"):
        superscapes.invoke(START, stranger)
    assert superscapes.database == "stopped"


def test_the_backend_may_do_nothing_else(superscapes: Superscapes, backend: Credentials) -> None:
    functions = superscapes.outputs["functions"]
    for service, name in ((AUTO_STOP, None), (START, functions[START]["name"])):
        with pytest.raises(ClientError, match=r"AccessDenied.*lambda:InvokeFunction"):
            superscapes.invoke(service, backend, name)
    table, key = superscapes.outputs["tableName"], {"key": {"S": "last_rds_query_time"}}
    dynamodb = superscapes.aws("dynamodb", backend)
    calls: tuple[Callable[[], Any], ...] = (
        lambda: dynamodb.get_item(TableName=table, Key=key),
        lambda: dynamodb.delete_item(TableName=table, Key=key),
        lambda: dynamodb.put_item(TableName=f"{table}-other", Item=key),
        lambda: superscapes.aws("rds", backend).start_db_instance(DBInstanceIdentifier=INSTANCE),
    )
    for call in calls:
        with pytest.raises(ClientError, match="AccessDenied"):
            call()


@pytest.fixture(scope="module")
def other_instance(superscapes: Superscapes) -> str:
    """Another instance of the account, stopped."""
    rds, name = superscapes.aws("rds"), {"DBInstanceIdentifier": "ss-other"}
    rds.create_db_instance(
        **name,
        Engine="postgres",
        DBInstanceClass="db.t4g.micro",
        AllocatedStorage=20,
        MasterUsername="other",
        MasterUserPassword="not-used-by-anybody",
    )
    rds.stop_db_instance(**name)
    return name["DBInstanceIdentifier"]


@pytest.mark.parametrize(
    ("service", "allowed", "denied"),
    [
        (START, "start_db_instance", "stop_db_instance"),
        (AUTO_STOP, "stop_db_instance", "start_db_instance"),
    ],
)
@pytest.mark.usefixtures("backend")
def test_a_services_role_has_three_actions_on_one_instance(
    superscapes: Superscapes, other_instance: str, service: str, allowed: str, denied: str
) -> None:
    role = superscapes.outputs["functions"][service]["name"]
    # The emulator's root user gets any role, whomever it trusts.
    credentials = superscapes.sandbox.assume(f"arn:aws:iam::000000000000:role/{role}")
    rds = superscapes.aws("rds", credentials)
    (found,) = rds.describe_db_instances(DBInstanceIdentifier=INSTANCE)["DBInstances"]
    assert found["DBInstanceIdentifier"] == INSTANCE
    getattr(rds, allowed)(DBInstanceIdentifier=INSTANCE)
    for operation, instance in (
        (denied, INSTANCE),
        (allowed, other_instance),
        (denied, other_instance),
        ("describe_db_instances", other_instance),
        ("reboot_db_instance", INSTANCE),
    ):
        with pytest.raises(ClientError, match="AccessDenied"):
            getattr(rds, operation)(DBInstanceIdentifier=instance)
    with pytest.raises(ClientError, match="AccessDenied"):
        rds.describe_db_instances()


def test_a_missing_permission_is_a_500_and_named_in_the_log(
    superscapes: Superscapes, caller: Credentials
) -> None:
    superscapes.stop_database()
    with superscapes.without(START, "rds:StartDBInstance"):
        answer = superscapes.post(caller)
    assert (answer.status, answer.body) == (500, {"error": "internal error", "instance_id": INSTANCE})
    assert superscapes.database == "stopped"
    wait_for(
        "the denied action in the log",
        lambda: any(
            line["level"] == "ERROR"
            and line["message"] == "rds:StartDBInstance is denied to the function's role"
            for line in superscapes.log(START)
        ),
    )


# --- stopping --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", ["yesterday", "", "2026-13-01T00:00:00Z", "in an hour"])
def test_a_broken_time_stops_nothing(superscapes: Superscapes, backend: Credentials, value: str) -> None:
    superscapes.start_database()
    superscapes.write(backend, ago(hours=-1) if value == "in an hour" else value)
    try:
        answer = superscapes.invoke(AUTO_STOP)
        assert answer["FunctionError"] == "Unhandled"
        assert "in the item last_rds_query_time" in answer["Payload"]["errorMessage"]
        assert superscapes.database == "available"
    finally:
        superscapes.write(backend, BUSY)
    fault = (
        "lies in the future" if value == "in an hour" else f"{value!r} in the item last_rds_query_time isn't"
    )
    wait_for(
        "the fault in the log",
        lambda: any(
            line["level"] == "ERROR" and fault in line["message"] for line in superscapes.log(AUTO_STOP)
        ),
    )


def test_without_an_item_nothing_is_stopped(superscapes: Superscapes, backend: Credentials) -> None:
    superscapes.start_database()
    key = {"key": {"S": "last_rds_query_time"}}
    superscapes.aws("dynamodb").delete_item(TableName=superscapes.outputs["tableName"], Key=key)
    try:
        assert superscapes.said(AUTO_STOP) == {"message": "No activity data found"}
        assert superscapes.database == "available"
    finally:
        superscapes.write(backend, BUSY)


def test_a_time_without_a_zone_is_utc(superscapes: Superscapes, backend: Credentials) -> None:
    superscapes.start_database()
    written = ago(minutes=61).removesuffix("+00:00")
    superscapes.write(backend, written)
    assert superscapes.said(AUTO_STOP)["last_activity"] == written
    assert superscapes.database == "stopped"
    superscapes.write(backend, BUSY)


def test_the_schedule_stops_an_idle_instance(superscapes: Superscapes, backend: Credentials) -> None:
    """Last: the minute since the schedule's last run has gone by with the tests above."""
    superscapes.start_database()
    idle = ago(minutes=61)
    superscapes.write(backend, idle)
    wait_for("the database to be stopped", lambda: superscapes.database == "stopped", SCHEDULE_S)
    stopped = {"message": "RDS stopped due to inactivity", "last_activity": idle}
    wait_for("the log", lambda: logged(superscapes, stopped))


def logged(superscapes: Superscapes, fields: Mapping[str, str]) -> bool:
    return any(fields.items() <= line.items() for line in superscapes.log(AUTO_STOP))
